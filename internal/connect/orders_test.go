package connect

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"hansei"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/record/pgtest"
)

// TestDeploymentsInAnyOrder: what three tools tell of deployments, first that
// they run and then how they ended, gives the same records in whatever order
// and batches it comes: the same commit is deployed again five minutes later, and
// half an hour later once more.
func TestDeploymentsInAnyOrder(t *testing.T) {
	t.Run("after a failure", func(t *testing.T) { deploymentsInAnyOrder(t, true) })
	t.Run("after a success", func(t *testing.T) { deploymentsInAnyOrder(t, false) })
}

func deploymentsInAnyOrder(t *testing.T, failed bool) {
	type telling struct {
		tool, at int
		id       string
		rec      *hansei.Deployment
	}
	var all []telling
	for tool := range 3 {
		for n, began := range []int{0, 5, 35} {
			d := hansei.Deployment{Service: "web", Commit: sha(1), Started: at(began + tool/2), Result: hansei.ResultRunning}
			id := fmt.Sprint(n)
			running := d
			all = append(all, telling{tool, 1, id, &running})
			if d.Finished, d.Result = at(began+3), hansei.ResultSuccess; n == 0 && failed {
				d.Result = hansei.ResultFailure
			}
			ended := d
			all = append(all, telling{tool, 2, id, &ended})
		}
	}
	for seed := range uint64(25) {
		rng := rand.New(rand.NewPCG(seed, 9))
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		r := newRig(t)
		tools := []Added{r.add(t, "aa"), r.add(t, "bb"), r.add(t, "cc")}
		for _, x := range all {
			r.tell(t, tools[x.tool], x.id, x.at, x.rec)
			if rng.IntN(2) == 0 {
				r.drain(t)
			}
		}
		r.drain(t)
		for n := range 3 {
			for _, tool := range []string{"bb:", "cc:"} {
				if !r.together(t, hansei.KindDeployment, hansei.ID(fmt.Sprint("aa:", n)), hansei.ID(fmt.Sprint(tool, n))) {
					t.Errorf("seed %d: %s%d is not with aa:%d", seed, tool, n, n)
				}
			}
		}
	}
}

// TestTwoServersLink: two servers on one PostgreSQL that link what was imported
// at the same time find every pair once, and neither stops.
func TestTwoServersLink(t *testing.T) {
	url, _ := pgtest.Start(t)
	ctx := context.Background()
	var servers [2]*rig
	for i := range servers {
		store, err := record.Open(ctx, record.Options{Dir: t.TempDir(), Database: url})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
		servers[i] = newRig(t)
		servers[i].Records = store
		servers[i].Inbox = &intake.Inbox{Records: store, Log: servers[i].Log, Source: servers[i].Reading}
	}
	const n = 1500
	text := "id,type,commit,changed_at\n"
	for i := range n {
		text += fmt.Sprintf("%d,commit,%s,2026-03-01T10:00:00Z\n", i, sha(i))
	}
	for _, tool := range []string{"one", "two"} {
		servers[0].received(t, tool, "changes.csv", text)
	}
	var wg sync.WaitGroup
	errs := make([]error, len(servers))
	for i, r := range servers {
		wg.Go(func() { errs[i] = r.Inbox.Link(ctx, who) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("server %d: %v", i, err)
		}
	}
	apart := 0
	for i := range n {
		one, two := hansei.ID(fmt.Sprint("one:", i)), hansei.ID(fmt.Sprint("two:", i))
		if rec := servers[1].stands(t, hansei.KindChange, two); rec.Head().ID != one || len(rec.Head().From) != 2 {
			apart++
		}
	}
	if apart > 0 {
		t.Errorf("%d of %d are apart", apart, n)
	}
	names, err := record.Named(ctx, servers[0].Records, who.Scope(), []string{sha(0), sha(n - 1)})
	if err != nil || len(names) != 2 || slices.ContainsFunc(names, func(x record.Naming) bool { return x.ID[:3] != "one" }) {
		t.Errorf("names: %v, %v", names, err)
	}
}
