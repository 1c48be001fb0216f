package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/notify"
	"hansei/internal/record"
	"hansei/internal/retro/batch"
)

// TestKilledWhileDrafting kills the server with signal 9 in the middle of a
// batch of drafts. The next one finishes it: each incident has one draft, which
// was written once, and nobody was told of any.
func TestKilledWhileDrafting(t *testing.T) {
	if testing.Short() {
		t.Skip("a job of a dead server is begun anew after half a minute")
	}
	const n = 400
	dir, listen, who := t.TempDir(), freePort(t), auth.Local()
	a, err := New(t.Context(), Config{Dir: dir, Listen: listen, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.outbox.Add(t.Context(), who, notify.Spec{Type: "webhook", Name: "hook", Settings: map[string]string{"url": "http://127.0.0.1:1/x"}}); err != nil {
		t.Fatal(err)
	}
	since := time.Now().UTC().AddDate(0, 0, -60).Truncate(time.Hour)
	if _, err := a.records.Write(t.Context(), who, func(tx *record.Tx) error {
		err := record.Put(tx, &hansei.Service{Header: hansei.Header{ID: "shop"}, Name: "Shop"}, 0)
		for i := range n {
			in := &hansei.Incident{Header: hansei.Header{ID: hansei.ID(fmt.Sprintf("in-%03d", i))}, Title: "Checkout is down", Severity: "sev1", Status: hansei.StatusResolved, Services: []hansei.ID{"shop"}}
			in.Milestones.Set(hansei.RoleBegan, since.Add(time.Duration(i)*time.Minute))
			in.Milestones.Set(hansei.RoleResolved, since.Add(time.Duration(i+30)*time.Minute))
			err = errors.Join(err, record.Put(tx, in, 0))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := a.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, err := a.batches.Start(t.Context(), who, batch.Query{Since: since, Until: since.AddDate(0, 0, 30)})
	if err := errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	killed := draftUntil(t, dir, listen, b.ID, func(now batch.Batch) bool { return now.Done >= n/5 })
	ended := draftUntil(t, dir, listen, b.ID, func(now batch.Batch) bool { return now.State != batch.Running })
	t.Logf("killed after %d of %d, ended as %s", killed.Done, killed.Total, ended.State)
	if killed.State != batch.Running || ended.State != batch.Done || ended.Drafted != n || len(ended.Left) > 0 {
		t.Errorf("killed %+v; ended %+v", killed, ended)
	}
	checkDrafts(t, dir, n)
}

// draftUntil runs a server until a batch is as it is asked for, and kills it.
func draftUntil(t *testing.T, dir, listen, id string, is func(batch.Batch) bool) (now batch.Batch) {
	t.Helper()
	var errs bytes.Buffer
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), "HANSEI_KILL_DIR="+dir, "HANSEI_KILL_LISTEN="+listen)
	child.Stderr = &errs
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	client := clientOf(t)
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		res, err := client.Get("http://" + listen + "/api/v1/retrospective-drafts/" + id)
		if err == nil {
			err = errors.Join(json.NewDecoder(res.Body).Decode(&now), res.Body.Close())
		}
		if err == nil && res.StatusCode == http.StatusOK && is(now) {
			break
		}
		if time.Since(began) > 3*time.Minute {
			t.Fatalf("never: %+v, %v, %s", now, err, &errs)
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // killed, as it should be
	return now
}

func checkDrafts(t *testing.T, dir string, n int) {
	t.Helper()
	a, who := open(t, Config{Dir: dir}), auth.Local()
	list, err := a.records.List(t.Context(), who.Scope(), hansei.KindRetrospective, "", n+1)
	if err != nil || len(list) != n {
		t.Fatalf("%d drafts for %d incidents, %v", len(list), n, err)
	}
	for _, s := range list {
		if r := s.Record.(*hansei.Retrospective); s.Revision != 1 || r.Deleted || r.State != hansei.RetroDraft {
			t.Errorf("%s was written %d times and is %s", r.ID, s.Revision, r.State)
		}
	}
	// Whatever is told by itself is judged now, and on a working day at noon.
	noon := time.Now().UTC().AddDate(0, 0, 8)
	for noon = time.Date(noon.Year(), noon.Month(), noon.Day(), 12, 0, 0, 0, time.UTC); noon.Weekday() != time.Wednesday; {
		noon = noon.AddDate(0, 0, 1)
	}
	later := *a.watch
	later.Now = func() time.Time { return noon }
	if err := errors.Join(a.CatchUp(t.Context()), a.watch.Follow(t.Context(), who), later.Remind(t.Context(), who)); err != nil {
		t.Fatal(err)
	}
	told, err := record.Notices(t.Context(), a.records, who.Scope(), record.NoticeFilter{})
	told = slices.DeleteFunc(told, func(n record.Notice) bool { return n.Event == hansei.EventDigest }) // of a Monday, on which this runs
	if err != nil || len(told) > 0 {
		t.Errorf("%d messages were sent about drafts of the past, such as %+v, %v", len(told), told[:min(1, len(told))], err)
	}
}
