package web_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"hansei/internal/auth"
	"hansei/internal/chart"
	"hansei/internal/metric"
)

// course is incidents of two years and a bit: twelve in 2023 from March on,
// three times as many in 2024, and a few of 2025 until February. They end
// months before the tests' now.
func course() string {
	var b strings.Builder
	b.WriteString("id,title,severity,status,services,started_at,resolved_at\n")
	id := 0
	add := func(start time.Time, every time.Duration, n int) {
		for i := range n {
			id++
			at := start.Add(time.Duration(i) * every)
			end := at.Add(time.Duration(20+(i*37)%90) * time.Minute)
			fmt.Fprintf(&b, "I-%d,Incident %d,sev%d,resolved,%s,%s,%s\n", id, id, 1+i%3, []string{"checkout", "search", ""}[i%3], at.Format(time.RFC3339), end.Format(time.RFC3339))
		}
	}
	const day = 24 * time.Hour
	add(time.Date(2023, 3, 10, 9, 0, 0, 0, time.UTC), 12*day, 24)
	add(time.Date(2024, 1, 2, 9, 0, 0, 0, time.UTC), 4*day, 90)
	add(time.Date(2025, 1, 3, 9, 0, 0, 0, time.UTC), 5*day, 11)
	return b.String()
}

func TestOverviewTellsTheCourse(t *testing.T) {
	s := newSite(t)
	s.get(t, "/").says(t, 200, "Your reliability will be here", "hansei demo", `href="/imports/new"`)
	s.load(t, "course.csv", course())
	s.get(t, "/").says(t, 200,
		"Your newest incident is from 22 February 2025; the figures end with that month.", // not months without records
		"1 Mar 2024 to 28 Feb 2025", `value="previous" selected`,
		"2025, to 28\u00a0Feb", "2023, from 10\u00a0Mar", "The records begin here.",
		"against 1 Jan to 29 Feb 2024", "More often: ×",
		"Services with the most incidents", "name no service.", "Severity mix",
		"Not in your data yet", "needs an import of deployments",
		"!unknown amount")
}

// TestPagesShowTheFigure holds the page to the engine: the same value, interval
// and n, and the same verdict.
func TestPagesShowTheFigure(t *testing.T) {
	s := newSite(t)
	s.load(t, "course.csv", course())
	at := func(y int, m time.Month) time.Time { return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC) }
	for _, id := range []string{"incident_rate", "time_to_resolve"} {
		figs, err := s.Metrics.Figures(t.Context(), auth.Local().Scope(),
			metric.Query{Metric: id, Since: at(2024, 1), Until: at(2025, 1), Compare: "previous"})
		if err != nil {
			t.Fatal(err)
		}
		f := figs[0]
		low, _ := chart.Split(*f.Low, chart.Unit(f.Unit))
		high, _ := chart.Split(*f.High, chart.Unit(f.Unit))
		number, _ := chart.Split(*f.Value, chart.Unit(f.Unit))
		for _, path := range []string{"/", "/metrics/" + id} {
			page := s.get(t, path+"?since=2024-01-01&until=2025-01-01")
			page.says(t, 200, fmt.Sprintf("n = %d", f.N), "1 Jan to 31 Dec 2024")
			text := words.ReplaceAllString(page.body, " ")
			for _, want := range []string{number, low + " to " + high} {
				if !strings.Contains(text, want) {
					t.Errorf("%s does not show %q of %s", path, want, id)
				}
			}
		}
		_, size, _ := strings.Cut(f.Compare.Says, ": ")
		if size == "" {
			size = strings.ToLower(f.Compare.Says[:1]) + f.Compare.Says[1:]
		}
		s.get(t, "/metrics/"+id+"?since=2024-01-01&until=2025-01-01").says(t, 200, size)
	}
}

func TestWrongQuestionsAreAnsweredInPlace(t *testing.T) {
	s := newSite(t)
	s.load(t, "course.csv", course())
	for path, want := range map[string]string{
		"/?since=soon":                                     "is not a date",
		"/?since=2025-01-01&until=2024-01-01":              "is not after since",
		"/?where=nonsense":                                 "expected field=value",
		"/metrics?compare=whenever":                        "expected previous, year-ago or SINCE..UNTIL",
		"/metrics/time_to_resolve?every=fortnight":         "is not a period",
		"/metrics/time_to_resolve?statistic=best":          "is not a statistic",
		"/metrics/time_to_resolve/records?class=lost":      "measured, censored, excluded",
		"/metrics/time_to_resolve/records?offset=-1":       "0 or more",
		"/metrics/time_to_resolve?by=shoe_size":            "shoe_size",
		"/services?" + url.Values{"until": {"x"}}.Encode(): "is not a date",
	} {
		s.get(t, path).says(t, 422, "That cannot be answered", want, "Compare with", "Without filters")
	}
	s.get(t, "/metrics/zzz").says(t, 404)
	s.get(t, "/services/zzz").says(t, 404)
}

var listedRow = regexp.MustCompile(`<tr[^>]*data-href="([^"]*)"`)

func TestRecordsBehindAFigure(t *testing.T) {
	s := newSite(t)
	s.load(t, "course.csv", course()+"X-1,Backwards,sev1,resolved,checkout,2024-05-05T10:00:00Z,2024-05-05T09:00:00Z\nX-2,Still open,sev1,open,checkout,2024-06-05T10:00:00Z,\n")
	window := "?since=2024-01-01&until=2025-01-01"
	page := s.get(t, "/metrics/time_to_resolve/records"+window)
	page.says(t, 200, "all 92", "measured 90", "not ended 1", "left out 1", "ending before they begin 1")
	for class, want := range map[string]int{"": 92, "measured": 90, "censored": 1, "excluded": 1, "negative_duration": 1} {
		n := 0
		for at := "/metrics/time_to_resolve/records" + window + "&class=" + class; at != ""; {
			body := s.get(t, at).says(t, 200).body
			n += len(listedRow.FindAllString(body, -1))
			next := regexp.MustCompile(`href="([^"]*offset=[^"]*)"[^>]*rel="next"|rel="next"[^>]*href="([^"]*offset=[^"]*)"`).FindStringSubmatch(body)
			at = ""
			if next != nil {
				at = strings.ReplaceAll(next[1]+next[2], "&amp;", "&")
			}
		}
		if n != want {
			t.Errorf("class %q lists %d records, want %d", class, n, want)
		}
	}
	s.get(t, "/metrics/time_to_resolve"+window).says(t, 200, "1 ending before they begin", "class=negative_duration", "Worked example", "/api/v1/figures/time_to_resolve?")
}

func TestServicesAreMergedAndParted(t *testing.T) {
	s := newSite(t)
	s.load(t, "course.csv", course())
	s.get(t, "/services").says(t, 200, "checkout", "search", "1 Mar 2024 to 28 Feb 2025")
	s.get(t, "/services?q=check&where=severity%3Dsev1").says(t, 200, "checkout", "!/services/search?", `name="where" value="severity=sev1"`)
	before := s.get(t, "/services/checkout").says(t, 200, "Is it the same as another service?", "All its incidents", "!Merged into it")
	merged := s.post(t, "/services/checkout/merge", "into", "search").says(t, 200, "Merged.", "/services/checkout/unmerge", "Merged into it", `href="/services/checkout"`)
	if merged.path != "/services/search" {
		t.Errorf("after a merge the reader is at %s", merged.path)
	}
	s.get(t, "/services/checkout").says(t, 200, "was merged into another", "Undo the merge")
	s.post(t, "/services/checkout/unmerge").says(t, 200, "They are two services again.", "Is it the same as another service?")
	if after := s.get(t, "/services/checkout"); main(after.body) != main(before.body) {
		t.Error("the page of a service that was parted again is not what it was")
	}
	s.post(t, "/services/checkout/merge", "into", "checkout").says(t, 422)
}

func TestEveryMetricHasAPage(t *testing.T) {
	s := newSite(t)
	s.load(t, "course.csv", course())
	s.load(t, "deployments.csv", deploymentsCSV)
	defs, err := s.Metrics.Catalogue(t.Context(), auth.Local().Scope())
	if err != nil {
		t.Fatal(err)
	}
	s.get(t, "/metrics").says(t, 200, "7.1 per 30 d", "by severity")
	for _, d := range defs {
		s.get(t, "/metrics/"+d.ID).says(t, 200, "What it means", "Worked example", "Left out", "/api/v1/figures/"+d.ID+"?")
		s.get(t, "/metrics/"+d.ID+"/records").says(t, 200, "Records behind")
		for _, every := range []string{"day", "week", "quarter", "year"} {
			s.get(t, "/metrics/"+d.ID+"?every="+every).says(t, 200, "What it means")
		}
	}
}
