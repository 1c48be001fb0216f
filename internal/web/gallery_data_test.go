package web_test

import (
	"math"
	"net/url"
	"time"

	"github.com/a-h/templ"

	"hansei/internal/chart"
	"hansei/internal/web/ui"
)

func months() []chart.Point {
	var out []chart.Point
	names := []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	values := []float64{3900, 4400, 3300, 5200, 4100, 2900, 4800, 21000, 4300, 3700, math.NaN(), 4700}
	for i, name := range names {
		p := chart.Point{Label: name + " 2025", Value: values[i], N: 17 + i%5, Href: "/incidents?month=" + name}
		if p.Known() {
			p.Interval = &chart.Interval{Low: p.Value * 0.6, High: p.Value * 1.7, Level: 0.95, Method: "order statistics"}
		} else {
			p.N, p.Note = 2, "too few: n = 2, at least 6 are needed"
		}
		out = append(out, p)
	}
	out[7].Signal = "above the upper control limit"
	out[11].Partial = true
	return out
}

func counts() []chart.Point {
	var out []chart.Point
	for i, p := range months() {
		n := float64(12 + (i*7)%11)
		out = append(out, chart.Point{Label: p.Label, Value: n, N: int(n), Partial: i == 11,
			Interval: &chart.Interval{Low: n - 1.96*math.Sqrt(n), High: n + 2.2*math.Sqrt(n)}, Href: p.Href})
	}
	return out
}

func page() ui.Page {
	u := &url.URL{Path: "/", RawQuery: "since=2025-01-01&until=2026-01-01&compare=previous&where=severity%3Dsev1&where=status!%3Dopen"}
	q := ui.ReadQuery(u)
	return ui.Page{
		Title: "Overview", Lead: "How reliable were we, and is it changing?", Organization: "GitHub", Person: "Local user",
		Nav: []ui.NavItem{
			{Link: ui.Link{Text: "Overview", URL: "/", Current: true}, Icon: "layout-dashboard", Key: "o"},
			{Link: ui.Link{Text: "Incidents", URL: "/incidents"}, Icon: "flame", Key: "i"},
			{Link: ui.Link{Text: "Metrics", URL: "/metrics"}, Icon: "chart-dots", Key: "m"},
			{Link: ui.Link{Text: "Services & teams", URL: "/services"}, Icon: "server-2", Key: "s"},
			{Link: ui.Link{Text: "Imports", URL: "/imports"}, Icon: "file-import", Key: "p"},
			{Link: ui.Link{Text: "SQL", URL: "/sql"}, Icon: "database", Key: "q"},
			{Link: ui.Link{Text: "Settings", URL: "/settings"}, Icon: "settings", Key: "t"},
		},
		Commands:  []ui.Command{{Text: "Import a file", Hint: "Action", URL: "/imports/new", Icon: "file-import"}},
		SearchURL: "/search",
		Actions:   []ui.Link{{Text: "Import a file", URL: "/imports/new"}, {Text: "Share", URL: "/share"}},
		Toast:     &ui.Toast{Text: "Two services were merged.", UndoURL: "/undo"},
		Filter: &ui.FilterBar{
			Query: q, Window: "1 Jan to 31 Dec 2025", Compare: true,
			Presets: []ui.Link{
				{Text: "Last 30 days", URL: q.Between("2025-12-01", "").URL()}, {Text: "Last 12 months", URL: q.Between("2024-12-31", "").URL()},
				{Text: "2025", URL: q.Between("2025-01-01", "2026-01-01").URL(), Current: true}, {Text: "Everything", URL: q.Between("", "").URL()},
			},
			Fields: []ui.FilterField{
				{Name: "service", Label: "Service", Options: []ui.Option{{Value: "api", Text: "API requests"}, {Value: "actions", Text: "Actions"}}},
				{Name: "team", Label: "Team", Options: []ui.Option{{Value: "platform", Text: "Platform"}}},
				{Name: "severity", Label: "Severity", Options: []ui.Option{{Value: "sev1", Text: "sev1"}, {Value: "sev2", Text: "sev2"}}},
			},
			Names:  []ui.Option{{Value: "status", Text: "Status"}, {Value: "service", Text: "Service"}},
			Groups: []ui.Option{{Value: "service", Text: "Service"}, {Value: "severity", Text: "Severity"}},
		},
	}
}

func cards() []ui.Card {
	about := ui.About{
		Definition: "How long from the moment an incident began until it was resolved?",
		Formula:    "resolved − began, for each incident; the median of these", Method: "order statistics, 95 %",
		Caveats: "Skewed: compare medians. Says nothing about how often incidents happen.", Source: "Davidovič 2021", Version: 1,
		LeftOut: []ui.LeftOut{{Reason: "maintenance", N: 12, URL: "/incidents?where=type%3Dmaintenance"}, {Reason: "without a time of resolution", N: 3}},
		More:    &ui.Link{Text: "The metric's page", URL: "/metrics/time_to_resolve"},
	}
	ok := ui.Card{
		ID: "ttr", Title: "Time to resolve", Statistic: "median", State: ui.OK, Value: 4020, Unit: chart.Seconds,
		Interval: &ui.Interval{Interval: chart.Interval{Low: 3060, High: 4800, Level: 0.95}}, N: 200, Censored: 1,
		Trend: months(), Limits: &chart.Limits{Low: 1500, Center: 4100, High: 11000}, TrendLabel: "monthly, with control limits",
		Verdict: ui.Verdict{Sign: ui.Unchanged, Text: "vs 2024: no detectable change (a change under 38 % could not have been seen)"},
		Records: "/incidents?since=2025-01-01", About: about,
	}
	rate := ok
	rate.ID, rate.Title, rate.Statistic, rate.Value, rate.Unit = "rate", "Incident rate", "per 30 days", 24.3, chart.Per30d
	rate.Interval = &ui.Interval{Interval: chart.Interval{Low: 21.6, High: 27.2}}
	rate.N, rate.Censored, rate.Trend, rate.Limits = 296, 0, counts(), &chart.Limits{Low: 4, Center: 17, High: 30}
	rate.Verdict = ui.Verdict{Sign: ui.Worse, Text: "36 % more often than in 2024 (14 % to 63 %)"}
	ratio := rate
	ratio.ID, ratio.Title, ratio.Statistic, ratio.Value, ratio.Unit = "cfr", "Change fail rate", "", 0.076, chart.Ratio
	ratio.Interval = &ui.Interval{Interval: chart.Interval{Low: 0.068, High: math.Inf(1)}}
	ratio.Verdict = ui.Verdict{Sign: ui.Better, Text: "Down by a third from 2024 (18 % to 46 %)"}
	ratio.Warnings, ratio.Trend = []string{"12 deployments have no result and were left out."}, nil
	count := ui.Card{ID: "count", Title: "Incidents", State: ui.OK, Value: 12345, Unit: chart.One, Count: true, N: 12345, Records: "/incidents", About: about}
	all := []ui.Card{ok, rate, ratio, count}
	for _, s := range []struct {
		state  ui.State
		reason string
		action *ui.Link
	}{
		{ui.TooFew, "3 incidents; the median needs at least 6.", &ui.Link{Text: "Widen the window", URL: "/?since="}},
		{ui.NotConfigured, "Customers served is not set, and the index divides by it.", &ui.Link{Text: "Set customers served", URL: "/settings"}},
		{ui.NotRecorded, "None of the 296 incidents says when it was acknowledged.", &ui.Link{Text: "See which fields a file can bring", URL: "/imports"}},
		{ui.NoRecords, "No deployment falls into this window and filter.", &ui.Link{Text: "Import deployments", URL: "/imports"}},
		{ui.Computing, "1 000 000 deployments; this takes a few seconds.", nil},
		{ui.Failed, "The facts file was being rebuilt. Your records are safe.", &ui.Link{Text: "Try again", URL: "/"}},
		{ui.Suppressed, "Fewer than five people are in this group.", nil},
	} {
		all = append(all, ui.Card{ID: string(s.state), Title: "Time to acknowledge", Statistic: "median", State: s.state, Reason: s.reason, Action: s.action, About: about})
	}
	return all
}

func charts() []chart.Chart {
	all := 4100.0
	second := months()
	for i := range second {
		second[i].Value *= 0.4
		if second[i].Interval != nil {
			in := *second[i].Interval
			in.Low, in.High = in.Low*0.4, in.High*0.4
			second[i].Interval = &in
		}
		second[i].Signal = ""
	}
	groups := []chart.Point{}
	for i, name := range []string{"Actions", "API requests", "Copilot", "Git operations", "Issues and a very long name of a service", "Pages"} {
		p := months()[i]
		p.Label = name
		groups = append(groups, p)
	}
	groups[3].Value, groups[3].Interval, groups[3].Note = math.NaN(), nil, "too few: n = 2"
	return []chart.Chart{
		chart.Trend(chart.TrendSpec{ID: "ttr-trend", Title: "Time to resolve, by month", Unit: chart.Seconds,
			Caption: "The monthly median stayed between 48 minutes and 1 h 27 m, except in August 2025, which lies above the upper limit.",
			Lines:   []chart.Line{{Name: "all", Points: months()}}, Limits: &chart.Limits{Low: 1500, Center: 4100, High: 11000},
			Marks: []chart.Mark{{Label: "Apr 2025", Text: "new paging"}}}),
		chart.Bars(chart.BarSpec{ID: "count-bars", Title: "Incidents, by month", Caption: "Between 12 and 22 incidents a month; December is not over.",
			First: "month", Unit: chart.One, Points: counts()}),
		chart.Trend(chart.TrendSpec{ID: "two", Title: "Time to resolve, by severity", Unit: chart.Seconds, Caption: "sev1 takes less than half as long as sev2.",
			Lines: []chart.Line{{Name: "sev2", Points: months()}, {Name: "sev1", Points: second}}}),
		chart.Dots(chart.DotSpec{ID: "by-service", Title: "Time to resolve, by service", Caption: "No service differs detectably from all together.",
			First: "service", Unit: chart.Seconds, Points: groups, Reference: &all, ReferenceName: "all"}),
	}
}

func incidents() ui.Table {
	t := ui.Table{
		ID: "incidents", Caption: "Incidents", Showing: "1–4 of 801 incidents", Next: "/incidents?cursor=abc", Prev: "/incidents?cursor=aaa",
		Export: []ui.Link{{Text: "CSV", URL: "/incidents.csv"}},
		Columns: []ui.Column{
			{Text: "Incident"}, {Text: "Severity", SortURL: "/incidents?sort=severity"}, {Text: "Began", SortURL: "/incidents?sort=began", Sorted: ui.Descending},
			{Text: "Service", Hide: true}, {Text: "To resolve", Numeric: true, SortURL: "/incidents?sort=ttr"},
		},
	}
	began := time.Date(2025, 3, 4, 14, 5, 0, 0, time.UTC)
	for i, title := range []string{"Disruption with some API requests", "Incident with Actions", "Degraded performance of Pages builds", "Copilot is not available"} {
		sev := ui.SeverityOf([]string{"sev1", "sev2", "sev3", ""}[i])
		at := began.AddDate(0, 0, -9*i)
		seconds := []float64{4020, 187200, 42, 820000}[i]
		t.Rows = append(t.Rows, ui.Row{ID: title[:3], URL: "/incidents/" + title[:3], Cells: []ui.Cell{
			{Text: title, URL: "/incidents/" + title[:3]}, {Component: ui.SeverityBadge(sev)}, {Component: ui.Time(at, time.UTC)},
			{Text: "API requests"}, {Text: ui.Duration(seconds), Title: ui.Exact(seconds, chart.Seconds)},
		}})
	}
	return t
}

func parts() []templ.Component {
	at := time.Date(2025, 3, 4, 14, 5, 0, 0, time.UTC)
	moved := at.Add(-9 * time.Minute)
	course := ui.Timeline{Zone: time.UTC, Open: true, Moments: []ui.Moment{
		{Name: "Impact began", At: at, From: "statuspage", Moved: &moved},
		{Name: "Detected", At: at.Add(4 * time.Minute), From: "pagerduty"},
		{Name: "Acknowledged", At: at.Add(7 * time.Minute), From: "pagerduty"},
		{Name: "Mitigated", At: at.Add(52 * time.Minute), From: "Ada", Wrong: "before “engaged”, which cannot be"},
		{Name: "Resolved", At: at.Add(67 * time.Minute), From: "statuspage"},
	}}
	bad := &ui.Problem{Title: "This is not valid SQL", Happened: "Parser error at line 1: syntax error near “form”.", Next: "Did you mean FROM?"}
	field := ui.Field{ID: "sql", Name: "sql", Label: "SQL", Value: "select count(*) form incident", Rows: 4, Mono: true, Required: true, Help: "Read-only. At most 10 seconds and 10 000 rows."}
	table := incidents()
	table.ID, table.Caption = "result", "Result"
	return []templ.Component{
		ui.DataTable(incidents()),
		ui.EmptyState(ui.Empty{Icon: "flame", Title: "No incidents yet", Text: "Every incident of your organization will be here, with its course and what came of it.",
			Action: &ui.Link{Text: "Import a file", URL: "/imports/new"}, Sample: &ui.Link{Text: "Look at real sample data", URL: "/sample"}}),
		ui.ProblemPanel(ui.Problem{Title: "Something broke on our side", Happened: "The page could not be built.", Means: "Your records are safe.", Next: "Try again; if it stays, tell whoever runs Hansei.",
			Incident: "req-7f3a", Action: &ui.Link{Text: "Try again", URL: "/"}, FieldLinks: []ui.Link{{Text: "Began: expected a time", URL: "#began"}}}),
		ui.ProgressBar(ui.Progress{ID: "p1", Title: "Importing incidents.csv", Done: 412000, Total: 1000000, Rate: 41234, Noun: "rows", State: ui.Computing, Cancel: &ui.Link{Text: "Stop", URL: "/stop"}}),
		ui.ProgressBar(ui.Progress{ID: "p2", Title: "Importing incidents.json", Done: 412, Noun: "rows", State: ui.Failed, Text: "the file ends in the middle of a row"}),
		ui.ProgressBar(ui.Progress{ID: "p3", Title: "Rebuilding", Done: 412, Noun: "records", State: ui.Computing}),
		ui.Definitions([]ui.Item{{Name: "Status", Text: "resolved", From: "statuspage"}, {Name: "Customers affected", Absent: "not recorded"}, {Name: "Id", Component: ui.Copy("inc-2025-03-04-api")}}),
		ui.Milestones(course),
		ui.Revisions([]ui.Revision{{Title: "Revision 3", Who: "Ada", At: at, Reason: "The impact began before the alert.", Revert: &ui.Link{Text: "Undo", URL: "/undo"},
			Changes: []ui.Change{{Field: "began", Before: "2025-03-04 14:05", After: "2025-03-04 13:56"}, {Field: "owner", After: "Platform"}}}}, time.UTC),
		ui.FormField(ui.Field{ID: "began", Name: "began", Label: "Began", Help: "When customers were first affected.", Value: "yesterday", Error: "“yesterday” is not a time; expected 2025-01-31 14:05", Required: true}),
		ui.FormField(ui.Field{ID: "sev", Name: "sev", Label: "Severity", Options: []ui.Option{{Value: "sev1", Text: "sev1"}}}),
		ui.FileDrop(ui.Upload{Action: "/imports", Name: "file", Label: "Drop a file here, or choose one", Help: "CSV, JSON, JSON Lines or Parquet; also gzip or zstd.", Accept: ".csv,.json"}),
		ui.SQLConsole(ui.Console{Action: "/sql", Field: field, Result: &table, Took: "24 ms, 4 rows", Error: bad, Schema: []ui.Item{{Name: "incident", Text: "id, title, severity, began_at"}}}),
	}
}
