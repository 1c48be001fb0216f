package connect

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"hansei/internal/source"
)

// TestTestTellsOfWebhooks: a source that can accept no webhook never passes.
func TestTestTellsOfWebhooks(t *testing.T) {
	r := newRig(t)
	vendor := toyKind
	vendor.Name, vendor.Settings = "vendor", []source.Setting{{Name: source.WebhookSecret, Title: "Signing secret", Help: "theirs", Secret: true, Theirs: true}}
	r.Kinds = append(r.Kinds, vendor)
	says := func(name string, found []source.Finding, err error, ok bool, want ...string) {
		t.Helper()
		text, all := "", true
		for _, f := range found {
			text, all = text+f.Says+"\n", all && f.OK
		}
		if err != nil || all != ok {
			t.Errorf("%s: %v, %v\n%s", name, all, err, text)
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: want %q in\n%s", name, w, text)
			}
		}
	}
	found, err := r.TestSpec(t.Context(), who, Spec{Tool: "toy"})
	says("ours, before it is added", found, err, true, "made when the source is added", "fine")
	found, err = r.TestSpec(t.Context(), who, Spec{Tool: "vendor"})
	says("theirs, without", found, err, false, "Signing secret: it is missing", "no webhook is accepted")
	found, err = r.TestSpec(t.Context(), who, Spec{Tool: "vendor", Settings: map[string]string{source.WebhookSecret: "x"}})
	says("theirs, with", found, err, true, "it is kept here")

	if _, err := r.Add(t.Context(), who, Spec{Tool: "vendor", Name: "theirs"}); err != nil {
		t.Fatal(err)
	}
	found, err = r.Test(t.Context(), who, "theirs")
	says("theirs, added without", found, err, false, "it is missing")

	if v, err := r.Get(t.Context(), who.Scope(), "theirs"); err != nil || v.State != "waiting" || v.Says != "Nothing has come yet: it is being read for the first time, or is about to be." {
		t.Errorf("it is read, if no webhook is accepted: %q, %q, %v", v.State, v.Says, err)
	}
	sends := vendor
	sends.Name, sends.Settings = "sends", append(sends.Settings, source.Setting{Name: "token", Title: "API key", Help: "theirs", Secret: true})
	sends.New = func(c source.Config) (source.Source, error) {
		src, err := toyKind.New(c)
		return struct{ source.Receiver }{src.(source.Receiver)}, err
	}
	r.Kinds = append(r.Kinds, sends)
	if _, err := r.Add(t.Context(), who, Spec{Tool: "sends"}); err != nil {
		t.Fatal(err)
	}
	says("nothing can come", health(t, r, "sends"), nil, false, "Nothing can come. Signing secret: it is missing", "API key: it is missing too")
	if _, err := r.Edit(t.Context(), who, "sends", Change{Settings: map[string]string{source.WebhookSecret: "x"}}); err != nil {
		t.Fatal(err)
	}
	says("something can", health(t, r, "sends"), nil, true, "Nothing has come yet.")

	a := r.add(t, "ours")
	found, err = r.Test(t.Context(), who, "ours")
	says("ours", found, err, true, "it is kept here", "No webhook came")
	open := func(f source.Finding) bool { return f.Open }
	if !slices.ContainsFunc(found, open) {
		t.Errorf("that none came is no proof: %v", found)
	}
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open"})
	r.post(a, "2", body(t, event{Status: "stale"}))
	r.post(Added{URL: a.URL, Secret: "another"}, "3", []byte("{}"))
	found, err = r.Test(t.Context(), who, "ours")
	if slices.ContainsFunc(found, open) {
		t.Errorf("one came: %v", found)
	}
	says("ours, refused", found, err, false, "last 7 days: 1", "did not fit the secret: 1", "too far from now: 1")
}

// health is how a source is, as a finding.
func health(t *testing.T, r *rig, name string) []source.Finding {
	t.Helper()
	v, err := r.Get(t.Context(), who.Scope(), name)
	if err != nil {
		t.Fatal(err)
	}
	return []source.Finding{{OK: v.State != "failing", Says: v.Says}}
}

// asking is a toy whose test asks a server.
type asking struct {
	toy
	url string
}

func (a *asking) Check(p *source.Pull) []source.Finding {
	_, err := p.Client.Get(p.Ctx, a.url, nil)
	return []source.Finding{{OK: err == nil, Says: fmt.Sprint(err)}}
}

// TestTestRepeatsNothing: a tool that cannot be reached is asked once.
func TestTestRepeatsNothing(t *testing.T) {
	r := newRig(t)
	r.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked.Add(1)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	away := toyKind
	away.Name, away.New = "away", func(c source.Config) (source.Source, error) {
		return &asking{toy: toy{name: c.Name}, url: server.URL}, nil
	}
	r.Kinds = append(r.Kinds, away)
	found, err := r.TestSpec(t.Context(), who, Spec{Tool: "away"})
	if last := found[len(found)-1]; err != nil || last.OK || asked.Load() != 1 {
		t.Errorf("asked %d times: %v, %v", asked.Load(), found, err)
	}
}

// TestSaysNothingOfGo: what a list answered is told in words for people.
func TestSaysNothingOfGo(t *testing.T) {
	var list []string
	err := json.Unmarshal([]byte(`{"error":"no"}`), &list)
	if got, want := says(fmt.Errorf("https://x/list: the answer: %w", err)), "https://x/list: the answer: expected a list, found an object"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
