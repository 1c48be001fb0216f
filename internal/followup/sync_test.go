package followup

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/tracker/trackertest"
)

var ctx = context.Background()

func TestCreatedAndKeptInStep(t *testing.T) {
	r := newRig(t, t.TempDir())
	id := r.pushed()
	f := r.get(id)
	if tr := f.Tracker; tr.Key != "acme/shop#1" || tr.State != "open" || tr.Problem != "" || f.WorkItem != issueKey(tr).ID() {
		t.Fatalf("got %+v, work item %s", tr, f.WorkItem)
	}
	if x := r.tool.Issues()[0]; !strings.Contains(x.Body, "https://hansei.example/follow-ups/"+string(id)) || !strings.Contains(x.Body, f.Tracker.Marker) {
		t.Errorf("the issue says %s", x.Body)
	}
	// Our own echo changes nothing and calls nobody.
	calls, revision := r.tool.Calls("GET")+r.tool.Calls("PATCH"), r.revision(id)
	r.hears(r.tool.Issues()[0], "opened")
	if err := r.run(); err != nil || r.tool.Calls("GET")+r.tool.Calls("PATCH") != calls || r.revision(id) != revision {
		t.Errorf("an echo: %v, %d calls before, revision %d before and %d now", err, calls, revision, r.revision(id))
	}
	for _, c := range []struct{ status, reason, there string }{{"done", "", "done"}, {"open", "", "open"}, {"declined", "the gateway goes", "declined"}, {"open", "", "open"}} {
		r.later(time.Minute)
		r.must(r.Close(ctx, me, id, c.status, c.reason))
		if err := r.run(); err != nil {
			t.Fatal(err)
		}
		x := r.tool.Issues()[0]
		r.hears(x, "edited")
		if err := r.run(); err != nil || x.Status != c.there || r.get(id).Status != c.status {
			t.Errorf("%s here: %s there, %s here in the end, %v", c.status, x.Status, r.get(id).Status, err)
		}
	}
	if f := r.get(id); !f.Closed.IsZero() || f.Reason != "" {
		t.Errorf("opened again: closed %v, reason %q", f.Closed, f.Reason)
	}
	r.must(r.Edit(ctx, me, id, 0, []intake.Set{setText("title", "Alert earlier")}, ""))
	if err := r.run(); err != nil || r.tool.Issues()[0].Title != "Alert earlier" {
		t.Errorf("renamed: %q, %v", r.tool.Issues()[0].Title, err)
	}
	if n := len(r.tool.Issues()); n != 1 {
		t.Errorf("%d issues", n)
	}
}

func (r *rig) revision(id hansei.ID) record.Revision {
	r.t.Helper()
	_, rev, err := r.Get(ctx, me.Scope(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return rev
}

func TestFollowsTheTracker(t *testing.T) {
	r := newRig(t, t.TempDir())
	id := r.pushed()
	r.later(time.Minute)
	closed := r.tool.Touch(1, func(x *trackertest.Issue) { x.Status = "declined" })
	r.hears(closed, "closed")
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	if f := r.get(id); f.Status != "declined" || !strings.Contains(f.Reason, "acme/shop#1") || !f.Closed.Equal(closed.Updated) {
		t.Errorf("declined there: got %s, %q, %v", f.Status, f.Reason, f.Closed)
	}
	r.later(time.Minute)
	reopened := r.tool.Touch(1, func(x *trackertest.Issue) { x.Status, x.Title, x.Owner = "open", "Alert on all certificates", "ann" })
	r.hears(reopened, "reopened")
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	if f := r.get(id); f.Status != "open" || f.Title != "Alert on all certificates" || f.Owner != "ann" || f.Tracker.State != "open" || !f.Closed.IsZero() {
		t.Errorf("reopened there: got %s, %q, owner %q, %+v", f.Status, f.Title, f.Owner, f.Tracker)
	}
	// What is older and comes later changes nothing, in whatever order.
	closed.Title = "An old title"
	r.hears(closed, "edited")
	if err := r.run(); err != nil || r.get(id).Status != "open" || r.get(id).Title != "Alert on all certificates" {
		t.Errorf("an older word: %v, %+v", err, r.get(id))
	}
	if r.tool.Calls("PATCH") != 0 {
		t.Errorf("the tracker's own words were sent back to it %d times", r.tool.Calls("PATCH"))
	}
}

// Both closed it, in different ways: the later word stands on both sides.
func TestTheLaterWordStands(t *testing.T) {
	for name, c := range map[string]struct {
		personLater bool
		want        string
	}{"the person's": {true, "declined"}, "the tracker's": {false, "done"}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, t.TempDir())
			id := r.pushed()
			r.later(time.Minute)
			person := func() { r.must(r.Close(ctx, me, id, "declined", "no time")) }
			var x trackertest.Issue
			there := func() { x = r.tool.Touch(1, func(x *trackertest.Issue) { x.Status = "done" }) }
			first, second := person, there
			if c.personLater {
				first, second = there, person
			}
			first()
			r.later(time.Minute)
			second()
			r.hears(x, "closed")
			if err := r.run(); err != nil || r.get(id).Status != c.want || r.tool.Issues()[0].Status != c.want {
				t.Errorf("got %s here, %s there, %v; want %s", r.get(id).Status, r.tool.Issues()[0].Status, err, c.want)
			}
		})
	}
}

// A word as new as the last one known, and another one: only the tracker knows.
func TestSameSecond(t *testing.T) {
	r := newRig(t, t.TempDir())
	id := r.pushed()
	x := r.tool.Issues()[0]
	x.Status = "done" // GitHub's times are seconds: it was closed within the one in which it was created
	r.hears(x, "closed")
	if err := r.run(); err != nil || r.get(id).Status != "open" {
		t.Errorf("the tracker says open: got %s, %v", r.get(id).Status, err)
	}
}

func TestNoSecondIssueAfterACrash(t *testing.T) {
	dir, tool := t.TempDir(), trackertest.New(start)
	r := rigOn(t, dir, tool, trackertest.Lost)
	id := r.add(hansei.FollowUp{Title: "Alert on certificates"})
	r.must(r.Push(ctx, me, id, "", ""))
	if err := r.run(); err == nil || len(tool.Issues()) != 1 {
		t.Fatalf("the answer was lost: %v, %d issues", err, len(tool.Issues()))
	}
	if f := r.get(id); f.Tracker.External != "" || f.Tracker.Claimed.IsZero() || !strings.Contains(f.Tracker.Problem, "by itself") {
		t.Fatalf("got %+v", f.Tracker)
	}
	if err := r.Sync(ctx, me, id); !isLater(err) {
		t.Errorf("at once: got %v; want it to wait until it can be found", err)
	}
	r.later(unsure)
	if err := r.Sync(ctx, me, id); err != nil {
		t.Fatal(err)
	}
	if f := r.get(id); f.Tracker.Key != "acme/shop#1" || len(tool.Issues()) != 1 || f.Tracker.Problem != "" {
		t.Errorf("got %+v, %d issues", f.Tracker, len(tool.Issues()))
	}
}

// The journal closes between the call and the commit, as when the server is
// killed; another one takes over.
func TestNoSecondIssueAfterTheServerDied(t *testing.T) {
	dir, tool := t.TempDir(), trackertest.New(start)
	var r *rig
	died := false
	r = rigOn(t, dir, tool, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			h.ServeHTTP(w, q)
			if q.Method == http.MethodPost {
				died = true
				r.Facts.Close()
				if err := r.Records.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	})
	id := r.add(hansei.FollowUp{Title: "Alert on certificates"})
	r.must(r.Push(ctx, me, id, "", ""))
	if err := r.run(); err == nil || !died {
		t.Fatalf("the journal is closed: got %v", err)
	}
	next := rigOn(t, dir, tool, nil)
	next.later(unsure + time.Minute)
	if err := next.Sync(ctx, me, id); err != nil || len(tool.Issues()) != 1 || next.get(id).Tracker.Key != "acme/shop#1" {
		t.Errorf("got %v, %d issues, %+v", err, len(tool.Issues()), next.get(id).Tracker)
	}
}

func TestDownForAWhile(t *testing.T) {
	r := newRig(t, t.TempDir())
	id := r.pushed()
	down := trackertest.Status(http.StatusServiceUnavailable)
	r.tool.Fail("", down, down, down, trackertest.Status(http.StatusTooManyRequests, "Retry-After: 90"))
	r.must(r.Close(ctx, me, id, "done", ""))
	if err := r.run(); err == nil || isLater(err) {
		t.Errorf("down: got %v; want an error that counts as an attempt", err)
	}
	f := r.get(id)
	if f.Status != "done" || f.Tracker.Refused || !strings.Contains(f.Tracker.Problem, "by itself") || f.Tracker.Since.IsZero() {
		t.Errorf("nothing is lost: got %s, %+v", f.Status, f.Tracker)
	}
	revision := r.revision(id)
	for range 2 {
		r.later(time.Minute)
		if err := r.Sweep(ctx, me); err != nil {
			t.Fatal(err)
		}
		if err := r.run(); err == nil {
			t.Error("it is down still")
		}
	}
	if now := r.revision(id); now != revision {
		t.Errorf("the same trouble was written again: revision %d, then %d", revision, now)
	}
	var later *LaterError
	if err := r.Sync(ctx, me, id); !errors.As(err, &later) || later.After != 90*time.Second {
		t.Errorf("asked too often: got %v", err)
	}
	if err := r.Sweep(ctx, me); err != nil {
		t.Fatal(err)
	}
	if err := r.run(); err != nil || r.tool.Issues()[0].Status != "done" || r.get(id).Tracker.Problem != "" {
		t.Errorf("back: %v, %s there, %+v", err, r.tool.Issues()[0].Status, r.get(id).Tracker)
	}
}

func TestRefusedAndRetried(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		says   string
	}{"token": {401, "Sources"}, "scope": {403, "Issues"}, "no repository": {404, "acme/shop"}, "invalid": {422, "refuses what was sent"}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, t.TempDir())
			r.tool.Fail("POST", trackertest.Status(c.status))
			id := r.add(hansei.FollowUp{Title: "Alert"})
			r.must(r.Push(ctx, me, id, "code", trackertest.Place))
			if err := r.run(); err != nil {
				t.Errorf("a refusal is no failure of the job: %v", err)
			}
			f := r.get(id)
			if !f.Tracker.Refused || !strings.Contains(f.Tracker.Problem, c.says) || strings.Contains(f.Tracker.Problem, trackertest.Token) {
				t.Errorf("got %+v", f.Tracker)
			}
			if err := r.Sweep(ctx, me); err != nil || r.run() != nil || r.tool.Calls("POST") != 1 {
				t.Errorf("it was tried again by itself: %d calls, %v", r.tool.Calls("POST"), err)
			}
			r.must(r.Retry(ctx, me, id))
			if err := r.run(); err != nil || r.get(id).Tracker.Key != "acme/shop#1" || len(r.tool.Issues()) != 1 {
				t.Errorf("after Retry: %v, %+v", err, r.get(id).Tracker)
			}
		})
	}
}

func TestDeletedThere(t *testing.T) {
	r := newRig(t, t.TempDir())
	id := r.pushed()
	gone := r.tool.Touch(1, func(x *trackertest.Issue) { x.Gone = true })
	r.hears(gone, "deleted")
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	f := r.get(id)
	if f.Status != "open" || f.Tracker.State != hansei.TrackerGone || !f.Tracker.Refused || !strings.Contains(f.Tracker.Problem, "Create it again") {
		t.Errorf("got %s, %+v", f.Status, f.Tracker)
	}
	r.later(time.Hour)
	r.must(r.Push(ctx, me, id, "", ""))
	if err := r.run(); err != nil || r.get(id).Tracker.Key != "acme/shop#2" {
		t.Errorf("created again: %v, %+v", err, r.get(id).Tracker)
	}
	r.must(r.Unlink(ctx, me, id))
	if f := r.get(id); f.Tracker != nil || f.WorkItem != "" || r.run() != nil || r.tool.Issues()[1].Status != "open" {
		t.Errorf("unlinked: %+v", f)
	}
	r.must(r.Link(ctx, me, id, "code", "acme/shop#2"))
	if err := r.run(); err != nil || r.get(id).Tracker.URL == "" || r.get(id).Tracker.Problem != "" {
		t.Errorf("linked by hand: %v, %+v", err, r.get(id).Tracker)
	}
}

// An issue that somebody linked keeps its own title; its state is brought in
// step.
func TestLinkedByHand(t *testing.T) {
	r := newRig(t, t.TempDir())
	r.pushed()
	r.later(time.Minute)
	r.tool.Touch(1, func(x *trackertest.Issue) { x.Status = "done" })
	id := r.add(hansei.FollowUp{Title: "Another title", Created: start.Add(-time.Hour)})
	r.must(r.Link(ctx, me, id, "code", "acme/shop#1"))
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	if f := r.get(id); f.Title != "Another title" || r.tool.Issues()[0].Title != "Alert on certificates" {
		t.Errorf("got the title %q here, %q there", f.Title, r.tool.Issues()[0].Title)
	}
}

func TestOwnersGoOut(t *testing.T) {
	r := newRig(t, t.TempDir())
	id := r.pushed()
	r.must(r.People.Create(ctx, me, hansei.KindPerson, "ann-lee", []intake.Set{setText("name", "Ann Lee"), {Field: "aliases", Value: []byte(`["ann"]`)}}, ""))
	r.must(r.People.Create(ctx, me, hansei.KindPerson, "bo", []intake.Set{setText("name", "Bo")}, ""))
	r.must(r.Edit(ctx, me, id, 0, []intake.Set{setText("owner", "ann-lee")}, ""))
	if err := r.run(); err != nil || r.tool.Issues()[0].Owner != "ann" || r.get(id).Tracker.Note != "" {
		t.Errorf("known there: %q, %v, note %q", r.tool.Issues()[0].Owner, err, r.get(id).Tracker.Note)
	}
	r.must(r.Edit(ctx, me, id, 0, []intake.Set{setText("owner", "bo")}, ""))
	if err := r.run(); err != nil || r.get(id).Owner != "bo" || !strings.Contains(r.get(id).Tracker.Note, "Bo") {
		t.Errorf("unknown there: owner %q, note %q, %v", r.get(id).Owner, r.get(id).Tracker.Note, err)
	}
	patches := r.tool.Calls("PATCH")
	if err := r.Sweep(ctx, me); err != nil || r.run() != nil || r.tool.Calls("PATCH") != patches {
		t.Errorf("what the tracker cannot take is sent for ever: %v", err)
	}
}

func TestEndedBeforeItWasCreated(t *testing.T) {
	r := newRig(t, t.TempDir())
	id := r.add(hansei.FollowUp{Title: "Alert"})
	r.must(r.Push(ctx, me, id, "", ""))
	r.must(r.Close(ctx, me, id, "done", ""))
	if err := r.run(); err != nil || r.get(id).Tracker != nil || len(r.tool.Issues()) != 0 {
		t.Errorf("got %v, %+v, %d issues", err, r.get(id).Tracker, len(r.tool.Issues()))
	}
}
