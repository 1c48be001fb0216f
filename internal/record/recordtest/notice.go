package recordtest

import (
	"errors"
	"testing"
	"time"

	"hansei"
	"hansei/internal/record"
)

// noticesAreKeptAndToldOnce: what is told once is not new again, what is sent
// has a state, and cursors stay.
func noticesAreKeptAndToldOnce(t *testing.T, e Engine) {
	s, ctx := open(t, e), t.Context()
	write := func(fn func(*record.Tx) error) {
		t.Helper()
		if _, err := s.Write(ctx, who, fn); err != nil {
			t.Fatal(err)
		}
	}
	var fresh []bool
	for _, id := range []string{"n1", "n2", "n3"} {
		write(func(tx *record.Tx) error {
			isNew, err := tx.Tell("due/retrospective/r1", id)
			fresh = append(fresh, isNew)
			other, otherErr := tx.Tell("due/retrospective/r1/"+id, id)
			if !other {
				t.Errorf("%s: another key is not new", id)
			}
			return errors.Join(err, otherErr, tx.AddNotice(record.Notice{ID: id, Event: "due", Channel: "ops", Subject: "Due", Doc: []byte(`{"a":1}`), Due: time.Unix(10, 0)}),
				tx.PutCursor(record.Cursor{Name: "watch", Epoch: "e", Seq: record.Seq(len(fresh))}))
		})
	}
	if !fresh[0] || fresh[1] || fresh[2] {
		t.Errorf("the same thing is new: %v", fresh)
	}
	told, err := record.Told(ctx, s, who.Scope(), "due/retrospective/r1/")
	if err != nil || len(told) != 3 || told["due/retrospective/r1/n2"] != "n2" {
		t.Errorf("told %v, %v", told, err)
	}
	if c, err := record.CursorOf(ctx, s, who.Scope(), "watch"); err != nil || c.Seq != 3 || c.Epoch != "e" {
		t.Errorf("cursor %+v, %v", c, err)
	}
	write(func(tx *record.Tx) error {
		return errors.Join(tx.EndNotice("n1", record.NoticeSent, ""), tx.EndNotice("n2", record.NoticeFailed, "no such channel"), tx.EndNotice("n3", record.NoticeWaiting, "busy"))
	})
	write(func(tx *record.Tx) error {
		for id, want := range map[string]bool{"n1": false, "n2": true, "n3": false, "n4": false} {
			if again, err := tx.ReviveNotice(id); err != nil || again != want {
				t.Errorf("%s is revived: %v, %v; want %v", id, again, err, want)
			}
		}
		return nil
	})
	all, err := record.Notices(ctx, s, who.Scope(), record.NoticeFilter{Limit: 2})
	if err != nil || len(all) != 2 || all[0].ID != "n3" || all[0].Error != "busy" || all[0].Attempts != 1 || !all[0].Ended.IsZero() || string(all[0].Doc) != `{"a":1}` || all[0].Due.Unix() != 10 {
		t.Errorf("got %+v, %v", all, err)
	}
	rest, err := record.Notices(ctx, s, who.Scope(), record.NoticeFilter{CreatedBefore: all[1].Created, Before: all[1].ID})
	if err != nil || len(rest) != 1 || rest[0].ID != "n1" || rest[0].State != record.NoticeSent || rest[0].Ended.IsZero() {
		t.Errorf("the next page: %+v, %v", rest, err)
	}
	if n, err := record.NoticeByID(ctx, s, who.Scope(), "n2"); err != nil || n.State != record.NoticeWaiting || n.Error != "" || n.Attempts != 0 {
		t.Errorf("got %+v, %v", n, err)
	}
	if _, err := record.NoticeByID(ctx, s, who.Scope(), "n9"); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	write(func(tx *record.Tx) error { return tx.DropNotices(time.Now().Add(time.Hour)) })
	told, toldErr := record.Told(ctx, s, who.Scope(), "")
	if all, err := record.Notices(ctx, s, who.Scope(), record.NoticeFilter{}); err != nil || toldErr != nil || len(all)+len(told) != 0 {
		t.Errorf("after all is dropped: %v, %v, %v, %v", all, told, err, toldErr)
	}
}
