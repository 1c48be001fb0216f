package connect

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/record"
)

func TestBehind(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	year, ago := now.AddDate(-1, 0, 0), func(d time.Duration) time.Time { return now.Add(-d) }
	for name, x := range map[string]struct {
		state record.PullState
		want  time.Duration
	}{
		"never read":                     {record.PullState{Began: year}, now.Sub(year)},
		"read forwards":                  {record.PullState{Began: year, At: now, Through: ago(3 * time.Hour)}, 3 * time.Hour},
		"read backwards":                 {record.PullState{Began: year, At: now, Back: year.Add(time.Hour)}, time.Hour},
		"paging that does not tell":      {record.PullState{Began: year, At: now, Pages: 7}, now.Sub(year)},
		"read within its interval":       {record.PullState{Began: year, Whole: true, At: ago(4 * time.Minute), Ended: ago(4 * time.Minute)}, 0},
		"overdue":                        {record.PullState{Began: year, Whole: true, At: ago(time.Hour), Ended: ago(time.Hour)}, 55 * time.Minute},
		"failing since":                  {record.PullState{Began: year, Whole: true, At: now, Failures: 3, Through: ago(time.Minute), Ended: ago(2 * time.Hour)}, 115 * time.Minute},
		"failing since before an update": {record.PullState{Began: year, Whole: true, At: now, Failures: 3, Through: ago(2 * time.Hour)}, 115 * time.Minute},
	} {
		if got := behind(x.state, 5*time.Minute, now); got != x.want {
			t.Errorf("%s: %s behind, want %s", name, got, x.want)
		}
	}
}

// TestLag: a source is as far behind as what is furthest behind of it.
func TestLag(t *testing.T) {
	r := newRig(t)
	a := r.add(t, "ours")
	lag := func(want time.Duration, of string) {
		t.Helper()
		v, err := r.Get(t.Context(), who.Scope(), "ours")
		if off := v.Lag - want.Seconds(); err != nil || off < 0 || off > 1 || v.LagOf != of {
			t.Errorf("%v s behind by %q, want %v by %q; %v", v.Lag, v.LagOf, want.Seconds(), of, err)
		}
	}
	lag(DefaultHistory, "events")
	o, err := r.find(t.Context(), who.Scope(), "ours")
	if err != nil {
		t.Fatal(err)
	}
	o.source.(*toy).pages = [][]byte{[]byte("[]")}
	if err := r.PullStream(t.Context(), who, "ours", "events", r.hooks.Packer); err != nil {
		t.Fatal(err)
	}
	r.drain(t)
	if v, err := r.Get(t.Context(), who.Scope(), "ours"); err != nil || v.Lag != 0 || v.LagOf != "" || v.Pulled.IsZero() || !v.Pulled.Equal(v.Streams[0].Ended) {
		t.Errorf("just read: %+v, %v", v, err)
	}
	r.now = r.now.Add(time.Hour)
	lag(59*time.Minute, "events")
	r.sent(t, a, event{ID: "1", At: r.now, Status: "open"})
	r.now = r.now.Add(2 * time.Hour)
	lag(179*time.Minute, "events")
	if err := r.PullStream(t.Context(), who, "ours", "events", r.hooks.Packer); err != nil {
		t.Fatal(err)
	}
	lag(2*time.Hour, Waits)
	r.drain(t)
	if v, err := r.Get(t.Context(), who.Scope(), "ours"); err != nil || v.Lag != 0 {
		t.Errorf("understood: %+v, %v", v, err)
	}
}

// TestNobodyAsksBeforeTheTime: who wants it read or tried while its tool asks
// to wait is told until when, and it is not asked.
func TestNobodyAsksBeforeTheTime(t *testing.T) {
	r := newRig(t)
	r.add(t, "ours")
	jobs := len(r.jobs)
	until := r.now.Add(20 * time.Minute)
	set := func(until time.Time) {
		t.Helper()
		if _, err := r.Records.Write(t.Context(), who, func(tx *record.Tx) error {
			return tx.PutPull(record.PullState{Source: "ours", Stream: "events", Began: r.now, Later: until})
		}); err != nil {
			t.Fatal(err)
		}
	}
	set(until)
	err := r.Pull(t.Context(), who, "ours", "")
	if !isInvalid(err) || !strings.Contains(err.Error(), "wait until 1 Mar 12:20 UTC") || len(r.jobs) != jobs {
		t.Errorf("pulled: %v, %v", err, r.jobs)
	}
	found, err := r.Test(t.Context(), who, "ours")
	if last := found[len(found)-1]; err != nil || last.OK || !strings.Contains(last.Says, "was not tried: it asks us to wait until 1 Mar 12:20 UTC") {
		t.Errorf("tested: %+v, %v", found, err)
	}
	r.now = until
	if err := r.Pull(t.Context(), who, "ours", ""); err != nil || len(r.jobs) != jobs+1 {
		t.Errorf("then: %v, %v", err, r.jobs)
	}
	if found, err = r.Test(t.Context(), who, "ours"); err != nil || found[len(found)-1].Says != "fine" {
		t.Errorf("then: %+v, %v", found, err)
	}
}

func isInvalid(err error) bool {
	var bad *hansei.InvalidError
	return errors.As(err, &bad)
}
