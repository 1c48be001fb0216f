package web_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func TestSQL(t *testing.T) {
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	s.get(t, "/sql").says(t, 200, "<textarea", "Tables and columns", "incident_service", "customers_affected", "Examples")
	a := s.post(t, "/sql", "q", "SELECT id, title FROM incident ORDER BY id")
	a.says(t, 200, "file:A-1", "&lt;script&gt;", "!<script>alert", "3 rows", " ms,", "share it")
	if !strings.HasPrefix(a.path, "/sql?q=SELECT") {
		t.Errorf("the query is not in the URL: %s", a.path)
	}
	q := func(path, sql string) string { return path + "?" + url.Values{"q": {sql}}.Encode() }
	s.get(t, q("/sql", "SELECT * FROM range(2000)")).says(t, 200, "The first 1 000 rows")
	s.get(t, q("/sql", "SELECT 1 WHERE false")).says(t, 200, "No rows")
	s.get(t, q("/sql", "SELECT </textarea><script>x")).says(t, 422, "hs-error", "!</textarea><script>x")
	s.get(t, q("/sql", "DROP TABLE incident")).says(t, 422, "hs-error", "only reads")
	s.get(t, q("/sql", "SELECT * FROM read_csv('/etc/passwd')")).says(t, 422, "hs-error", "!root:")
	s.get(t, q("/sql.csv", "SELECT id, '=1+1' AS x, 2.5 AS y FROM incident ORDER BY id LIMIT 1")).says(t, 200, "id,x,y file:A-1,'=1+1,2.5")
	s.get(t, q("/sql.csv", "SELEC")).says(t, 422)
}

func TestEveryExampleRuns(t *testing.T) {
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	s.load(t, "deployments.csv", deploymentsCSV)
	links := regexp.MustCompile(`<a href="(/sql\?q=[^"]+)">`).FindAllStringSubmatch(s.get(t, "/sql").body, -1)
	if len(links) != 5 {
		t.Fatalf("got %d examples, want 5", len(links))
	}
	for _, l := range links {
		s.get(t, strings.ReplaceAll(l[1], "&amp;", "&")).says(t, 200, "<td", "!hs-error")
	}
}
