package web_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func TestIncidentListIsEmptyAtFirst(t *testing.T) {
	s := newSite(t)
	s.get(t, "/incidents").says(t, 200, "No incidents yet", `href="/imports/new"`, "!<table")
}

func TestIncidentList(t *testing.T) {
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	for _, c := range []struct {
		path  string
		parts []string
	}{
		{"/incidents", []string{"3 incidents", "Checkout was slow", "&lt;script&gt;alert(1)&lt;/script&gt;", "!<script>alert",
			"1 h", "still open", "checkout, payments", "1\u202f200", `aria-sort="descending"`}},
		{"/incidents?where=service%3Dcheckout", []string{"1 incident", "Checkout", "!Nobody"}},
		{"/incidents?where=region%3Deu&sort=title", []string{"2 incidents", `aria-sort="ascending"`}},
		{"/incidents?since=2025-04-01&until=2025-05-01", []string{"1 incident", "1 Apr to 30 Apr 2025"}},
		{"/incidents?q=log+IN", []string{"1 incident", "Nobody could log in", `value="log IN"`}},
		{"/incidents?q=zebra&where=severity%3Dsev1", []string{"Nothing matches", "severity=sev1", "“zebra”", "Show all 3"}},
		{"/incidents?q=%3Cscript%3E", []string{"1 incident", "!<script>alert", `value="&lt;script&gt;"`}},
	} {
		s.get(t, c.path).says(t, 200, c.parts...)
	}
	for path, want := range map[string]string{
		"/incidents?sort=beauty":        "is not a column",
		"/incidents?since=yesterday":    "is not a date",
		"/incidents?where=severity":     "expected field=value",
		"/incidents?cursor=zzz":         "is not a cursor",
		"/incidents?where=responder=me": "names people",
	} {
		s.get(t, path).says(t, 422, "That cannot be answered", want)
	}
}

func TestIncidentListPagesAndExports(t *testing.T) {
	s := newSite(t)
	var b strings.Builder
	b.WriteString("id,title,started_at\n")
	for i := range 2120 {
		fmt.Fprintf(&b, "N-%04d,=cmd %d,2025-01-01T%02d:%02d:00Z\n", i, i, i/60%24, i%60)
	}
	s.load(t, "incidents.csv", b.String())
	seen := map[string]bool{}
	path := "/incidents?sort=start_at"
	row := regexp.MustCompile(`data-href="([^"]+)"`)
	next := regexp.MustCompile(`href="([^"]+)" rel="next"`)
	for range 44 {
		a := s.get(t, path)
		for _, m := range row.FindAllStringSubmatch(a.body, -1) {
			seen[m[1]] = true
		}
		m := next.FindStringSubmatch(a.body)
		if m == nil {
			break
		}
		path = strings.ReplaceAll(m[1], "&amp;", "&")
	}
	if len(seen) != 2120 {
		t.Errorf("paging shows %d incidents, want 2120", len(seen))
	}
	a := s.get(t, "/incidents.csv?"+url.Values{"q": {"cmd"}}.Encode())
	lines := strings.Split(strings.TrimSpace(a.body), "\n")
	if len(lines) != 2121 || !strings.Contains(lines[0], "title") || !strings.Contains(lines[1], ",'=cmd ") {
		t.Errorf("the export has %d lines: %.200s", len(lines), a.body)
	}
	if got := a.header.Get("Content-Disposition"); got != `attachment; filename="incidents.csv"` {
		t.Errorf("got %s", got)
	}
}
