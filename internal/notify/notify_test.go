package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/seal"
)

var who = auth.Local()

// office is an outbox on a real store, whose jobs wait in a list.
type office struct {
	*Outbox
	t    *testing.T
	log  *bytes.Buffer
	jobs []string
	now  time.Time
}

func opened(t *testing.T) *office {
	t.Helper()
	f := &office{t: t, log: &bytes.Buffer{}, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return f.now }
	records, err := record.Open(t.Context(), record.Options{Dir: t.TempDir(), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := records.Close(); err != nil {
			t.Error(err)
		}
	})
	box, err := seal.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	f.Outbox = &Outbox{Records: records, Seal: box, Base: "https://hansei.example", Now: clock, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Log: slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Later: func(_ *record.Tx, id string, _ time.Time) error {
			f.jobs = append(f.jobs, id)
			return nil
		}}
	return f
}

func (f *office) add(spec Spec) Saved {
	f.t.Helper()
	s, err := f.Add(f.t.Context(), who, spec)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// put has a message in the outbox and returns its id.
func (f *office) put(to To, m Message) string {
	f.t.Helper()
	if _, err := f.Records.Write(f.t.Context(), who, func(tx *record.Tx) error { f.jobs = nil; return f.Put(tx, to, m) }); err != nil {
		f.t.Fatal(err)
	}
	return f.jobs[len(f.jobs)-1]
}

func (f *office) notice(id string) record.Notice {
	f.t.Helper()
	n, err := record.NoticeByID(f.t.Context(), f.Records, who.Scope(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// receiver answers each call as its list says, and 200 after it.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	bodies [][]byte
	heads  []http.Header
	do     []func(http.ResponseWriter)
}

func receiving(t *testing.T, do ...func(http.ResponseWriter)) *receiver {
	t.Helper()
	r := &receiver{do: do}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		n := len(r.bodies)
		r.bodies, r.heads = append(r.bodies, body), append(r.heads, q.Header)
		r.mu.Unlock()
		if n < len(r.do) {
			r.do[n](w)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func answering(status int, body string, head ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i+1 < len(head); i += 2 {
			w.Header().Set(head[i], head[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

var hostile = Message{Event: hansei.EventOverdue, Subject: "Down\r\nBcc: x@example.org <!channel> & <b>", Lead: "<script>alert(1)</script> <@U1> *bold*",
	Items: []Item{{Kind: hansei.KindFollowUp, ID: "f1", Title: "a|b>c [x](http://evil.example)", Path: "/follow-ups/f1", Text: "due <soon>"}}, Path: "/follow-ups", Action: "See", Why: "You own it."}

func TestWebhookIsSignedAndRepeatsKeepTheirID(t *testing.T) {
	f := opened(t)
	r := receiving(t, answering(500, "broken"), answering(429, "slow down", "Retry-After", "90"))
	saved := f.add(Spec{Type: "webhook", Name: "hook", Settings: map[string]string{"url": r.URL + "/in/s3cretpath"}})
	if !strings.HasPrefix(saved.Secret, "whsec_") {
		t.Fatalf("the secret is %q", saved.Secret)
	}
	id := f.put(To{Channel: "hook"}, hostile)
	var no *Refusal
	if err := f.Deliver(t.Context(), who, id); !errors.As(err, &no) || no.Final || !strings.Contains(no.Says, "500") {
		t.Fatalf("after a 500: %v", err)
	}
	if err := f.Deliver(t.Context(), who, id); !errors.As(err, &no) || no.Final || no.After != 90*time.Second {
		t.Fatalf("after a 429: %+v", no)
	}
	if n := f.notice(id); n.State != record.NoticeWaiting || n.Attempts != 2 || !strings.Contains(n.Error, "429") {
		t.Errorf("got %+v", n)
	}
	if v, err := f.Get(t.Context(), who.Scope(), "hook"); err != nil || v.State != "failing" || !strings.Contains(v.Says, "429") {
		t.Errorf("got %+v, %v", v, err)
	}
	if err := f.Deliver(t.Context(), who, id); err != nil {
		t.Fatal(err)
	}
	if err := f.Deliver(t.Context(), who, id); err != nil || len(r.bodies) != 3 {
		t.Errorf("one that was sent is sent again: %v, %d calls", err, len(r.bodies))
	}
	if v, err := f.Get(t.Context(), who.Scope(), "hook"); err != nil || v.State != "works" || v.Last.IsZero() {
		t.Errorf("got %+v, %v", v, err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(saved.Secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range r.heads {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(h.Get("Webhook-Id") + "." + h.Get("Webhook-Timestamp") + "." + string(r.bodies[i])))
		if got, want := h.Get("Webhook-Signature"), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)); got != want || h.Get("Webhook-Id") != id {
			t.Errorf("call %d: signature %q, want %q, of id %s", i, got, want, h.Get("Webhook-Id"))
		}
	}
	var body struct {
		Type string
		Data struct {
			Event, URL string
			Items      []struct{ Kind, URL string }
		}
	}
	if err := json.Unmarshal(r.bodies[2], &body); err != nil || body.Type != "hansei.overdue" || body.Data.URL != "https://hansei.example/follow-ups" || body.Data.Items[0].Kind != "follow-up" {
		t.Errorf("got %s, %v", r.bodies[2], err)
	}
	if all := f.log.String() + f.notice(id).Error; strings.Contains(all, "s3cretpath") || strings.Contains(all, saved.Secret) {
		t.Errorf("a secret is in: %s", all)
	}
}

// TestVectorOfStandardWebhooks is the example of that specification's own
// reference libraries.
func TestVectorOfStandardWebhooks(t *testing.T) {
	h := sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got, want := h.Get("Webhook-Signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRefusalsSayWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		do     func(http.ResponseWriter)
		token  bool
		final  bool
		says   string
		absent string
	}{
		"a webhook that is gone":    {do: answering(404, "no_service"), final: true, says: "make a new one in Slack"},
		"a wrong body":              {do: answering(400, "invalid_payload"), final: true, says: "invalid_payload"},
		"too many":                  {do: answering(429, "", "Retry-After", "7"), says: "429"},
		"a server that is down":     {do: answering(503, ""), says: "503"},
		"not in the channel":        {do: answering(200, `{"ok":false,"error":"not_in_channel"}`), token: true, final: true, says: "/invite"},
		"a revoked token":           {do: answering(200, `{"ok":false,"error":"token_revoked"}`), token: true, final: true, says: "install the app again"},
		"trouble at Slack":          {do: answering(200, `{"ok":false,"error":"internal_error"}`), token: true, says: "internal_error"},
		"a page instead":            {do: answering(200, `<html>`), token: true, final: true, says: "not Slack's"},
		"a connection that is cut":  {do: func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, says: "EOF"},
		"an echo of what is secret": {do: answering(400, "token xoxb-1-2 is odd"), token: true, final: true, says: "400", absent: "xoxb"},
	} {
		t.Run(name, func(t *testing.T) {
			f := opened(t)
			r := receiving(t, c.do, c.do)
			settings := map[string]string{"url": r.URL + "/services/T0/B0/pathsecret"}
			if c.token {
				settings = map[string]string{"token": "xoxb-1-2", "channel": "C1"}
				f.SlackAPI = r.URL
			}
			f.add(Spec{Type: "slack", Name: "ops", Settings: settings})
			found, err := f.Test(t.Context(), who, "ops")
			if err != nil || len(found) != 1 || found[0].OK || !strings.Contains(found[0].Says, c.says) {
				t.Errorf("the test says %+v, %v; want %q", found, err, c.says)
			}
			id := f.put(To{Channel: "ops"}, hostile)
			var no *Refusal
			if err := f.Deliver(t.Context(), who, id); !errors.As(err, &no) || no.Final != c.final {
				t.Errorf("got %+v, want final %v", err, c.final)
			}
			n := f.notice(id)
			if want := map[bool]string{true: record.NoticeFailed, false: record.NoticeWaiting}[c.final]; n.State != want {
				t.Errorf("got state %s, want %s", n.State, want)
			}
			for _, bad := range []string{"pathsecret", "xoxb-1-2"} {
				if strings.Contains(n.Error+f.log.String()+found[0].Says, bad) {
					t.Errorf("a secret is told: %s", n.Error)
				}
			}
		})
	}
}

func TestSlackAndTeamsBodiesAreEscaped(t *testing.T) {
	f := opened(t)
	r := receiving(t, answering(200, "ok"), answering(202, ""), answering(200, `{"ok":true}`))
	f.SlackAPI = r.URL
	f.add(Spec{Type: "slack", Name: "s", Settings: map[string]string{"url": r.URL}})
	f.add(Spec{Type: "teams", Name: "t", Settings: map[string]string{"url": r.URL}})
	f.add(Spec{Type: "slack", Name: "b", Settings: map[string]string{"token": "xoxb-9", "channel": "C9"}})
	for _, name := range []hansei.ID{"s", "t", "b"} {
		if err := f.Deliver(t.Context(), who, f.put(To{Channel: name}, hostile)); err != nil {
			t.Fatal(err)
		}
	}
	plain := func(i int) string {
		var v any
		if err := json.Unmarshal(r.bodies[i], &v); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for _, i := range []int{0, 2} {
		slack := plain(i)
		for _, want := range []string{"&lt;script&gt;", "&lt;@U1&gt;", "<https://hansei.example/follow-ups/f1|a¦b&gt;c", "<https://hansei.example/follow-ups|See>"} {
			if !strings.Contains(slack, want) {
				t.Errorf("Slack's %d has no %q: %s", i, want, slack)
			}
		}
		// In a header everything stands for itself.
		if strings.Contains(strings.Replace(slack, `Down Bcc: x@example.org <!channel> & <b>`, "", 1), "<!channel>") || strings.Contains(slack, "<@U1>") {
			t.Errorf("Slack would call people: %s", slack)
		}
	}
	if r.heads[2].Get("Authorization") != "Bearer xoxb-9" || !strings.Contains(plain(2), `"channel":"C9"`) {
		t.Errorf("the bot's call: %v %s", r.heads[2], plain(2))
	}
	teams := plain(1)
	for _, want := range []string{`\\*bold\\*`, "&lt;script>", `\\[x\\](http://evil.example)`, "application/vnd.microsoft.card.adaptive"} {
		if !strings.Contains(teams, want) {
			t.Errorf("Teams' has no %q: %s", want, teams)
		}
	}
}

func TestChannelsAreChecked(t *testing.T) {
	f := opened(t)
	for name, c := range map[string]struct {
		spec  Spec
		field string
	}{
		"an unknown type":     {Spec{Type: "pager"}, "type"},
		"a name with spaces":  {Spec{Type: "email", Name: "my list", Settings: map[string]string{"addresses": "a@b.example"}}, "name"},
		"no address":          {Spec{Type: "email", Settings: map[string]string{}}, "addresses"},
		"no real address":     {Spec{Type: "email", Settings: map[string]string{"addresses": "ann"}}, "addresses"},
		"another setting":     {Spec{Type: "teams", Settings: map[string]string{"url": "https://x.example", "colour": "red"}}, "colour"},
		"no web address":      {Spec{Type: "webhook", Settings: map[string]string{"url": "ftp://x.example"}}, "url"},
		"both ways to Slack":  {Spec{Type: "slack", Settings: map[string]string{"url": "https://x.example", "token": "t"}}, "url"},
		"a bot to nowhere":    {Spec{Type: "slack", Settings: map[string]string{"token": "t"}}, "channel"},
		"an unknown event":    {Spec{Type: "email", Events: []string{"rain"}, Settings: map[string]string{"addresses": "a@b.example"}}, "events"},
		"too many characters": {Spec{Type: "teams", Settings: map[string]string{"url": "https://x.example/" + strings.Repeat("x", maxSetting)}}, "url"},
	} {
		var invalid *hansei.InvalidError
		if _, err := f.Add(t.Context(), who, c.spec); !errors.As(err, &invalid) || invalid.Field != c.field {
			t.Errorf("%s: got %v, want a word on %s", name, err, c.field)
		}
	}
	if _, err := f.Add(t.Context(), auth.Actor{}, Spec{Type: "email", Settings: map[string]string{"addresses": "a@b.example"}}); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("nobody adds a channel: %v", err)
	}
	f.Allow = nil
	r := receiving(t)
	f.add(Spec{Type: "webhook", Name: "inside", Settings: map[string]string{"url": r.URL}})
	found, err := f.Test(t.Context(), who, "inside")
	if err != nil || found[0].OK || !strings.Contains(found[0].Says, "--allow-private") || len(r.bodies) > 0 {
		t.Errorf("a private address: %+v, %v, %d calls", found, err, len(r.bodies))
	}
}

func TestChannelsComeAndGo(t *testing.T) {
	f, ctx := opened(t), t.Context()
	r := receiving(t)
	f.add(Spec{Type: "webhook", Name: "hook", Settings: map[string]string{"url": r.URL + "/p"}})
	yes := true
	if _, err := f.Edit(ctx, who, "hook", Change{Paused: &yes, Settings: map[string]string{"url": r.URL + "/q"}}); err != nil {
		t.Fatal(err)
	}
	paused := f.put(To{Channel: "hook"}, hostile)
	if err := f.Deliver(ctx, who, paused); err != nil || f.notice(paused).State != record.NoticeDropped {
		t.Errorf("to a paused channel: %v, %+v", err, f.notice(paused))
	}
	if _, err := f.Remove(ctx, who, "hook", true); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get(ctx, who.Scope(), "hook"); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("a removed channel: %v", err)
	}
	gone := f.put(To{Channel: "hook"}, hostile)
	if err := f.Deliver(ctx, who, gone); err != nil || f.notice(gone).State != record.NoticeDropped || len(r.bodies) != 0 {
		t.Errorf("to a removed channel: %v, %+v", err, f.notice(gone))
	}
	no := false
	if _, err := f.Remove(ctx, who, "hook", false); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Edit(ctx, who, "hook", Change{Paused: &no}); err != nil {
		t.Fatal(err)
	}
	f.jobs = nil
	if err := f.Again(ctx, who, gone); err != nil || len(f.jobs) != 1 {
		t.Fatal(err)
	}
	if err := f.Deliver(ctx, who, gone); err != nil || len(r.bodies) != 1 {
		t.Errorf("once it is back: %v, %d calls", err, len(r.bodies))
	}
	if err := f.Again(ctx, who, gone); err == nil {
		t.Error("what was sent is sent again")
	}
	// A day after it was removed its secrets are forgotten.
	if _, err := f.Remove(ctx, who, "hook", true); err != nil {
		t.Fatal(err)
	}
	f.now = f.now.Add(25 * time.Hour)
	if err := f.Sweep(ctx, who); err != nil {
		t.Fatal(err)
	}
	if kept, err := record.Secrets(ctx, f.Records, who.Scope()); err != nil || len(kept["channel/hook"]) != 0 {
		t.Errorf("%d secrets are kept, %v", len(kept), err)
	}
}

// TestSweepBeginsAnew: what waits without a job, as in a copy, gets one.
func TestSweepBeginsAnew(t *testing.T) {
	f := opened(t)
	f.add(Spec{Type: "email", Settings: map[string]string{"addresses": "a@b.example"}})
	id := f.put(To{Channel: "email"}, hostile)
	f.jobs = nil
	if err := f.Sweep(t.Context(), who); err != nil || len(f.jobs) != 0 {
		t.Errorf("at once: %v, %v", f.jobs, err)
	}
	f.now = f.now.Add(time.Hour)
	if err := f.Sweep(t.Context(), who); err != nil || len(f.jobs) != 1 || f.jobs[0] != id {
		t.Errorf("later: %v, %v", f.jobs, err)
	}
	f.now = f.now.Add(Keep)
	if err := f.Sweep(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	if left, err := record.Notices(t.Context(), f.Records, who.Scope(), record.NoticeFilter{}); err != nil || len(left) != 0 {
		t.Errorf("%d messages are kept for ever, %v", len(left), err)
	}
}

// TestGivesUp: the tenth failure is the last.
func TestGivesUp(t *testing.T) {
	f := opened(t)
	r := receiving(t)
	f.add(Spec{Type: "webhook", Settings: map[string]string{"url": r.URL}})
	r.Close()
	id := f.put(To{Channel: "webhook"}, hostile)
	var no *Refusal
	for i := range Attempts {
		if err := f.Deliver(t.Context(), who, id); !errors.As(err, &no) || no.Final != (i == Attempts-1) {
			t.Fatalf("attempt %d: %+v", i+1, err)
		}
	}
	if n := f.notice(id); n.State != record.NoticeFailed || n.Attempts != Attempts || n.Ended.IsZero() {
		t.Errorf("got %+v", n)
	}
}

// TestStopDecidesNothing: a server that is stopped leaves the message waiting.
func TestStopDecidesNothing(t *testing.T) {
	f := opened(t)
	ctx, stop := context.WithCancel(t.Context())
	r := receiving(t, func(http.ResponseWriter) { stop(); <-ctx.Done(); panic(http.ErrAbortHandler) })
	f.add(Spec{Type: "webhook", Settings: map[string]string{"url": r.URL}})
	id := f.put(To{Channel: "webhook"}, hostile)
	if err := f.Deliver(ctx, who, id); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := f.notice(id); n.State != record.NoticeWaiting || n.Attempts != 0 {
		t.Errorf("got %+v", n)
	}
	if err := f.Deliver(t.Context(), who, id); err != nil || r.heads[0].Get("Webhook-Id") != r.heads[1].Get("Webhook-Id") {
		t.Errorf("after the restart: %v", err)
	}
}
