package web_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

const outage = `# Checkout refused payments on 3 May 2025

Customers reported failing payments from 10:00 to 10:40 UTC because the pool of connections was exhausted. About 1,200 customers were affected.

## Root causes

The pool was sized for last year's traffic, and there was no alert on waiting connections.

## Timeline

- 10:00 UTC first failures
- 10:12 UTC a customer calls
- 10:40 UTC pool enlarged

## Action items

- [x] Enlarge the pool
- [ ] Alert on waiting connections
`

// sendFiles posts files as the form of the page does.
func (s *site) sendFiles(t *testing.T, files map[string]string) answer {
	t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for name, text := range files {
		part, err := m.CreateFormFile("file", name)
		if err == nil {
			_, err = io.WriteString(part, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/retrospective-imports", &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	req.Header.Set("Accept", "text/html")
	r, err := s.client.Do(req)
	return s.answered(t, r, err)
}

func zipped(t *testing.T, n int) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := range n {
		f, err := z.Create(fmt.Sprintf("past/%d.md", i))
		if err == nil {
			_, err = fmt.Fprintf(f, "# Down %d on 2 May 2025\n\nThe disk was full.\n", i)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRetrospectivesOfThePastComeIn(t *testing.T) {
	s := newSite(t)
	s.get(t, "/retrospective-imports").says(t, 200, "Import retrospectives", "Nothing waits to be confirmed", "webkitdirectory")
	s.sendFiles(t, map[string]string{"checkout.md": outage, "broken.md": "---\na: [\n---\nx", "photo.png": "png"}).
		says(t, 200, "1 document was read, 1 cannot be read, 1 file is no document", "Checkout refused payments", "capacity", "Read out of the text: when it began, factors", "Confirm all 1")
	s.get(t, "/retrospective-imports?state=failed").says(t, 200, "broken.md", "the YAML in front cannot be read")
	s.sendFiles(t, nil).says(t, 422, "no file came with the form")
	list := s.get(t, "/retrospective-imports").body
	at := regexp.MustCompile(`/retrospective-imports/[0-9a-f]{32}`).FindString(list)
	s.get(t, at).says(t, 200, "What was found", "because the pool of connections was exhausted", "Alert on waiting connections", "pool enlarged", `value="2025-05-03T10:00"`, "was taken from")
	form := []string{"title", "Payments refused", "severity", "sev2", "services", "Checkout; Payments", "began", "2025-05-03T10:00", "ended", "2025-05-03T10:40", "factor", "capacity", "add-factor", "testing gap", "follow-up", "1", "moment", "text:1"}
	bad := append([]string{}, form...)
	bad[9] = "2025-05-02T10:00"
	s.post(t, at, bad...).says(t, 422, "it ends before it begins", `value="2025-05-02T10:00"`)
	s.post(t, at, append(form, "then", "confirm")...).says(t, 200, "“Payments refused” is a draft now")
	s.get(t, "/retrospective-imports?state=done").says(t, 200, "Payments refused", "Checkout, Payments", "capacity, testing gap")
	s.post(t, at+"/confirm").says(t, 409)
	s.get(t, "/retrospective-imports/nothing").says(t, 404)

	s.sendFiles(t, map[string]string{"all.zip": zipped(t, 60)}).says(t, 200, "60 documents were read", "Confirm all 60", `rel="next"`)
	first := regexp.MustCompile(`/retrospective-imports/[0-9a-f]{32}`).FindString(s.get(t, "/retrospective-imports").body)
	s.post(t, first+"/drop").says(t, 200, "off the list", "Confirm all 59", "Dropped 1")
	s.post(t, first+"/back").says(t, 200, "waits again", "Confirm all 60")
	s.post(t, "/retrospective-imports/confirm").says(t, 200, "60 documents are confirmed")
	s.get(t, "/retrospective-imports?state=done").says(t, 200, "Brought in 61")
	if a := s.get(t, "/retrospective-imports/progress"); a.header.Get("HX-Redirect") == "" && !strings.Contains(a.body, "Brought") {
		t.Errorf("got %q", a.body)
	}
	s.sendFiles(t, map[string]string{"x.html": `<h1>Bad</h1><p>It <b onclick="alert(1)">was</b><script>alert(2)</script> <a href="javascript:alert(3)">down</a></p>`}).says(t, 200, "1 document was read")
	at = regexp.MustCompile(`/retrospective-imports/[0-9a-f]{32}`).FindString(s.get(t, "/retrospective-imports").body)
	s.get(t, at).says(t, 200, "!alert(")
}

func TestPapersLook(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newSite(t)
	do(t, ctx, chromedp.EmulateViewport(1440, 1100))
	do(t, ctx, chromedp.Navigate(s.url+"/retrospective-imports"))
	shoot(t, ctx, "papers-empty")
	s.sendFiles(t, map[string]string{"checkout.md": outage, "broken.md": "---\na: [\n---\nx", "search.md": "# Search was slow on 4 June 2025\n\nA bad config change led to timeouts.\n\n## Lessons learned\n\n- Watch the queue\n"})
	at := regexp.MustCompile(`/retrospective-imports/[0-9a-f]{32}`).FindString(regexp.MustCompile(`(?s)Checkout.*`).FindString(s.get(t, "/retrospective-imports").body))
	if at == "" {
		at = regexp.MustCompile(`/retrospective-imports/[0-9a-f]{32}`).FindString(s.get(t, "/retrospective-imports").body)
	}
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1440, 390} {
			for name, path := range map[string]string{"list": "/retrospective-imports", "one": at, "failed": "/retrospective-imports?state=failed"} {
				do(t, ctx, chromedp.EmulateViewport(width, 1100))
				do(t, ctx, chromedp.Navigate(s.url+path))
				js[any](t, ctx, fmt.Sprintf(`hanseiTheme.set(%q)`, theme))
				shoot(t, ctx, fmt.Sprintf("papers-%s-%s-%d", name, theme, width))
				if wide := js[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
					t.Errorf("%s is %d pixels too wide at %d", name, wide, width)
				}
			}
		}
	}
}
