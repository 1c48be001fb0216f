package web_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
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
	t.Parallel()
	ctx := browser(t)
	s := newSite(t)
	s.load(t, "incidents.csv", quarter)
	s.post(t, "/retrospective-drafts", "since", "2025-01-01", "until", "2025-04-01")
	id := s.batchOf(t).ID
	s.drafts(t, id)
	judged(t, ctx, look{group: "archive", pages: map[string]string{"list": s.url + "/retrospectives?batch=" + id},
		open: `(() => { document.querySelector('.hs-exportall').open = true; return true; })()`})
}
