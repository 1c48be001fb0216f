package metric

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/record"
)

var who = auth.Local()

// engine is a real store and real facts with some records in them.
func engine(t testing.TB, now time.Time, recs ...hansei.Record) *Engine {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	clock := func() time.Time { return now }
	store, err := record.Open(ctx, record.Options{Dir: dir, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := fact.Open(ctx, fact.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		facts.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	put(t, store, recs...)
	e := New(facts, store, clock)
	follow(t, e)
	return e
}

func put(t testing.TB, store *record.Store, recs ...hansei.Record) {
	t.Helper()
	_, err := store.Write(context.Background(), who, func(tx *record.Tx) error {
		for _, r := range recs {
			have, err := record.Load(context.Background(), tx, who.Scope(), r.Kind(), []hansei.ID{r.Head().ID})
			if err != nil {
				return err
			}
			if err := record.Put(tx, r, have[r.Head().ID].Revision); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func follow(t testing.TB, e *Engine) {
	t.Helper()
	if err := e.facts.CatchUp(context.Background(), e.records, who.Scope(), nil); err != nil {
		t.Fatal(err)
	}
}

// build makes a record from an example's fields.
func build(t testing.TB, m map[string]any) hansei.Record {
	t.Helper()
	rec, err := hansei.New(hansei.Kind(m["kind"].(string)))
	if err != nil {
		t.Fatal(err)
	}
	rec.Head().ID = hansei.ID(m["id"].(string))
	for name, v := range m {
		if name == "kind" || name == "id" {
			continue
		}
		f, err := hansei.FieldNamed(rec.Kind(), name)
		if err != nil {
			t.Fatal(err)
		}
		switch f.Type {
		case hansei.Time:
			at, err := time.Parse(time.RFC3339, v.(string))
			if err != nil {
				t.Fatal(err)
			}
			v = at
		case hansei.Ref:
			v = hansei.ID(v.(string))
		case hansei.Refs, hansei.List:
			var ids []hansei.ID
			var words []string
			for _, x := range v.([]any) {
				ids, words = append(ids, hansei.ID(x.(string))), append(words, x.(string))
			}
			if v = words; f.Type == hansei.Refs {
				v = ids
			}
		}
		if err := f.Set(rec, v); err != nil {
			t.Fatal(err)
		}
	}
	return rec
}

// TestExamples computes the worked example of every metric that ships: what
// its page shows is what the engine gives.
func TestExamples(t *testing.T) {
	for _, def := range Catalogue() {
		t.Run(def.ID, func(t *testing.T) {
			ex, err := ExampleOf(def.ID)
			if err != nil {
				t.Fatal(err)
			}
			now := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
			if s := ex.Ask["now"]; s != "" {
				if now, err = time.Parse(time.RFC3339, s); err != nil {
					t.Fatal(err)
				}
			}
			var recs []hansei.Record
			services := map[hansei.ID]bool{}
			for _, m := range ex.Records {
				r := build(t, m)
				recs = append(recs, r)
				if in, ok := r.(*hansei.Incident); ok {
					for _, s := range in.Services {
						services[s] = true
					}
				}
			}
			for _, r := range recs {
				delete(services, r.Head().ID) // those that the example has itself
			}
			for s := range services {
				recs = append(recs, &hansei.Service{Header: hansei.Header{ID: s}, Name: string(s)})
			}
			e := engine(t, now, recs...)
			figs, err := e.Figures(context.Background(), who.Scope(), ask(t, def.ID, ex.Ask))
			if err != nil {
				t.Fatal(err)
			}
			f := figs[0]
			if g := ex.Ask["group"]; g != "" {
				for _, x := range figs {
					for _, v := range x.Group {
						if v == g {
							f = x
						}
					}
				}
			}
			if f.Value == nil || math.Abs(*f.Value-*ex.Want.Value) > 1e-9 {
				t.Errorf("value: got %v, want %v (warnings %v)", show(f.Value), *ex.Want.Value, f.Warnings)
			}
			want := ex.Want.Excluded
			if want == nil {
				want = map[string]int{}
			}
			if f.N != ex.Want.N || f.Censored != ex.Want.Censored || !cmp.Equal(f.Excluded, want) {
				t.Errorf("got n=%d censored=%d excluded=%v, want %+v", f.N, f.Censored, f.Excluded, ex.Want)
			}
			for _, words := range []string{def.Title, def.Asks, def.Formula, def.Caveats, def.Source, ex.Story} {
				if words == "" {
					t.Error("a definition says everything: title, question, formula, caveats, source, example")
				}
			}
		})
	}
}

func show(p *float64) any {
	if p == nil {
		return nil
	}
	return *p
}

func ask(t testing.TB, id string, m map[string]string) Query {
	t.Helper()
	q := Query{Metric: id}
	for field, to := range map[string]*time.Time{"since": &q.Since, "until": &q.Until} {
		at, err := ParseTime(field, m[field], time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		*to = at
	}
	return q
}

// TestInvariant: on every metric, n + censored + excluded is the number of
// source records in the filter, for the whole and for each group and month.
func TestInvariant(t *testing.T) {
	e := engine(t, time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), mess(400)...)
	ctx := context.Background()
	counts := map[hansei.Kind]int{}
	for _, kind := range []hansei.Kind{hansei.KindIncident, hansei.KindDeployment, hansei.KindPullRequest, hansei.KindRetrospective, hansei.KindFollowUp} {
		l, err := e.List(ctx, who.Scope(), ListQuery{Kind: kind, Limit: 1, Since: day(1), Until: day(121)})
		if err != nil {
			t.Fatal(err)
		}
		counts[kind] = l.Total
	}
	for _, def := range Catalogue() {
		if _, ok := def.Measure.(Mix); ok {
			continue // its rows are shares of one population
		}
		for _, every := range []string{"", "month"} {
			figs, err := e.Figures(ctx, who.Scope(), Query{Metric: def.ID, Since: day(1), Until: day(121), Every: every})
			if err != nil {
				t.Fatalf("%s: %v", def.ID, err)
			}
			sum := 0
			for _, f := range figs {
				sum += f.Records()
			}
			if want := counts[def.Of.Kind]; sum != want {
				t.Errorf("%s every=%q: n + censored + excluded = %d, but there are %d records", def.ID, every, sum, want)
			}
			x, err := e.Explain(ctx, who.Scope(), Query{Metric: def.ID, Since: day(1), Until: day(121)}, "", 0, 1000)
			if err != nil {
				t.Fatalf("%s: %v", def.ID, err)
			}
			if len(x.Records) != counts[def.Of.Kind] {
				t.Errorf("%s: explain lists %d records of %d", def.ID, len(x.Records), counts[def.Of.Kind])
			}
		}
	}
}

func day(n int) time.Time { return time.Date(2025, 1, n, 0, 0, 0, 0, time.UTC) }

// mess makes records with gaps and errors of every sort.
func mess(n int) []hansei.Record {
	var out []hansei.Record
	types := []string{"", "real", "drill", "maintenance", "real"}
	out = append(out, &hansei.Service{Header: hansei.Header{ID: "web"}, Name: "web"}, &hansei.Service{Header: hansei.Header{ID: "db"}, Name: "db"})
	for i := range n {
		at := day(1).Add(time.Duration(i) * 7 * time.Hour)
		in := &hansei.Incident{Header: hansei.Header{ID: hansei.ID("i" + string(rune('a'+i%26)) + time.Duration(i).String())}, Type: types[i%5], Severity: []string{"sev1", "sev2", ""}[i%3], Services: []hansei.ID{"web"}}
		if i%4 == 0 {
			in.Services = append(in.Services, "db")
		}
		in.Milestones.Set([]hansei.Role{hansei.RoleBegan, hansei.RoleDeclared}[i%2], at)
		if i%3 != 0 {
			in.Milestones.Set(hansei.RoleAcknowledged, at.Add(time.Duration(i%11)*time.Minute))
		}
		switch {
		case i%17 == 0:
			in.Milestones.Set(hansei.RoleResolved, at.Add(-time.Hour))
			in.Status = hansei.StatusResolved
		case i%5 == 0:
			in.Status = hansei.StatusOpen
		case i%7 == 0:
			in.Status = hansei.StatusClosed
		default:
			in.Milestones.Set(hansei.RoleResolved, at.Add(time.Duration(10+i%97)*time.Minute))
			in.Status = hansei.StatusResolved
		}
		if i%2 == 0 {
			c := float64(i)
			in.Customers = &c
		}
		if i%9 == 0 {
			in.Factors = []string{"config"}
		}
		d := &hansei.Deployment{Header: hansei.Header{ID: hansei.ID("d" + time.Duration(i).String())}, Service: "web", Environment: []string{"production", "staging", ""}[i%3],
			Result: []string{"success", "failure", "running", ""}[i%4], Started: at, Finished: at.Add(5 * time.Minute)}
		p := &hansei.PullRequest{Header: hansei.Header{ID: hansei.ID("p" + time.Duration(i).String())}, Service: "web", Created: at}
		if i%3 == 0 {
			p.Merged = at.Add(time.Hour)
		}
		if i == 9 {
			in.CausedBy = []string{string(d.ID)}
		}
		out = append(out, in, d, p)
		out = append(out, learned(i, in, at)...)
	}
	return out
}

// learned makes what people wrote about an incident, in every state.
func learned(i int, in *hansei.Incident, at time.Time) []hansei.Record {
	if i%2 == 1 {
		return nil
	}
	r := &hansei.Retrospective{Header: hansei.Header{ID: "r" + in.ID}, Title: "r", State: hansei.RetroStates[i/2%len(hansei.RetroStates)],
		Incidents: []hansei.ID{in.ID}, Services: in.Services, Drafted: at.Add(time.Hour)}
	if r.Done() {
		r.Published, r.FactorNames = at.Add(time.Duration(i%30)*24*time.Hour), []string{"config"}
		r.Completeness = ptr(float64(i%10) / 10)
	}
	f := &hansei.FollowUp{Header: hansei.Header{ID: "f" + in.ID}, Title: "f", Status: hansei.FollowUpOpen, Retrospective: r.ID, Created: at.Add(2 * time.Hour)}
	switch i % 3 {
	case 1:
		f.Status, f.Closed = hansei.FollowUpDone, f.Created.Add(time.Duration(i%50)*24*time.Hour)
	case 2:
		f.Status, f.Reason, f.Closed = hansei.FollowUpDeclined, "no", f.Created.Add(time.Duration(i%40)*24*time.Hour)
	}
	if i%4 == 0 {
		f.Due = at.AddDate(0, 0, 20)
	}
	return []hansei.Record{r, f}
}

// TestAsOf: a figure asked as of a past sequence gives the answer it gave then.
func TestAsOf(t *testing.T) {
	now := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
	e := engine(t, now, mess(60)...)
	ctx := context.Background()
	for _, id := range []string{"time_to_resolve", "incident_rate", "change_lead_time", "change_fail_rate", "open_incident_age", "retrospective_completion", "time_to_publish", "follow_up_completion", "open_follow_up_age", "exposure_at_risk", "repeat_incident_rate", "time_to_recurrence"} {
		q := Query{Metric: id, Since: day(1), Until: day(100), By: []string{"service"}}
		before, err := e.Figures(ctx, who.Scope(), q)
		if err != nil {
			t.Fatal(err)
		}
		head, _ := e.facts.Head()
		in := &hansei.Incident{Header: hansei.Header{ID: hansei.ID("new-" + id)}, Services: []hansei.ID{"web"}, Status: hansei.StatusResolved}
		in.Milestones.Set(hansei.RoleBegan, day(20))
		in.Milestones.Set(hansei.RoleResolved, day(25))
		p := &hansei.PullRequest{Header: hansei.Header{ID: hansei.ID("new-" + id)}, Service: "web", Created: day(20), Merged: day(21)}
		d := &hansei.Deployment{Header: hansei.Header{ID: hansei.ID("d" + time.Duration(3).String())}, Service: "web", Result: "success", Started: day(22), Finished: day(22)}
		r := &hansei.Retrospective{Header: hansei.Header{ID: "rnew-" + hansei.ID(id)}, Title: "r", State: hansei.RetroPublished, Incidents: []hansei.ID{in.ID}, Services: in.Services, Drafted: day(26), Published: day(27), FactorNames: []string{"config"}}
		f := &hansei.FollowUp{Header: hansei.Header{ID: "fnew-" + hansei.ID(id)}, Title: "f", Status: hansei.FollowUpDone, Services: in.Services, Factor: "config", Created: day(2), Closed: day(90)}
		put(t, e.records, in, p, d, r, f)
		follow(t, e)
		q.AsOf = head
		after, err := e.Figures(ctx, who.Scope(), q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range after {
			after[i].Evidence, before[i].Evidence = "", ""
		}
		if d := cmp.Diff(before, after); d != "" {
			t.Errorf("%s as of %d changed (-then +now):\n%s", id, head, d)
		}
	}
}

func TestBadQuestions(t *testing.T) {
	e := engine(t, day(50), mess(5)...)
	for _, tc := range []struct {
		q    Query
		says string
	}{
		{Query{Metric: "mttr"}, "not found"},
		{Query{Metric: "time_to_resolve", Since: day(5), Until: day(4)}, "until"},
		{Query{Metric: "time_to_resolve", Every: "fortnight"}, "every"},
		{Query{Metric: "time_to_resolve", Statistic: "p0"}, "statistic"},
		{Query{Metric: "incident_rate", Statistic: "p50"}, "statistic"},
		{Query{Metric: "time_to_resolve", By: []string{"responders"}}, "never about a single person"},
		{Query{Metric: "time_to_resolve", By: []string{"opened_by"}}, "never about a single person"},
		{Query{Metric: "time_to_resolve", By: []string{"x'; DROP TABLE incident"}}, "not the name of a field"},
		{Query{Metric: "time_to_resolve", By: []string{"bogus"}}, "no incident has such a field"},
		{Query{Metric: "time_to_resolve", Where: []Filter{{Field: "bogus", Values: []string{"x"}}}}, "no incident has such a field"},
		{Query{Metric: "time_to_resolve", Compare: "soon"}, "compare"},
		{Query{Metric: "time_to_resolve", AsOf: 1 << 40}, "as_of"},
	} {
		_, err := e.Figures(context.Background(), who.Scope(), tc.q)
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%+v: got %v, want %q in it", tc.q, err, tc.says)
		}
	}
	if _, err := e.Figures(context.Background(), auth.Scope{}, Query{Metric: "incident_rate"}); err == nil {
		t.Error("the zero scope saw a figure")
	}
}

// TestStormsAreSaid: counts that come in storms get a warning, counts that
// come by chance do not.
func TestStormsAreSaid(t *testing.T) {
	for name, perWeek := range map[string][]int{
		"even":   {2, 1, 3, 2, 1, 2, 4, 2, 1, 3, 2, 2, 1, 3, 2, 1},
		"storms": {0, 0, 12, 0, 1, 0, 0, 14, 0, 0, 1, 0, 9, 0, 0, 0},
	} {
		var recs []hansei.Record
		for week, n := range perWeek {
			for i := range n {
				in := &hansei.Incident{Header: hansei.Header{ID: hansei.ID(name + time.Duration(week*100+i).String())}}
				in.Milestones.Set(hansei.RoleBegan, day(6+7*week).Add(time.Duration(i)*time.Hour))
				recs = append(recs, in)
			}
		}
		e := engine(t, day(200), recs...)
		figs, err := e.Figures(context.Background(), who.Scope(), Query{Metric: "incident_rate", Since: day(6), Until: day(6 + 7*16)})
		if err != nil {
			t.Fatal(err)
		}
		if _, warned := figs[0].Warned("overdispersed"); warned != (name == "storms") {
			t.Errorf("%s: got warnings %v", name, figs[0].Warnings)
		}
	}
}
