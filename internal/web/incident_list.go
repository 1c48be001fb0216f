package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/web/incidents"
	"hansei/internal/web/ui"
)

// incidentColumns are the columns of the list and what each sorts by.
var incidentColumns = []struct {
	text, sort    string
	numeric, hide bool
}{
	{"Start", "start_at", false, false},
	{"Title", "title", false, false},
	{"Severity", "severity", false, false},
	{"Status", "status", false, true},
	{"Services", "", false, true},
	{"Time to resolve", "duration", true, true},
	{"Customers", "customers_affected", true, true},
}

const incidentsPerPage = 50

func incidentURL(id string) string { return "/incidents/" + url.PathEscape(id) }

// incidentQuery is the list that a URL asks for.
func (a asked) incidentQuery() metric.ListQuery {
	rest := a.Query.Rest
	return metric.ListQuery{Kind: hansei.KindIncident, Since: a.Since, Until: a.Until, Where: a.Where,
		Search: rest.Get("q"), Sort: rest.Get("sort"), Cursor: rest.Get("cursor"), Limit: incidentsPerPage}
}

func (s *Server) incidentList(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	a, err := s.read(r, who)
	if err != nil {
		return err
	}
	list, err := s.Metrics.List(r.Context(), who.Scope(), a.incidentQuery())
	if err != nil {
		return err
	}
	bar, err := s.bar(r.Context(), a)
	if err != nil {
		return err
	}
	q := a.Query
	t := ui.Table{ID: "incidents", Caption: "Incidents", Columns: sortable(q), Showing: showing(list, "incident", "incidents"),
		Export: []ui.Link{{Text: "CSV of all that match", URL: exportURL(q)}}}
	if list.Next != "" {
		t.Next = q.Set("cursor", list.Next).URL()
	}
	if list.Prev != "" {
		t.Prev = q.Set("cursor", list.Prev).URL()
	}
	for _, rec := range list.Records {
		t.Rows = append(t.Rows, incidentRow(rec, a.Zone))
	}
	if len(t.Rows) == 0 {
		if t.Empty, err = s.noIncidents(r.Context(), a, who); err != nil {
			return err
		}
	}
	p := ui.Page{Title: "Incidents", Filter: bar, Actions: []ui.Link{{Text: "Import a file", URL: "/imports/new"}}}
	return s.show(w, r, who, p, incidents.ListPage(incidents.List{Query: q, Search: q.Rest.Get("q"), Table: t}))
}

func exportURL(q ui.Query) string {
	q.Path = "/incidents.csv"
	return q.Set("cursor", "").URL()
}

// sortable heads the columns: a click sorts, another turns the order.
func sortable(q ui.Query) []ui.Column {
	by := q.Rest.Get("sort")
	if by == "" {
		by = "-start_at"
	}
	var out []ui.Column
	for _, c := range incidentColumns {
		col := ui.Column{Text: c.text, Numeric: c.numeric, Hide: c.hide}
		if c.sort != "" {
			next := c.sort
			switch by {
			case c.sort:
				col.Sorted, next = ui.Ascending, "-"+c.sort
			case "-" + c.sort:
				col.Sorted = ui.Descending
			default:
				if c.numeric || c.sort == "start_at" {
					next = "-" + c.sort // the longest, the latest and the most first
				}
			}
			col.SortURL = q.Set("sort", next).Set("cursor", "").URL()
		}
		out = append(out, col)
	}
	return out
}

func showing(l metric.List, one, many string) string {
	if len(l.Records) == 0 {
		return ""
	}
	if len(l.Records) == l.Total {
		return ui.Plural(l.Total, one, many)
	}
	return fmt.Sprintf("%s–%s of %s", ui.Count(l.Offset+1), ui.Count(l.Offset+len(l.Records)), ui.Plural(l.Total, one, many))
}

func incidentRow(rec map[string]any, zone *time.Location) ui.Row {
	id := textOf(rec["id"])
	title := textOf(rec["title"])
	if title == "" {
		title = textOf(rec["external"])
	}
	if title == "" {
		title = id
	}
	cells := []ui.Cell{{}, {Text: title, URL: incidentURL(id)},
		{Component: ui.SeverityBadge(ui.SeverityOf(textOf(rec["severity"])))},
		word(textOf(rec["status"]), "not recorded"), word(textOf(rec["services"]), "none named")}
	start, begun := rec["start_at"].(time.Time)
	if begun {
		cells[0] = ui.Cell{Component: ui.Time(start, zone)}
	}
	return ui.Row{URL: incidentURL(id), Cells: append(cells, took(rec, start), customers(rec["customers_affected"]))}
}

// took is the time from the start to the resolution.
func took(rec map[string]any, start time.Time) ui.Cell {
	end, ok := rec["resolved_at"].(time.Time)
	switch {
	case ok && end.Before(start):
		return word("", "ends before it starts")
	case ok && !start.IsZero():
		d := end.Sub(start).Seconds()
		return ui.Cell{Text: ui.Duration(d), Title: fmt.Sprintf("%.0f s", d)}
	case textOf(rec["status"]) == hansei.StatusOpen:
		return word("", "still open")
	}
	return word("", "not recorded")
}

func customers(v any) ui.Cell {
	if n, ok := v.(float64); ok {
		return ui.Cell{Text: ui.Count(int(n))}
	}
	return word("", "not recorded")
}

// word is a cell of text, or says in words why there is none.
func word(text, absent string) ui.Cell {
	if text == "" {
		return ui.Cell{Component: incidents.Absent(absent)}
	}
	return ui.Cell{Text: text}
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

// noIncidents says why the list is empty: nothing was imported, or nothing
// matches.
func (s *Server) noIncidents(ctx context.Context, a asked, who auth.Actor) (*ui.Empty, error) {
	all, err := s.Metrics.List(ctx, who.Scope(), metric.ListQuery{Kind: hansei.KindIncident, Limit: 1})
	if err != nil {
		return nil, err
	}
	if all.Total == 0 {
		return &ui.Empty{Icon: "flame", Title: "No incidents yet",
			Text:   "Every incident will be listed here, to filter, sort and search. Import a file of them: CSV, JSON or Parquet, as your tool exports it.",
			Action: &ui.Link{Text: "Import a file", URL: "/imports/new"}}, nil
	}
	clear := a.Query.To("/incidents")
	clear.Since, clear.Until, clear.Where = "", "", nil
	why := "No incident matches " + strings.Join(a.conditions(), ", ") + "."
	return &ui.Empty{Icon: "search", Title: "Nothing matches", Text: why,
		Action: &ui.Link{Text: "Show all " + ui.Count(all.Total), URL: clear.URL()}}, nil
}

// conditions are what a list is narrowed by, in words.
func (a asked) conditions() []string {
	var out []string
	if a.Query.Since != "" || a.Query.Until != "" {
		out = append(out, "the window "+a.words())
	}
	out = append(out, a.Query.Where...)
	if q := a.Query.Rest.Get("q"); q != "" {
		out = append(out, fmt.Sprintf("the words “%s”", q))
	}
	return out
}
