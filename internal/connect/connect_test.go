package connect

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/record/pack"
	"hansei/internal/seal"
	"hansei/internal/source"
)

var who = auth.Local()

// bench is everything between a webhook and the journal, with toys as tools.
type rig struct {
	*Sources
	hooks *Hooks
	jobs  []Job
	now   time.Time
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	var mu sync.Mutex
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		r.now = r.now.Add(time.Millisecond)
		return r.now
	}
	dir := t.TempDir()
	store, err := record.Open(context.Background(), record.Options{Dir: dir, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	box, err := seal.Open(filepath.Join(dir, "hansei.key"))
	if err != nil {
		t.Fatal(err)
	}
	packer, err := pack.New()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	r.Sources = &Sources{Records: store, Kinds: []source.Kind{toyKind}, Seal: box, Log: log, Now: clock, Base: "https://hansei.example",
		Later: func(_ *record.Tx, j Job) error { r.jobs = append(r.jobs, j); return nil }}
	r.Inbox = &intake.Inbox{Records: store, Log: log, Source: r.Reading}
	r.hooks = &Hooks{Sources: r.Sources, Packer: packer}
	return r
}

func (r *rig) add(t testing.TB, name string) Added {
	t.Helper()
	a, err := r.Add(context.Background(), who, Spec{Tool: "toy", Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func body(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// post sends a webhook as the toy would.
func (r *rig) post(a Added, delivery string, body []byte) *httptest.ResponseRecorder {
	q := httptest.NewRequest("POST", a.URL, strings.NewReader(string(body)))
	q.Header.Set("X-Toy-Signature", hex.EncodeToString(source.HMAC(a.Secret, body)))
	q.Header.Set("X-Toy-Delivery", delivery)
	w := httptest.NewRecorder()
	r.hooks.ServeHTTP(w, q)
	return w
}

func (r *rig) sent(t testing.TB, a Added, e event) {
	t.Helper()
	if w := r.post(a, "", body(t, e)); w.Code != 200 {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
}

func (r *rig) drain(t testing.TB) {
	t.Helper()
	for {
		n, err := r.Inbox.Drain(context.Background(), who)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func (r *rig) incident(t testing.TB, id hansei.ID) *hansei.Incident {
	t.Helper()
	in, _, err := record.Get[*hansei.Incident](context.Background(), r.Records, who.Scope(), id)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func at(minute int) time.Time { return time.Date(2026, 3, 1, 10, minute, 0, 0, time.UTC) }

func TestWebhookToRecord(t *testing.T) {
	r := newRig(t)
	a := r.add(t, "ours")
	if !strings.HasPrefix(a.URL, "https://hansei.example/hooks/") || len(a.Secret) < 32 {
		t.Fatalf("got %s, %d characters of secret", a.URL, len(a.Secret))
	}
	r.sent(t, a, event{ID: "1", At: at(30), Status: "resolved"})
	r.drain(t)
	if in := r.incident(t, "ours:1"); !in.Deleted || in.From[0].Out != hansei.OutIncomplete {
		t.Errorf("an end without a start: got %+v", in.Header)
	}
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "Checkout is down", Service: "Web Shop"})
	r.drain(t)
	in := r.incident(t, "ours:1")
	end, _ := in.Milestones.At(hansei.RoleResolved)
	if start, _ := in.Start(); in.Deleted || in.Status != "resolved" || !start.Equal(at(0)) || !end.Equal(at(30)) || in.Services[0] != "web-shop" {
		t.Errorf("got %+v", in)
	}
	v, err := r.Get(context.Background(), who.Scope(), "ours")
	if err != nil || v.State != "ok" || v.Failed != 0 || v.Waiting != 0 {
		t.Errorf("got %+v, %v", v, err)
	}
}

func TestRefused(t *testing.T) {
	r := newRig(t)
	a := r.add(t, "ours")
	good := body(t, event{ID: "1", At: at(0), Status: "open"})
	send := func(path, method, signature string, body string) int {
		q := httptest.NewRequest(method, path, strings.NewReader(body))
		q.Header.Set("X-Toy-Signature", signature)
		w := httptest.NewRecorder()
		r.hooks.ServeHTTP(w, q)
		if w.Code >= 400 && (!json.Valid(w.Body.Bytes()) || strings.Contains(w.Body.String(), a.Secret)) {
			t.Errorf("%s %s: the answer %s", method, path, w.Body)
		}
		return w.Code
	}
	sign := hex.EncodeToString(source.HMAC(a.Secret, good))
	large := strings.Repeat("x", MaxHook+1)
	for name, c := range map[string]struct{ got, want int }{
		"unknown address": {send("https://hansei.example/hooks/nobody", "POST", sign, string(good)), 404},
		"no address":      {send("https://hansei.example/hooks/", "POST", sign, string(good)), 404},
		"wrong signature": {send(a.URL, "POST", strings.Repeat("0", 64), string(good)), 401},
		"no signature":    {send(a.URL, "POST", "", string(good)), 401},
		"tampered":        {send(a.URL, "POST", sign, string(good)+" "), 401},
		"too large":       {send(a.URL, "POST", sign, large), 413},
		"not a POST":      {send(a.URL, "GET", sign, ""), 405},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %d, want %d", name, c.got, c.want)
		}
	}
	if w := r.post(a, "old", body(t, event{ID: "1", Status: "stale"})); w.Code != 401 || !strings.Contains(w.Body.String(), "timestamp") {
		t.Errorf("an old one: got %d %s", w.Code, w.Body)
	}
	if _, err := r.Edit(context.Background(), who, "ours", Change{Settings: map[string]string{"rate_limit": "0.5"}}); err != nil {
		t.Fatal(err)
	}
	if w := r.post(a, "1", good); w.Code != 200 {
		t.Errorf("within the limit: got %d", w.Code)
	}
	w := r.post(a, "2", good)
	if w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("a flood: got %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	if err := r.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Astray(context.Background(), who.Scope()); err != nil || n != 2 {
		t.Errorf("came to no source: %d, %v", n, err)
	}
	v, err := r.Get(context.Background(), who.Scope(), "ours")
	if err != nil || v.Refused["signature"] != 3 || v.Refused["timestamp"] != 1 || v.Refused["too large"] != 1 || v.Refused["too many"] != 1 || v.Received != 1 {
		t.Errorf("counted %+v, received %d, %v", v.Refused, v.Received, err)
	}
}

func TestRepeatedFailedUnused(t *testing.T) {
	r := newRig(t)
	a, ctx := r.add(t, "ours"), context.Background()
	open := body(t, event{ID: "1", At: at(0), Status: "open", Title: "A"})
	for range 3 {
		if w := r.post(a, "d-1", open); w.Code != 200 {
			t.Fatalf("got %d", w.Code)
		}
	}
	r.sent(t, a, event{ID: "2", At: at(0), Status: "ping"})
	r.sent(t, a, event{ID: "3", At: at(0), Status: "broken"})
	r.post(a, "", []byte("{"))
	r.drain(t)
	states := map[string]int{}
	list, err := r.Records.Deliveries(ctx, who.Scope(), record.DeliveryFilter{Live: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		states[d.State]++
		if d.State == "failed" && d.Error == "" {
			t.Errorf("delivery %s failed without a word", d.ID)
		}
	}
	if states["done"] != 1 || states["unused"] != 1 || states["failed"] != 2 || len(list) != 4 {
		t.Errorf("got %v", states)
	}
	head, err := r.Records.Head(ctx, who.Scope())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.Replay(ctx, who, Replay{Source: "ours"}); err != nil || n != 4 {
		t.Errorf("replayed %d, %v", n, err)
	}
	r.drain(t)
	after, err := r.Records.Head(ctx, who.Scope())
	if err != nil || after.Seq != head.Seq {
		t.Errorf("a replay wrote: head %d, then %d, %v", head.Seq, after.Seq, err)
	}
	r.now = r.now.AddDate(0, 0, 40)
	if n, err := r.Expire(ctx, who, 30); err != nil || n != 2 {
		t.Errorf("expired %d, %v; want the done and the unused one", n, err)
	}
}

// TestAnyOrder sends the events of several incidents of two tools that name
// each other in every which order; the records are the same.
func TestAnyOrder(t *testing.T) {
	want := ""
	for seed := range uint64(12) {
		r := newRig(t)
		a, b := r.add(t, "pages"), r.add(t, "status")
		type sending struct {
			to Added
			e  event
		}
		var list []sending
		for i := range 4 {
			id := fmt.Sprint(i)
			list = append(list,
				sending{a, event{ID: id, At: at(i), Status: "open", Title: "Page " + id, Priority: "P3", Service: "shop"}},
				sending{a, event{ID: id, At: at(i + 5), Status: "open", Title: "Page " + id + " again", Priority: "P1"}},
				sending{a, event{ID: id, At: at(i + 20), Status: "resolved"}},
				sending{b, event{ID: "s" + id, At: at(i + 1), Status: "open", Title: "Status " + id, See: "https://toy.example/i/" + id}},
				sending{b, event{ID: "s" + id, At: at(i + 25), Status: "resolved"}})
		}
		order := []string{"pages", "status"}
		if _, err := (intake.People{Records: r.Records}).SetRules(context.Background(), who, intake.Rules{SourceOrder: &[]hansei.SourceOrder{{Kind: hansei.KindIncident, Sources: order}}}); err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(seed, 1))
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		for _, x := range list {
			r.sent(t, x.to, x.e)
			if rng.IntN(3) == 0 {
				r.drain(t)
			}
		}
		r.drain(t)
		got := ""
		for i := range 4 {
			in := r.incident(t, hansei.ID(fmt.Sprintf("pages:%d", i)))
			if in.MergedInto != "" {
				in = r.incident(t, in.MergedInto)
			}
			if len(in.From) != 2 {
				t.Fatalf("seed %d, incident %d: told by %d sources", seed, i, len(in.From))
			}
			end, _ := in.Milestones.At(hansei.RoleResolved)
			start, _ := in.Start()
			got += fmt.Sprintln(in.Title, in.Priority, in.Status, in.Services, start, end)
		}
		if want == "" {
			want = got
		}
		if got != want {
			t.Fatalf("seed %d:\n%s\nanother order gave\n%s", seed, got, want)
		}
	}
	if !strings.Contains(want, "Page 0 again P1 resolved") {
		t.Errorf("got %s", want)
	}
}

func TestJoinConfirmSplit(t *testing.T) {
	r := newRig(t)
	a, b, ctx := r.add(t, "pages"), r.add(t, "status"), context.Background()
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "Page"})
	r.sent(t, b, event{ID: "9", At: at(2), Status: "open", Title: "Status", See: "https://toy.example/i/1"})
	r.drain(t)
	one := r.incident(t, "pages:1")
	if len(one.From) != 2 || r.incident(t, "status:9").MergedInto != "pages:1" || one.Title != "Page" {
		t.Fatalf("not joined: %+v", one)
	}
	joins := intake.Joins{Records: r.Records}
	if _, err := joins.Reject(ctx, who, hansei.KindIncident, "pages:1", "status:9"); err != nil {
		t.Fatal(err)
	}
	if x, y := r.incident(t, "pages:1"), r.incident(t, "status:9"); len(x.From) != 1 || len(y.From) != 1 || y.MergedInto != "" || y.Title != "Status" {
		t.Fatalf("not taken apart: %+v, %+v", x, y)
	}
	// What the tools say later does not join them again.
	r.sent(t, b, event{ID: "9", At: at(20), Status: "resolved", See: "https://toy.example/i/1"})
	r.sent(t, a, event{ID: "1", At: at(21), Status: "resolved"})
	if _, err := r.Replay(ctx, who, Replay{}); err != nil {
		t.Fatal(err)
	}
	r.drain(t)
	if x, y := r.incident(t, "pages:1"), r.incident(t, "status:9"); len(x.From) != 1 || y.MergedInto != "" {
		t.Fatal("the tools joined again what a person took apart")
	}
	if _, err := joins.Confirm(ctx, who, hansei.KindIncident, "status:9", "pages:1"); err != nil {
		t.Fatal(err)
	}
	if y := r.incident(t, "status:9"); len(y.From) != 2 || y.Title != "Status" || r.incident(t, "pages:1").MergedInto != "status:9" {
		t.Errorf("a person's word: got %+v", y)
	}
}

func TestFilter(t *testing.T) {
	r := newRig(t)
	a, ctx := r.add(t, "ours"), context.Background()
	for i, p := range []string{"P1", "P2", "P3", "P3"} {
		r.sent(t, a, event{ID: fmt.Sprint(i), At: at(i), Status: "open", Title: "T" + p, Priority: p})
	}
	r.drain(t)
	high := []hansei.Condition{{Field: "priority", In: []string{"p1", "P2"}}}
	j, err := r.TryFilter(ctx, who.Scope(), "ours", high)
	if err != nil || j.Counted != 2 || j.Left != 2 || len(j.Examples) != 4 {
		t.Errorf("a trial: got %+v, %v", j, err)
	}
	if j, err := r.TryFilter(ctx, who.Scope(), "ours", []hansei.Condition{{JQ: `.title == "TP3"`, Not: true}}); err != nil || j.Counted != 2 {
		t.Errorf("a trial with jq: got %+v, %v", j, err)
	}
	if r.incident(t, "ours:3").Deleted {
		t.Error("a trial changed something")
	}
	if _, err := (intake.Joins{Records: r.Records}).Confirm(ctx, who, hansei.KindIncident, "ours:2", "ours:3"); err != nil {
		t.Fatal(err)
	}
	if j, err = r.TryFilter(ctx, who.Scope(), "ours", high); err != nil || j.Counted != 2 || j.Left != 1 || len(j.Examples) != 3 {
		t.Errorf("a trial of one with two names: got %+v, %v", j, err)
	}
	if _, err := (intake.Joins{Records: r.Records}).Reject(ctx, who, hansei.KindIncident, "ours:2", "ours:3"); err != nil {
		t.Fatal(err)
	}
	r.jobs = nil
	if _, err := r.Edit(ctx, who, "ours", Change{Filter: &high}); err != nil {
		t.Fatal(err)
	}
	if len(r.jobs) != 1 || r.jobs[0].Kind != JobRejudge {
		t.Fatalf("jobs: %v", r.jobs)
	}
	if n, err := r.Inbox.Rejudge(ctx, who, "ours"); err != nil || n != 2 {
		t.Errorf("judged anew: %d, %v", n, err)
	}
	if r.incident(t, "ours:0").Deleted || !r.incident(t, "ours:3").Deleted {
		t.Error("the filter does not hold")
	}
	// It becomes one when its priority is raised.
	r.sent(t, a, event{ID: "3", At: at(9), Status: "open", Priority: "P1"})
	r.drain(t)
	if r.incident(t, "ours:3").Deleted {
		t.Error("raised to P1, it still does not count")
	}
	var bad *hansei.InvalidError
	for _, c := range []hansei.Condition{{Field: "nope", In: []string{"x"}}, {JQ: ".a |"}, {Field: "priority"}} {
		if _, err := r.Edit(ctx, who, "ours", Change{Filter: &[]hansei.Condition{c}}); !errors.As(err, &bad) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}

func TestPull(t *testing.T) {
	r := newRig(t)
	r.add(t, "ours")
	ctx := context.Background()
	o, err := r.find(ctx, who.Scope(), "ours")
	if err != nil {
		t.Fatal(err)
	}
	tool := o.source.(*toy)
	for i := range 5 {
		tool.pages = append(tool.pages, body(t, []event{{ID: fmt.Sprint(i), At: at(i), Status: "open", Title: "x"}}))
	}
	tool.fail = func(page int) error {
		if page == 3 {
			return errors.New("the tool broke off")
		}
		return nil
	}
	if err := r.PullStream(ctx, who, "ours", "events", r.hooks.Packer); err == nil {
		t.Fatal("a failure passed")
	}
	v, err := r.Get(ctx, who.Scope(), "ours")
	if err != nil || v.State != "failing" || v.Streams[0].Pages != 3 || v.Streams[0].Error == "" {
		t.Errorf("got %+v, %v", v, err)
	}
	tool.fail = nil
	if err := r.PullStream(ctx, who, "ours", "events", r.hooks.Packer); err != nil {
		t.Fatal(err)
	}
	r.drain(t)
	for i := range 5 {
		r.incident(t, hansei.ID(fmt.Sprintf("ours:%d", i)))
	}
	if v, err = r.Get(ctx, who.Scope(), "ours"); err != nil || v.Streams[0].Pages != 5 || v.Streams[0].Failures != 0 {
		t.Errorf("got %+v, %v; want each page once", v.Streams, err)
	}
	if jobs, err := r.Due(ctx, who.Scope()); err != nil || len(jobs) != 0 {
		t.Errorf("due at once again: %v, %v", jobs, err)
	}
	r.now = r.now.Add(2 * time.Minute)
	if jobs, err := r.Due(ctx, who.Scope()); err != nil || len(jobs) != 1 {
		t.Errorf("due: %v, %v", jobs, err)
	}
}

func TestPauseRemove(t *testing.T) {
	r := newRig(t)
	a, ctx := r.add(t, "ours"), context.Background()
	yes, no := true, false
	if _, err := r.Edit(ctx, who, "ours", Change{Paused: &yes}); err != nil {
		t.Fatal(err)
	}
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open"})
	r.drain(t)
	if _, _, err := record.Get[*hansei.Incident](ctx, r.Records, who.Scope(), "ours:1"); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("a paused source was understood: %v", err)
	}
	if _, err := r.Edit(ctx, who, "ours", Change{Paused: &no}); err != nil {
		t.Fatal(err)
	}
	r.drain(t)
	r.incident(t, "ours:1")
	if _, err := r.Remove(ctx, who, "ours", true); err != nil {
		t.Fatal(err)
	}
	if w := r.post(a, "", body(t, event{ID: "2", At: at(0), Status: "open"})); w.Code != http.StatusNotFound {
		t.Errorf("the address of a removed source: got %d", w.Code)
	}
	if n, err := r.Inbox.ForgetSource(ctx, who, "ours"); err != nil || n != 1 || !r.incident(t, "ours:1").Deleted {
		t.Errorf("forgot %d, %v", n, err)
	}
	if _, err := r.Get(ctx, who.Scope(), "ours"); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	r.add(t, "ours") // its name is free again
}

// TestNameOfAnotherTool: a source of another tool does not take over what one
// told that was removed and left its data.
func TestNameOfAnotherTool(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	other, err := r.Kind("toy")
	if err != nil {
		t.Fatal(err)
	}
	other.Name, other.Title = "other", "Other"
	r.Kinds = append(slices.Clip(r.Kinds), other)
	for _, data := range []bool{false, true} {
		a := r.add(t, "ours")
		r.sent(t, a, event{ID: "1", At: at(0), Status: "open"})
		r.drain(t)
		if _, err := r.Remove(ctx, who, "ours", data); err != nil {
			t.Fatal(err)
		}
		_, err := r.Add(ctx, who, Spec{Tool: "other", Name: "ours", Settings: map[string]string{"token": "t", "site": "eu"}})
		var bad *hansei.InvalidError
		if data && err != nil || !data && !(errors.As(err, &bad) && strings.Contains(err.Error(), "expected another name")) {
			t.Errorf("removed with its data %v: %v", data, err)
		}
	}
}

func TestSecretsStayInside(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	if _, err := r.Add(ctx, who, Spec{Tool: "toy", Name: "ours", Settings: map[string]string{"token": "tok-s3cret", "site": "eu"}}); err != nil {
		t.Fatal(err)
	}
	v, err := r.Get(ctx, who.Scope(), "ours")
	if err != nil || strings.Contains(string(body(t, v)), "s3cret") || len(v.Secrets) != 2 || v.Settings["site"] != "eu" {
		t.Errorf("got %s, %v", body(t, v), err)
	}
	boxes, err := record.Secrets(ctx, r.Records, who.Scope())
	if token := string(boxes["source/ours"]["token"]); err != nil || strings.Contains(token, "s3cret") || token == "" {
		t.Errorf("the store holds %q, %v", token, err)
	}
	var bad *hansei.InvalidError
	if _, err := r.Add(ctx, who, Spec{Tool: "toy", Name: "x", Settings: map[string]string{"tokken": "tok-s3cret"}}); !errors.As(err, &bad) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a setting that is not there: %v", err)
	}
}

// TestRotatedWhileEdited: the secret that was just shown stands, whatever else is
// changed at the same time.
func TestRotatedWhileEdited(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a := r.add(t, "ours")
	var rotated Added
	change := func(c Change) Added {
		out, err := r.Edit(ctx, who, "ours", c)
		if err != nil {
			t.Error(err)
		}
		return out
	}
	hold, held := make(chan bool), make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := r.Records.Write(ctx, who, func(*record.Tx) error { close(held); <-hold; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-held
	wg.Go(func() { rotated = change(Change{Rotate: true}) })
	time.Sleep(100 * time.Millisecond) // both wait for the writer, in this order
	wg.Go(func() { change(Change{Filter: &[]hansei.Condition{{Field: "priority", In: []string{"P1"}}}}) })
	time.Sleep(100 * time.Millisecond)
	close(hold)
	wg.Wait()
	rotated.URL = a.URL
	if w := r.post(rotated, "1", body(t, event{ID: "1", At: at(0), Status: "open"})); w.Code != 200 {
		t.Errorf("with the new secret: %d %s", w.Code, w.Body)
	}
	if w := r.post(a, "2", body(t, event{ID: "2", At: at(0), Status: "open"})); w.Code != 401 {
		t.Errorf("with the one before: %d %s", w.Code, w.Body)
	}
}
