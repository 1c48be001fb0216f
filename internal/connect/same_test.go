package connect

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// sha is a commit, a different one for each n.
func sha(n int) string { return fmt.Sprintf("%040x", 0xabc000+n) }

func (r *rig) stands(t testing.TB, kind hansei.Kind, id hansei.ID) hansei.Record {
	t.Helper()
	found, err := record.Load(context.Background(), r.Records, who.Scope(), kind, []hansei.ID{id})
	if err != nil || found[id].Record == nil {
		t.Fatalf("%s %s: %v, %v", kind, id, found, err)
	}
	if into := found[id].Record.Head().MergedInto; into != "" {
		return r.stands(t, kind, into)
	}
	return found[id].Record
}

func (r *rig) tell(t testing.TB, a Added, id string, minute int, rec hansei.Record) {
	t.Helper()
	r.sent(t, a, event{ID: id, At: at(minute), Kind: rec.Kind(), Record: body(t, rec)})
}

// TestToldTwiceIsOne: commits, deployments, pull requests and tickets that two
// tools tell of are one record, in every order; deployments that are repeated,
// of another service or to another place are not mixed up.
func TestToldTwiceIsOne(t *testing.T) {
	commit := func(n int) *hansei.Change {
		return &hansei.Change{Type: "commit", Commit: sha(n), At: at(0), Title: fmt.Sprint("Change ", n)}
	}
	deploy := func(n, minute int, service, to, result string) *hansei.Deployment {
		d := &hansei.Deployment{Service: hansei.ID(service), Environment: to, Commit: sha(n), Started: at(minute), Result: result}
		if result == hansei.ResultSuccess || result == hansei.ResultFailure {
			d.Finished = at(minute + 2)
		}
		return d
	}
	type telling struct {
		tool int
		id   string
		rec  hansei.Record
	}
	all := []telling{
		{0, "c1", commit(1)}, {1, "k1", commit(1)}, {0, "c2", commit(2)}, {1, "k3", commit(3)},
		// One commit is deployed to two places; to one of them twice, half an hour apart.
		{0, "d1", deploy(1, 0, "shop", "staging", "success")}, {1, "e1", deploy(1, 1, "shop", "Staging", "success")},
		{0, "d2", deploy(1, 5, "shop", "production", "failure")}, {1, "e2", deploy(1, 6, "shop", "", "failure")},
		{0, "d3", deploy(1, 35, "shop", "", "success")}, {1, "e3", deploy(1, 36, "", "production", "success")},
		// The same commit of a repository with several services.
		{1, "e4", deploy(1, 5, "pay", "production", "failure")},
		{0, "p1", &hansei.PullRequest{Title: "One", URL: "https://git.example/a/b/pull/1", Created: at(0), MergeCommit: sha(1)}},
		{1, "q1", &hansei.PullRequest{Title: "Uno", URL: "http://git.example/a/b/pull/1/", Created: at(0)}},
		{1, "q2", &hansei.PullRequest{Title: "Another", URL: "https://git.example/a/b/pull/2", Created: at(0), MergeCommit: sha(1)}},
		{0, "t1", &hansei.Ticket{Title: "Help", URL: "https://help.example/t/1", Created: at(0)}},
		{1, "u1", &hansei.Ticket{Title: "Help!", URL: "https://help.example/t/1", Created: at(0)}},
		// Two flips of one flag stand on one page.
		{0, "f1", &hansei.Change{Type: "flag", URL: "https://flags.example/dark", At: at(1)}}, {1, "g1", &hansei.Change{Type: "flag", URL: "https://flags.example/dark", At: at(9)}},
	}
	one := [][2]hansei.ID{{"aa:c1", "bb:k1"}, {"aa:d1", "bb:e1"}, {"aa:d2", "bb:e2"}, {"aa:d3", "bb:e3"}, {"aa:p1", "bb:q1"}, {"aa:t1", "bb:u1"}}
	two := [][2]hansei.ID{{"aa:c1", "aa:c2"}, {"aa:c2", "bb:k3"}, {"aa:d1", "aa:d2"}, {"aa:d2", "aa:d3"}, {"aa:d2", "bb:e4"}, {"aa:p1", "bb:q2"}, {"aa:f1", "bb:g1"}}
	kinds := map[byte]hansei.Kind{}
	for _, x := range all {
		kinds[x.id[0]] = x.rec.Kind()
	}
	for seed := range uint64(10) {
		r := newRig(t)
		tools := []Added{r.add(t, "aa"), r.add(t, "bb")}
		rng := rand.New(rand.NewPCG(seed, 3))
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, x := range all {
			r.tell(t, tools[x.tool], x.id, 40, x.rec)
			if rng.IntN(3) == 0 {
				r.drain(t)
			}
		}
		r.drain(t)
		stands := func(id hansei.ID) hansei.Record { return r.stands(t, kinds[id[3]], id) }
		for _, p := range one {
			if a, b := stands(p[0]), stands(p[1]); a.Head().ID != b.Head().ID || len(a.Head().From) != 2 {
				t.Errorf("seed %d: %s and %s are not one: %+v, %+v", seed, p[0], p[1], a, b)
			}
		}
		for _, p := range two {
			if a, b := stands(p[0]), stands(p[1]); a.Head().ID == b.Head().ID {
				t.Errorf("seed %d: %s and %s are one: %+v", seed, p[0], p[1], a.Head().From)
			}
		}
	}
}

// TestCommitTakenApart: a person's word on a commit outlives what the tools say.
func TestCommitTakenApart(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a, b := r.add(t, "aa"), r.add(t, "bb")
	c := &hansei.Change{Type: "commit", Commit: sha(1), At: at(0), Title: "Change"}
	r.tell(t, a, "c", 1, c)
	r.tell(t, b, "c", 1, c)
	r.drain(t)
	joins := intake.Joins{Records: r.Records}
	apart := func(when string) {
		t.Helper()
		if x, y := r.stands(t, c.Kind(), "aa:c").Head(), r.stands(t, c.Kind(), "bb:c").Head(); x.ID == y.ID || len(x.From) != 1 || len(y.From) != 1 {
			t.Fatalf("%s they are one: %+v, %+v", when, x, y)
		}
	}
	if _, err := joins.Reject(ctx, who, c.Kind(), "aa:c", "bb:c"); err != nil {
		t.Fatal(err)
	}
	apart("after a person's word")
	c.Title = "Change, told better"
	r.tell(t, b, "c", 2, c)
	if _, err := r.Replay(ctx, who, Replay{}); err != nil {
		t.Fatal(err)
	}
	r.drain(t)
	if err := r.Inbox.Link(ctx, who); err != nil {
		t.Fatal(err)
	}
	apart("after the tools told again")
	if _, err := joins.Confirm(ctx, who, c.Kind(), "aa:c", "bb:c"); err != nil {
		t.Fatal(err)
	}
	if x := r.stands(t, c.Kind(), "bb:c").Head(); len(x.From) != 2 || x.ID != "aa:c" {
		t.Errorf("confirmed: %+v", x)
	}
	if _, err := joins.Reject(ctx, who, hansei.KindAlert, "aa:c", "bb:c"); err == nil {
		t.Error("alerts were taken apart")
	}
}

// imported has a file understood, and what follows of it.
func (r *rig) imported(t testing.TB, name, text string) intake.Summary {
	t.Helper()
	return r.importedFrom(t, "", name, text)
}

func (r *rig) importedFrom(t testing.TB, source, name, text string) intake.Summary {
	t.Helper()
	sum := r.received(t, source, name, text)
	if err := r.Inbox.Link(context.Background(), who); err != nil {
		t.Fatal(err)
	}
	return sum
}

// received has a file understood.
func (r *rig) received(t testing.TB, source, name, text string) intake.Summary {
	t.Helper()
	im, ctx := &intake.Imports{Records: r.Records, Log: slog.New(slog.DiscardHandler)}, context.Background()
	d, _, err := im.Receive(ctx, who, name, intake.Options{Source: source}, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := im.Understand(ctx, who, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestFileAndTool: an incident that stands in a file and in a tool is one,
// whichever comes first, and what either says later reaches it.
func TestFileAndTool(t *testing.T) {
	const file = "id,title,severity,url,created_at,resolved_at\n77,From the file,%s,https://toy.example/i/1,2026-03-01T10:00:00Z,2026-03-01T11:00:00Z\n78,Another,sev2,https://toy.example/i/2,2026-03-01T10:00:00Z,\n"
	for _, first := range []string{"file", "tool"} {
		r := newRig(t)
		a := r.add(t, "aa")
		tool := func() {
			r.sent(t, a, event{ID: "1", At: at(1), Status: "open", Title: "From the tool", Priority: "P1"})
			r.drain(t)
		}
		if first == "tool" {
			tool()
		}
		r.imported(t, "incidents.csv", fmt.Sprintf(file, "sev3"))
		if first == "file" {
			tool()
		}
		in := r.stands(t, hansei.KindIncident, "aa:1").(*hansei.Incident)
		if other := r.stands(t, hansei.KindIncident, "file:77"); other.Head().ID != in.ID || len(in.From) != 2 || in.Severity != "sev3" || in.Priority != "P1" {
			t.Fatalf("%s first: %+v, %+v", first, in, other)
		}
		if sum := r.imported(t, "corrected.csv", fmt.Sprintf(file, "sev1")); sum.Updated != 1 || sum.Created != 0 || sum.Unchanged != 1 {
			t.Errorf("%s first, the corrected file: %+v", first, sum)
		}
		if in := r.stands(t, hansei.KindIncident, "file:77").(*hansei.Incident); in.Severity != "sev1" || in.Priority != "P1" {
			t.Errorf("%s first, the corrected file did not reach it: %+v", first, in)
		}
	}
}

// TestEditLinks: what a person writes links as what a source says does, and
// no longer when it is taken back.
func TestEditLinks(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a := r.add(t, "aa")
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "One"})
	r.tell(t, a, "2", 1, &hansei.WorkItem{Title: "Two", Created: at(0)})
	r.drain(t)
	people := intake.People{Records: r.Records}
	edit := func(text string) []record.Ref {
		t.Helper()
		if _, err := people.Edit(ctx, who, hansei.KindWorkItem, "aa:2", 0, []intake.Set{{Field: "description", Value: body(t, text)}}, ""); err != nil {
			t.Fatal(err)
		}
		if err := r.Inbox.Link(ctx, who); err != nil {
			t.Fatal(err)
		}
		refs, err := intake.Linked(ctx, r.Records, who.Scope(), r.stands(t, hansei.KindIncident, "aa:1"), record.Ref{})
		if err != nil {
			t.Fatal(err)
		}
		return refs
	}
	if refs := edit("see https://toy.example/i/1"); len(refs) != 1 || refs[0].ID != "aa:2" {
		t.Errorf("linked: %v", refs)
	}
	if refs := edit("never mind"); len(refs) != 0 {
		t.Errorf("still linked: %v", refs)
	}
}

// TestOrderChanged: another order of sources holds for what is there already,
// and people's words stand.
func TestOrderChanged(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a, b := r.add(t, "aa"), r.add(t, "bb")
	for i := range 3 {
		id := fmt.Sprint(i)
		r.sent(t, a, event{ID: id, At: at(0), Status: "open", Title: "A's", Priority: "P1"})
		r.sent(t, b, event{ID: id, At: at(0), Status: "open", Title: "B's", Priority: "P2", See: "https://toy.example/i/" + id})
	}
	r.drain(t)
	people := intake.People{Records: r.Records}
	if _, err := people.Edit(ctx, who, hansei.KindIncident, "aa:2", 0, []intake.Set{{Field: "title", Value: body(t, "Ours")}}, ""); err != nil {
		t.Fatal(err)
	}
	titles := func(rules ...hansei.SourceOrder) (out string) {
		t.Helper()
		if _, err := people.SetRules(ctx, who, intake.Rules{SourceOrder: &rules}); err != nil {
			t.Fatal(err)
		}
		if err := r.Inbox.Link(ctx, who); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			in := r.stands(t, hansei.KindIncident, hansei.ID(fmt.Sprint("aa:", i))).(*hansei.Incident)
			out += in.Title + " " + in.Priority + "; "
		}
		return out
	}
	if got := titles(); got != "A's P1; A's P1; Ours P1; " {
		t.Errorf("without a rule: %s", got)
	}
	if got := titles(hansei.SourceOrder{Kind: hansei.KindIncident, Sources: []string{"bb", "aa"}}); got != "B's P2; B's P2; Ours P2; " {
		t.Errorf("b leads: %s", got)
	}
	if got := titles(hansei.SourceOrder{Kind: hansei.KindIncident, Field: "priority", Sources: []string{"bb"}}); got != "A's P2; A's P2; Ours P2; " {
		t.Errorf("b leads for the priority: %s", got)
	}
	if got := titles(); got != "A's P1; A's P1; Ours P1; " {
		t.Errorf("the rule is gone: %s", got)
	}
	before, err := r.Records.Head(ctx, who.Scope())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Inbox.Link(ctx, who); err != nil {
		t.Fatal(err)
	}
	if after, err := r.Records.Head(ctx, who.Scope()); err != nil || after.Seq != before.Seq {
		t.Errorf("looking again wrote %d entries, %v", after.Seq-before.Seq, err)
	}
}

// BenchmarkLink is how fast what was imported is linked, in records a second.
func BenchmarkLink(b *testing.B) {
	const rows = 20_000
	var file strings.Builder
	file.WriteString("id,service,environment,commit,finished_at\n")
	for i := range rows {
		fmt.Fprintf(&file, "%d,web,production,%s,%s\n", i, sha(i), at(0).Add(time.Duration(i)*time.Minute).Format(time.RFC3339))
	}
	for b.Loop() {
		b.StopTimer()
		r := newRig(b)
		im, ctx := &intake.Imports{Records: r.Records, Log: slog.New(slog.DiscardHandler)}, context.Background()
		d, _, err := im.Receive(ctx, who, "deployments.csv", intake.Options{}, strings.NewReader(file.String()))
		if err == nil {
			_, err = im.Understand(ctx, who, d.ID)
		}
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := r.Inbox.Link(ctx, who); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// TestMadeByHand: an incident that a person wrote is joined with one of a tool,
// whichever stands for both, and taken apart again.
func TestMadeByHand(t *testing.T) {
	for _, first := range []hansei.ID{"aa:1", "ours"} {
		r, ctx := newRig(t), context.Background()
		a := r.add(t, "aa")
		r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "Theirs", Priority: "P1"})
		r.drain(t)
		people, joins := intake.People{Records: r.Records}, intake.Joins{Records: r.Records}
		if _, err := people.Create(ctx, who, hansei.KindIncident, "ours", []intake.Set{{Field: "title", Value: body(t, "Ours")}, {Field: "declared_at", Value: body(t, at(3))}}, ""); err != nil {
			t.Fatal(err)
		}
		second := hansei.ID("ours")
		if first == second {
			second = "aa:1"
		}
		if _, err := joins.Confirm(ctx, who, hansei.KindIncident, first, second); err != nil {
			t.Fatal(err)
		}
		one := r.stands(t, hansei.KindIncident, second).(*hansei.Incident)
		if one.ID != first || one.Title != "Ours" || one.Priority != "P1" || len(one.From) != 1 {
			t.Errorf("%s stands for both: %+v", first, one)
		}
		if _, err := joins.Reject(ctx, who, hansei.KindIncident, first, second); err != nil {
			t.Fatalf("%s stood for both: %v", first, err)
		}
		theirs, ours := r.incident(t, "aa:1"), r.incident(t, "ours")
		if start, _ := ours.Start(); theirs.Title != "Theirs" || theirs.Priority != "P1" || len(theirs.From) != 1 || theirs.MergedInto != "" ||
			ours.Title != "Ours" || ours.Priority != "" || len(ours.From) != 0 || ours.MergedInto != "" || !start.Equal(at(3)) {
			t.Errorf("%s stood for both, apart: %+v, %+v", first, theirs, ours)
		}
	}
}

// TestToldBefore: what the inbox wrote before there was Link is joined by it.
func TestToldBefore(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	put := func(source, id string) {
		t.Helper()
		c := &hansei.Change{Type: "commit", Commit: sha(1), At: at(0)}
		c.From = []hansei.Observed{{Source: source, External: id}}
		c.ID = hansei.Key{Kind: c.Kind(), Source: source, External: id}.ID()
		if _, err := r.Records.Write(ctx, who.As("sources"), func(tx *record.Tx) error { return record.Put(tx, c, 0) }); err != nil {
			t.Fatal(err)
		}
	}
	put("aa", "1")
	put("bb", "2")
	if err := r.Inbox.Link(ctx, who); err != nil {
		t.Fatal(err)
	}
	if one := r.stands(t, hansei.KindChange, "bb:2").Head(); len(one.From) != 2 {
		t.Errorf("not joined: %+v", one)
	}
	put("cc", "3") // as the inbox does now, but for its names
	if err := r.Inbox.Link(ctx, who); err != nil {
		t.Fatal(err)
	}
	if one := r.stands(t, hansei.KindChange, "cc:3").Head(); len(one.From) != 1 {
		t.Errorf("looked at again: %+v", one)
	}
}
