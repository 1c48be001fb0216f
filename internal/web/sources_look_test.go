package web_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/record/pack"
)

// busy is a site whose sources fare in every way there is.
func busy(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	ctx, who := t.Context(), auth.Local()
	a, b := s.added(t, "toy", "pager", map[string]string{"token": "good"}), s.added(t, "toy", "status", map[string]string{"token": "bad"})
	s.added(t, "vendor", "desk", nil)
	s.added(t, "toy", "old-pager", nil)
	start := now.Add(-30 * time.Hour)
	s.sends(t, a, event{ID: "PX1", Status: "resolved", Title: "Checkout is slow for customers in Europe", Priority: "P1", Service: "Web Shop", At: start},
		event{ID: "PX2", Status: "open", Title: "Search returns an empty page", Priority: "P3", Service: "Search", At: now.Add(-2 * time.Hour)},
		event{ID: "PX3", Status: "resolved", Title: "Queue is late", Service: "Mail", At: now.Add(-9 * time.Hour)},
		event{ID: "x", Status: "ping"}, event{ID: "PX4", Status: "snoozed for a while"}, "{")
	s.sends(t, b, event{ID: "S1", Status: "resolved", Title: "Checkout slow in Europe", Service: "Web Shop", At: start.Add(4 * time.Minute), See: "https://pager.example/i/PX1"},
		event{ID: "S2", Status: "open", Title: "Search is empty", Service: "Search", At: now.Add(-110 * time.Minute)})
	packer, err := pack.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Sources.PullStream(ctx, who, "pager", "incidents", packer); err != nil {
		t.Fatal(err)
	}
	if err := s.Sources.PullStream(ctx, who, "status", "incidents", packer); err == nil {
		t.Fatal("the toy did not fail")
	}
	yes := true
	if _, err := s.Sources.Edit(ctx, who, "old-pager", connect.Change{Paused: &yes}); err != nil {
		t.Fatal(err)
	}
	_, err = s.Records.Write(ctx, who, func(tx *record.Tx) error {
		if err := tx.PutPull(record.PullState{Source: "pager", Stream: "alerts", Cursor: "9", Began: now.AddDate(-1, 0, 0), Through: now.AddDate(0, -5, 0), At: now, Pages: 70}); err != nil {
			return err
		}
		if err := tx.PutPull(record.PullState{Source: "status", Stream: "alerts", Cursor: "9", Began: now.AddDate(-1, 0, 0), At: now, Pages: 3, Things: 250}); err != nil {
			return err
		}
		for i := range 30 {
			for name, n := range map[string]int64{"received": int64(i*i*37%91 + 3), "refused: signature": int64(i % 7 / 6 * 4)} {
				if err := tx.AddCount(record.Count{Source: "pager", Day: now.AddDate(0, 0, -i), Name: name, N: n}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Joins.Suggest(ctx, who, []hansei.ID{"pager:PX2", "status:S2"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.People.Edit(ctx, who, hansei.KindIncident, "pager:PX1", revisionOf(t, s, "pager:PX1"), []intake.Set{{Field: "severity", Value: []byte(`"sev2"`)}}, "it was mild"); err != nil {
		t.Fatal(err)
	}
	for _, of := range [][2]string{{"github", "the shop by hand"}, {"argo", "shop-77"}} {
		d, _, err := s.Imports.Receive(ctx, who, of[0]+".csv", intake.Options{Source: of[0]}, strings.NewReader("id,title,service,environment,commit,finished_at\n77,"+of[1]+",Web Shop,production,"+strings.Repeat("a1b2", 10)+",2026-03-01T10:00:00Z\n"))
		if err == nil {
			_, err = s.Imports.Understand(ctx, who, d.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Sources.Inbox.Link(ctx, who); err != nil {
		t.Fatal(err)
	}
	s.understood(t)
	return s
}

func revisionOf(t *testing.T, s *site, id hansei.ID) record.Revision {
	t.Helper()
	_, rev, err := record.Get[*hansei.Incident](t.Context(), s.Records, auth.Local().Scope(), id)
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

func TestSourcePagesHaveNoAccessibilityViolations(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	empty, s := newSite(t), busy(t)
	failed := regexp.MustCompile(`/deliveries/[0-9a-f]{32}`).FindString(s.get(t, "/deliveries?failed").body)
	pages := map[string]string{
		"empty": empty.url + "/sources", "no-jobs": empty.url + "/jobs", "list": s.url + "/sources", "tools": s.url + "/sources/new", "new": s.url + "/sources/new/toy", "one": s.url + "/sources/pager",
		"failing": s.url + "/sources/status", "paused": s.url + "/sources/old-pager", "deliveries": s.url + "/deliveries", "failed": s.url + "/sources/pager/deliveries?failed",
		"delivery": s.url + failed, "jobs": s.url + "/jobs", "joins": s.url + "/joins", "rules": s.url + "/joins/rules", "incident": s.url + "/incidents/pager:PX1", "maybe": s.url + "/incidents/pager:PX2", "deployment": s.url + "/records/deployment/argo:77",
	}
	judged(t, ctx, look{group: "sources", pages: pages})
}

func TestSourcesInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newSite(t)
	do(t, ctx, chromedp.EmulateViewport(1440, 1100))
	do(t, ctx, chromedp.Navigate(s.url+"/sources/new/toy"))
	js[bool](t, ctx, `document.getElementById('set-token').value = 'other', document.getElementById('name').value = 'ours', true`)
	js[bool](t, ctx, `document.getElementById('sample').focus(), true`)
	press(t, ctx, `{"ID":"7","Status":"open","Title":"Rain"}`)
	wait(t, ctx, `document.getElementById('preview').textContent.includes('Rain') && document.activeElement.id === 'sample'`)
	shoot(t, ctx, "sources-preview")
	submit(t, ctx, "Test connection", `document.getElementById('findings').textContent.includes('1 thing is missing') && document.getElementById('set-token').value === 'other'`)
	shoot(t, ctx, "sources-tested")
	js[bool](t, ctx, `document.querySelector('[name=filter-1-field]').value = 'priority', document.querySelector('[name=filter-1-value]').value = 'P1', true`)
	submit(t, ctx, "Save", `document.querySelector('h1').textContent === 'Connected: ours' && location.pathname === '/sources/ours'`)
	shoot(t, ctx, "sources-ready")
	secret := js[string](t, ctx, `[...document.querySelectorAll('[data-copy]')].at(1).dataset.copy`)
	if len(secret) < 40 {
		t.Errorf("the secret to copy is %q", secret)
	}
	do(t, ctx, chromedp.Navigate(s.url+"/sources/ours"))
	if js[bool](t, ctx, `document.documentElement.outerHTML.includes('`+secret+`')`) {
		t.Error("the secret is shown again")
	}
	a, err := s.Sources.Edit(t.Context(), auth.Local(), "ours", connect.Change{Rotate: true})
	if err != nil {
		t.Fatal(err)
	}
	js[bool](t, ctx, `document.querySelector('[name=filter-1-value]').value = 'P3', document.querySelector('[name=filter-1-value]').focus(), true`)
	s.sends(t, a, event{ID: "1", Status: "open", Title: "A drizzle", Priority: "P3", At: now}, event{ID: "2", Status: "odd"})
	wait(t, ctx, `document.querySelector('#source-live').textContent.includes('1: see why')`)
	if got := js[string](t, ctx, `document.activeElement.name + document.activeElement.value + document.querySelectorAll('#source-live').length`); got != "filter-1-valueP31" {
		t.Errorf("after the page looked again the focus is on %q", got)
	}
	submit(t, ctx, "Try it", `document.getElementById('tried').textContent.includes('1 incident counts')`)
	submit(t, ctx, "Pause", `document.getElementById('toasts').textContent.includes('is paused') && document.querySelector('.hs-state-paused') !== null`)
	submit(t, ctx, "Undo", `document.getElementById('toasts').textContent.includes('goes on')`)
	do(t, ctx, chromedp.Navigate(s.url+"/sources"))
	press(t, ctx, "j")
	s.sends(t, a, event{ID: "5", Status: "odder"})
	wait(t, ctx, `document.querySelector('#sources-live').textContent.includes('2 deliveries could not')`)
	if got := js[string](t, ctx, `document.activeElement.dataset.href || ''`); got != "/sources/ours" {
		t.Errorf("after the list looked again the focus is on %q", got)
	}
	press(t, ctx, "\r")
	wait(t, ctx, `location.pathname === '/sources/ours' && document.getElementById('confirm') !== null`)
	js[bool](t, ctx, `document.querySelectorAll('main details').forEach(d => { d.open = true; }), document.getElementById('confirm').value = 'ours', true`)
	submit(t, ctx, "Remove with its data", `location.pathname === '/sources' && document.querySelector('.hs-empty') !== null`)
}

func TestJoins(t *testing.T) {
	s := busy(t)
	s.get(t, "/joins").says(t, 200, "May be one", "Search returns an empty page", "Search is empty", "they have a service in common", "Checkout", "one names the other", "Take apart")
	s.get(t, "/joins?verdict=odd").says(t, 422)
	s.get(t, "/joins?from=-1").says(t, 422)
	s.get(t, "/incidents/pager:PX2").says(t, 200, "May be the same", "Search is empty", `action="/joins/confirm"`)
	s.get(t, "/incidents/pager:PX1").says(t, 200, "Told by", `href="/sources/status"`, "told differently", "Joined into it", "https://status.example/i/S1")
	s.post(t, "/joins/confirm", "of", "incident", "a", "pager:PX2", "b", "status:S2", "back", "/incidents/pager:PX2").says(t, 200, "They are one now", "Joined into it", "said by", `action="/joins/reject"`)
	s.get(t, "/joins").says(t, 200, "Nothing waits for your word")
	for _, one := range []string{"pager:PX2", "status:S2"} {
		page := s.get(t, "/incidents/"+one)
		if part := strings.Contains(page.body, "It is part of"); part == strings.Contains(page.body, "Joined into it") ||
			part == strings.Contains(page.body, "Delete this incident") || part != strings.Contains(page.body, "Show the incident it is part of") {
			t.Errorf("%s does not say whether it stands", one)
		}
	}
	s.post(t, "/joins/reject", "of", "incident", "a", "pager:PX2", "b", "status:S2", "back", "//evil.example").says(t, 200, "They are two, and nothing", "Kept apart 1")
	s.get(t, "/joins?verdict=rejected").says(t, 200, "They are one")
	s.get(t, "/incidents/status:S2").says(t, 200, "!Joined into it", "Search is empty")
	s.post(t, "/joins/confirm", "of", "incident", "a", "pager:PX2", "b", "nope").says(t, 404)
	s.post(t, "/joins/confirm", "of", "alert", "a", "pager:PX2", "b", "nope").says(t, 422)

	deployment := "/records/deployment/argo:77"
	s.get(t, deployment).says(t, 200, "Told by", "github", "the shop by hand", "1 field is told differently", "argo 77, github 77", `action="/joins/reject"`)
	s.post(t, "/joins/reject", "of", "deployment", "a", "argo:77", "b", "github:77", "back", deployment).says(t, 200, "They are two, and nothing", "Kept apart from it", "!told differently", `action="/joins/confirm"`)
	s.get(t, "/joins?verdict=rejected").says(t, 200, "shop-77")
	s.post(t, "/joins/confirm", "of", "deployment", "a", "argo:77", "b", "github:77", "back", deployment).says(t, 200, "They are one now", "told differently")
}

func TestRules(t *testing.T) {
	s := newSite(t)
	form := func(over ...string) []string {
		v := map[string]string{"suggest": "yes", "within": "60", "service": "yes", "title": "0.3", "source_order": "", "keep_payloads": "", "revision": "0"}
		for i := 0; i < len(over); i += 2 {
			v[over[i]] = over[i+1]
		}
		var out []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out = append(out, name, v[name])
		}
		return out
	}
	s.get(t, "/joins/rules").says(t, 200, `name="within"`, `value="60"`)
	for field, bad := range map[string]string{"within": "soon", "title": "many", "source_order": "incident pager", "keep_payloads": "long"} {
		s.post(t, "/joins/rules", form(field, bad)...).says(t, 422, `id="`+field+`-error"`, bad)
	}
	s.post(t, "/joins/rules", form("within", "-4")...).says(t, 422, `id="within-error"`, "expected a number of minutes from 0 to 10,080")
	s.post(t, "/joins/rules", form("source_order", "incident shoe: a")...).says(t, 422, "has no field")
	s.post(t, "/joins/rules", form("source_order", "incident: nope")...).says(t, 422, "“incident: nope”: there is no source")
	s.post(t, "/joins/rules", form("source_order", "incident: pager, status, pager")...).says(t, 422, "names pager twice")
	s.post(t, "/joins/rules", form("source_order", "incident: pager\nincident: status")...).says(t, 422, "“incident: pager” and “incident: status” are about the same")
	s.post(t, "/joins/rules", form("source_order", "things: a")...).says(t, 422, "is not a kind of record")
	for _, name := range []string{"pager", "status"} {
		s.added(t, "toy", name, nil)
	}
	s.post(t, "/joins/rules", form("suggest", "no", "within", "15", "source_order", "incident: pager, status\n\nincident severity: status", "keep_payloads", "90")...).
		says(t, 200, "The rules were saved", `value="15"`, "incident severity: status", `value="90"`, `<option value="no" selected>`)
	org, _, err := record.Get[*hansei.Organization](t.Context(), s.Records, auth.Local().Scope(), hansei.OrganizationID)
	if err != nil || org.Joining == nil || !org.Joining.Off || len(org.SourceOrder) != 2 || org.SourceOrder[1].Field != "severity" || org.KeepPayloads != 90 {
		t.Errorf("got %+v, %v", org, err)
	}
	// What was opened before that does not undo it, unless it is saved again.
	s.post(t, "/joins/rules", form("revision", "")...).says(t, 422)
	again := s.post(t, "/joins/rules", form("within", "7")...).says(t, 409, "Somebody saved other rules meanwhile", `value="7"`, "!were saved")
	if org, _, err = record.Get[*hansei.Organization](t.Context(), s.Records, auth.Local().Scope(), hansei.OrganizationID); err != nil || org.Joining.Within != 15 {
		t.Errorf("got %+v, %v", org.Joining, err)
	}
	now := regexp.MustCompile(`name="revision" value="(\d+)"`).FindStringSubmatch(again.body)
	s.post(t, "/joins/rules", form("within", "7", "revision", now[1])...).says(t, 200, "The rules were saved", `value="7"`)
}

func TestJobs(t *testing.T) {
	s := busy(t)
	list := s.get(t, "/jobs").says(t, 200, "Read a source", "pager, incidents", "waiting")
	s.get(t, "/jobs?part=live").says(t, 200, `id="jobs-live"`, "!<html")
	s.get(t, "/jobs?state=discarded").says(t, 200, "There is no such job")
	s.get(t, "/jobs?state=odd").says(t, 422)
	s.get(t, "/jobs?before=x").says(t, 422)
	id := regexp.MustCompile(`action="(/jobs/\d+)/cancel"`).FindStringSubmatch(list.body)
	s.post(t, id[1]+"/cancel").says(t, 200, "given up", "Canceled 1")
	s.get(t, "/jobs?state=cancelled").says(t, 200, "Read a source", "Retry")
	s.post(t, id[1]+"/retry").says(t, 200, "tried again now")
	s.post(t, "/jobs/99999/retry").says(t, 404)
	s.post(t, "/jobs/x/retry").says(t, 404)
	if strings.Contains(list.body, "good") {
		t.Error("a job shows a secret")
	}
}
