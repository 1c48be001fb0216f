package connect

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// together says whether two records are one.
func (r *rig) together(t testing.TB, kind hansei.Kind, a, b hansei.ID) bool {
	t.Helper()
	return r.stands(t, kind, a).Head().ID == r.stands(t, kind, b).Head().ID
}

// TestJoinedWhenItFits: what keeps two records apart may be told better later;
// then they are one, as if it had been told so from the beginning.
func TestJoinedWhenItFits(t *testing.T) {
	d := func(minute int, service, result string) *hansei.Deployment {
		return &hansei.Deployment{Service: hansei.ID(service), Commit: sha(1), Finished: at(minute), Result: result}
	}
	for name, first := range map[string]*hansei.Deployment{
		"its time": d(45, "web", "success"), "its service": d(0, "pay", "success"), "how it ended": d(0, "web", "failure"),
	} {
		r := newRig(t)
		a, b := r.add(t, "aa"), r.add(t, "bb")
		r.tell(t, a, "1", 1, d(0, "web", "success"))
		r.tell(t, b, "1", 1, first)
		r.drain(t)
		if r.together(t, hansei.KindDeployment, "aa:1", "bb:1") {
			t.Fatalf("%s does not fit, yet they are one", name)
		}
		r.tell(t, b, "1", 2, d(1, "web", "success"))
		r.drain(t)
		if !r.together(t, hansei.KindDeployment, "aa:1", "bb:1") {
			t.Errorf("%s was told better, yet they are two", name)
		}
	}
}

// TestJoinedWhenItCounts: an incident that comes to count when a filter is
// changed is joined as it would have been if it had counted before.
func TestJoinedWhenItCounts(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a, b := r.add(t, "aa"), r.add(t, "bb")
	for _, filter := range [][]hansei.Condition{{{Field: "priority", In: []string{"P1"}}}, {}} {
		if _, err := r.Edit(ctx, who, "aa", Change{Filter: &filter}); err != nil {
			t.Fatal(err)
		}
		if len(filter) > 0 {
			r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "Theirs", Priority: "P3"})
			r.sent(t, b, event{ID: "2", At: at(1), Status: "open", Title: "Ours", See: "https://toy.example/i/1"})
			r.drain(t)
		} else if _, err := r.Inbox.Rejudge(ctx, who, "aa"); err != nil {
			t.Fatal(err)
		}
		if got, want := r.together(t, hansei.KindIncident, "aa:1", "bb:2"), len(filter) == 0; got != want {
			t.Errorf("with the filter %v they are one: %v, want %v", filter, got, want)
		}
	}
}

// TestNamesLeave: what was joined into another record goes by no name of its own.
func TestNamesLeave(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a, b := r.add(t, "aa"), r.add(t, "bb")
	r.tell(t, a, "1", 1, &hansei.Ticket{Title: "Help", URL: "https://help.example/t/1", Created: at(0)})
	r.tell(t, b, "2", 1, &hansei.Ticket{Title: "Help!", Created: at(0), Description: "see OPS-12"})
	r.drain(t)
	people := intake.People{Records: r.Records}
	if _, err := people.Edit(ctx, who, hansei.KindTicket, "bb:2", 0, []intake.Set{{Field: "url", Value: body(t, "https://help.example/t/1")}}, ""); err != nil {
		t.Fatal(err)
	}
	if err := r.Inbox.Link(ctx, who); err != nil {
		t.Fatal(err)
	}
	if !r.together(t, hansei.KindTicket, "aa:1", "bb:2") {
		t.Fatal("they are two")
	}
	called, err := record.Named(ctx, r.Records, who.Scope(), []string{"bb:2", "help.example/t/1"})
	if err != nil {
		t.Fatal(err)
	}
	mention, err := record.Mentioning(ctx, r.Records, who.Scope(), []string{"OPS-12"})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range append(called, mention...) {
		if n.ID != "aa:1" {
			t.Errorf("%s is still a name of %s", n.Name, n.ID)
		}
	}
}

// TestPagesOfOneAddress: what only the query of an address tells apart is two
// things, and a text that cites such an address means the one.
func TestPagesOfOneAddress(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a, b := r.add(t, "aa"), r.add(t, "bb")
	of := func(n string) *hansei.Ticket {
		return &hansei.Ticket{Title: "Help", URL: "https://help.example/view.php?id=" + n, Created: at(0)}
	}
	r.tell(t, a, "1", 1, of("1"))
	r.tell(t, b, "2", 1, of("2"))
	r.tell(t, b, "1", 1, of("1"))
	r.tell(t, a, "3", 1, &hansei.Ticket{Title: "App", URL: "https://help.example/#/t/3", Created: at(0)})
	r.tell(t, a, "w", 1, &hansei.WorkItem{Title: "See https://help.example/view.php?id=2 and https://toy.example/i/9?from=mail#top", Created: at(0)})
	r.sent(t, a, event{ID: "9", At: at(0), Status: "open", Title: "Down"})
	r.drain(t)
	if r.together(t, hansei.KindTicket, "aa:1", "bb:2") || !r.together(t, hansei.KindTicket, "aa:1", "bb:1") {
		t.Errorf("told by %v", r.stands(t, hansei.KindTicket, "aa:1").Head().From)
	}
	refs, err := intake.Linked(ctx, r.Records, who.Scope(), r.stands(t, hansei.KindWorkItem, "aa:w"), record.Ref{})
	if err != nil || fmt.Sprint(refs) != "[{incident aa:9} {ticket bb:2}]" {
		t.Errorf("linked: %v, %v", refs, err)
	}
}

// TestManyOfOneName: a commit that is deployed again and again, by a job that
// runs every few minutes, costs no more than it has neighbours in time; each
// finds its own in another tool.
func TestManyOfOneName(t *testing.T) {
	r := newRig(t)
	const n = 2000
	file := func(id string, late time.Duration) string {
		var out strings.Builder
		out.WriteString("id,service,environment,commit,finished_at\n")
		for i := range n {
			fmt.Fprintf(&out, "%s%d,web,production,%s,%s\n", id, i, sha(1), at(0).Add(time.Duration(i)*30*time.Minute+late).Format(time.RFC3339))
		}
		return out.String()
	}
	r.importedFrom(t, "one", "one.csv", file("a", 0))
	r.importedFrom(t, "two", "two.csv", file("b", time.Minute))
	apart := 0
	for i := range n {
		if !r.together(t, hansei.KindDeployment, hansei.ID(fmt.Sprint("one:a", i)), hansei.ID(fmt.Sprint("two:b", i))) {
			apart++
		}
	}
	if apart > 0 {
		t.Errorf("%d of %d are apart", apart, n)
	}
}

// TestManyNames: many names in one look, each of several records, are all found.
func TestManyNames(t *testing.T) {
	r := newRig(t)
	const n = 500
	for _, tool := range []string{"one", "two"} {
		services := []string{"api", "pay", "web"}
		if tool == "two" {
			services = services[2:]
		}
		var out strings.Builder
		out.WriteString("id,service,environment,commit,finished_at\n")
		for _, service := range services {
			for i := range n {
				fmt.Fprintf(&out, "%s%d,%s,production,%s,2026-03-01T10:00:00Z\n", service, i, service, sha(i))
			}
		}
		r.importedFrom(t, tool, tool+".csv", out.String())
	}
	apart := 0
	for i := range n {
		if !r.together(t, hansei.KindDeployment, hansei.ID(fmt.Sprint("one:web", i)), hansei.ID(fmt.Sprint("two:web", i))) {
			apart++
		}
	}
	if apart > 0 {
		t.Errorf("%d of %d are apart", apart, n)
	}
}

// TestEveryAddressIsAName: a record that several files tell of is found by what
// each of them calls it, not only by the address that stands.
func TestEveryAddressIsAName(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	const file = "id,title,url,created_at\n1,Help,https://%s.example/t/1,2026-03-01T10:00:00Z\n"
	r.importedFrom(t, "one", "tickets.csv", fmt.Sprintf(file, "one"))
	r.importedFrom(t, "two", "tickets.csv", fmt.Sprintf(file, "two"))
	if _, err := (intake.Joins{Records: r.Records}).Confirm(ctx, who, hansei.KindTicket, "one:1", "two:1"); err != nil {
		t.Fatal(err)
	}
	r.importedFrom(t, "three", "tickets.csv", fmt.Sprintf(file, "two"))
	if !r.together(t, hansei.KindTicket, "one:1", "three:1") {
		t.Error("by its second address it is not found")
	}
}

// TestTakenApartByWhatIsTold: what was joined by its names is two again once
// the tools tell otherwise, unless a person said that it is one.
func TestTakenApartByWhatIsTold(t *testing.T) {
	d := func(n, minute int, result string) *hansei.Deployment {
		return &hansei.Deployment{Service: "web", Commit: sha(n), Started: at(minute), Result: result}
	}
	c := func(n int) *hansei.Change { return &hansei.Change{Type: "commit", Commit: sha(n), At: at(0)} }
	for name, x := range map[string][2]hansei.Record{
		"another commit was deployed": {d(1, 0, "success"), d(2, 0, "success")},
		"they ended differently":      {d(1, 0, "running"), d(1, 0, "failure")},
		"it began much later":         {d(1, 0, "success"), d(1, 40, "success")},
		"it is another commit":        {c(1), c(2)},
	} {
		for _, confirmed := range []bool{false, true} {
			r, ctx := newRig(t), context.Background()
			a, b := r.add(t, "aa"), r.add(t, "bb")
			kind := x[0].Kind()
			r.tell(t, a, "1", 1, x[0])
			if y, ok := x[0].(*hansei.Deployment); ok && y.Result == "running" {
				r.tell(t, a, "1", 2, d(1, 0, "success"))
			}
			r.tell(t, b, "1", 1, x[0])
			r.drain(t)
			if !r.together(t, kind, "aa:1", "bb:1") {
				t.Fatalf("%s: they are two from the beginning", name)
			}
			if confirmed {
				if _, err := (intake.Joins{Records: r.Records}).Confirm(ctx, who, kind, "aa:1", "bb:1"); err != nil {
					t.Fatal(err)
				}
			}
			r.tell(t, b, "1", 3, x[1])
			r.drain(t)
			if got := r.together(t, kind, "aa:1", "bb:1"); got != confirmed {
				t.Errorf("%s: they are one: %v, confirmed by a person: %v", name, got, confirmed)
			}
			r.tell(t, b, "1", 4, x[0])
			r.drain(t)
			if !r.together(t, kind, "aa:1", "bb:1") {
				t.Errorf("%s, but no longer: they are two", name)
			}
		}
	}
}

// TestWordReachesTheOneThatStands: what is said of a record that was joined into
// another since is said of that one, such as the factors of a retrospective
// that was begun before.
func TestWordReachesTheOneThatStands(t *testing.T) {
	r := newRig(t)
	a, b := r.add(t, "aa"), r.add(t, "bb")
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "Theirs"})
	r.sent(t, b, event{ID: "2", At: at(1), Status: "open", Title: "Ours", See: "https://toy.example/i/1"})
	r.drain(t)
	people := intake.People{Records: r.Records}
	if _, err := people.Edit(context.Background(), who, hansei.KindIncident, "bb:2", 0, []intake.Set{{Field: "factors", Value: body(t, []string{"capacity"})}}, ""); err != nil {
		t.Fatal(err)
	}
	if in := r.incident(t, "aa:1"); len(in.From) != 2 || len(in.Factors) != 1 {
		t.Errorf("told by %d, factors %v", len(in.From), in.Factors)
	}
}
