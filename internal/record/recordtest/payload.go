package recordtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

func deliveriesAreOnce(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	payload := make([]byte, 3<<20+17) // several parts
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range payload {
		payload[i] = byte(rng.IntN(4))
	}
	d := hansei.Delivery{Source: "file", Name: "x.csv"}
	first, isNew, err := s.PutDelivery(ctx, who, d, "{}", bytes.NewReader(payload))
	if err != nil || !isNew || first.Size != int64(len(payload)) || first.State != record.DeliveryReceived {
		t.Fatalf("got %+v, new %v, %v", first, isNew, err)
	}
	again, isNew, err := s.PutDelivery(ctx, who, d, "{}", bytes.NewReader(payload))
	if err != nil || isNew || again.ID != first.ID {
		t.Errorf("the same again: got %s, new %v, %v", again.ID, isNew, err)
	}
	other, isNew, err := s.PutDelivery(ctx, who, d, `{"kind":"alert"}`, bytes.NewReader(payload))
	if err != nil || !isNew || other.ID == first.ID {
		t.Errorf("understood otherwise: got %s, new %v, %v", other.ID, isNew, err)
	}
	if _, _, err := s.PutDelivery(ctx, who, d, "{}", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("cut off")))); err == nil {
		t.Error("a delivery that was cut off was taken")
	}
	body, err := s.OpenDelivery(ctx, who.Scope(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(body)
	if err != nil || !bytes.Equal(got, payload) {
		t.Errorf("read back %d bytes, %v", len(got), err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	rejects := []record.Reject{{Line: 3, Column: "at", Value: "x", Expected: "a time"}, {Line: 9, Column: "id", Expected: "an id"}}
	_, err = s.Write(ctx, who, func(tx *record.Tx) error {
		if err := tx.PutRejects(first.ID, rejects); err != nil {
			return err
		}
		return tx.FinishDelivery(first.ID, record.DeliveryDone, "", "{}")
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Rejects(ctx, who.Scope(), first.ID, 1, 10)
	if err != nil || len(list) != 1 || list[0].Line != 9 {
		t.Errorf("rejects after the first: got %+v, %v", list, err)
	}
	waiting, err := s.Deliveries(ctx, who.Scope(), record.DeliveryFilter{State: record.DeliveryReceived})
	if err != nil || len(waiting) != 1 || waiting[0].ID != other.ID {
		t.Errorf("waiting: got %+v, %v", waiting, err)
	}
	hash, err := s.PutBlob(ctx, who, "picture", "image/png", strings.NewReader("pixels"))
	if err != nil {
		t.Fatal(err)
	}
	if same, err := s.PutBlob(ctx, who, "picture", "image/png", strings.NewReader("pixels")); err != nil || same != hash {
		t.Errorf("the same blob: got %s, %v", same, err)
	}
	blob, err := s.OpenBlob(ctx, who.Scope(), hash)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(blob); err != nil || string(text) != "pixels" {
		t.Errorf("got %q, %v", text, err)
	}
	if err := blob.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.OpenBlob(ctx, who.Scope(), "none"); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("no such blob: got %v", err)
	}
}

func sessionsExpire(t *testing.T, e Engine) {
	now := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	s, ctx := e.Open(t, e.Place(t), func() time.Time { return now }), context.Background()
	defer closed(t, s)
	if err := s.PutSession(ctx, who, "token", []byte("data"), now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	get := func(scope auth.Scope) ([]byte, error) { return s.GetSession(ctx, scope, "token") }
	if data, err := get(who.Scope()); err != nil || string(data) != "data" {
		t.Errorf("got %q, %v", data, err)
	}
	now = now.Add(2 * time.Hour)
	if _, err := get(who.Scope()); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("after it expired: got %v", err)
	}
	if err := s.DeleteSession(ctx, who, "token"); err != nil {
		t.Error(err)
	}
}

// deliveriesArePaged: a sender who repeats at the same moment does not make two
// of one, and pages of a list follow each other, also where several deliveries
// have one time.
func deliveriesArePaged(t *testing.T, e Engine) {
	now := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	s, ctx := e.Open(t, e.Place(t), func() time.Time { return now }), context.Background()
	defer closed(t, s)
	for i := range 8 {
		if i == 5 {
			now = now.Add(time.Minute)
		}
		isNew := make(chan bool)
		for range 2 {
			go func() {
				d := hansei.Delivery{Source: "file", Name: fmt.Sprint(i)}
				_, fresh, err := s.PutDelivery(ctx, who, d, "{}", strings.NewReader(d.Name))
				if err != nil {
					t.Error(err)
				}
				isNew <- fresh
			}()
		}
		if one, other := <-isNew, <-isNew; one == other {
			t.Errorf("delivery %d, sent twice at once: new %v and %v", i, one, other)
		}
	}
	names, filter := map[string]bool{}, record.DeliveryFilter{Source: "file", Limit: 3}
	for range 4 {
		page, err := s.Deliveries(ctx, who.Scope(), filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			if names[d.Name] {
				t.Errorf("%s is on two pages", d.Name)
			}
			names[d.Name] = true
			filter.Before, filter.After = d.Received, d.ID
		}
	}
	if len(names) != 8 {
		t.Errorf("got %d deliveries on all pages, want 8", len(names))
	}
}

func workGoesOn(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	write := func(fn func(*record.Tx) error) {
		t.Helper()
		if _, err := s.Write(ctx, who, fn); err != nil {
			t.Fatal(err)
		}
	}
	move := func(from, to string) (moved bool) {
		t.Helper()
		write(func(tx *record.Tx) (err error) {
			moved, err = tx.MoveWork("w", from, to, "why")
			return err
		})
		return moved
	}
	write(func(tx *record.Tx) error {
		return tx.AddWork(hansei.Delivery{ID: "w", Source: "ours", Name: "a quarter"}, "running", `{"of":1}`, "{}")
	})
	write(func(tx *record.Tx) error { return tx.NoteWork("w", `{"at":3}`) })
	if move("stopped", "running") || !move("running", "stopped") {
		t.Error("work moved from a state that it was not in, or did not move")
	}
	list, err := s.Deliveries(ctx, who.Scope(), record.DeliveryFilter{Source: "ours"})
	if err != nil || len(list) != 1 || list[0].State != "stopped" || list[0].Error != "why" || list[0].Options != `{"of":1}` || list[0].Summary != `{"at":3}` || list[0].Received.IsZero() {
		t.Errorf("got %+v, %v", list, err)
	}
	if files, err := s.Deliveries(ctx, who.Scope(), record.DeliveryFilter{}); err != nil || len(files) != 0 {
		t.Errorf("work is listed among files: %+v, %v", files, err)
	}
	// What came as a file is no work.
	d, _, err := s.PutDelivery(ctx, who, hansei.Delivery{Source: "ours", Name: "x.csv"}, "{}", strings.NewReader("id\n1\n"))
	if err != nil {
		t.Fatal(err)
	}
	write(func(tx *record.Tx) error {
		moved, err := tx.MoveWork(d.ID, record.DeliveryReceived, "running", "")
		if moved {
			t.Error("a file was moved as work")
		}
		return errors.Join(err, tx.NoteWork(d.ID, "no"))
	})
	if got, err := s.GetDelivery(ctx, who.Scope(), d.ID); err != nil || got.State != record.DeliveryReceived || got.Summary != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}
