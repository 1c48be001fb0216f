package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

const rulesAt = "/settings/retrospectives"

// ruled is a site with retrospectives that name factors.
func ruled(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	seq, err := s.Records.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
		for i, factors := range [][]string{{"capacity", "missing alert"}, {"capacity", "bad luck"}, {"testing gap"}} {
			id := hansei.ID(fmt.Sprintf("i%d", i))
			in := &hansei.Incident{Header: hansei.Header{ID: id}, Title: "Checkout is slow", Factors: factors}
			in.Milestones.Set(hansei.RoleBegan, now.AddDate(0, 0, -9))
			r := &hansei.Retrospective{Header: hansei.Header{ID: "retro:" + id}, Title: "Checkout is slow", State: hansei.RetroPublished, Severity: "sev1", Incidents: []hansei.ID{id}, FactorNames: factors, Published: now.Add(-time.Hour)}
			for _, f := range factors {
				r.Factors = append(r.Factors, hansei.Factor{Name: f, Evidence: "seen in the graphs"})
			}
			if err := record.Put(tx, in, 0); err != nil {
				return err
			}
			if err := record.Put(tx, r, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = s.Facts.Wait(t.Context(), seq)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRetroPolicies(t *testing.T) {
	s := ruled(t)
	s.get(t, "/settings").says(t, 200, `href="/settings/retrospectives"`)
	s.get(t, rulesAt).says(t, 200, "A retrospective is needed from", `name="due-0-days"`, `value="65"`)
	form := func(due, days, needed string) answer {
		return s.post(t, rulesAt, "needed_from", needed, "draft_from", "never", "due_days", due, "required_from", "sev1", "weekends", "yes",
			"due-0-type", "detect", "due-0-severity", "", "due-0-priority", "", "due-0-days", days, "due-1-type", "", "due-1-days", "")
	}
	form("x", "3", "sev3").says(t, 422, "expected 1 to 365", `value="x"`)
	form("3", "many", "sev3").says(t, 422, "is not a number of days", `value="many"`)
	form("3", "5000", "sev3").says(t, 422, "expected 1 to 1000 days")
	form("3", "4", "worst").says(t, 422, "is not a severity")
	form("3", "4", "sev3").says(t, 200, "The policies were saved", `action="/settings/retrospectives/undo"`, `value="4"`, `<option value="never" selected>`)
	s.post(t, rulesAt+"/undo", "revision", "1", "back", rulesAt).says(t, 200, "as it was before", `value="65"`)
	s.post(t, rulesAt+"/undo", "revision", "1", "back", rulesAt).says(t, 409, "Somebody was faster")
	s.post(t, rulesAt+"/undo", "revision", "x").says(t, 422, "names no revision")
	s.post(t, rulesAt+"/reset", "part", "nothing").says(t, 422, "nothing to change")
	s.post(t, rulesAt+"/reset", "part", "policies", "back", "https://evil.example").says(t, 200, "The default is back")
}

// TestWhatTimeCosts: what the policies say of money and a service of its
// objective stands in the background of a retrospective; where they say
// nothing, so does the page.
func TestWhatTimeCosts(t *testing.T) {
	s := newSite(t)
	seq, err := s.Records.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
		objective, customers, served := 99.9, 250.0, 1000.0
		in := &hansei.Incident{Header: hansei.Header{ID: "i"}, Title: "Checkout is down", Services: []hansei.ID{"shop"}, Customers: &customers, Responders: []hansei.ID{"ann"}}
		in.Milestones.Set(hansei.RoleBegan, now.Add(-48*time.Hour))
		in.Milestones.Set(hansei.RoleResolved, now.Add(-48*time.Hour+43*time.Minute+12*time.Second))
		for _, rec := range []hansei.Record{in, &hansei.Service{Header: hansei.Header{ID: "shop"}, Name: "Shop <b>", Objective: &objective}, &hansei.Person{Header: hansei.Header{ID: "ann"}, Name: "Ann"},
			&hansei.Organization{Header: hansei.Header{ID: hansei.OrganizationID}, CustomersServed: &served}} {
			if err := record.Put(tx, rec, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = s.Facts.Wait(t.Context(), seq)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Retros.Draft(t.Context(), auth.Local(), "i"); err != nil {
		t.Fatal(err)
	}
	at := "/retrospectives/retro:i/background"
	budget := "It used about 25 % of the 30-day error budget of Shop &lt;b&gt; (99.9 %)."
	s.get(t, at).says(t, 200, budget, "Not configured, or too little is known", "!EUR")
	form := func(more ...string) answer {
		return s.post(t, rulesAt, append([]string{"needed_from", "sev2", "draft_from", "sev2", "due_days", "5", "required_from", "sev2", "due-0-days", "30"}, more...)...)
	}
	form("cost-hour-best", "100").says(t, 422, "expected a currency")
	form("cost-currency", "EUR", "cost-hour-best", "much").says(t, 422, "is not a number", `value="much"`)
	form("cost-currency", "EUR", "cost-hour-low", "90", "cost-hour-high", "120").says(t, 422, "expected one number or all three")
	form("cost-currency", "EUR", "cost-hour-low", "90", "cost-hour-best", "80", "cost-hour-high", "120").says(t, 422, "low ≤ best ≤ high")
	form("cost-currency", "EUR", "cost-hour-best", "100", "cost-revenue-low", "100", "cost-revenue-best", "200", "cost-revenue-high", "300").says(t, 200, "The policies were saved", `value="EUR"`)
	// 0.72 h of Ann; a quarter of 43.2 minutes, half to all of it missed.
	s.get(t, at).says(t, 200, "about EUR 72", "EUR 540 to 3,200, about 1,600", "EUR 610 to 3,300, about 1,700", "0.7 responder hours")
	form("tracker", "gh acme/shop", "tracker_auto", "yes").says(t, 200, "The policies were saved", "No tracker is connected", `value="gh acme/shop"`)
	s.get(t, at).says(t, 200, "Not configured", "!EUR")
}

func TestRetroTemplates(t *testing.T) {
	s := ruled(t)
	at := rulesAt + "/template"
	s.get(t, rulesAt+"/templates").says(t, 200, "Near miss", "every other incident", "sev4, sev5")
	s.get(t, at+"?name=Nothing").says(t, 404)
	s.get(t, at).says(t, 200, "A new template", `name="part-title"`)
	part := []string{"part-id", "", "part-title", "What <leaked>", "part-prompt", "Which?", "part-id", "summary", "part-title", "Summary", "part-prompt", ""}
	form := func(do string, more ...string) answer {
		return s.post(t, at, append(append([]string{"do", do}, more...), part...)...)
	}
	form("add", "name", "Secrets").says(t, 200, `value="What &lt;leaked&gt;"`, "Part 3")
	form("remove-0", "name", "Secrets").says(t, 200, "!What &lt;leaked&gt;")
	form("save", "name", "").says(t, 422, "needs a name")
	form("save", "name", "standard").says(t, 422, "has this name")
	form("save", "name", "near miss").says(t, 200) // it changes the one of that name
	form("save", "name", "Secrets", "severities", "sev1", "types", "real", "required", "trigger").says(t, 200, "“Secrets” was saved", "sev1 · real", "What &lt;leaked&gt; · Summary")
	form("save", "name", "Short", "before", "Secrets").says(t, 422, "there is a template")
	form("save", "name", "Leaks", "before", "Secrets").says(t, 200, "“Leaks” was saved", "!>Secrets<")
	form("save", "name", "Standard", "before", "Standard").says(t, 200, "“Standard” was saved", "every other incident")
	s.post(t, at, "do", "save", "name", "Empty").says(t, 422, "needs a part")
	s.post(t, at+"/preview", part...).says(t, 200, "What &lt;leaked&gt;", "!<html")
	s.post(t, rulesAt+"/templates", "name", "Leaks", "do", "up").says(t, 200, "order of the templates")
	s.post(t, rulesAt+"/templates", "name", "Nothing", "do", "up").says(t, 404)
	s.post(t, rulesAt+"/templates", "name", "Leaks", "do", "remove").says(t, 200, "no template any more", "keep their parts")
	s.post(t, rulesAt+"/reset", "part", "templates", "back", rulesAt+"/templates").says(t, 200, "The default is back", "Near miss", "!Leaks")
}

func TestRetrospectiveGetsAnotherTemplate(t *testing.T) {
	s := ruled(t)
	at := "/retrospectives/retro:i0"
	s.get(t, at).says(t, 200, "Standard: bring its parts up to date", "!would fit now")
	s.post(t, at+"/template", "template", "Near miss").says(t, 200, "It has the template “Near miss” now", "What stopped it", "Standard would fit now", `name="template" value="Standard"`)
	s.post(t, at+"/template", "template", "Standard").says(t, 200, "from template Near miss", "What stopped it")
	s.post(t, at+"/template", "template", "nothing").says(t, 422, "there is no template")
	s.post(t, "/retrospectives/none/template", "template", "Short").says(t, 404)
}

func TestRetroFactors(t *testing.T) {
	s := ruled(t)
	at := rulesAt + "/factors"
	s.get(t, at).says(t, 200, "capacity", "2 retrospectives", "2 incidents", `href="/incidents?where=factor%3Dcapacity"`, "not in the taxonomy", "bad luck")
	act := func(do string, more ...string) answer { return s.post(t, at, append([]string{"do", do}, more...)...) }
	act("add", "name", "Capacity", "help", "<b>").says(t, 422, "there is", "already", "&lt;b&gt;")
	act("add", "name", "feature flag", "group", "change").says(t, 200, "can be chosen now", "feature flag")
	act("retire", "name", "network").says(t, 200, "not offered any more", "1 retired factor")
	act("restore", "name", "network").says(t, 200, "can be chosen again")
	act("move", "name", "network", "before", "capacity").says(t, 200, "The taxonomy was saved")
	act("burn", "name", "network").says(t, 422, "expected add")
	s.get(t, rulesAt+"/factor?name=nothing").says(t, 404)
	s.get(t, rulesAt+"/factor?name=capacity").says(t, 200, "Merge into", `value="capacity"`)
	edit := func(more ...string) answer {
		return s.post(t, rulesAt+"/factor", append([]string{"name", "capacity"}, more...)...)
	}
	edit("to", "network", "group", "system").says(t, 422, "merge the two instead")
	edit("to", "load", "group", "system", "help", "Too much").says(t, 200, "4 records have the new name", "Earlier: capacity", "Too much")
	s.get(t, rulesAt+"/factor?name=load").says(t, 200, "It also stands for: capacity")
	s.get(t, "/incidents/i0").says(t, 200, "load")
	s.post(t, rulesAt+"/factor", "name", "load", "do", "merge", "into", "network").says(t, 200, "“load” is “network” now", "4 records")
	s.get(t, at+".yaml").says(t, 200, "- name: code defect", "into: network")
	s.post(t, at+"/import", "file", "- name: a\n  colour: b\n").says(t, 422, "colour", "<details open>")
	s.post(t, at+"/import", "file", "- name: only\n  group: g\n").says(t, 200, "was taken over", "only", "retired factors")
}

func TestRetroFields(t *testing.T) {
	s := ruled(t)
	at := rulesAt + "/field"
	s.get(t, rulesAt+"/fields").says(t, 200, "None yet", "Detection", "as a rule (sev2 and worse)")
	form := func(more ...string) answer {
		return s.post(t, at, append([]string{"kind", "retrospective", "type", "choice", "options", "one\nall"}, more...)...)
	}
	form("new", "yes", "name", "Blast").says(t, 422, "lower-case letters", `value="Blast"`)
	form("new", "yes", "name", "approved_by").says(t, 422, "promises a person")
	form("new", "yes", "name", "detection").says(t, 422, "means something already")
	form("new", "yes", "name", "blast", "label", "Blast <i>", "required_from", "sev2").says(t, 200, "was saved", "Blast &lt;i&gt;", "one, all", "!<i>")
	form("new", "yes", "name", "blast").says(t, 422, "already")
	s.get(t, at+"?kind=retrospective&name=blast").says(t, 200, "0 records have a value")
	s.get(t, at+"?kind=incident&name=blast").says(t, 404)
	s.post(t, at+"/trial", "kind", "retrospective", "name", "cells", "type", "number", "required_from", "sev1").says(t, 200, "3 published retrospectives lack it and stay published")
	s.post(t, at+"/trial", "kind", "retrospective", "name", "Cells", "type", "number").says(t, 200)
	s.post(t, at+"/retire", "kind", "retrospective", "name", "blast", "retired", "yes").says(t, 200, "The field is retired", "Ask again")
	s.post(t, at+"/retire", "kind", "retrospective", "name", "blast").says(t, 200, "is asked for again")
	s.post(t, rulesAt+"/fields/trial", "from-surprises", "sev1", "from-lessons", "general").says(t, 200, "Surprises: 3 published")
	s.post(t, rulesAt+"/fields", "from-surprises", "worst").says(t, 422, "is not a severity")
	s.post(t, rulesAt+"/fields", "from-surprises", "sev1", "label-lucky", "Luck <b>", "hidden-trigger", "yes").says(t, 200, "The fields were saved", `value="Luck &lt;b&gt;"`)
	s.post(t, rulesAt+"/reset", "part", "builtin", "back", rulesAt+"/fields").says(t, 200, "The default is back", "!Luck &lt;")
}

func TestOwnFieldsOfRecordsAreEdited(t *testing.T) {
	s := ruled(t)
	for _, f := range [][]string{{"areas", "list", "Pay\nShip"}, {"blast", "choice", "one\nall"}, {"cells", "number", ""}} {
		s.post(t, rulesAt+"/field", "new", "yes", "kind", "incident", "name", f[0], "type", f[1], "options", f[2], "label", f[0]+" <i>").says(t, 200, "was saved")
	}
	edit := func(field, revision, value string) answer {
		return s.post(t, "/incidents/i0/edit", "field", "custom."+field, "revision", revision, "value", value, "reason", "looked again")
	}
	s.get(t, "/incidents/i0/edit?field=custom.blast").says(t, 200, "blast &lt;i&gt;", `<option value="all"`)
	s.get(t, "/incidents/i0/edit?field=custom.nothing").says(t, 404)
	edit("cells", "1", "many").says(t, 422, "is not a number", `value="many"`)
	edit("areas", "1", "sea").says(t, 422, "expected one of Pay, Ship")
	edit("areas", "1", "pay\nship").says(t, 200, "was set", "Pay, Ship")
	edit("cells", "2", "1 000").says(t, 200, "1000")
	s.post(t, "/incidents/i0/undo", "field", "custom.areas", "revision", "2").says(t, 409)
	s.post(t, "/incidents/i0/undo", "field", "custom.cells", "revision", "3").says(t, 200, "is as it was")
}

func TestRulePagesHaveNoAccessibilityViolations(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := ruled(t)
	s.post(t, rulesAt+"/field", "new", "yes", "kind", "retrospective", "type", "choice", "options", "one cell\nall cells", "name", "blast_radius", "label", "Blast radius", "help", "How far it reached: what isolation is judged by", "required_from", "sev2").says(t, 200)
	s.post(t, rulesAt+"/factors", "do", "retire", "name", "network").says(t, 200)
	pages := map[string]string{"policies": rulesAt, "templates": rulesAt + "/templates", "template": rulesAt + "/template?name=Near+miss", "new-template": rulesAt + "/template",
		"factors": rulesAt + "/factors", "factor": rulesAt + "/factor?name=capacity", "fields": rulesAt + "/fields", "field": rulesAt + "/field?kind=retrospective&name=blast_radius"}
	for name, path := range pages {
		pages[name] = s.url + path
	}
	judged(t, ctx, look{group: "rules", pages: pages})
}

func TestRulesInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := ruled(t)
	do(t, ctx, chromedp.EmulateViewport(1440, 1100))
	titles := `[...document.querySelectorAll('[name=part-title]')].map(i => i.value).join('|')`
	key := func(selector, name string) {
		js[bool](t, ctx, fmt.Sprintf(`document.querySelector(%q).dispatchEvent(new KeyboardEvent('keydown', {key: %q, altKey: true, bubbles: true})), true`, selector, name))
	}
	do(t, ctx, chromedp.Navigate(s.url+rulesAt+"/template?name=Drill"))
	before := js[string](t, ctx, titles)
	// By the keyboard, with the focus kept, told, and shown beside.
	js[bool](t, ctx, `document.querySelector('[data-sort-handle]').focus(), true`)
	key("[data-sort-handle]", "ArrowDown")
	if got := js[string](t, ctx, titles); got != "What we wanted to know|Summary|What happened|Detection and response|Lessons" {
		t.Errorf("moved down: got %s, before %s", got, before)
	}
	if got := js[string](t, ctx, `document.activeElement.getAttribute('aria-label') + ' / ' + document.getElementById('live').textContent`); got != "Move the part Summary / Summary: 2 of 5" {
		t.Errorf("got %q", got)
	}
	wait(t, ctx, `document.querySelector('#preview h3').textContent === 'What we wanted to know'`)
	js[bool](t, ctx, `document.querySelector('[data-sort-remove]').click(), document.querySelector('[data-part-add]').click(), true`)
	js[bool](t, ctx, `document.activeElement.value = 'Next time', document.activeElement.dispatchEvent(new Event('input', {bubbles: true})), true`)
	// Leaving asks, and staying keeps what was written.
	js[bool](t, ctx, `window.asked = '', window.confirm = (q) => { window.asked = q; return false; }, document.querySelector('.hs-tabs a').click(), true`)
	if got := js[string](t, ctx, `window.asked + location.pathname`); got != "What you changed here is not saved. Leave it?"+rulesAt+"/template" {
		t.Errorf("got %q", got)
	}
	js[bool](t, ctx, `document.querySelector('[name=do][value=save]:not(.hs-default)').click(), true`)
	wait(t, ctx, `location.pathname.endsWith('/templates') && document.body.textContent.includes('“Drill” was saved')`)
	wait(t, ctx, `document.body.textContent.includes('Summary · What happened · Detection and response · Lessons · Next time')`)
	js[bool](t, ctx, `document.querySelector('[data-toast] form button').click(), true`)
	wait(t, ctx, `document.body.textContent.includes('It is as it was before') && document.body.textContent.includes('Summary · What we wanted to know')`)

	// A factor moves by the keyboard and the order is saved at once.
	do(t, ctx, chromedp.Navigate(s.url+rulesAt+"/factors"))
	key(`[data-sort-name="configuration change"] [data-sort-handle]`, "ArrowUp")
	wait(t, ctx, `document.querySelector('[data-toast]') !== null && document.querySelector('[data-sort-name]').dataset.sortName === 'configuration change'`)

	// What a required field would mean is said before it is saved.
	do(t, ctx, chromedp.Navigate(s.url+rulesAt+"/fields"))
	js[bool](t, ctx, `(() => { const s = document.querySelector('[name=from-surprises]'); s.value = 'sev1'; s.dispatchEvent(new Event('change', {bubbles: true})); return true; })()`)
	wait(t, ctx, `document.getElementById('lacks').textContent.includes('Surprises: 3 published retrospectives lack it and stay published')`)
}
