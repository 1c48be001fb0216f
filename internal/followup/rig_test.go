package followup

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/record/pack"
	"hansei/internal/retro"
	"hansei/internal/search"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	sourcegithub "hansei/internal/source/github"
	"hansei/internal/tracker"
	"hansei/internal/tracker/github"
	"hansei/internal/tracker/trackertest"
)

var me = auth.Local()

// rig is a desk on a real journal beside a tracker that is run here.
type rig struct {
	*Desk
	t     *testing.T
	tool  *trackertest.Server
	inbox *intake.Inbox

	mu    sync.Mutex
	now   time.Time
	queue []hansei.ID
	token string
}

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func newRig(t *testing.T, dir string) *rig {
	t.Helper()
	return rigOn(t, dir, trackertest.New(start), nil)
}

func rigOn(t *testing.T, dir string, tool *trackertest.Server, around func(http.Handler) http.Handler) *rig {
	t.Helper()
	r := &rig{t: t, tool: tool, now: start, token: trackertest.Token}
	ctx := context.Background()
	store, err := record.Open(ctx, record.Options{Dir: dir, Now: r.clock})
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
	h := tool.GitHub()
	if around != nil {
		h = around(h)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	r.Desk = &Desk{Records: store, Facts: facts, Kinds: []tracker.Kind{github.Kind}, Now: r.clock, Base: "https://hansei.example",
		Later: func(_ *record.Tx, id hansei.ID, _ bool) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.queue = append(r.queue, id)
			return nil
		},
		Accounts: func(context.Context, auth.Scope) ([]Account, error) {
			return []Account{{Tool: "github", Account: tracker.Account{Source: "code", Client: &fetch.Client{HTTP: server.Client(), Now: r.clock},
				Settings: map[string]string{"token": r.token, "api_url": server.URL, "repositories": trackertest.Place}}}}, nil
		}}
	r.People = intake.People{Records: store, Before: r.Before}
	log := slog.New(slog.DiscardHandler)
	r.Retros = &retro.Desk{Records: store, Facts: facts, Search: search.NewView(log), People: r.People, Now: r.clock}
	src, err := sourcegithub.Kind.New(source.Config{Name: "code", Settings: map[string]string{source.WebhookSecret: "s"}})
	if err != nil {
		t.Fatal(err)
	}
	r.inbox = &intake.Inbox{Records: store, Log: log, Told: r.Told, Source: func(string) (intake.Reading, error) { return intake.Reading{Source: src}, nil }}
	return r
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(time.Millisecond)
	return r.now
}

// later moves both clocks on.
func (r *rig) later(d time.Duration) {
	r.mu.Lock()
	r.now = r.now.Add(d)
	now := r.now
	r.mu.Unlock()
	r.tool.Set(now)
}

func (r *rig) add(f hansei.FollowUp) hansei.ID {
	r.t.Helper()
	id, _, err := r.Add(context.Background(), me, f)
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

// run does the jobs that wait, once each, and returns the last error.
func (r *rig) run() (last error) {
	r.t.Helper()
	for range 20 {
		r.mu.Lock()
		ids := r.queue
		r.queue = nil
		r.mu.Unlock()
		if len(ids) == 0 {
			return last
		}
		for _, id := range ids {
			if err := r.Sync(context.Background(), me.As("jobs"), id); err != nil {
				last = err
			}
		}
	}
	r.t.Fatal("the jobs never end: a loop")
	return nil
}

func (r *rig) get(id hansei.ID) *hansei.FollowUp {
	r.t.Helper()
	f, _, err := r.Get(context.Background(), me.Scope(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

// pushed is a follow-up that is in the tracker.
func (r *rig) pushed() hansei.ID {
	r.t.Helper()
	id := r.add(hansei.FollowUp{Title: "Alert on certificates", Priority: "high"})
	r.must(r.Push(context.Background(), me, id, "", ""))
	if err := r.run(); err != nil {
		r.t.Fatal(err)
	}
	return id
}

func (r *rig) must(_ record.Seq, err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// hears delivers the tracker's webhook about an issue as it stands in x.
func (r *rig) hears(x trackertest.Issue, action string) {
	r.t.Helper()
	body, err := json.Marshal(trackertest.WebhookGitHub(x, action))
	if err != nil {
		r.t.Fatal(err)
	}
	packer, err := pack.New()
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.Records.Deliver(context.Background(), me, []pack.Packed{packer.Pack("code", "issues", "application/json", "", body)}); err != nil {
		r.t.Fatal(err)
	}
	for {
		n, err := r.inbox.Drain(context.Background(), me)
		if err != nil {
			r.t.Fatal(err)
		}
		if n == 0 {
			break
		}
	}
}

func isLater(err error) bool {
	var later *LaterError
	return errors.As(err, &later)
}
