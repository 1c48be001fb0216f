package web_test

import (
	"context"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/followup"
	"hansei/internal/record"
	calls "hansei/internal/source/fetch"
	"hansei/internal/tracker"
	"hansei/internal/tracker/trackertest"
)

// tracking connects a site's follow-ups with a GitHub that is run here, and
// returns what does the jobs that wait.
func (s *site) tracking(t *testing.T) (tool *trackertest.Server, run func()) {
	t.Helper()
	tool = trackertest.New(now)
	server := httptest.NewServer(tool.GitHub())
	t.Cleanup(server.Close)
	var queue []hansei.ID
	s.FollowUps.Later = func(_ *record.Tx, id hansei.ID, _ bool) error { queue = append(queue, id); return nil }
	s.FollowUps.Accounts = func(context.Context, auth.Scope) ([]followup.Account, error) {
		return []followup.Account{{Tool: "github", Account: tracker.Account{Source: "code", Client: &calls.Client{HTTP: server.Client()},
			Settings: map[string]string{"token": trackertest.Token, "api_url": server.URL, "repositories": trackertest.Place}}}}, nil
	}
	return tool, func() {
		t.Helper()
		for len(queue) > 0 {
			id := queue[0]
			queue = queue[1:]
			if err := s.FollowUps.Sync(t.Context(), auth.Local().As("jobs"), id); err != nil {
				t.Log("sync:", err)
			}
		}
		head, err := s.Records.Head(t.Context(), auth.Local().Scope())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Facts.Wait(t.Context(), head.Seq); err != nil {
			t.Fatal(err)
		}
	}
}

// acting is a site with follow-ups in every state there is.
func acting(t *testing.T) (*site, []hansei.ID) {
	t.Helper()
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	tool, run := s.tracking(t)
	ctx, who := t.Context(), auth.Local()
	day := 24 * time.Hour
	var ids []hansei.ID
	for _, f := range []hansei.FollowUp{
		{Title: "Alert when the queue of checkout grows for ten minutes", Type: "detect", Priority: "high", Services: []hansei.ID{"checkout"}, Incidents: []hansei.ID{"file:A-1"}, Factor: "missing alert", Created: now.Add(-80 * day), Verify: "The alert fires in the next drill."},
		{Title: "Search must not wait for the index without a limit", Type: "mitigate", Priority: "medium", Services: []hansei.ID{"search"}, Created: now.Add(-80 * day), Due: now.Add(3 * day), Description: "One slow node holds up all requests.\n\nA limit of two seconds, then the results of the others."},
		{Title: "Write down how the login service is restored", Type: "process", Priority: "low", Created: now.Add(-6 * day)},
		{Title: "Find out why nobody was paged", Type: "investigate", Created: now.Add(-20 * day)},
		{Title: "A second gateway", Type: "prevent", Size: "large", Created: now.Add(-90 * day)},
	} {
		id, _, err := s.FollowUps.Add(ctx, who, f)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	for i, id := range ids[:2] {
		if i == 1 {
			tool.Fail("POST", trackertest.Status(403))
		}
		if _, err := s.FollowUps.Push(ctx, who, id, "", ""); err != nil {
			t.Fatal(err)
		}
		run()
	}
	if _, err := s.FollowUps.Push(ctx, who, ids[2], "", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.FollowUps.Close(ctx, who, ids[3], "done", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.FollowUps.Close(ctx, who, ids[4], "declined", "The gateway goes next quarter."); err != nil {
		t.Fatal(err)
	}
	head, err := s.Records.Head(ctx, who.Scope())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Facts.Wait(ctx, head.Seq); err != nil {
		t.Fatal(err)
	}
	return s, ids
}

func TestFollowUpPages(t *testing.T) {
	s, ids := acting(t)
	s.get(t, "/follow-ups").says(t, 200, "Open 3", "Overdue 1", "Due within a week 1", "Alert when the queue", "overdue", "acme/shop#1", "needs you", "waiting", "!A second gateway", "checkout")
	s.get(t, "/follow-ups?status=declined").says(t, 200, "A second gateway", "!Alert when the queue")
	s.get(t, "/follow-ups?status=open&service=search").says(t, 200, "Search must not wait", "!Alert when the queue")
	s.get(t, "/follow-ups?status=open&tracker=refused").says(t, 200, "Search must not wait", "!Alert when the queue")
	s.get(t, "/follow-ups?status=open&team=nobody").says(t, 200, "None that fits")
	s.get(t, "/follow-ups?due=odd").says(t, 422)
	s.get(t, "/follow-ups?from=x").says(t, 422)
	one := "/follow-ups/" + string(ids[0])
	s.get(t, one).says(t, 200, "missing alert", "acme/shop#1", "In step", "The alert fires in the next drill.", "Incidents while it was open", "Every revision", "linked it with acme/shop#1", "!"+trackertest.Token)
	s.get(t, "/follow-ups/"+string(ids[1])).says(t, 200, "needs: read and write access to Issues", "Retry", "No issue was created", "same service", "GitHub says: no)", "!Every<")
	s.get(t, "/follow-ups/nope").says(t, 404)
	s.post(t, one+"/state", "status", "declined").says(t, 422)
	s.post(t, one+"/state", "status", "declined", "reason", "<b>no</b> time").says(t, 200, "It is declined", "&lt;b&gt;no&lt;/b&gt; time", "Open again")
	s.post(t, one+"/state", "status", "open").says(t, 200, "It is open again", "!was open for")
	s.post(t, one+"/effect", "worked", "no", "at", "2025-05-30").says(t, 200, "its effect was not seen", "Not known yet")
	s.post(t, one+"/tracker", "action", "unlink").says(t, 200, "The link is taken away", "Create an issue", `name="issue" value="acme/shop#1"`)
	s.post(t, one+"/tracker", "action", "odd").says(t, 422)
}

func TestFollowUpForms(t *testing.T) {
	s, ids := acting(t)
	edit := "/follow-ups/" + string(ids[0]) + "/edit"
	page := s.get(t, edit).says(t, 200, `value="missing alert"`, "Kind")
	rev := regexp.MustCompile(`name="revision" value="(\d+)"`).FindStringSubmatch(page.body)[1]
	s.post(t, edit, "revision", rev, "title", "").says(t, 422, "needs a name")
	s.post(t, edit, "revision", rev, "title", "Alert earlier", "due_at", "2025-07-01", "priority", "low").says(t, 200, "Saved", "Alert earlier", "1 Jul 2025")
	s.post(t, edit, "revision", rev, "title", "Too late").says(t, 409)
	s.get(t, "/follow-ups/new").says(t, 200, "Make it")
	s.post(t, "/follow-ups/new", "title", "").says(t, 422, "needs a name")
	s.post(t, "/follow-ups/new", "title", "One more", "type", "prevent").says(t, 200, "One more", "prevent")
	s.post(t, "/follow-ups/new", "title", "One more", "due_at", "soon").says(t, 422)
}

func TestFollowUpsChangedTogether(t *testing.T) {
	s, ids := acting(t)
	both := []string{"id", string(ids[0]), "id", string(ids[2]), "id", string(ids[3])}
	s.post(t, "/follow-ups/changes", append(both, "action", "odd")...).says(t, 422)
	s.post(t, "/follow-ups/changes", "action", "due", "due", "2025-08-01").says(t, 422)
	done := s.post(t, "/follow-ups/changes", append(both, "action", "decline", "reason", "other plans", "back", "//evil.example")...).
		says(t, 200, "2 follow-ups are declined", "1 was left alone", "Declined 3")
	form := []string{}
	for _, m := range regexp.MustCompile(`name="(after|through)" value="(\d+)"`).FindAllStringSubmatch(done.body, -1) {
		form = append(form, m[1], m[2])
	}
	s.post(t, "/follow-ups/undo", form...).says(t, 200, "as it was before", "Declined 1", "Open 3")
	f, _, err := s.FollowUps.Get(t.Context(), auth.Local().Scope(), ids[0])
	if err != nil || f.Status != "open" || f.Reason != "" || !f.Closed.IsZero() {
		t.Errorf("undone: %s, %q, %v, %v", f.Status, f.Reason, f.Closed, err)
	}
	s.post(t, "/follow-ups/changes", append(both, "action", "priority", "priority", "high")...).says(t, 200, "3 follow-ups are given the priority high")
	s.post(t, "/follow-ups/changes", append(both, "action", "push", "place", "code acme/shop")...).says(t, 200, "0 follow-ups are", "3 were left alone")
	s.post(t, "/follow-ups/changes", "id", "nope", "action", "priority", "priority", "high").says(t, 404)
	s.post(t, "/follow-ups/undo", "after", "0", "through", "99999").says(t, 422)
}

func TestFollowUpPagesHaveNoAccessibilityViolations(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	empty := newSite(t)
	s, ids := acting(t)
	pages := map[string]string{"empty": empty.url + "/follow-ups", "list": s.url + "/follow-ups?status=all", "one": s.url + "/follow-ups/" + string(ids[0]), "refused": s.url + "/follow-ups/" + string(ids[1]),
		"declined": s.url + "/follow-ups/" + string(ids[4]), "edit": s.url + "/follow-ups/" + string(ids[1]) + "/edit"}
	judged(t, ctx, look{group: "follow-ups", pages: pages})
}

// A follow-up is made, created in a tracker that is run here, closed there by
// somebody else and reopened here.
func TestFollowUpsInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newSite(t)
	tool, run := s.tracking(t)
	do(t, ctx, chromedp.EmulateViewport(1440, 1100))
	do(t, ctx, chromedp.Navigate(s.url+"/follow-ups/new"))
	js[bool](t, ctx, `document.getElementById('f-title').value = 'Alert on certificates', document.getElementById('f-type').value = 'detect', true`)
	submit(t, ctx, "Make it", `document.querySelector('h1').textContent.includes('Alert on certificates')`)
	submit(t, ctx, "Create an issue", `document.getElementById('toasts').textContent.includes('is being created')`)
	run()
	here := js[string](t, ctx, `location.href`)
	do(t, ctx, chromedp.Navigate(here))
	wait(t, ctx, `document.querySelector('main').textContent.includes('acme/shop#1')`)
	if x := tool.Issues(); len(x) != 1 || !strings.Contains(x[0].Body, "/follow-ups/") {
		t.Fatalf("the tracker holds %+v", x)
	}
	submit(t, ctx, "Done", `document.getElementById('toasts').textContent.includes('It is done')`)
	run()
	if tool.Issues()[0].Status != "done" {
		t.Errorf("the tracker says %s", tool.Issues()[0].Status)
	}
	submit(t, ctx, "Undo", `document.getElementById('toasts').textContent.includes('It is open again')`)
	run()
	if tool.Issues()[0].Status != "open" {
		t.Errorf("undone: the tracker says %s", tool.Issues()[0].Status)
	}
	do(t, ctx, chromedp.Navigate(s.url+"/follow-ups"))
	wait(t, ctx, `document.querySelector('main').textContent.includes('Alert on certificates')`)
	press(t, ctx, "j")
	press(t, ctx, "\r")
	wait(t, ctx, `location.pathname.startsWith('/follow-ups/follow-up-')`)
}
