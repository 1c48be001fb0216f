package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/retro/batch"
)

// quarter has three incidents that need a draft, and some that do not.
const quarter = `id,title,severity,status,service,started_at,resolved_at
B-1,Checkout was slow,sev1,resolved,checkout,2025-01-01T10:00:00Z,2025-01-01T11:00:00Z
B-2,Search was down,sev2,resolved,search,2025-02-01T10:00:00Z,2025-02-01T11:00:00Z
B-3,Login failed,sev2,resolved,login,2025-03-01T10:00:00Z,2025-03-01T11:00:00Z
B-4,Icons were blue,sev4,resolved,search,2025-03-02T10:00:00Z,2025-03-02T11:00:00Z
B-5,Search is down,sev1,open,search,2025-03-03T10:00:00Z,
`

// batchOf finds the one batch there is.
func (s *site) batchOf(t *testing.T) batch.Batch {
	t.Helper()
	list, err := s.Batches.List(t.Context(), auth.Local().Scope(), 1)
	if err != nil || len(list) != 1 {
		t.Fatalf("got %v, %v", list, err)
	}
	return list[0]
}

func (s *site) drafts(t *testing.T, id string) {
	t.Helper()
	if err := s.Batches.Work(t.Context(), auth.Local(), id); err != nil {
		t.Fatal(err)
	}
	head, err := s.Records.Head(t.Context(), auth.Local().Scope())
	if err == nil {
		err = s.Facts.Wait(t.Context(), head.Seq)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAQuarterIsDrafted(t *testing.T) {
	s := newSite(t)
	s.get(t, "/retrospective-drafts").says(t, 200, "Choose a period", "Q2 2025", "!Severities")
	s.load(t, "incidents.csv", quarter)
	s.get(t, "/retrospectives").says(t, 200, `href="/retrospective-drafts"`)
	const at = "/retrospective-drafts?since=2025-01-01&until=2025-04-01"
	s.get(t, at).says(t, 200, "3</strong> drafts of 5 incidents", "milder than the rules ask for", "not resolved", "Draft 3 retrospectives")
	s.get(t, at+"&severity=sev4&service=search").says(t, 200, "1</strong> draft of 1 incident", "checked")
	s.get(t, "/retrospective-drafts?since=2026-01-01&until=2026-04-01").says(t, 200, "Nothing is to be drafted", "!Draft 0")
	s.get(t, "/retrospective-drafts?since=2025-04-01&until=2025-01-01").says(t, 422, "the period ends before it begins")
	s.get(t, "/retrospective-drafts?since=soon&until=2025-01-01").says(t, 422, "is not a date")
	s.post(t, "/retrospective-drafts", "since", "2026-01-01", "until", "2026-04-01").says(t, 422, "no incident of that period")

	s.post(t, "/retrospective-drafts", "since", "2025-01-01", "until", "2025-04-01").says(t, 200, "3 drafts are being made", "0 of 3 incidents", "Stop")
	b := s.batchOf(t)
	s.get(t, "/retrospective-drafts/"+b.ID+"/progress").says(t, 200, "0 of 3 incidents", `hx-get="/retrospective-drafts/`+b.ID+`/progress"`)
	s.post(t, "/retrospective-drafts", "since", "2025-01-01", "until", "2025-04-01").says(t, 200, "Another batch is running", "Open the batch that is running")
	s.post(t, "/retrospective-drafts/"+b.ID+"/stop").says(t, 200, "The batch is stopped", "Go on", "3 incidents")
	s.post(t, "/retrospective-drafts/"+b.ID+"/resume").says(t, 200, "The batch goes on")
	s.drafts(t, b.ID)
	if a := s.get(t, "/retrospective-drafts/"+b.ID+"/progress"); a.header.Get("HX-Redirect") != "/retrospective-drafts/"+b.ID {
		t.Errorf("a batch that is done says %q", a.body)
	}
	s.get(t, "/retrospective-drafts/"+b.ID).says(t, 200, "3 retrospectives", "Open the drafts", "Remove these drafts")
	s.get(t, "/retrospectives?batch="+b.ID).says(t, 200, "Checkout was slow", "Search was down", "Login failed", "batch of drafts", "no date", "!overdue")
	s.get(t, "/retrospectives?batch=nothing").says(t, 404)
	s.get(t, "/retrospective-drafts/nothing").says(t, 404)
	s.get(t, "/imports/"+b.ID).says(t, 404) // it is no file
	s.get(t, "/imports").says(t, 200, "incidents.csv", "!"+b.ID)

	if _, err := s.Retros.Comment(t.Context(), auth.Local(), "retro:file:B-2", hansei.Comment{Section: "summary", Text: "Since when?"}); err != nil {
		t.Fatal(err)
	}
	s.post(t, "/retrospective-drafts/"+b.ID+"/remove").says(t, 200, "2 drafts were taken back. 1 stays", "Put them back", b.ID+"/restore")
	s.get(t, "/retrospectives?batch="+b.ID).says(t, 200, "Search was down", "!Login failed")
	s.get(t, at).says(t, 200, "Nothing is to be drafted", "whose retrospective a person removed", "with a retrospective")
	s.post(t, "/retrospective-drafts/"+b.ID+"/restore").says(t, 200, "2 drafts are back")
	s.get(t, "/retrospectives?batch="+b.ID).says(t, 200, "Login failed")
}

func TestBatchesLook(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newSite(t)
	var rows strings.Builder
	rows.WriteString(quarter)
	for i := range 40 {
		fmt.Fprintf(&rows, "C-%d,Queue %d was full,sev%d,resolved,queue,2025-02-%02dT10:00:00Z,2025-02-%02dT11:00:00Z\n", i, i, 1+i%3, 1+i%28, 1+i%28)
	}
	s.load(t, "incidents.csv", rows.String())
	s.post(t, "/retrospective-drafts", "since", "2025-01-01", "until", "2025-02-10")
	running := s.batchOf(t).ID
	paths := map[string]string{"empty": "/retrospective-drafts", "running": "/retrospective-drafts/" + running}
	seen := func() {
		pages := map[string]string{}
		for name, path := range paths {
			pages[name] = s.url + path
		}
		judged(t, ctx, look{group: "batches", pages: pages, open: openButMenus})
	}
	seen()
	// While the page is open the batch ends: it shows what came of it by itself.
	do(t, ctx, chromedp.Navigate(s.url+"/retrospective-drafts/"+running))
	if _, _, err := s.Retros.Draft(t.Context(), auth.Local(), "file:C-0"); err != nil {
		t.Fatal(err)
	}
	s.drafts(t, running)
	do(t, ctx, chromedp.WaitVisible(`//button[contains(., "Remove these drafts")]`))
	paths = map[string]string{"plan": "/retrospective-drafts?since=2025-01-01&until=2025-04-01", "done": "/retrospective-drafts/" + running, "list": "/retrospectives?batch=" + running,
		"wrong": "/retrospective-drafts?since=2025-04-01&until=2025-01-01"}
	seen()
}
