package record

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
)

// allTables are all whose rows belong to a journal.
var allTables = []string{"journal", "entry", "current", "append_key", "delivery", "part", "reject", "blob", "session"}

// TestTwoJournals: rows of another journal under the very same ids are neither
// seen nor changed through this one.
func TestTwoJournals(t *testing.T) {
	s, who := opened(t, t.TempDir()), auth.Local()
	d := fill(t, s, who)
	before := seen(t, s, who, d.ID)
	for _, table := range allTables {
		other(t, s, table)
	}
	if got := seen(t, s, who, d.ID); !reflect.DeepEqual(got, before) {
		t.Errorf("with another journal beside it:\ngot  %v\nwant %v", got, before)
	}
	theirs := dump(t, s)
	if _, err := s.Write(t.Context(), who, func(tx *Tx) error {
		if err := Put(tx, &hansei.Team{Header: hansei.Header{ID: "a-00000"}, Name: "changed"}, 1); err != nil {
			return err
		}
		if err := tx.PutRejects(d.ID, nil); err != nil {
			return err
		}
		return tx.FinishDelivery(d.ID, DeliveryFailed, "no", "")
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteSession(t.Context(), who, "token"); err != nil {
		t.Error(err)
	}
	if err := s.NewEpoch(t.Context(), who); err != nil {
		t.Error(err)
	}
	if got := dump(t, s); got != theirs {
		t.Errorf("the other journal was changed:\ngot  %s\nwant %s", got, theirs)
	}
}

// fill puts one of everything into the actor's journal.
func fill(t *testing.T, s *Store, who auth.Actor) Delivery {
	t.Helper()
	if _, err := s.WriteOnce(t.Context(), who, "key", teams("a", 3)); err != nil {
		t.Fatal(err)
	}
	d, _, err := s.PutDelivery(t.Context(), who, hansei.Delivery{Source: "file", Name: "ours"}, "{}", strings.NewReader("ours"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(t.Context(), who, func(tx *Tx) error {
		return tx.PutRejects(d.ID, []Reject{{Line: 1, Column: "at", Value: "x", Expected: "a time"}})
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutBlob(t.Context(), who, "b", "text/plain", strings.NewReader("ours")); err != nil {
		t.Fatal(err)
	}
	if err := s.PutSession(t.Context(), who, "token", []byte("ours"), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	return d
}

// other copies a table's rows into another journal, with other contents.
func other(t *testing.T, s *Store, table string) {
	t.Helper()
	rows, err := s.read.DB.QueryContext(t.Context(), "SELECT * FROM "+table+" LIMIT 0")
	if err != nil {
		t.Fatal(err)
	}
	columns, err := rows.Columns()
	if err != nil || rows.Err() != nil || rows.Close() != nil {
		t.Fatal(err)
	}
	into, from := strings.Join(columns, ", "), "'other', "+strings.Join(columns[1:], ", ")
	for column, value := range map[string]string{"doc": `'{"id":"theirs"}'`, "epoch": "'theirs'", "who": "'they'", "data": "'theirs'", "value": "'theirs'", "name": "'theirs'"} {
		from = strings.Replace(from, ", "+column, ", "+value, 1)
	}
	if _, err := s.write.ExecContext(t.Context(), fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s", table, into, from, table)); err != nil {
		t.Fatal(err)
	}
}

// seen is everything a scope can read.
func seen(t *testing.T, s *Store, who auth.Actor, delivery string) map[string]any {
	t.Helper()
	ctx, scope, out := t.Context(), who.Scope(), map[string]any{}
	keep := func(name string, v any, err error) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		out[name] = v
	}
	head, err := s.Head(ctx, scope)
	keep("head", head, err)
	digest, _, err := s.Digest(ctx, scope)
	keep("digest", digest, err)
	list, err := s.List(ctx, scope, hansei.KindTeam, "", 100)
	keep("list", list, err)
	loaded, err := Load(ctx, s, scope, hansei.KindTeam, []hansei.ID{"a-00000", "a-00001"})
	keep("load", loaded, err)
	history, err := s.History(ctx, scope, hansei.KindTeam, "a-00000")
	keep("history", history, err)
	at, err := s.SeqAt(ctx, scope, time.Now())
	keep("sequence", at, err)
	deliveries, err := s.Deliveries(ctx, scope, DeliveryFilter{})
	keep("deliveries", deliveries, err)
	one, err := s.GetDelivery(ctx, scope, delivery)
	keep("delivery", one, err)
	rejects, err := s.Rejects(ctx, scope, delivery, 0, 10)
	keep("rejects", rejects, err)
	session, err := s.GetSession(ctx, scope, "token")
	keep("session", session, err)
	body, err := s.OpenDelivery(ctx, scope, delivery)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	keep("payload", string(text), err)
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	return out
}

// dump is every row of the other journal.
func dump(t *testing.T, s *Store) string {
	t.Helper()
	var all strings.Builder
	for _, table := range allTables {
		rows, err := s.read.DB.QueryContext(t.Context(), "SELECT * FROM "+table+" WHERE journal = 'other' ORDER BY 1, 2, 3")
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for ; rows.Next(); n++ {
			row := make([]any, len(columns))
			for i := range row {
				row[i] = new(any)
			}
			if err := rows.Scan(row...); err != nil {
				t.Fatal(err)
			}
			for _, v := range row {
				fmt.Fprintf(&all, "%v ", *v.(*any))
			}
			all.WriteByte('\n')
		}
		if rows.Err() != nil || rows.Close() != nil {
			t.Fatal(rows.Err())
		}
		if n == 0 {
			t.Errorf("%s has no row of the other journal; the test tried nothing", table)
		}
	}
	return all.String()
}
