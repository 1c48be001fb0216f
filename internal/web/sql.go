package web

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/web/shell"
	"hansei/internal/web/sqlpage"
	"hansei/internal/web/ui"
)

// examples are queries to begin with; each reads only the facts' own tables.
var examples = []sqlpage.Example{
	{Asks: "How many incidents were there each month, and of which severity?", SQL: `SELECT date_trunc('month', start_at) AS month, severity, count(*) AS incidents
FROM incident
GROUP BY ALL
ORDER BY month DESC, severity`},
	{Asks: "Which services had the most incidents?", SQL: `SELECT service.name, count(*) AS incidents
FROM incident_service
JOIN service ON service.id = incident_service.service
GROUP BY service.name
ORDER BY incidents DESC
LIMIT 20`},
	{Asks: "Which incidents took longest to resolve?", SQL: `SELECT id, title, start_at, date_diff('minute', start_at, resolved_at) AS minutes
FROM incident
WHERE resolved_at >= start_at
ORDER BY minutes DESC
LIMIT 20`},
	{Asks: "Which milestones are recorded, and how often?", SQL: `SELECT role, count(*) AS incidents
FROM milestone
GROUP BY role
ORDER BY incidents DESC`},
	{Asks: "Which deployments finished in the four hours before an incident of the same service?", SQL: `SELECT incident.id AS incident, incident.start_at, deployment.id AS deployment, deployment.finished_at
FROM incident
JOIN incident_service ON incident_service.incident = incident.id
JOIN deployment ON deployment.service = incident_service.service
  AND deployment.finished_at BETWEEN incident.start_at - INTERVAL 4 HOUR AND incident.start_at
ORDER BY incident.start_at DESC
LIMIT 100`},
}

// shownRows is how many rows the page shows; the CSV has as many as allowed.
const shownRows = 1000

func sqlURL(path, q string) string { return path + "?" + url.Values{"q": {q}}.Encode() }

// sqlForm sends a query on to its own address, so that it can be shared.
func (s *Server) sqlForm(w http.ResponseWriter, r *http.Request, _ auth.Actor) error {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		return hansei.Invalid("", "the form could not be read: %v", err)
	}
	return shell.Back(w, r, sqlURL("/sql", strings.TrimSpace(r.PostForm.Get("q"))))
}

// sqlPage is the console, with the answer to the query of the URL.
func (s *Server) sqlPage(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	if _, err := who.Scope().MayRead(); err != nil {
		return err
	}
	q := r.URL.Query().Get("q")
	c := sqlpage.Console{Console: ui.Console{Action: "/sql", Schema: schemaItems(),
		Field: ui.Field{ID: "sql", Name: "q", Label: "SQL", Value: q, Rows: 8, Mono: true, Required: true,
			Help: "One statement that only reads. The dialect is DuckDB's; times are UTC."}}}
	status := http.StatusOK
	if q == "" {
		c.Console.Field.Value = examples[0].SQL
	} else {
		began := time.Now() // how long it takes, whatever the server's clock says
		rows, err := s.Facts.SQL(r.Context(), q, shownRows)
		var invalid *hansei.InvalidError
		switch {
		case errors.As(err, &invalid):
			c.Console.Field.Error, status = invalid.Reason, http.StatusUnprocessableEntity
		case err != nil:
			return err
		default:
			c.Share = sqlURL("/sql", q)
			c.Console.Took, c.Console.Result = answer(rows, q, time.Since(began))
		}
	}
	for _, e := range examples {
		e.URL = sqlURL("/sql", e.SQL)
		c.Examples = append(c.Examples, e)
	}
	p := ui.Page{Title: "SQL", Lead: "Ask the facts anything. Nothing can be changed from here."}
	return s.showAs(w, r, who, status, p, sqlpage.Page(c))
}

// answer is the table of a result, and how long it took.
func answer(rows fact.Rows, q string, took time.Duration) (string, *ui.Table) {
	t := &ui.Table{ID: "result", Caption: "Result", Export: []ui.Link{{Text: "CSV", URL: sqlURL("/sql.csv", q)}},
		Showing: ui.Plural(len(rows.Rows), "row", "rows"), Empty: &ui.Empty{Title: "No rows", Text: "The query ran and found nothing."}}
	if rows.Truncated {
		t.Showing = fmt.Sprintf("The first %s rows; the CSV has up to %s", ui.Count(len(rows.Rows)), ui.Count(fact.SQLMaxRows))
	}
	for i, name := range rows.Columns {
		c := ui.Column{Text: name}
		if len(rows.Rows) > 0 {
			switch rows.Rows[0][i].(type) {
			case float64, int64, int:
				c.Numeric = true
			}
		}
		t.Columns = append(t.Columns, c)
	}
	for _, row := range rows.Rows {
		var cells []ui.Cell
		for _, v := range row {
			cells = append(cells, resultCell(v))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: cells})
	}
	return fmt.Sprintf("%.0f ms, %s", float64(took.Microseconds())/1000, t.Showing), t
}

func resultCell(v any) ui.Cell {
	switch v := v.(type) {
	case nil:
		return word("", "null")
	case time.Time:
		return ui.Cell{Text: v.UTC().Format("2006-01-02 15:04:05"), Title: ui.UTC(v)}
	}
	s := fmt.Sprint(v)
	if f, ok := v.(float64); ok {
		s = fmt.Sprintf("%.10g", f)
	}
	return ui.Cell{Text: shorten(s)}
}

// sqlCSV is the answer as a file, with as many rows as are allowed.
func (s *Server) sqlCSV(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	if _, err := who.Scope().MayRead(); err != nil {
		return err
	}
	rows, err := s.Facts.SQL(r.Context(), r.URL.Query().Get("q"), fact.SQLMaxRows)
	if err != nil {
		return err
	}
	download(w, "result.csv", "text/csv; charset=utf-8")
	out := csv.NewWriter(w)
	if err := out.Write(rows.Columns); err != nil {
		return gone(err)
	}
	for _, row := range rows.Rows {
		line := make([]string, len(row))
		for i, v := range row {
			line[i] = plainText(v)
		}
		if err := out.Write(line); err != nil {
			return gone(err)
		}
	}
	out.Flush()
	return gone(out.Error())
}

// schemaItems are the tables and columns that SQL can read.
func schemaItems() []ui.Item {
	var out []ui.Item
	for _, t := range fact.Schema() {
		var columns []ui.Item
		for _, c := range t.Columns {
			columns = append(columns, ui.Item{Name: c.Name, Text: c.Help, From: strings.ToLower(c.Type)})
		}
		out = append(out, ui.Item{Name: t.Name, Component: sqlpage.Columns(t.Help, columns)})
	}
	return out
}
