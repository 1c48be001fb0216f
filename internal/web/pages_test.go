package web_test

import (
	"net/url"
	"testing"
)

// pagesLooked are the pages that axe reads, over the records of filled.
func pagesLooked(s *site, t *testing.T) map[string]string {
	plan := s.drop(t, "incidents.csv", incidentsCSV+"A-9,late,sev1,open,x,soon,,,,\n")
	s.post(t, "/incidents/file:A-1/edit", "field", "severity", "value", "sev1", "reason", "worse", "revision", "1")
	id := s.load(t, "more incidents.csv", "id,title,started_at\nB-1,x,2025-01-01T00:00:00Z\nB-2,y,1800-01-01T00:00:00Z\n")
	q := func(sql string) string { return "/sql?" + url.Values{"q": {sql}}.Encode() }
	return map[string]string{
		"incidents": "/incidents?where=status%21%3Dclosed", "nothing": "/incidents?q=zebra", "incident": "/incidents/file:A-1", "wrong": "/incidents/file:A-2",
		"edit": "/incidents/file:A-1/edit?field=severity", "service": "/records/service/checkout", "imports": "/imports", "import": "/imports/" + id,
		"drop": "/imports/new", "plan": plan.path, "sql": q("SELECT * FROM incident"), "sql-wrong": q("SELEC"), "settings": "/settings",
		"metric": "/settings/metrics/new", "search": "/search?q=checkout", "missing": "/incidents/zzz",
	}
}

func TestPagesHaveNoAccessibilityViolations(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	s.load(t, "deployments.csv", deploymentsCSV)
	pages := pagesLooked(s, t)
	for name, path := range pages {
		pages[name] = s.url + path
	}
	judged(t, ctx, look{group: "pages", pages: pages})
}
