package connect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hansei/internal/record"
	"hansei/internal/source"
)

// TestHistoryIsWhole breaks a history of four pages off after each of them:
// however its tool tells how far it was read, it is whole only after a run that
// came to the end, and progress never goes back.
func TestHistoryIsWhole(t *testing.T) {
	for name, tells := range map[string][]source.Page{
		"forwards":  {{Through: at(0).AddDate(0, -9, 0)}, {Through: at(0).AddDate(0, -6, 0)}, {Through: at(0).AddDate(0, -3, 0)}, {Through: at(0)}},
		"ahead":     {{Through: at(0).AddDate(0, -9, 0)}, {Through: at(0).AddDate(1, 0, 0)}, {Through: at(0).AddDate(0, -3, 0)}, {Through: at(0)}},
		"backwards": {{Back: at(0).AddDate(0, -3, 0)}, {Back: at(0).AddDate(0, -6, 0)}, {}, {Through: at(0)}},
		"not told":  {{Things: 100}, {Things: 100}, {Things: 100}, {Things: 7, Through: at(0)}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.add(t, "ours")
			o, err := r.find(t.Context(), who.Scope(), "ours")
			if err != nil {
				t.Fatal(err)
			}
			tool := o.source.(*toy)
			tool.tells = tells
			for i := range tells {
				tool.pages = append(tool.pages, body(t, []event{{ID: fmt.Sprint(i), At: at(i), Status: "open", Title: "x"}}))
			}
			before := 0.0
			for stop := range len(tells) + 1 {
				off := errors.New("the tool broke off")
				tool.fail = func(page int) error {
					if page == stop {
						return off
					}
					return nil
				}
				err := r.PullStream(t.Context(), who, "ours", "events", r.hooks.Packer)
				v, getErr := r.Get(t.Context(), who.Scope(), "ours")
				if getErr != nil {
					t.Fatal(getErr)
				}
				st := v.Streams[0]
				if stop < len(tells) && (!errors.Is(err, off) || st.Whole || st.Progress >= 1 || st.Pages != int64(stop)) ||
					stop == len(tells) && (err != nil || !st.Whole || st.Progress != 1 || !st.Through.Equal(at(0)) && name != "ahead") {
					t.Errorf("after %d pages: %+v, %v", stop, st, err)
				}
				if st.Progress < before-1e-6 {
					t.Errorf("after %d pages: progress went from %v back to %v", stop, before, st.Progress)
				}
				if name == "backwards" && stop == 2 && (st.Progress < 0.45 || st.Progress > 0.55 || !st.Back.Equal(tells[1].Back)) {
					t.Errorf("half read backwards: %+v", st)
				}
				if name == "not told" && stop == 3 && (st.Progress != 0 || st.Things != 300) {
					t.Errorf("after 3 pages that do not tell: %+v", st)
				}
				before = st.Progress
			}
			// What comes later makes the history no less whole.
			tool.fail = nil
			tool.pages, tool.tells = append(tool.pages, []byte("[]")), append(tells, source.Page{Back: at(0).AddDate(0, -1, 0)})
			r.now = r.now.Add(time.Hour)
			if err := r.PullStream(t.Context(), who, "ours", "events", r.hooks.Packer); err != nil {
				t.Fatal(err)
			}
			if v, err := r.Get(t.Context(), who.Scope(), "ours"); err != nil || !v.Streams[0].Whole || v.Streams[0].Progress != 1 || !v.Streams[0].Back.IsZero() {
				t.Errorf("an hour later: %+v, %v", v.Streams, err)
			}
		})
	}
}

// TestToolAsksToWait: a tool that asks to wait for longer than a run may last is
// not asked before then, for no stream and by nobody; that is no failure, and
// another server knows it too.
func TestToolAsksToWait(t *testing.T) {
	r := newRig(t)
	r.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	r.add(t, "ours")
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			w.Header().Set("Retry-After", "1200")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	t.Cleanup(server.Close)
	o, err := r.find(t.Context(), who.Scope(), "ours")
	if err != nil {
		t.Fatal(err)
	}
	tool := o.source.(*toy)
	tool.pages = [][]byte{[]byte("[]")}
	tool.ask = func(p *source.Pull) error {
		_, err := p.Client.Get(p.Ctx, server.URL, nil)
		return err
	}
	pull := func(after time.Duration, calls int, state string) View {
		t.Helper()
		r.now = r.now.Add(after)
		if err := r.PullStream(context.Background(), who, "ours", "events", r.hooks.Packer); err != nil || asked != calls {
			t.Errorf("asked %d times, want %d; %v", asked, calls, err)
		}
		v, err := r.Get(t.Context(), who.Scope(), "ours")
		if err != nil || v.State != state || v.Streams[0].Failures != 0 {
			t.Errorf("got %+v, %v; want %s", v, err, state)
		}
		return v
	}
	v := pull(0, 1, "waiting")
	if wait := v.Later.Sub(r.now); wait < 1190*time.Second || wait > 1200*time.Second || v.Streams[0].Whole || v.Says != WaitsUntil("1 Mar 12:20 UTC") {
		t.Errorf("it waits %s: %s", wait, v.Says)
	}
	pull(15*time.Minute, 1, "waiting")
	if jobs, err := r.Due(t.Context(), who.Scope()); err != nil || len(jobs) != 0 {
		t.Errorf("due: %v, %v", jobs, err)
	}
	from := r.now.AddDate(-2, 0, 0) // reading its history anew does not make it forget
	if _, err := r.Edit(t.Context(), who, "ours", Change{Since: &from}); err != nil {
		t.Fatal(err)
	}
	pull(0, 1, "waiting")
	r.now = r.now.Add(6 * time.Minute)
	if jobs, err := r.Due(t.Context(), who.Scope()); err != nil || len(jobs) != 1 {
		t.Errorf("due when the time has come: %v, %v", jobs, err)
	}
	if o, err = r.find(t.Context(), who.Scope(), "ours"); err != nil {
		t.Fatal(err)
	}
	again := o.source.(*toy)
	again.pages, again.ask = tool.pages, tool.ask
	if v := pull(0, 2, "ok"); !v.Streams[0].Began.Equal(from) || !v.Later.IsZero() || !v.Streams[0].Whole {
		t.Errorf("got %+v", v)
	}
}

// TestSinceWhileItIsPulled: what was asked for since another time than a person
// wants now is not stored, and its history is not whole by it; it is due at once
// and is read since the new time, also by a server that did not change it.
func TestSinceWhileItIsPulled(t *testing.T) {
	for name, pages := range map[string][][]byte{"a page": {[]byte("[]")}, "none": nil} {
		t.Run(name, func(t *testing.T) { sinceWhileItIsPulled(t, pages) })
	}
}

func sinceWhileItIsPulled(t *testing.T, pages [][]byte) {
	r, ctx := newRig(t), t.Context()
	r.add(t, "ours")
	since, stood := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), r.now
	other := &Sources{Records: r.Records, Kinds: r.Kinds, Seal: r.Seal, Inbox: r.Inbox, Log: r.Log, Now: func() time.Time { return stood }}
	pull := func(s *Sources, meanwhile func() error) (from time.Time) {
		t.Helper()
		o, err := s.find(ctx, who.Scope(), "ours")
		if err != nil {
			t.Fatal(err)
		}
		tool := o.source.(*toy)
		tool.pages, tool.ask = pages, func(p *source.Pull) error { from = p.From; return meanwhile() }
		if err := s.PullStream(ctx, who, "ours", "events", r.hooks.Packer); err != nil {
			t.Fatal(err)
		}
		return from
	}
	nothing := func() error { return nil }
	pull(r.Sources, func() error {
		_, err := r.Edit(ctx, who, "ours", Change{Since: &since})
		return err
	})
	if states, err := record.Pulls(ctx, r.Records, who.Scope(), "ours"); err != nil || len(states) != 0 {
		t.Errorf("set back meanwhile: got %+v, %v", states, err)
	}
	if jobs, err := r.Due(ctx, who.Scope()); err != nil || len(jobs) != 1 {
		t.Errorf("due: %v, %v", jobs, err)
	}
	if from := pull(other, nothing); !from.Equal(since) {
		t.Errorf("read since %s", from)
	}
	since = since.AddDate(-1, 0, 0)
	if _, err := r.Edit(ctx, who, "ours", Change{Since: &since}); err != nil {
		t.Fatal(err)
	}
	if err := other.PullStream(ctx, who, "ours", "events", r.hooks.Packer); err != nil {
		t.Fatal(err)
	}
	v, err := r.Get(ctx, who.Scope(), "ours")
	if err != nil || len(v.Streams) != 1 || !v.Streams[0].Began.Equal(since) || !v.Streams[0].Whole {
		t.Errorf("changed by another server: got %+v, %v", v.Streams, err)
	}
}

// TestHistoryBeganAlready: history is read from no day that is still to come.
func TestHistoryBeganAlready(t *testing.T) {
	r := newRig(t)
	ahead := r.now.AddDate(4, 0, 0)
	if _, err := r.Add(t.Context(), who, Spec{Tool: "toy", Name: "ours", Since: ahead}); err == nil || !strings.Contains(err.Error(), "since: that day has not begun") {
		t.Errorf("added: %v", err)
	}
	r.add(t, "ours")
	if _, err := r.Edit(t.Context(), who, "ours", Change{Since: &ahead}); err == nil || !strings.Contains(err.Error(), "since: that day has not begun") {
		t.Errorf("changed: %v", err)
	}
}
