package web_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// unzipped are the names of the files of an answer.
func (a answer) unzipped(t *testing.T) string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(a.body), int64(len(a.body)))
	if err != nil {
		t.Fatalf("%s: %v", a.path, err)
	}
	var names bytes.Buffer
	for _, f := range z.File {
		fmt.Fprintln(&names, f.Name)
	}
	return names.String()
}

func TestAllThatTheListShowsIsExported(t *testing.T) {
	s := newSite(t)
	s.get(t, "/retrospectives").says(t, 200, "!Export all")
	s.load(t, "incidents.csv", quarter)
	s.post(t, "/retrospective-drafts", "since", "2025-01-01", "until", "2025-04-01")
	id := s.batchOf(t).ID
	s.drafts(t, id)
	s.get(t, "/retrospectives?severity=sev2").says(t, 200, "Export all", `href="/retrospective-archive?format=markdown&amp;severity=sev2"`)
	a := s.get(t, "/retrospective-archive?format=markdown&severity=sev2")
	if got := a.unzipped(t); a.header.Get("Content-Type") != "application/zip" || strings.Count(got, ".md") != 2 || !strings.HasSuffix(got, "\nindex.csv\n") || strings.Contains(got, "checkout") {
		t.Errorf("got %s", got)
	}
	if got := s.get(t, "/retrospective-archive?format=json&batch="+id).unzipped(t); strings.Count(got, ".json") != 3 {
		t.Errorf("got %s", got)
	}
	s.get(t, "/retrospective-archive?format=exe").says(t, 422, "expected markdown")
	s.get(t, "/retrospective-archive?format=html&state=lost").says(t, 422)
	s.get(t, "/retrospective-archive?format=html&batch=nothing").says(t, 404)
}

func TestArchiveLook(t *testing.T) {
	ctx := browser(t)
	axe, err := os.ReadFile("testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	s.load(t, "incidents.csv", quarter)
	s.post(t, "/retrospective-drafts", "since", "2025-01-01", "until", "2025-04-01")
	id := s.batchOf(t).ID
	s.drafts(t, id)
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1440, 390} {
			do(t, ctx, chromedp.EmulateViewport(width, 1000))
			do(t, ctx, chromedp.Navigate(s.url+"/retrospectives?batch="+id))
			js[any](t, ctx, fmt.Sprintf(`hanseiTheme.set(%q)`, theme))
			js[any](t, ctx, `document.querySelector(".hs-exportall").open = true`)
			shoot(t, ctx, fmt.Sprintf("archive-%s-%d", theme, width))
			js[any](t, ctx, `scrollTo(0, 0)`) // what is under the bar is no target
			do(t, ctx, chromedp.Evaluate[chromedp.Void](string(axe)))
			judge(t, ctx, fmt.Sprintf("%s %d", theme, width))
			if wide := js[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
				t.Errorf("%d pixels too wide at %d", wide, width)
			}
		}
	}
}
