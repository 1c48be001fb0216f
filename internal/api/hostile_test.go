package api

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hansei"
)

// raw is ask for answers that may not be an object of JSON.
func (w *world) raw(method, path, body string) (int, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := w.Client().Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // only read from
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, string(text)
}

// TestNothingBreaks asks what nobody should: whatever a caller sends is either
// answered or is the caller's mistake, never ours.
func TestNothingBreaks(t *testing.T) {
	w := open(t)
	w.load()
	type ask struct{ method, path, body string }
	var asks []ask
	get := func(path string) { asks = append(asks, ask{"GET", path, ""}) }
	for _, k := range hansei.Kinds {
		r := "/api/v1/records/" + string(k)
		for _, q := range []string{"", "?full=true", "?q=a'b", "?sort=-id", "?sort=services", "?sort=%00", "?where=id=1", "?where=team=x", "?where=%27=1", "?where==", "?where=severity", "?cursor=zzz", "?cursor=-1",
			"?full=true&cursor=%21", "?since=0001-01-01&until=9999-12-31", "?since=2026-01-01&until=2025-01-01", "?limit=1000", "?full=true&sort=id"} {
			get(r + q)
		}
		for _, id := range []string{"nope", "%00", "a%2Fb", "%27", "...", strings.Repeat("x", 3000), "%F0%9F%98%80", "%ff"} {
			for _, tail := range []string{"", "?at=1", "?at=99999999", "?at=9223372036854775808", "?at=3000-01-01", "?at=1000-01-01", "/history"} {
				get(r + "/" + id + tail)
			}
			asks = append(asks, ask{"PATCH", r + "/" + id, `{"fields":{"name":"x"}}`}, ask{"DELETE", r + "/" + id, ""}, ask{"POST", r + "/" + id + "/restore", ""},
				ask{"POST", r + "/" + id + "/merge", `{"into":"web"}`}, ask{"POST", r + "/" + id + "/unmerge", ""},
				ask{"POST", r, `{"id":` + quoted(id) + `,"fields":{"name":"x"}}`})
		}
		for _, body := range []string{`{}`, `{"fields":null}`, `{"fields":{"name":{}}}`, `{"fields":{"name":null}}`, `{"fields":{"id":"x"}}`, `{"fields":{"name":"\u0000"}}`, `[]`, `null`, `{`, ``, `{"id":" ","fields":{"name":" "}}`,
			`{"id":"` + strings.Repeat("y", 300) + `","fields":{"name":"x"}}`, `{"fields":{"name":"` + strings.Repeat("x", 100_000) + `"}}`} {
			asks = append(asks, ask{"POST", r, body}, ask{"PATCH", r + "/nope", body}, ask{"PATCH", r + "/" + string(hansei.OrganizationID), body})
		}
	}
	for _, m := range []string{"time_to_resolve", "incident_rate", "change_failure_rate", "saidi", "nothing", "%27"} {
		for _, q := range []string{"", "?by=severity,severity", "?by=%27", "?by=a&by=b&by=c&by=d", "?where=severity=%27", "?where=a%00b=1", "?every=day&since=0001-01-01", "?every=day&since=2025-01-01&until=2025-02-01", "?compare=previous", "?compare=year-ago&since=2025-01-01&until=2026-01-01",
			"?compare=x..y", "?statistic=p0", "?statistic=p101", "?statistic=p50&since=2025-01-01&until=2025-01-01", "?as_of=0", "?as_of=-1", "?as_of=1", "?as_of=1&every=month", "?as_of=x", "?as_of=1000-01-01", "?since=9999-12-31", "?until=0001-01-02", "?since=2025-13-01"} {
			get("/api/v1/figures/" + m + q)
			get("/api/v1/figures/" + m + "/records" + q)
		}
		for _, q := range []string{"?cursor=-5", "?cursor=99999999999", "?cursor=9223372036854775807", "?cursor=x", "?class=x", "?class=%27", "?class=measured", "?limit=-1", "?limit=1001"} {
			get("/api/v1/figures/" + m + "/records" + q)
		}
		get("/api/v1/metrics/" + m)
		asks = append(asks, ask{"DELETE", "/api/v1/metrics/" + m, ""})
	}
	for _, sql := range []string{"", "SELECT 1; SELECT 2", "DELETE FROM incident", "SELECT * FROM read_csv('/etc/passwd')", "COPY incident TO '/tmp/x'", "ATTACH 'x'", "SET threads=1", "PRAGMA version", "INSTALL httpfs", "SELECT",
		"SELECT map {'a': 1}", "SELECT map {1: 1}", "SELECT [1.0/0, 'nan'::double]", "SELECT {'a': 'nan'::double}", "SELECT 'infinity'::timestamp", "SELECT 'infinity'::date", "SELECT interval 1 year", "SELECT uuid()", "SELECT '\\xff'::blob",
		"SELECT 170141183460469231731687303715884105727::hugeint", "SELECT 1.5::decimal(30,10)", "SELECT 'a'::enum('a','b')", "SELECT '101'::bit", "SELECT time '10:00:00'", "SELECT timetz '10:00:00+01'", "SELECT null", "SELECT 1 WHERE false",
		"SELECT [[1],[2]]", "SELECT union_value(a := 1)", "SELECT '290309-12-22'::date", "SELECT TIMESTAMP '294246-01-01'", "SELECT * FROM incident", "SELECT * FROM history.incident", "DESCRIBE incident", "SHOW TABLES", "EXPLAIN SELECT 1", "SELECT getenv('HOME')",
		"SELECT $1", "SELECT ?", "SELECT 1 AS a, 2 AS a", "SELECT chr(0)", "SELECT 'nan'::float", "SELECT '-infinity'::float", "VALUES (1)", "WITH x AS (SELECT 1) SELECT * FROM x", "SELECT 1 --", "SELECT '\x00'", "CALL pragma_version()", "SELECT array_value(1,2)", "SELECT timestamptz '2025-01-01'", "SELECT timestamp_ns '2025-01-01'", "SELECT 18446744073709551615::ubigint", "SELECT error('x')"} {
		asks = append(asks, ask{"POST", "/api/v1/sql", `{"sql":` + quoted(sql) + `}`})
	}
	for _, body := range []string{`{"sql":"SELECT 1","limit":0}`, `{"sql":"SELECT 1","limit":10001}`, `{"sql":1}`, `{"other":1}`, ``} {
		asks = append(asks, ask{"POST", "/api/v1/sql", body})
	}
	for _, q := range []string{"", "?limit=1", "?limit=1001", "?cursor=x", "?state=done", "?state=x", "?source=%27"} {
		get("/api/v1/imports" + q)
	}
	for _, q := range []string{"", "/rejects", "/rejects?after=-1", "/rejects?after=99999"} {
		get("/api/v1/imports/nope" + q)
	}
	asks = append(asks, ask{"POST", "/api/v1/imports/nope/replay", ""})
	for _, body := range []string{"", "\n", "a", "a,b", "\x00\x01\x02", "{}", "[]", "[1]", "{\"a\":", "PK\x03\x04", "\x1f\x8b\x08", "PAR1", "\xff\xfe", "id,title\n\"1,x\n", "id,created_at,severity\n,,\n", "id;created_at\n1;2025-01-01"} {
		for _, q := range []string{"", "?name=x.csv", "?name=x.json&kind=incident", "?kind=deployment", "?zone=x", "?source=" + url.QueryEscape("a b/../"), "?name=%00", "?kind=metric", "?kind=organization"} {
			asks = append(asks, ask{"POST", "/api/v1/imports/plan" + q, body}, ask{"POST", "/api/v1/imports" + q, body})
		}
	}
	for _, body := range []string{"", "\x00", "{}", "[]", "id: [", "id: mine\ntitle: T\nof: incident\nmeasure: {between: [a'b, c]}\n", "id: mine\ntitle: T\nof: unicorn\n", "id: mine\ntitle: T\nof: incident\nmeasure: {count: true}\nwhere: [colour=red]\n", "&a [*a]"} {
		asks = append(asks, ask{"PUT", "/api/v1/metrics/mine", body}, ask{"GET", "/api/v1/figures/mine", ""}, ask{"GET", "/api/v1/metrics", ""})
	}
	for _, body := range []string{`{}`, `{"name":null}`, `{"customers_served":-1}`, `{"customers_served":null}`, `{"customers_served":1e400}`, `{"zone":""}`, `{"zone":"Local"}`, `{"name":"x"}`} {
		asks = append(asks, ask{"PATCH", "/api/v1/organization", body}, ask{"GET", "/api/v1/organization", ""}, ask{"GET", "/api/v1/figures/incident_rate?every=month&since=2025-01-01&until=2025-06-01", ""})
	}
	for _, a := range asks {
		status, text := w.raw(a.method, a.path, a.body)
		if status >= 500 {
			t.Errorf("%s %.120s %.120q: got %d %s", a.method, a.path, a.body, status, text)
		}
		if status != 304 && strings.HasPrefix(text, "{") && !json.Valid([]byte(text)) {
			t.Errorf("%s %.120s %.120q: the answer is not JSON: %.200s", a.method, a.path, a.body, text)
		}
	}
	if text := w.log.String(); strings.Contains(text, "level=ERROR") {
		for line := range strings.Lines(text) {
			if strings.Contains(line, "level=ERROR") {
				t.Errorf("logged: %.400s", line)
			}
		}
	}
}

func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
