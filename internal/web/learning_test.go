package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/record"
)

// TestLearningFigures: the lists show the figures that are about them, the
// catalogue has them in a part of their own, and a person who opens a published
// retrospective is counted, and named nowhere.
func TestLearningFigures(t *testing.T) {
	s, id := written(t)
	ctx, who := t.Context(), auth.Local()
	seq, err := s.Records.Write(ctx, who, func(tx *record.Tx) error {
		r, rev, err := record.Get[*hansei.Retrospective](ctx, tx, who.Scope(), id)
		if err != nil {
			return err
		}
		r.Drafted = r.Drafted.AddDate(0, 0, -2)
		r.State, r.Published, r.Services = hansei.RetroPublished, r.Drafted, []hansei.ID{"till"}
		if err := record.Put(tx, r, rev); err != nil {
			return err
		}
		if err := record.Put(tx, &hansei.Service{Header: hansei.Header{ID: "till"}, Name: "till"}, 0); err != nil {
			return err
		}
		f := &hansei.FollowUp{Header: hansei.Header{ID: "f"}, Title: "Alert on it", Status: hansei.FollowUpOpen, Created: r.Drafted, Retrospective: id}
		if err := record.Put(tx, f, 0); err != nil {
			return err
		}
		for _, p := range []hansei.ID{"ann-lee", "bob", "c", "d", "e"} {
			sh := &hansei.Shift{Header: hansei.Header{ID: "s-" + p}, Person: p, Services: []hansei.ID{"till"}, Began: r.Drafted.AddDate(0, 0, -1), Ended: r.Drafted.AddDate(0, 0, 9)}
			if err := record.Put(tx, sh, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = s.Facts.Wait(ctx, seq)
	}
	if err != nil {
		t.Fatal(err)
	}
	page := func(path, person string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, "GET", s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if person != "" {
			r.AddCookie(&http.Cookie{Name: auth.PersonCookie, Value: person})
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d, %v", path, resp.StatusCode, err)
		}
		return string(text)
	}
	for path, titles := range map[string][]string{
		"/retrospectives": {"Retrospective completion", "Time to publish", "Completeness of retrospectives", "Retrospectives read by those on call"},
		"/follow-ups":     {"within 30 days", "within 60 days", "within 90 days", "Age of open follow-ups", "Overdue follow-ups", "Exposure at risk"},
		"/metrics":        {"Learning", "Time to recurrence", "Follow-up completion"},
		"/metrics/follow_up_completion?by=severity": {"Aalen–Johansen"},
		"/metrics/retrospective_reading":            {"shown to nobody"},
	} {
		text := page(path, "")
		for _, title := range titles {
			if !strings.Contains(text, title) {
				t.Errorf("%s does not say %q", path, title)
			}
		}
	}
	read := func() metric.Figure {
		t.Helper()
		head, err := s.Records.Head(ctx, who.Scope())
		if err == nil {
			err = s.Facts.Wait(ctx, head.Seq)
		}
		if err != nil {
			t.Fatal(err)
		}
		figs, err := s.Metrics.Figures(ctx, who.Scope(), metric.Query{Metric: "retrospective_reading"})
		if err != nil {
			t.Fatal(err)
		}
		return figs[0]
	}
	page("/retrospectives/"+string(id), "")
	if f := read(); f.Value != nil || f.Excluded["no_reading_recorded"] != 1 {
		t.Errorf("before anybody said who they are: %+v", f)
	}
	page("/retrospectives/"+string(id), "ann-lee")
	if f := read(); f.Value == nil || *f.Value != .2 {
		t.Errorf("one of five has read it: %+v", f)
	}
	if text := page("/metrics/retrospective_reading/records", ""); strings.Contains(text, "ann-lee") || strings.Contains(text, "Ann Lee") {
		t.Error("the records behind the figure name who read")
	}
}
