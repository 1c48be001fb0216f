package batch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/search"
)

var (
	who   = auth.Local()
	since = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	until = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
)

func open(t testing.TB) *Batches {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	log := slog.New(slog.DiscardHandler)
	store, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := fact.Open(ctx, fact.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	words := search.NewView(log)
	t.Cleanup(func() {
		facts.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	now := func() time.Time { return time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC) }
	n := 0
	return &Batches{Records: store, Facts: facts, Log: log,
		Desk: &retro.Desk{Records: store, Facts: facts, Search: words, People: intake.People{Records: store}, Now: now},
		Settled: func(ctx context.Context, _ record.Seq) error {
			return errors.Join(facts.CatchUp(ctx, store, who.Scope(), nil), words.CatchUp(ctx, store, who.Scope()))
		},
		Later:  func(*record.Tx, string) error { return nil },
		Random: func() string { n++; return fmt.Sprintf("TEST%d", n) }}
}

func incident(id string, began time.Time, change func(*hansei.Incident)) *hansei.Incident {
	in := &hansei.Incident{Header: hansei.Header{ID: hansei.ID(id)}, Title: "Checkout is down", Status: hansei.StatusResolved, Severity: "sev1", Services: []hansei.ID{"shop"}}
	in.Milestones.Set(hansei.RoleBegan, began)
	in.Milestones.Set(hansei.RoleResolved, began.Add(time.Hour))
	if change != nil {
		change(in)
	}
	return in
}

func put(t testing.TB, b *Batches, list ...hansei.Record) {
	t.Helper()
	if _, err := b.Records.Write(t.Context(), who, func(tx *record.Tx) error {
		for _, r := range list {
			if err := record.Put(tx, r, 0); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// quarter is one incident for each reason to leave it out, beside three that
// need a draft.
func quarter(t testing.TB, b *Batches) {
	t.Helper()
	day := func(n int) time.Time { return since.AddDate(0, 0, n) }
	put(t, b, &hansei.Service{Header: hansei.Header{ID: "shop"}, Name: "Shop"},
		incident("first", since, nil), // the first moment is of the period
		incident("two", day(20), func(in *hansei.Incident) { in.Severity = "sev2" }),
		incident("other", day(30), func(in *hansei.Incident) { in.Services = nil }),
		incident("next", until, nil), // the last one is not
		incident("has", day(1), nil),
		incident("told", day(2), nil),
		incident("unneeded", day(3), nil),
		incident("removed", day(4), nil),
		incident("mild", day(5), func(in *hansei.Incident) { in.Severity = "sev3" }),
		incident("unrated", day(6), func(in *hansei.Incident) { in.Severity = "" }),
		incident("drill", day(7), func(in *hansei.Incident) { in.Type = hansei.IncidentDrill }),
		incident("open", day(8), func(in *hansei.Incident) { in.Status = hansei.StatusOpen }),
		incident("canceled", day(9), func(in *hansei.Incident) { in.Status = hansei.StatusCanceled }),
		incident("merged", day(10), func(in *hansei.Incident) { in.MergedInto = "first" }),
		incident("deleted", day(11), func(in *hansei.Incident) { in.Deleted = true }),
		&hansei.Retrospective{Header: hansei.Header{ID: "past"}, Title: "Written before", State: hansei.RetroPublished, Incidents: []hansei.ID{"told"}})
	if err := b.Settled(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	for _, id := range []hansei.ID{"has", "unneeded", "removed"} {
		if _, _, err := b.Desk.Draft(t.Context(), who, id); err != nil {
			t.Fatal(err)
		}
	}
	_, first := b.Desk.Move(t.Context(), who, "retro:unneeded", hansei.RetroNotRequired)
	_, second := b.Desk.Remove(t.Context(), who, "retro:removed", true)
	if err := errors.Join(first, second); err != nil {
		t.Fatal(err)
	}
}

func drafts(t testing.TB, b *Batches) (out []string) {
	t.Helper()
	list, err := b.Records.List(t.Context(), who.Scope(), hansei.KindRetrospective, "", 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if !s.Record.Head().Deleted {
			out = append(out, string(s.Record.Head().ID))
		}
	}
	return out
}

func TestPlan(t *testing.T) {
	b, ctx := open(t), t.Context()
	quarter(t, b)
	for _, c := range []struct {
		name string
		q    Query
		want string
	}{
		{"what the rules ask for", Query{Since: since, Until: until}, "12 3 [{sev1 2} {sev2 1}] [{has_one 2} {not_required 1} {removed 1} {not_needed 2} {not_resolved 2} {not_real 1}]"},
		{"by name", Query{Since: since, Until: until, Severities: []string{" SEV3", "sev3"}}, "1 1 [{sev3 1}] []"},
		{"of a service", Query{Since: since, Until: until, Service: "shop", Severities: []string{"sev1"}}, "8 1 [{sev1 1}] [{has_one 2} {not_required 1} {removed 1} {not_resolved 2} {not_real 1}]"},
		{"nothing", Query{Since: until.AddDate(1, 0, 0), Until: until.AddDate(2, 0, 0)}, "0 0 [] []"},
	} {
		p, err := b.Plan(ctx, who.Scope(), c.q)
		if got := fmt.Sprint(p.Incidents, p.Drafts, p.BySeverity, p.Left); err != nil || got != c.want {
			t.Errorf("%s: got %s, %v; want %s", c.name, got, err, c.want)
		}
	}
	for field, q := range map[string]Query{"since": {Until: until}, "until": {Since: since}, "severity": {Since: since, Until: until, Severities: []string{" "}}} {
		var invalid *hansei.InvalidError
		if _, err := b.Plan(ctx, who.Scope(), q); !errors.As(err, &invalid) || invalid.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	if _, err := b.Plan(ctx, who.Scope(), Query{Since: until, Until: since}); err == nil {
		t.Error("a period that ends before it begins has a plan")
	}
	if _, err := b.Plan(ctx, auth.Scope{}, Query{Since: since, Until: until}); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("nobody: got %v", err)
	}
	if _, err := b.Start(ctx, auth.Actor{}, Query{Since: since, Until: until}); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("nobody: got %v", err)
	}
	var invalid *hansei.InvalidError
	if _, err := b.Start(ctx, who, Query{Since: until.AddDate(1, 0, 0), Until: until.AddDate(2, 0, 0)}); !errors.As(err, &invalid) {
		t.Errorf("a batch of nothing: got %v", err)
	}
}

func TestBatch(t *testing.T) {
	b, ctx := open(t), t.Context()
	quarter(t, b)
	started, queued := "", 0
	b.Later = func(_ *record.Tx, id string) error { started = id; queued++; return nil }
	it, err := b.Start(ctx, who, Query{Since: since, Until: until})
	if err != nil || it.State != Running || it.Total != 3 || started != it.ID {
		t.Fatalf("got %+v, %v; queued %q", it, err, started)
	}
	if _, err := b.Start(ctx, who, Query{Since: since, Until: until}); !errors.Is(err, hansei.ErrConflict) {
		t.Errorf("a second one: got %v", err)
	}
	if _, _, err := b.Remove(ctx, who, it.ID); !errors.Is(err, hansei.ErrConflict) {
		t.Errorf("taken back while it runs: got %v", err)
	}
	if err := b.Work(ctx, who, it.ID); err != nil {
		t.Fatal(err)
	}
	if it, err = b.Get(ctx, who.Scope(), it.ID); err != nil || it.State != Done || it.Drafted != 3 || len(it.Left) > 0 || it.Ended.IsZero() {
		t.Fatalf("got %+v, %v", it, err)
	}
	want := []string{"past", "retro:first", "retro:has", "retro:other", "retro:two", "retro:unneeded"}
	if got := drafts(t, b); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	r, _, err := b.Desk.Get(ctx, who.Scope(), "retro:first")
	if err != nil || r.State != hansei.RetroDraft || len(r.Timeline) == 0 || !r.Due.IsZero() {
		t.Errorf("got %+v, %v; want a draft that is not overdue from the first moment", r, err)
	}
	if err := b.Settled(ctx, 0); err != nil {
		t.Fatal(err)
	}
	rows, err := b.Facts.SQL(ctx, "SELECT id FROM retrospective WHERE "+it.Where()+" ORDER BY id", 10)
	if got := fmt.Sprint(rows.Rows); err != nil || got != "[[retro:first] [retro:other] [retro:two]]" {
		t.Errorf("the list of its drafts: got %s, %v", got, err)
	}

	// What somebody touched stays when the drafts are taken back.
	if _, err := b.Desk.Comment(ctx, who, "retro:two", hansei.Comment{Section: "summary", Text: "Since when?"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Desk.Add(ctx, who, hansei.FollowUp{Title: "Alert", Retrospective: "retro:other"}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing left to do
		_, _, err = b.Remove(ctx, who, it.ID)
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := drafts(t, b); slices.Contains(got, "retro:first") || !slices.Contains(got, "retro:two") || !slices.Contains(got, "retro:other") {
		t.Errorf("after taking back: %v", got)
	}
	if it, err = b.Get(ctx, who.Scope(), it.ID); err != nil || it.Removed != 1 {
		t.Errorf("got %+v, %v", it, err)
	}
	// They are not drafted again, for a person took them away.
	if p, err := b.Plan(ctx, who.Scope(), Query{Since: since, Until: until}); err != nil || p.Drafts != 0 {
		t.Errorf("got %+v, %v", p, err)
	}
	n, _, err := b.Restore(ctx, who, it.ID)
	if err != nil || n.N != 1 || !slices.Contains(drafts(t, b), "retro:first") {
		t.Errorf("put back: %+v, %v, %v", n, err, drafts(t, b))
	}
	if list, err := b.List(ctx, who.Scope(), 10); err != nil || len(list) != 1 || list[0].ID != it.ID {
		t.Errorf("got %+v, %v", list, err)
	}
	// It is no file that was imported.
	if list, err := b.Records.Deliveries(ctx, who.Scope(), record.DeliveryFilter{}); err != nil || len(list) != 0 {
		t.Errorf("got %+v, %v", list, err)
	}
}

func many(t testing.TB, b *Batches, n int) {
	t.Helper()
	list := []hansei.Record{&hansei.Service{Header: hansei.Header{ID: "shop"}, Name: "Shop"}}
	for i := range n {
		list = append(list, incident(fmt.Sprintf("in-%04d", i), since.Add(time.Duration(i)*time.Minute), nil))
	}
	put(t, b, list...)
}

// TestGoesOn: a batch that was broken off anywhere is finished by the next
// server, each draft once.
func TestGoesOn(t *testing.T) {
	b, ctx := open(t), t.Context()
	many(t, b, 45)
	it, err := b.Start(ctx, who, Query{Since: since, Until: until})
	if err != nil {
		t.Fatal(err)
	}
	// What the batch noted is behind what it drafted, as after a kill.
	r := &run{Batches: b, who: who.As(it.ID), batch: it}
	for _, id := range it.incidents[:7] {
		if left, err := r.one(ctx, id); left != nil || err != nil {
			t.Fatal(left, err)
		}
	}
	// Somebody drafts one of its incidents meanwhile, and removes another's.
	for _, id := range []hansei.ID{it.incidents[20], it.incidents[30]} {
		if _, _, err := b.Desk.Draft(ctx, who, id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Desk.Remove(ctx, who, retro.ID(it.incidents[30]), true); err != nil {
		t.Fatal(err)
	}
	// Broken off several times, at another place each.
	for _, at := range []int{12, 18, 31} {
		broken, stop := context.WithCancel(ctx)
		settled := b.Settled
		ended := *b
		desk := *b.Desk
		now := desk.Now
		desk.Now = func() time.Time {
			if len(drafts(t, b)) >= at {
				stop()
			}
			return now()
		}
		ended.Desk, ended.Settled = &desk, settled
		err := ended.Work(broken, who, it.ID)
		stop()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want it broken off", err)
		}
	}
	far, err := b.Get(ctx, who.Scope(), it.ID)
	if err != nil || far.State != Running || far.Done < 12 || far.Done >= 45 {
		t.Fatalf("got %+v, %v", far, err)
	}
	if err := b.Work(ctx, who, it.ID); err != nil {
		t.Fatal(err)
	}
	if it, err = b.Get(ctx, who.Scope(), it.ID); err != nil || it.State != Done || it.Done != 45 || it.Drafted != 43 {
		t.Errorf("got %+v, %v", it, err)
	}
	if want := fmt.Sprint([]Left{{"in-0020", HasOne, ""}, {"in-0030", Removed, ""}}); fmt.Sprint(it.Left) != want {
		t.Errorf("got %v, want %s", it.Left, want)
	}
	for _, id := range it.drafts() {
		if h, err := b.Records.History(ctx, who.Scope(), hansei.KindRetrospective, id); err != nil || len(h) != 1 {
			t.Errorf("%s has %d revisions, %v", id, len(h), err)
		}
	}
	if err := errors.Join(b.Work(ctx, who, it.ID), b.Work(ctx, who, "nothing")); err != nil {
		t.Error(err)
	}
}

func TestStopAndFail(t *testing.T) {
	b, ctx := open(t), t.Context()
	many(t, b, 30)
	it, err := b.Start(ctx, who, Query{Since: since, Until: until})
	if err != nil {
		t.Fatal(err)
	}
	if it, err = b.Stop(ctx, who, it.ID); err != nil || it.State != Stopped {
		t.Fatalf("got %+v, %v", it, err)
	}
	if err := b.Work(ctx, who, it.ID); err != nil || len(drafts(t, b)) != 0 {
		t.Errorf("got %v, %v", drafts(t, b), err)
	}
	if it, err = b.Resume(ctx, who, it.ID); err != nil || it.State != Running {
		t.Fatalf("got %+v, %v", it, err)
	}
	// A desk that cannot read the records fails for every incident.
	broken := *b
	desk := *b.Desk
	if desk.Records, err = record.Open(ctx, record.Options{Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	if err := desk.Records.Close(); err != nil {
		t.Fatal(err)
	}
	broken.Desk = &desk
	if err := broken.Work(ctx, who, it.ID); err != nil {
		t.Fatal(err)
	}
	if it, err = b.Get(ctx, who.Scope(), it.ID); err != nil || it.State != Failed || it.Problem == "" || it.Done != 0 || len(it.Left) != 0 {
		t.Fatalf("got %+v, %v", it, err)
	}
	if it, err = b.Resume(ctx, who, it.ID); err != nil {
		t.Fatal(err)
	}
	if err := b.Work(ctx, who, it.ID); err != nil {
		t.Fatal(err)
	}
	if it, err = b.Get(ctx, who.Scope(), it.ID); err != nil || it.State != Done || it.Drafted != 30 || it.Problem != "" {
		t.Errorf("got %+v, %v", it, err)
	}
	if _, err := b.Stop(ctx, who, it.ID); !errors.Is(err, hansei.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if _, err := b.Get(ctx, who.Scope(), "nothing"); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestMost(t *testing.T) {
	b, ctx := open(t), t.Context()
	many(t, b, Most+1)
	p, err := b.Plan(ctx, who.Scope(), Query{Since: since, Until: until})
	if err != nil || !p.TooMany || p.Drafts != Most+1 {
		t.Errorf("got %d of %d, %v", p.Drafts, p.Incidents, err)
	}
	var invalid *hansei.InvalidError
	if _, err := b.Start(ctx, who, Query{Since: since, Until: until}); !errors.As(err, &invalid) || invalid.Field != "since" {
		t.Errorf("got %v", err)
	}
}

// BenchmarkWork drafts for 200 incidents.
func BenchmarkWork(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		x := open(b)
		many(b, x, 200)
		it, err := x.Start(b.Context(), who, Query{Since: since, Until: until})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := x.Work(b.Context(), who, it.ID); err != nil {
			b.Fatal(err)
		}
	}
}
