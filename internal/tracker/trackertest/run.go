package trackertest

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hansei/internal/source/fetch"
	"hansei/internal/tracker"
)

// Run holds what every tracker must satisfy: what is created is found and read
// as it was meant, each change arrives, and failures are told apart.
func Run(t *testing.T, place string, s *Server, tr tracker.Tracker) {
	began := s.now
	ctx := t.Context()
	d := tracker.Draft{Title: "Alert on certificates", Body: "What is meant.\n\n- Kind: detect\n- Incident: [It was down](https://hansei.example/incidents/1)\n\n[Back](https://hansei.example/follow-ups/1)",
		Marker: "hansei-abc", Labels: []string{"detect"}, Due: "2026-04-01", Priority: "high", Owner: tracker.Person{Names: []string{Name, Login}, Email: Email}}
	if _, err := tr.Find(ctx, place, d.Marker, began.Add(-time.Hour)); !errors.Is(err, tracker.ErrNone) {
		t.Fatalf("find what is not there: got %v", err)
	}
	made, err := tr.Create(ctx, place, d)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{tracker.Title: d.Title, tracker.Status: "open", tracker.Due: d.Due, tracker.Priority: d.Priority}
	held := func(x tracker.Issue, when string) {
		t.Helper()
		for _, field := range tr.Carries() {
			if v, ok := want[field]; ok && x.Values[field] != v {
				t.Errorf("%s: %s is %q, want %q", when, field, x.Values[field], v)
			}
		}
		if x.External == "" || x.Key == "" || !strings.HasPrefix(x.URL, "http") || x.At.IsZero() {
			t.Errorf("%s: got %+v", when, x)
		}
	}
	held(made, "created")
	if made.Values[tracker.Owner] == "" || made.Note != "" {
		t.Errorf("created: the owner is %q, the note %q", made.Values[tracker.Owner], made.Note)
	}
	found, err := tr.Find(ctx, place, d.Marker, began.Add(-time.Hour))
	if err != nil || found.External != made.External {
		t.Errorf("find by the marker: got %+v, %v", found, err)
	}
	if kept := s.Issues(); len(kept) != 1 || !slices.Contains(kept[0].Labels, "follow-up") && kept[0].ID == "" {
		t.Errorf("the tool holds %+v", kept)
	}
	changes(t, tr, made, want, held)
	failures(t, s, tr, made, place, d)
}

// changes makes each change that a follow-up makes.
func changes(t *testing.T, tr tracker.Tracker, now tracker.Issue, want map[string]string, held func(tracker.Issue, string)) {
	t.Helper()
	for _, c := range []struct{ field, value string }{
		{tracker.Status, "done"}, {tracker.Status, "open"}, {tracker.Status, "declined"}, {tracker.Status, "open"},
		{tracker.Title, "Alert earlier"}, {tracker.Due, "2026-05-01"}, {tracker.Due, ""}, {tracker.Priority, "low"},
	} {
		if !slices.Contains(tr.Carries(), c.field) {
			continue
		}
		after, err := tr.Change(t.Context(), now, tracker.Change{Values: map[string]string{c.field: c.value}})
		if err != nil {
			t.Fatalf("%s to %q: %v", c.field, c.value, err)
		}
		want[c.field] = c.value
		held(after, c.field+" to "+c.value)
		if !after.At.After(now.At) {
			t.Errorf("%s: it is not newer than before", c.field)
		}
		if now, err = tr.Look(t.Context(), after.External); err != nil {
			t.Fatal(err)
		}
		held(now, "looked at after "+c.field)
	}
	for _, c := range []struct {
		who  tracker.Person
		note bool
	}{{tracker.Person{Names: []string{"Nobody Here"}}, true}, {tracker.Person{Names: []string{Login, Name}, Email: Email}, false}, {tracker.Person{}, false}} {
		after, err := tr.Change(t.Context(), now, tracker.Change{Values: map[string]string{tracker.Owner: "x"}, Owner: c.who})
		if err != nil || (after.Note != "") != c.note || (after.Values[tracker.Owner] != "") != (len(c.who.Names) == 2) {
			t.Errorf("owner %v: got %q, note %q, %v", c.who.Names, after.Values[tracker.Owner], after.Note, err)
		}
	}
}

// failures tells a refusal, a wait and an unclear end apart.
func failures(t *testing.T, s *Server, tr tracker.Tracker, made tracker.Issue, place string, d tracker.Draft) {
	t.Helper()
	ctx := t.Context()
	var later *fetch.LaterError
	var no *fetch.StatusError
	s.Fail("", Status(http.StatusTooManyRequests, "Retry-After: 30"))
	if _, err := tr.Look(ctx, made.External); !errors.As(err, &later) || later.After != 30*time.Second {
		t.Errorf("asked too often: got %v", err)
	}
	for _, fault := range []func(http.ResponseWriter){Status(http.StatusInternalServerError), Status(http.StatusBadGateway)} {
		s.Fail("", fault)
		if _, err := tr.Look(ctx, made.External); !errors.As(err, &later) {
			t.Errorf("down: got %v", err)
		}
	}
	s.Fail("", Status(http.StatusForbidden))
	if _, err := tr.Create(ctx, place, d); errors.As(err, &later) || !errors.As(err, &no) || no.Status != http.StatusForbidden {
		t.Errorf("forbidden: got %v", err)
	}
	s.Touch(1, func(x *Issue) { x.Gone = true })
	if _, err := tr.Look(ctx, made.External); !errors.Is(err, tracker.ErrGone) {
		t.Errorf("deleted there: got %v", err)
	}
	for _, err := range []error{no} {
		if strings.Contains(err.Error(), Token) {
			t.Errorf("the error tells the token: %v", err)
		}
	}
}
