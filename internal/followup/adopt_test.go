package followup

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"hansei"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/source"
	"hansei/internal/tracker/trackertest"
)

// filed is an issue that people filed, as the tracker has it.
func filed(n int, more func(*trackertest.Issue)) trackertest.Issue {
	x := trackertest.Issue{Number: n, Title: "Alert on certificates", Body: "After https://pager.example/incidents/P1 we want it.", Status: "open",
		Labels: []string{"Follow-Up", "detect"}, Created: start.Add(-time.Hour), Updated: start.Add(-time.Hour)}
	if more != nil {
		more(&x)
	}
	return x
}

// issue is the id of the issue that people filed, and of what is made of it.
var issue = numbered("7")

func numbered(n string) hansei.ID {
	return issueKey(&hansei.Tracked{Source: "code", External: "acme/shop#" + n}).ID()
}

func (r *rig) all() []*hansei.FollowUp {
	r.t.Helper()
	list, err := r.Desk.all(ctx, me.Scope())
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// happened makes an incident that the issue names.
func (r *rig) happened() {
	r.t.Helper()
	r.must(r.People.Create(ctx, me, hansei.KindIncident, "p1", []intake.Set{setText("title", "Expired"), setText("url", "https://pager.example/incidents/P1"), setText("began_at", "2026-03-01T10:00:00Z")}, ""))
	if err := r.inbox.Link(ctx, me); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) swept() {
	r.t.Helper()
	if err := r.Facts.CatchUp(ctx, r.Records, me.Scope(), nil); err != nil {
		r.t.Fatal(err)
	}
	if err := errors.Join(r.Sweep(ctx, me.As("jobs")), r.run()); err != nil {
		r.t.Fatal(err)
	}
}

// TestAdopted: an issue that is marked as a follow-up is one, once, with the
// incident that it names, and both are kept in step from then on.
func TestAdopted(t *testing.T) {
	r := newRig(t, t.TempDir())
	r.happened()
	r.hears(filed(7, nil), "opened")
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	f := r.get(issue)
	if f.Title != "Alert on certificates" || f.Status != "open" || f.Type != "detect" || f.URL == "" || !f.Created.Equal(start.Add(-time.Hour)) || f.WorkItem != issue || len(f.Services) != 1 ||
		!slices.Equal(f.Incidents, []hansei.ID{"p1"}) || f.Tracker.Key != "acme/shop#7" || f.Tracker.State != "open" || f.Tracker.Problem != "" || f.Tracker.Adopted.IsZero() || len(f.Edits) != 0 {
		t.Errorf("got %+v in %+v", f, f.Tracker)
	}
	rev := r.revision(issue)
	r.hears(filed(7, nil), "labeled")
	r.swept()
	if err := r.Sync(ctx, me.As("jobs"), issue); err != nil || r.revision(issue) != rev || len(r.all()) != 1 || r.tool.Calls("GET")+r.tool.Calls("POST")+r.tool.Calls("PATCH") != 0 {
		t.Errorf("told again: %v, revision %d of %d, %d follow-ups", err, r.revision(issue), rev, len(r.all()))
	}
	r.hears(filed(7, func(x *trackertest.Issue) { x.Status, x.Title, x.Updated = "declined", "Alert earlier", start }), "closed")
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	if f := r.get(issue); f.Status != "declined" || f.Title != "Alert earlier" || f.Reason == "" || !f.Closed.Equal(start) {
		t.Errorf("closed there: %+v", f)
	}
}

// TestAdoptedInAnyOrder: what is told in any order, again and by two servers is
// one follow-up, as the newest word says.
func TestAdoptedInAnyOrder(t *testing.T) {
	for seed := range uint64(6) {
		r := newRig(t, t.TempDir())
		tells := []func(){r.happened}
		for i, more := range []func(*trackertest.Issue){
			func(x *trackertest.Issue) { x.Labels = nil },
			nil,
			func(x *trackertest.Issue) { x.Title = "Alert earlier" },
			func(x *trackertest.Issue) { x.Title, x.Status = "Alert earlier", "done" },
		} {
			x := filed(7, more)
			x.Updated = start.Add(time.Duration(i) * time.Minute)
			tells = append(tells, func() { r.hears(x, "edited") })
		}
		other := &Desk{Records: r.Records, Facts: r.Facts, People: r.People, Retros: r.Retros, Kinds: r.Kinds, Accounts: r.Accounts, Later: r.Later, Now: r.Now, Base: r.Base}
		rng := rand.New(rand.NewPCG(seed, 5))
		rng.Shuffle(len(tells), func(i, j int) { tells[i], tells[j] = tells[j], tells[i] })
		for _, tell := range tells {
			tell()
			if rng.IntN(2) == 0 {
				continue
			}
			var wg sync.WaitGroup
			for _, d := range []*Desk{r.Desk, other} {
				wg.Go(func() {
					if err := d.Sync(ctx, me.As("jobs"), issue); err != nil && !errors.Is(err, hansei.ErrConflict) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		if err := r.run(); err != nil {
			t.Fatal(err)
		}
		r.swept()
		if list := r.all(); len(list) != 1 || list[0].Status != "done" || list[0].Title != "Alert earlier" || !slices.Equal(list[0].Incidents, []hansei.ID{"p1"}) || list[0].Tracker.State != "done" {
			t.Errorf("seed %d: %d follow-ups, %+v in %+v", seed, len(list), list[0], list[0].Tracker)
		}
	}
}

// TestOwnIssueIsNotAdopted: the webhook about an issue that Hansei is creating
// comes before the answer to its creation; whatever is told of it, it is one
// follow-up's double.
func TestOwnIssueIsNotAdopted(t *testing.T) {
	for name, strip := range map[string]bool{"whole": false, "without its text": true} {
		var r *rig
		tool := trackertest.New(start)
		r = rigOn(t, t.TempDir(), tool, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				h.ServeHTTP(w, q)
				if q.Method != http.MethodPost {
					return
				}
				x := tool.Issues()[0]
				x.Labels = append(x.Labels, "follow-up")
				if strip {
					x.Body = ""
				}
				r.hears(x, "opened")
				err := r.Sync(ctx, me.As("jobs"), numbered("1"))
				if isLater(err) != strip || !strip && err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		})
		id := r.add(hansei.FollowUp{Title: "Alert on certificates", Priority: "high"})
		r.must(r.Push(ctx, me, id, "", ""))
		if err := r.run(); err != nil {
			t.Fatal(err)
		}
		r.later(time.Hour)
		if err := r.Sync(ctx, me.As("jobs"), numbered("1")); err != nil {
			t.Error(err)
		}
		r.swept()
		if list := r.all(); len(list) != 1 || list[0].ID != id || list[0].Tracker.Key != "acme/shop#1" {
			t.Errorf("%s: %d follow-ups: %+v", name, len(list), list)
		}
		// Nor when a person takes the two apart, or deletes it.
		r.must(r.People.Delete(ctx, me, hansei.KindFollowUp, id, true))
		r.swept()
		if list := r.all(); len(list) != 0 {
			t.Errorf("%s: deleted, and there are %d", name, len(list))
		}
	}
}

// TestMarkTakenOff: without the mark a follow-up goes that nobody worked on,
// and comes back with it; one that people worked on says so and stays. What a
// person deleted stays deleted.
func TestMarkTakenOff(t *testing.T) {
	r := newRig(t, t.TempDir())
	minute := 0
	hears := func(mark bool) {
		t.Helper()
		minute++
		r.hears(filed(7, func(x *trackertest.Issue) {
			if x.Updated = start.Add(time.Duration(minute) * time.Minute); !mark {
				x.Labels = []string{"detect"}
			}
		}), "edited")
		if err := r.run(); err != nil {
			t.Fatal(err)
		}
		r.swept()
	}
	hears(true)
	if hears(false); len(r.all()) != 0 {
		t.Errorf("without the mark: %+v", r.all()[0].Tracker)
	}
	if hears(true); len(r.all()) != 1 || r.all()[0].Tracker.Note != "" {
		t.Fatalf("marked again: %+v", r.all())
	}
	r.must(r.Edit(ctx, me, issue, 0, []intake.Set{setText("factor", "expired certificate")}, ""))
	if hears(false); len(r.all()) != 1 || r.all()[0].Tracker.Note != unmarked || r.all()[0].Status != "open" {
		t.Errorf("without the mark, after work on it: %+v", r.all())
	}
	if hears(true); r.get(issue).Tracker.Note != "" {
		t.Errorf("marked again: %q", r.get(issue).Tracker.Note)
	}
	hears(false)
	r.must(r.People.Delete(ctx, me, hansei.KindFollowUp, issue, true))
	for _, mark := range []bool{true, false, true} {
		if hears(mark); len(r.all()) != 0 {
			t.Errorf("a person deleted it, and it is back: %+v", r.all()[0])
		}
	}
	r.must(r.People.Delete(ctx, me, hansei.KindFollowUp, issue, false))
	minute++
	r.hears(filed(7, func(x *trackertest.Issue) { x.Updated = start.Add(time.Duration(minute) * time.Minute) }), "deleted")
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	if f := r.get(issue); f.Tracker.State != hansei.TrackerGone || f.Tracker.Problem == "" || f.Status != "open" {
		t.Errorf("the issue is deleted: %+v", f.Tracker)
	}
}

// elsewhere is a source for which issues are no work items.
type elsewhere struct{ source.Source }

func (e elsewhere) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	said, err := e.Source.Normalize(d)
	for i, o := range said {
		said[i] = source.None(o.Key.Source, o.Key.External, &hansei.WorkItem{}, o.At)
	}
	return said, err
}

// TestIssueIsSomethingElse: when an issue is no work item any more, by what its
// source is set to, its follow-up loses the mark, and has it again when that is
// taken back; that the issue is gone is not said.
func TestIssueIsSomethingElse(t *testing.T) {
	r := newRig(t, t.TempDir())
	r.hears(filed(7, nil), "opened")
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	reading := r.inbox.Source
	understood := func(is bool) {
		t.Helper()
		if r.inbox.Source = reading; !is {
			r.inbox.Source = func(name string) (intake.Reading, error) {
				x, err := reading(name)
				return intake.Reading{Source: elsewhere{x.Source}}, err
			}
		}
		r.must(r.Records.Write(ctx, me, func(tx *record.Tx) error {
			_, err := tx.ReopenDeliveries("code", time.Time{}, "")
			return err
		}))
		for n := 1; n > 0; {
			var err error
			if n, err = r.inbox.Drain(ctx, me); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.run(); err != nil {
			t.Fatal(err)
		}
		r.swept()
	}
	fine := func(when, note string) {
		t.Helper()
		if all := r.all(); len(all) != 1 || all[0].Tracker.Note != note || all[0].Tracker.State == hansei.TrackerGone || all[0].Tracker.Problem != "" {
			t.Fatalf("%s: %d, %+v", when, len(all), all[0].Tracker)
		}
	}
	fine("at first", "")
	if understood(false); len(r.all()) != 0 {
		t.Errorf("something else: %+v", r.all()[0].Tracker)
	}
	understood(true)
	fine("taken back", "")
	r.must(r.Edit(ctx, me, issue, 0, []intake.Set{setText("factor", "expired certificate")}, ""))
	understood(false)
	fine("something else, after work on it", unmarked)
	understood(true)
	fine("taken back, after work on it", "")
}

// TestHistoryIsAdopted: issues that were there before, closed ones too, without
// a tracker that may be written to; and the double of one that is there.
func TestHistoryIsAdopted(t *testing.T) {
	r := newRig(t, t.TempDir())
	r.token = ""
	r.inbox.Told = nil // as before there was anything to tell
	r.hears(filed(7, func(x *trackertest.Issue) { x.Status = "done" }), "closed")
	r.hears(filed(8, func(x *trackertest.Issue) { x.Number = 8 }), "opened")
	r.hears(filed(9, func(x *trackertest.Issue) { x.Labels = []string{"bug"} }), "opened")
	own := r.add(hansei.FollowUp{Title: "Our words", URL: "https://github.com/acme/shop/issues/8"})
	r.swept()
	list := r.all()
	if len(list) != 2 {
		t.Fatalf("%d follow-ups: %+v", len(list), list)
	}
	if f := r.get(issue); f.Status != "done" || !f.Closed.Equal(start.Add(-time.Hour)) || f.Tracker.Problem != "" || len(f.Incidents) != 0 {
		t.Errorf("a closed one: %+v in %+v", f, f.Tracker)
	}
	if f := r.get(own); f.Title != "Our words" || f.Tracker == nil || f.Tracker.Key != "acme/shop#8" || f.WorkItem != numbered("8") {
		t.Errorf("one that was there: %+v in %+v", f, f.Tracker)
	}
	r.happened()
	r.swept()
	if f := r.get(issue); !slices.Equal(f.Incidents, []hansei.ID{"p1"}) {
		t.Errorf("the incident came later: %v", f.Incidents)
	}
	if _, err := r.Link(ctx, me, own, "code", "acme/shop#7"); err == nil {
		t.Error("one issue is the double of two")
	}
	var invalid *hansei.InvalidError
	r.token = trackertest.Token
	if _, err := r.Link(ctx, me, own, "code", "acme/shop#7"); !errors.As(err, &invalid) || invalid.Field != "issue" {
		t.Errorf("one issue is to be the double of two: %v", err)
	}
}
