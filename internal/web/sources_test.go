package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/record/pack"
	"hansei/internal/web/ui"
)

func TestAddSource(t *testing.T) {
	s := newSite(t)
	s.get(t, "/sources").says(t, 200, "Sources · Hansei</title>", "No tool is connected yet", `href="/sources/new/toy"`, "Incidents for tests.", `href="/imports/new"`)
	s.get(t, "/sources/new").says(t, 200, "Add a source", "incidents, alerts")
	s.get(t, "/sources/new/nope").says(t, 404)
	form := s.get(t, "/sources/new/toy").says(t, 200, "Connect Toy", `value="toy"`, `type="password"`, "What counts as an incident", "shown once you save", `placeholder="main"`)
	if strings.Contains(form.body, "set-webhook_secret") {
		t.Error("the form asks for a secret that is made here")
	}
	s.post(t, "/sources/new/toy", "name", "Not A Name", "set-token", "tok-s3cret").
		says(t, 422, "expected lower-case letters", `id="name-error"`, `value="Not A Name"`, "!tok-s3cret")
	s.post(t, "/sources/new/toy", "name", "ours", "set-site", "wrong").says(t, 422, `id="set-site-error"`, "there is no site named wrong")
	s.post(t, "/sources/new/toy", "name", "new").says(t, 422, `id="name-error"`)
	s.post(t, "/sources/new/toy", "name", "ours", "since", "yesterday").says(t, 422, `id="since-error"`)
	s.post(t, "/sources/new/toy", "name", "ours", "filter-1-field", "priority", "filter-1-not", "", "filter-1-value", "").says(t, 422, "names no value")
	s.post(t, "/sources/new/toy/test", "name", "ours", "set-token", "good").says(t, 200, "Nothing is missing", "it is made when the source is added", "The toy answers.")
	s.post(t, "/sources/new/toy/test", "name", "ours", "set-token", "other").says(t, 200, "1 thing is missing", "Missing:")
	s.post(t, "/sources/new/toy/test", "name", "ours", "set-site", "wrong").says(t, 200, `id="set-site-error"`)

	saved := s.post(t, "/sources/new/toy", "name", "ours", "set-token", "tok-s3cret", "since", "2025-01-31",
		"filter-1-field", "priority", "filter-1-not", "", "filter-1-value", `P1, "P2, or so"`).
		says(t, 200, "Connected: ours", "shown this once", "https://hansei.example/hooks/", "!tok-s3cret")
	if saved.header.Get("Cache-Control") != "no-store" || saved.header.Get("HX-Push-Url") != "/sources/ours" {
		t.Errorf("the page with the secret may be kept: %v", saved.header)
	}
	secret := regexp.MustCompile(`data-copy="([a-z0-9]{40,})"`).FindStringSubmatch(saved.body)
	if secret == nil {
		t.Fatal("no secret to copy")
	}
	s.get(t, "/sources/ours").says(t, 200, "Nothing has come yet", "!"+secret[1], "!tok-s3cret", `value="P1, &#34;P2, or so&#34;"`, "kept; write here to replace it", "In Toy, open Webhooks.")
	s.get(t, "/sources").says(t, 200, `href="/sources/ours"`, "!"+secret[1])
	s.post(t, "/sources/new/toy", "name", "ours").says(t, 422, "there is a source named ours already")
	s.get(t, "/sources/new/toy").says(t, 200, `value="toy"`)
	v, err := s.Sources.Get(t.Context(), auth.Local().Scope(), "ours")
	if err != nil || v.Since.Format(time.DateOnly) != "2025-01-31" || len(v.Filter) != 1 || len(v.Filter[0].In) != 2 {
		t.Errorf("got %+v, %v", v, err)
	}
}

func TestPreview(t *testing.T) {
	s := newSite(t)
	one := `{"ID":"7","Status":"open","Title":"A <i>drizzle</i>","At":"2025-05-01T10:00:00Z"}`
	s.get(t, "/sources/new/toy").says(t, 200, "Try it on a payload", `formaction="/sources/new/toy/preview"`)
	s.get(t, "/sources/new/vendor").says(t, 200, "!Try it on a payload")
	s.post(t, "/sources/new/toy/preview", "sample", one).says(t, 200, "1 thing", "incident 7", "A &lt;i&gt;drizzle", "2025-05-01 10:00:00 UTC")
	s.post(t, "/sources/new/toy/preview", "sample", "{").says(t, 200, "The payload is not JSON")
	long := strings.Repeat(" ", 2<<20)
	s.post(t, "/sources/new/toy/preview", "sample", one[:1]+long+one[1:]).says(t, 200, "1 thing")
	s.post(t, "/sources/new/toy/preview", "sample", one+strings.Repeat(one, 80_000)).says(t, 200, "larger than the 5 MB")
	s.post(t, "/sources/new/toy", "name", "Not A Name", "sample", one[:1]+long+one[1:]).says(t, 422, `id="name-error"`)
	s.post(t, "/sources/ours/try", "sample", long).says(t, 422, "larger than the 1 MB that this form takes")
	s.post(t, "/sources/new/toy/preview", "sample", "").says(t, 200, "Paste a payload first")
	s.post(t, "/sources/new/toy/preview", "sample", `{"Status":"odd"}`).says(t, 200, "not a value that this version knows")
	s.post(t, "/sources/new/vendor/preview", "sample", one).says(t, 404)
	a := s.added(t, "toy", "ours", nil)
	s.sends(t, a, one)
	s.get(t, "/sources/ours").says(t, 200, "&#34;Title&#34;:&#34;A &lt;i&gt;drizzle")
	s.post(t, "/sources/ours/preview", "sample", one, "set-site", "wrong").says(t, 200, "there is no site named wrong", `value="wrong"`)
	s.post(t, "/sources/ours/preview", "sample", one).says(t, 200, "1 thing")
}

func TestSecretOfTheVendor(t *testing.T) {
	s := newSite(t)
	s.post(t, "/sources/new/vendor", "name", "theirs").says(t, 200, "Connected: theirs", "Signing secret", `action="/sources/theirs/settings"`, "!shown this once")
	s.post(t, "/sources/theirs/settings", "set-webhook_secret", "whsec-x").says(t, 200, "were saved", "kept; write here", "!whsec-x")
	s.post(t, "/sources/theirs/rotate").says(t, 422, "is made there")
}

func TestSourcePage(t *testing.T) {
	s := newSite(t)
	a := s.added(t, "toy", "ours", nil)
	s.sends(t, a, event{ID: "1", Status: "resolved", Title: "Checkout <b>down</b>", Priority: "P1", Service: "Web", At: now.Add(-5 * time.Hour)},
		event{ID: "2", Status: "open", Title: "A drizzle", Priority: "P3", At: now.Add(-time.Hour)}, event{ID: "3", Status: "ping"}, event{ID: "4", Status: "strange<i>"})
	page := s.get(t, "/sources/ours").says(t, 200, "Failing", "1: see why", "Deliveries a day. 4 deliveries in 30 days", "Pull now: Incidents", "Needed for")
	if got := strings.Count(page.body, "<h1>"); got != 1 {
		t.Errorf("%d headings", got)
	}
	s.get(t, "/sources/ours?part=live").says(t, 200, `hx-trigger="every 5s"`, "!<html")
	s.get(t, "/sources?part=live").says(t, 200, `id="sources-live"`, "!<html")
	s.get(t, "/sources/nope").says(t, 404)
	s.get(t, "/sources/ours/nope").says(t, 404)

	filter := []string{"filter-1-field", "priority", "filter-1-not", "", "filter-1-value", "p1"}
	s.post(t, "/sources/ours/try", filter...).says(t, 200, "1 incident counts", "1 would be left out", "Checkout &lt;b&gt;down", `value="p1"`)
	s.post(t, "/sources/ours/try", "filter-1-field", "jq", "filter-1-not", "", "filter-1-value", ".nope[").says(t, 200, "hs-error")
	s.post(t, "/sources/ours/filter", "filter-1-field", "who", "filter-1-not", "", "filter-1-value", "x").says(t, 422, "expected one of severity")
	s.post(t, "/sources/ours/filter", filter...).says(t, 200, "The filter was saved", `value="p1"`, `action="/sources/ours/filter"`)
	s.post(t, "/sources/ours/filter").says(t, 200, `name="filter-1-value" value="p1"`)

	s.post(t, "/sources/ours/settings", "set-site", "wrong").says(t, 422, `id="set-site-error"`)
	s.post(t, "/sources/ours/settings", "set-site", "other", "set-rate_limit", "5").says(t, 200, "were saved", `value="other"`)
	s.post(t, "/sources/ours/test").says(t, 200, "1 thing is missing")
	s.post(t, "/sources/ours/pause").says(t, 200, "is paused", `action="/sources/ours/resume"`, "Paused")
	s.post(t, "/sources/ours/pull", "stream", "incidents").says(t, 422, "is paused")
	s.post(t, "/sources/ours/resume").says(t, 200, "goes on")
	s.post(t, "/sources/ours/pull", "stream", "incidents").says(t, 200, "read now")
	s.post(t, "/sources/ours/pull", "stream", "nope").says(t, 422, "no stream")
	s.post(t, "/sources/ours/backfill", "since", "2026-01-01").says(t, 422, "has not begun", `id="since-error"`)
	s.post(t, "/sources/ours/backfill", "since", "2024-01-01").says(t, 200, "read again from 1 Jan 2024")
	if got := s.post(t, "/sources/ours/rotate").says(t, 200, "A new secret for ours", "shown this once"); strings.Contains(got.body, a.Secret) {
		t.Error("the old secret is shown")
	}
	s.post(t, "/sources/ours/remove", "data", "yes", "confirm", "our").says(t, 422, "type the name exactly")
	s.post(t, "/sources/ours/remove", "data", "yes", "confirm", "ours").says(t, 200, "was removed", "No tool is connected yet")
}

func TestPullsOnTheSourcePage(t *testing.T) {
	s := newSite(t)
	s.added(t, "toy", "ours", map[string]string{"token": "bad"})
	packer, err := pack.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Sources.PullStream(t.Context(), auth.Local(), "ours", "incidents", packer); err == nil {
		t.Fatal("the toy did not fail")
	}
	s.get(t, "/sources/ours").says(t, 200, "Failed once", "403 &lt;b&gt;Forbidden", "!<b>Forbidden")
	s.get(t, "/sources").says(t, 200, "Failing")
}

// TestHistoryOnTheSourcePage: nothing says that all is read before it is.
func TestHistoryOnTheSourcePage(t *testing.T) {
	s := newSite(t)
	s.added(t, "toy", "ours", nil)
	year := now.AddDate(-1, 0, 0)
	for says, st := range map[string]record.PullState{
		"read up to 15 Jan 2024":                    {Through: time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC), Pages: 2},
		"read back to 15 Jan 2024":                  {Back: time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC), Pages: 2},
		"250 items on 3 pages so far":               {Pages: 3, Things: 250},
		"being read, 1 page so far":                 {Pages: 1},
		"Failed once: no</p>":                       {Pages: 1, Failures: 1, Error: "no"},
		"all read since " + ui.Date(year, time.UTC): {Whole: true, Through: now, Pages: 1},
	} {
		st.Source, st.Stream, st.Cursor, st.Began, st.At = "ours", "incidents", "9", year, now
		if _, err := s.Records.Write(t.Context(), auth.Local(), func(tx *record.Tx) error { return tx.PutPull(st) }); err != nil {
			t.Fatal(err)
		}
		want := []string{says}
		if !st.Whole {
			want = append(want, "!all read")
		}
		s.get(t, "/sources/ours").says(t, 200, want...)
		if !st.Whole && st.Failures == 0 {
			s.get(t, "/sources").says(t, 200, says)
		}
	}
	later := record.PullState{Source: "ours", Stream: "incidents", Cursor: "9", Began: year, At: now, Pages: 1, Later: time.Date(2025, 6, 1, 14, 5, 0, 0, time.UTC)}
	if _, err := s.Records.Write(t.Context(), auth.Local(), func(tx *record.Tx) error { return tx.PutPull(later) }); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"/sources", "/sources/ours"} {
		s.get(t, page).says(t, 200, "The tool asks us to wait until 1 Jun 2025 14:05 UTC", "!Failing", "!Pull now", "365 d behind")
	}
	s.post(t, "/sources/ours/pull", "stream", "incidents").says(t, 422, "Nothing was changed", "The tool asks us to wait until")
}

func TestDeliveries(t *testing.T) {
	s := newSite(t)
	a := s.added(t, "toy", "ours", nil)
	s.get(t, "/deliveries").says(t, 200, "Nothing was delivered yet")
	s.get(t, "/deliveries?failed").says(t, 200, "Nothing failed")
	large := event{ID: "9", Status: "open", Title: strings.Repeat("é", 150_000), At: now}
	s.sends(t, a, event{ID: "1", Status: "open", Title: "</pre><script>alert(1)</script>", At: now}, "{\x01", large, event{ID: "3", Status: "ping"})
	list := s.get(t, "/sources/ours/deliveries").says(t, 200, "incident: &lt;/pre&gt;&lt;script&gt;", "a ping", "it is not JSON", "Deliveries of ours")
	s.get(t, "/deliveries").says(t, 200, `href="/sources/ours"`)
	failed := s.get(t, "/sources/ours/deliveries?state=failed").says(t, 200, "it is not JSON", "!ours:1", "!incident:", "Replay all failed", "Set all aside", `name="source" value="ours"`)
	s.get(t, "/deliveries?state=odd").says(t, 422)
	s.get(t, "/deliveries?cursor=odd").says(t, 422)
	s.get(t, "/deliveries/nope").says(t, 404)
	link := regexp.MustCompile(`href="(/deliveries/[0-9a-f]{32})"`)
	s.get(t, link.FindStringSubmatch(failed.body)[1]).says(t, 200, "could not be understood", "it is not JSON", "{\ufffd", "Replay")
	shown := 0
	for _, m := range link.FindAllStringSubmatch(list.body, -1) {
		page := s.get(t, m[1]).says(t, 200, "!<script>alert")
		if strings.Contains(page.body, "&lt;script&gt;alert(1)") {
			shown++
		}
		if n := len(page.body); n > 300_000 {
			t.Errorf("a page has %d bytes", n)
		}
		if strings.Contains(page.body, "The first 200.0 kB") {
			shown++
		}
	}
	if shown < 2 {
		t.Errorf("the payloads are not shown: %d", shown)
	}
	people := intake.People{Records: s.Records}
	for _, gone := range []bool{true, false} {
		if _, err := people.Delete(t.Context(), auth.Local(), hansei.KindIncident, "ours:1", gone); err != nil {
			t.Fatal(err)
		}
		mark := map[bool]string{true: "(left out)", false: "!(left out)"}[gone]
		s.get(t, "/sources/ours/deliveries").says(t, 200, "incident: &lt;/pre&gt;&lt;script&gt;", mark)
	}
	s.post(t, link.FindStringSubmatch(failed.body)[1]+"/replay").says(t, 200, "understood again", "It waits to be understood", `?part=live" hx-trigger`)
	s.understood(t)
	// The page that waits asks for itself until it is known what became of it.
	s.get(t, link.FindStringSubmatch(failed.body)[1]+"?part=live").says(t, 200, "It could not be understood", "!hx-trigger", "!<html")
	s.post(t, "/deliveries/replay", "source", "ours").says(t, 200, "1 delivery is understood again")
	s.understood(t)
	one := link.FindStringSubmatch(failed.body)[1]
	s.post(t, one+"/aside").says(t, 200, "It is set aside", "Nothing. It was set aside, because it could not be understood: ", "it is not JSON", "!Set aside</button>")
	s.post(t, one+"/aside").says(t, 422, "only what failed can be set aside")
	s.get(t, "/sources/ours").says(t, 200, "!Failing")
	s.get(t, "/deliveries?state=aside").says(t, 200, "it is not JSON", "Replay all set aside", "!Set all aside")
	s.post(t, "/deliveries/replay", "source", "ours", "state", "aside").says(t, 200, "1 delivery is understood again")
	s.understood(t)
	s.post(t, "/deliveries/replay", "state", "done").says(t, 422)
	s.get(t, "/sources/ours").says(t, 200, "Failing")
	s.post(t, "/deliveries/aside", "source", "ours").says(t, 200, "1 delivery is set aside", "!Nothing failed")
	s.post(t, "/sources/ours/replay").says(t, 200, "3 deliveries are understood again")
	id := s.load(t, "incidents.csv", incidentsCSV)
	s.get(t, "/deliveries/"+id).says(t, 404)
}

func TestDeliveriesPage(t *testing.T) {
	s := newSite(t)
	a := s.added(t, "toy", "ours", nil)
	var all []any
	for i := range 60 {
		all = append(all, event{ID: fmt.Sprint(i), Status: "ping"})
	}
	s.sends(t, a, all...)
	first := s.get(t, "/sources/ours/deliveries")
	next := regexp.MustCompile(`href="(/sources/ours/deliveries\?cursor=[^"]+)" rel="next"`).FindStringSubmatch(first.body)
	if next == nil {
		t.Fatal("no next page")
	}
	second := s.get(t, strings.ReplaceAll(next[1], "&amp;", "&")).says(t, http.StatusOK)
	row := regexp.MustCompile(`id="deliveries-([0-9a-f]{32})"`)
	seen := map[string]bool{}
	for _, m := range append(row.FindAllStringSubmatch(first.body, -1), row.FindAllStringSubmatch(second.body, -1)...) {
		seen[m[1]] = true
	}
	if len(seen) != 60 {
		t.Errorf("two pages show %d of 60", len(seen))
	}
}

// TestWebhooksThatNoSourceTakes are told of, with sources and without.
func TestWebhooksThatNoSourceTakes(t *testing.T) {
	s := newSite(t)
	s.get(t, "/sources").says(t, 200, "!no source has")
	if _, err := s.Records.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
		return tx.AddCount(record.Count{Day: now.UTC().Truncate(24 * time.Hour), Name: "refused: unknown address", N: 3})
	}); err != nil {
		t.Fatal(err)
	}
	s.get(t, "/sources").says(t, 200, "3 webhooks this week came to an address that no source has")
	s.added(t, "toy", "ours", nil)
	s.get(t, "/sources").says(t, 200, "3 webhooks this week came to an address that no source has")
}
