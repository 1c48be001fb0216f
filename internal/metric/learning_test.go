package metric

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/fact"
	"hansei/internal/record"
)

func figure(t *testing.T, e *Engine, q Query) Figure {
	t.Helper()
	figs, err := e.Figures(context.Background(), who.Scope(), q)
	if err != nil {
		t.Fatal(err)
	}
	if len(figs) != 1 {
		t.Fatalf("%s: %d figures, want one", q.Metric, len(figs))
	}
	return figs[0]
}

// clocked is an engine whose clock is set while it runs.
func clocked(t *testing.T, now *time.Time) *Engine {
	t.Helper()
	dir, clock := t.TempDir(), func() time.Time { return *now }
	store, err := record.Open(context.Background(), record.Options{Dir: dir, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := fact.Open(context.Background(), fact.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		facts.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return New(facts, store, clock)
}

// TestFollowUpsThatCameLate: what a tool brings long after it was created, and
// only while it is open, counts from when it came; what comes with its whole
// past counts from its creation.
func TestFollowUpsThatCameLate(t *testing.T) {
	task := func(i int, source string) *hansei.FollowUp {
		return &hansei.FollowUp{Header: hansei.Header{ID: hansei.ID(fmt.Sprint(source, i)), From: []hansei.Observed{{Source: source, External: fmt.Sprint(i)}}},
			Title: "t", Status: hansei.FollowUpOpen, Created: day(1)}
	}
	for _, whole := range []bool{false, true} {
		now := day(1).AddDate(0, 0, 50) // 50 days after they were created
		e := clocked(t, &now)
		var recs []hansei.Record
		for i := range 10 {
			recs = append(recs, task(i, "tool"))
		}
		if whole {
			// Ten more that were done before anything came.
			for i := range 10 {
				f := task(10+i, "tool")
				f.Status, f.Closed = hansei.FollowUpDone, day(1).AddDate(0, 0, 20)
				recs = append(recs, f)
			}
		}
		put(t, e.records, recs...)
		now = day(1).AddDate(0, 0, 60)
		for i := range 6 { // six of the ten are done on the tenth day after they came
			f := task(i, "tool")
			f.Status, f.Closed = hansei.FollowUpDone, now
			put(t, e.records, f)
		}
		now = day(1).AddDate(0, 0, 120)
		follow(t, e)
		f := figure(t, e, Query{Metric: "follow_up_completion", Since: day(1), Until: day(2)})
		// Watched from day 50: 6 of 10 are done by day 60, and so by day 90. With
		// its past: 10 of 20 by day 20, 16 of 20 by day 60.
		want, n := .6, 6
		if whole {
			want, n = .8, 16
		}
		_, late := f.Warned("entered_late")
		if f.Value == nil || math.Abs(*f.Value-want) > 1e-9 || f.N != n || f.Censored != 4 || late == whole {
			t.Errorf("whole=%v: got %v n=%d censored=%d %v, want %v", whole, show(f.Value), f.N, f.Censored, f.Warnings, want)
		}
		curve, err := e.Curve(context.Background(), who.Scope(), Query{Metric: "follow_up_completion", Since: day(1), Until: day(2)}, 300)
		if err != nil || len(curve) != 121 || *curve[90].Done != *f.Value || *curve[90].Low != *f.Low || curve[90].Remaining != 4 || *curve[0].Done != 0 {
			t.Errorf("whole=%v: a curve of %d days, want 0 to 120, for which they were watched, and the same as the figure (%v)", whole, len(curve), err)
		}
		if f.Low == nil || f.High == nil || *f.Low >= want || *f.High <= want {
			t.Errorf("whole=%v: interval %v to %v", whole, show(f.Low), show(f.High))
		}
	}
}

// TestSameLesson: a person's word that two teach the same lesson, of incidents
// or of retrospectives, makes the later one a repeat; their word that they do
// not, or a word taken back, does not.
func TestSameLesson(t *testing.T) {
	incident := func(id hansei.ID, d int) *hansei.Incident {
		in := &hansei.Incident{Header: hansei.Header{ID: id}, Status: hansei.StatusResolved, Services: []hansei.ID{"web"}, Factors: []string{"of " + string(id)}}
		in.Milestones.Set(hansei.RoleBegan, day(d))
		in.Milestones.Set(hansei.RoleResolved, day(d).Add(time.Hour))
		return in
	}
	retro := func(id, of hansei.ID) *hansei.Retrospective {
		return &hansei.Retrospective{Header: hansei.Header{ID: id}, Title: "r", State: hansei.RetroDraft, Incidents: []hansei.ID{of}, Drafted: day(9)}
	}
	judge := func(kind hansei.Kind, a, b hansei.ID, verdict string, gone bool) *hansei.Judgement {
		j := hansei.NewJudgement(kind, a, b)
		j.Verdict, j.By, j.At, j.Deleted = verdict, "x", day(10), gone
		return j
	}
	for name, c := range map[string]struct {
		word *hansei.Judgement
		hits float64
	}{
		"nothing":            {nil, 0},
		"incidents":          {judge(hansei.KindIncident, "z", "a", hansei.LessonSame, false), 1},
		"retrospectives":     {judge(hansei.KindRetrospective, "rz", "ra", hansei.LessonSame, false), 1},
		"not the same":       {judge(hansei.KindIncident, "z", "a", hansei.LessonOther, false), 0},
		"taken back":         {judge(hansei.KindIncident, "z", "a", hansei.LessonSame, true), 0},
		"on another service": {judge(hansei.KindIncident, "a", "other", hansei.LessonSame, false), 0},
	} {
		elsewhere := incident("other", 3)
		elsewhere.Services = []hansei.ID{"db"}
		// z is the earlier one: the order of ids says nothing.
		recs := []hansei.Record{incident("z", 2), incident("a", 5), elsewhere, retro("rz", "z"), retro("ra", "a")}
		if c.word != nil {
			recs = append(recs, c.word)
		}
		e := engine(t, day(20), recs...)
		f := figure(t, e, Query{Metric: "repeat_incident_rate", Since: day(1), Until: day(20)})
		if f.Value == nil || *f.Value != c.hits || f.N != 1 || f.Excluded["no_earlier_incident"] != 2 {
			t.Errorf("%s: got %v n=%d %v, want %v of 1", name, show(f.Value), f.N, f.Excluded, c.hits)
		}
		r := figure(t, e, Query{Metric: "time_to_recurrence", Since: day(1), Until: day(20)})
		if float64(r.N) != c.hits || r.Records() != 3 {
			t.Errorf("%s: %d recurred, want %v (%+v)", name, r.N, c.hits, r)
		}
	}
}

// TestLearningByFields: what is learned groups by the fields people look by,
// and by the organization's own.
func TestLearningByFields(t *testing.T) {
	recs := []hansei.Record{
		&hansei.Team{Header: hansei.Header{ID: "red"}, Name: "Red"}, &hansei.Team{Header: hansei.Header{ID: "blue"}, Name: "Blue"},
		&hansei.Service{Header: hansei.Header{ID: "web"}, Name: "web", Team: "red"},
	}
	r := &hansei.Retrospective{Header: hansei.Header{ID: "r", Custom: map[string]string{"area": `["pay","ship"]`}}, Title: "r", State: hansei.RetroPublished, Severity: "sev1",
		Services: []hansei.ID{"web"}, FactorNames: []string{"capacity"}, Drafted: day(2), Published: day(3), Completeness: ptr(.5)}
	mine := &hansei.FollowUp{Header: hansei.Header{ID: "f1", Custom: map[string]string{"budget": "q1"}}, Title: "f", Type: hansei.FollowUpPrevent, Priority: "high", Factor: "capacity", Team: "blue", Retrospective: "r", Status: hansei.FollowUpOpen, Created: day(3)}
	other := &hansei.FollowUp{Header: hansei.Header{ID: "f2"}, Title: "f", Type: hansei.FollowUpDetect, Retrospective: "r", Status: hansei.FollowUpOpen, Created: day(3)}
	e := engine(t, day(20), append(recs, r, mine, other)...)
	for _, c := range []struct{ metric, by, want string }{
		{"open_follow_up_age", "team", "Blue:1 Red:1"},
		{"open_follow_up_age", "service", "web:2"},
		{"open_follow_up_age", "severity", "sev1:2"},
		{"open_follow_up_age", "type", "detect:1 prevent:1"},
		{"open_follow_up_age", "priority", "high:1 none:1"},
		{"open_follow_up_age", "factor", "capacity:1 none:1"},
		{"open_follow_up_age", "budget", "none:1 q1:1"},
		{"open_follow_up_age", "retrospective.area", "pay:2 ship:2"},
		{"retrospective_completeness", "team", "Red:1"},
		{"retrospective_completeness", "factor", "capacity:1"},
		{"retrospective_completeness", "severity", "sev1:1"},
		{"retrospective_completeness", "area", "pay:1 ship:1"},
	} {
		figs, err := e.Figures(context.Background(), who.Scope(), Query{Metric: c.metric, Since: day(1), Until: day(20), By: []string{c.by}})
		if err != nil {
			t.Errorf("%s by %s: %v", c.metric, c.by, err)
			continue
		}
		var got []string
		for _, f := range figs {
			v := f.Group[c.by]
			if v == None {
				v = "none"
			}
			got = append(got, fmt.Sprintf("%s:%d", v, f.N))
		}
		if text := strings.Join(sorted(got), " "); text != c.want {
			t.Errorf("%s by %s: got %s, want %s", c.metric, c.by, text, c.want)
		}
	}
	for _, by := range []string{"owner", "facilitator", "reviewers"} {
		if _, err := e.Figures(context.Background(), who.Scope(), Query{Metric: "retrospective_reading", Since: day(1), Until: day(20), By: []string{by}}); err == nil {
			t.Errorf("reading was grouped by %s", by)
		}
	}
}

// TestReadingNamesNobody: who read what is in no table that a question in SQL
// can see, and while nobody was seen reading there is no figure.
func TestReadingNamesNobody(t *testing.T) {
	recs := []hansei.Record{&hansei.Service{Header: hansei.Header{ID: "web"}, Name: "web"},
		&hansei.Retrospective{Header: hansei.Header{ID: "r"}, Title: "r", State: hansei.RetroPublished, Services: []hansei.ID{"web"}, Drafted: day(2), Published: day(3)}}
	for i := range 5 {
		id := hansei.ID(fmt.Sprint("p", i))
		recs = append(recs, &hansei.Person{Header: hansei.Header{ID: id}, Name: string(id)},
			&hansei.Shift{Header: hansei.Header{ID: "s" + id}, Person: id, Services: []hansei.ID{"web"}, Began: day(1), Ended: day(30)})
	}
	e := engine(t, day(20), recs...)
	q := Query{Metric: "retrospective_reading", Since: day(1), Until: day(20)}
	if f := figure(t, e, q); f.Value != nil || f.Excluded["no_reading_recorded"] != 1 {
		t.Errorf("before anybody read: %+v", f)
	}
	mark := hansei.NewReading("r", "p3")
	mark.At = day(5)
	put(t, e.records, mark)
	follow(t, e)
	if f := figure(t, e, q); f.Value == nil || *f.Value != .2 {
		t.Errorf("got %v, want 0.2 (%+v)", show(f.Value), f)
	}
	if strings.Contains(string(mark.ID), "p3") {
		t.Errorf("the id of a reading names its reader: %s", mark.ID)
	}
	for _, table := range fact.Schema() {
		if strings.Contains(table.Name, "reading") {
			t.Errorf("the facts have a table %s", table.Name)
		}
	}
	// It was not read yet before.
	q.AsOf = 1
	if f := figure(t, e, q); f.N != 0 {
		t.Errorf("as of the beginning: %+v", f)
	}
}

func sorted(xs []string) []string {
	out := slices.Clone(xs)
	slices.Sort(out)
	return out
}
