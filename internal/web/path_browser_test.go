package web_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/record/pack"
	"hansei/internal/source"
	sourcegithub "hansei/internal/source/github"
	"hansei/internal/tracker/trackertest"
)

// Two delays of GitHub's notifications, two months apart, from its public
// history (see internal/app/demo): of the first a retrospective is written, the
// second is as it stood half an hour after it began.
const (
	delayed = "24131153"
	again   = "24821797"
	seenAt  = "2025-04-29T10:40:00Z"
)

// historyFile is GitHub's public history until seenAt: what was written later
// is not in it, so that an incident of then is still open.
func historyFile(t *testing.T) string {
	t.Helper()
	packed, err := os.Open("../app/demo/incidents.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = packed.Close() })
	zip, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	lines := bufio.NewScanner(zip)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var in map[string]any
		if err := json.Unmarshal(lines.Bytes(), &in); err != nil {
			t.Fatal(err)
		}
		later := func(v any) bool { at, _ := v.(string); return at > seenAt }
		if later(in["started_at"]) {
			continue
		}
		if later(in["resolved_at"]) {
			updates := slices.DeleteFunc(in["updates"].([]any), func(u any) bool { return later(u.(map[string]any)["at"]) })
			in["updates"], in["status_sequence"] = updates, in["status_sequence"].([]any)[:len(updates)]
			for _, name := range []string{"resolved_at", "downtime_end", "duration_minutes", "published_at", "updated_at"} {
				delete(in, name)
			}
		}
		line, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(line, '\n'))
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "incidents.jsonl")
	if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTheWholePath: from a file of incidents to a lesson that is found when it
// is needed again, by two people with a browser each and a tracker beside them.
func TestTheWholePath(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	tool, jobs := s.tracking(t)
	s.people(t)
	ann := openDoc(t, s, "ann-lee", "/imports/new")
	old, open := imported(t, s, ann)

	at := drafted(t, ann, old)
	s.enter(t, ann, "ann-lee", at)
	bob := openDoc(t, s, "bob", at)
	writtenTogether(t, s, ann, bob)
	clean(t, bob)
	coded(t, s, ann, at)
	published(t, s, ann, at)
	followed(t, s, ann, at, tool, jobs)
	foundAgain(t, s, ann, at, old, open)
}

// people are two who write, and the service that it is about: a status page
// names neither.
func (s *site) people(t *testing.T) {
	t.Helper()
	_, err := s.Records.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
		for _, rec := range []hansei.Record{&hansei.Person{Header: hansei.Header{ID: "ann-lee"}, Name: "Ann Lee"}, &hansei.Person{Header: hansei.Header{ID: "bob"}, Name: "Bob"},
			&hansei.Service{Header: hansei.Header{ID: "notifications"}, Name: "Notifications"}} {
			if err := record.Put(tx, rec, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.settled(t)
}

// imported puts the file into the page of imports, and finds the two incidents.
func imported(t *testing.T, s *site, ctx context.Context) (old, open hansei.ID) {
	t.Helper()
	do(t, ctx, chromedp.SetUploadFiles(`main input[type=file]`, []string{historyFile(t)}))
	submit(t, ctx, "Upload", `/^.imports.new.[0-9a-f]+/.test(location.pathname) && document.querySelector('main')?.textContent.includes('The first rows as records')`)
	submit(t, ctx, "Import", `document.querySelector('main')?.textContent.includes('See the incidents')`)
	s.settled(t)
	list, err := s.Records.List(t.Context(), auth.Local().Scope(), hansei.KindIncident, "", 1000)
	if err != nil || len(list) < 400 {
		t.Fatal(len(list), err)
	}
	for _, x := range list {
		in := x.Record.(*hansei.Incident)
		switch {
		case strings.HasSuffix(string(in.ID), delayed):
			old = in.ID
		case strings.HasSuffix(string(in.ID), again):
			open = in.ID
			if in.Status != hansei.StatusOpen {
				t.Errorf("%s is %s", in.ID, in.Status)
			}
		}
	}
	if old == "" || open == "" {
		t.Fatal("the history holds not both of them")
	}
	return old, open
}

// drafted drafts the retrospective from the page of its incident.
func drafted(t *testing.T, ctx context.Context, of hansei.ID) (at string) {
	t.Helper()
	here := js[string](t, ctx, `location.origin`)
	do(t, ctx, chromedp.Navigate(here+"/incidents/"+string(of)))
	submit(t, ctx, "Draft the retrospective", `location.pathname.startsWith('/retrospectives/') && document.querySelector('#section-what-happened') !== null`)
	at = js[string](t, ctx, `location.pathname`)
	do(t, ctx, chromedp.Navigate(here+at+"/timeline"))
	wait(t, ctx, `[...document.querySelectorAll('[data-moment]')].some((m) => m.textContent.includes('Web and email notifications are caught up'))`)
	return at
}

// ends closes the editor of a section, when all of it is saved.
func ends(t *testing.T, ctx context.Context, section string) {
	t.Helper()
	hit(t, ctx, `key: 'Enter', ctrlKey: true`)
	wait(t, ctx, `!document.querySelector('#section-`+section+`').classList.contains('hs-editing')`)
}

// types has somebody write at the end of a section that they edit.
func types(t *testing.T, ctx context.Context, section, text string) {
	t.Helper()
	editing(t, ctx, section)
	js[bool](t, ctx, fmt.Sprintf(`document.execCommand('insertText', false, %q)`, text))
	wait(t, ctx, savedState+` === 'All saved'`)
}

// writtenTogether: two sections at once, then the same lines, of which a person
// chooses.
func writtenTogether(t *testing.T, s *site, ann, bob context.Context) {
	t.Helper()
	types(t, ann, "what-happened", "The load of the morning was more than the workers could take, and the queue grew before anybody was told.")
	types(t, bob, "lessons", "A queue needs an alert on its age.")
	wait(t, bob, `document.querySelector('#section-what-happened [data-part=text]').textContent.includes('The load of the morning')`)
	wait(t, ann, `document.querySelector('#section-lessons [data-part=text]').textContent.includes('an alert on its age')`)
	ends(t, ann, "what-happened")

	// Both change the same line, and neither hears of the other before both have
	// written: what one of them sends and asks is held back.
	editing(t, ann, "lessons")
	js[bool](t, bob, `(() => { const send = window.fetch, held = new Promise((go) => { window.release = go; }); window.fetch = (...a) => held.then(() => send(...a)); return true; })()`)
	change := func(ctx context.Context, to string) {
		js[bool](t, ctx, fmt.Sprintf(`(%s.select(), document.execCommand('insertText', false, %q), document.querySelector('#section-lessons [data-editor]').requestSubmit(), true)`, lessonsText, to))
	}
	mine, theirs := "A queue needs an alert on the age of what waits longest.", "A queue needs an alert on its age, before customers see it."
	change(bob, theirs)
	change(ann, mine)
	wait(t, ann, `!document.querySelector('#section-lessons').classList.contains('hs-editing')`)
	js[bool](t, bob, `(window.release(), true)`)
	for _, ctx := range []context.Context{ann, bob} {
		wait(t, ctx, `document.querySelectorAll('#section-lessons .hs-wording').length === 2`)
	}
	words := js[string](t, ann, `[...document.querySelectorAll('#section-lessons .hs-wording textarea')].map((x) => x.value).sort().join('|')`)
	if words != theirs+"|"+mine {
		t.Errorf("beside each other: %q", words)
	}
	js[bool](t, ann, fmt.Sprintf(`[...document.querySelectorAll('#section-lessons .hs-wording form')].find((f) => f.elements.text.value === %q).requestSubmit(), true`, mine))
	for _, ctx := range []context.Context{ann, bob} {
		wait(t, ctx, `!document.querySelector('#section-lessons .hs-conflict') && document.querySelector('#section-lessons [data-part=text]').textContent.includes('what waits longest')`)
	}
	clean(t, ann)
}

// fill puts values into the fields of a page by their ids.
func fill(t *testing.T, ctx context.Context, fields map[string]string) {
	t.Helper()
	for id, v := range fields {
		js[bool](t, ctx, fmt.Sprintf(`(document.getElementById(%q).value = %q, true)`, id, v))
	}
}

const toasted = `document.getElementById('toasts')?.textContent.includes('%s')`

// coded says what it was, and which conditions made it possible.
func coded(t *testing.T, s *site, ctx context.Context, at string) {
	t.Helper()
	do(t, ctx, chromedp.Navigate(s.url+at+"/review"))
	submit(t, ctx, "Give to review", fmt.Sprintf(toasted, "It is now: in review"))
	submit(t, ctx, "Publish", fmt.Sprintf(toasted, "still empty"))
	do(t, ctx, chromedp.Navigate(s.url+at+"/facts"))
	fill(t, ctx, map[string]string{"fact-services": "Notifications", "fact-detection": "customer", "fact-trigger": "The load of peak hours", "fact-mitigation": "We scaled the workers out.",
		"fact-lessons": "Alert on the age of what waits longest in a queue.\nCapacity is planned for the morning, not for the day."})
	submit(t, ctx, "Save", fmt.Sprintf(toasted, "5 fields are saved"))
	js[bool](t, ctx, `(() => { for (const f of ['capacity', 'missing alert']) document.querySelector('[name=factor][value="' + f + '"]').click();
		document.querySelector('[name="evidence.capacity"]').value = 'The workers were busy for 50 minutes without a pause.';
		document.querySelector('[name="section.capacity"]').value = 'what-happened'; return true; })()`)
	submit(t, ctx, "Save the factors", fmt.Sprintf(toasted, "2 contributing factors stand"))
	wait(t, ctx, `document.querySelector('[name=factor][value=capacity]').checked && document.querySelector('[name="section.capacity"]').value === 'what-happened'`)
}

func published(t *testing.T, s *site, ctx context.Context, at string) {
	t.Helper()
	do(t, ctx, chromedp.Navigate(s.url+at+"/review"))
	submit(t, ctx, "Publish", fmt.Sprintf(toasted, "It is now: published"))
	wait(t, ctx, `document.querySelector('.hs-retro-published') !== null`)
	js[bool](t, ctx, `document.querySelector('.hs-badges a[href^="/incidents/"]').click(), true`)
	wait(t, ctx, `location.pathname.startsWith('/incidents/') && document.querySelector('main')?.textContent.includes('capacity')`)
}

// followed makes a follow-up where the retrospective is reviewed, creates it in
// the tracker, and has somebody close it there.
func followed(t *testing.T, s *site, ctx context.Context, at string, tool *trackertest.Server, jobs func()) {
	t.Helper()
	do(t, ctx, chromedp.Navigate(s.url+at+"/review"))
	fill(t, ctx, map[string]string{"new-title": "Alert on the age of the notification queue", "new-type": "detect", "new-priority": "high", "new-factor": "missing alert", "new-verify": "The next drill sets it off."})
	submit(t, ctx, "Add it", fmt.Sprintf(toasted, "The follow-up stands"))
	js[bool](t, ctx, `[...document.querySelectorAll('main a')].find((a) => a.textContent === 'Alert on the age of the notification queue').click(), true`)
	wait(t, ctx, `location.pathname.startsWith('/follow-ups/') && document.querySelector('main')?.textContent.includes('missing alert')`)
	submit(t, ctx, "Create an issue", fmt.Sprintf(toasted, "is being created"))
	jobs()
	here := js[string](t, ctx, `location.href`)
	do(t, ctx, chromedp.Navigate(here))
	wait(t, ctx, `document.querySelector('main')?.textContent.includes('acme/shop#1')`)
	if x := tool.Issues(); len(x) != 1 || x[0].Title != "Alert on the age of the notification queue" || !strings.Contains(x[0].Body, "The next drill sets it off.") {
		t.Errorf("the tracker holds %+v", x)
	}
	s.hears(t, tool.Touch(1, func(x *trackertest.Issue) { x.Status = "done" }), "closed")
	jobs()
	do(t, ctx, chromedp.Navigate(here))
	wait(t, ctx, `document.querySelector('.hs-badge-strong')?.textContent === 'done'`)
	do(t, ctx, chromedp.Navigate(s.url+at+"/review"))
	wait(t, ctx, `document.querySelector('main')?.textContent.includes('1 of 1 done or declined')`)
}

// hears delivers what the tracker tells of an issue.
func (s *site) hears(t *testing.T, x trackertest.Issue, action string) {
	t.Helper()
	body, err := json.Marshal(trackertest.WebhookGitHub(x, action))
	if err != nil {
		t.Fatal(err)
	}
	packer, err := pack.New()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Records.Deliver(t.Context(), auth.Local(), []pack.Packed{packer.Pack("code", "issues", "application/json", "", body)}); err != nil {
		t.Fatal(err)
	}
	src, err := sourcegithub.Kind.New(source.Config{Name: "code", Settings: map[string]string{source.WebhookSecret: "s"}})
	if err != nil {
		t.Fatal(err)
	}
	inbox := &intake.Inbox{Records: s.Records, Log: s.Log, Told: s.FollowUps.Told, Source: func(string) (intake.Reading, error) { return intake.Reading{Source: src}, nil }}
	for {
		n, err := inbox.Drain(t.Context(), auth.Local())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// leadsToLesson follows a link to a lesson and comes to its words.
func leadsToLesson(t *testing.T, ctx context.Context, link, at string) {
	t.Helper()
	js[bool](t, ctx, link+`.click(), true`)
	wait(t, ctx, fmt.Sprintf(`location.pathname === %q && /^#lesson-[0-9a-f]{8}$/.test(location.hash) && document.getElementById(location.hash.slice(1))?.textContent.includes('Alert on the age of what waits longest')`, at))
	wait(t, ctx, `(() => { const r = document.getElementById(location.hash.slice(1)).getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight; })()`)
}

// foundAgain: somebody who misspells finds the lesson, and the page of an
// incident that is open shows what helped then.
func foundAgain(t *testing.T, s *site, ctx context.Context, at string, old, open hansei.ID) {
	t.Helper()
	do(t, ctx, chromedp.Navigate(s.url+"/search"))
	wait(t, ctx, `document.activeElement.id === 'find'`)
	press(t, ctx, "age longst queue")
	const lesson = `[...document.querySelectorAll('.hs-hits a')].find((a) => a.href.includes('#lesson-') && a.textContent.includes('waits longest'))`
	wait(t, ctx, lesson+` !== undefined`)
	leadsToLesson(t, ctx, lesson, at)

	do(t, ctx, chromedp.Navigate(s.url+"/incidents/"+string(open)))
	like := fmt.Sprintf(`[...document.querySelectorAll('.hs-likes li')].find((x) => x.querySelector('a').pathname.endsWith(%q))`, old)
	wait(t, ctx, like+` !== undefined`)
	says := js[string](t, ctx, like+`.textContent.replace(/\s+/g, ' ')`)
	for _, part := range []string{"What helped then: We scaled the workers out.", "Capacity is planned for the morning", "follow-ups: 0 open, 1 closed", "words in common"} {
		if !strings.Contains(says, part) {
			t.Errorf("the similar incident does not say %q: %s", part, says)
		}
	}
	leadsToLesson(t, ctx, like+`.querySelector('a[href*="#lesson-"]')`, at)
	do(t, ctx, chromedp.Navigate(s.url+"/services/notifications"))
	leadsToLesson(t, ctx, `[...document.querySelectorAll('a[href*="#lesson-"]')].find((a) => a.textContent.includes('waits longest'))`, at)
}
