package sources

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"hansei/internal/auth"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// list is every source with its health.
func (p *Pages) list(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	zone, err := p.Zone(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	all, err := p.Sources.List(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	var rows []health
	for _, v := range all {
		rows = append(rows, p.health(v, zone))
	}
	if live(r) {
		return shell.Fragment(w, r, liveList(rows))
	}
	astray, err := p.Sources.Astray(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	page := ui.Page{Title: "Sources", Lead: "The tools that tell Hansei what happened, and how each of them fares."}
	if len(rows) == 0 {
		return p.Show(w, r, who, page, emptyList(p.cards(), int(astray)))
	}
	page.Actions = []ui.Link{{Text: "Add source", URL: "/sources/new"}, {Text: "Deliveries", URL: "/deliveries"}, {Text: "Joins", URL: "/joins"}, {Text: "Jobs", URL: "/jobs"}}
	return p.Show(w, r, who, page, listPage(rows, int(astray)))
}

// card invites to add one sort of tool.
type card struct {
	Title, About, URL string
	Gives             []string
}

func (p *Pages) cards() []card {
	var out []card
	for _, k := range p.Sources.Kinds {
		out = append(out, card{k.Title, k.About, "/sources/new/" + k.Name, kindNames(k.Gives)})
	}
	return append(out, card{"A file", "What another tool exported, once or now and then: CSV, JSON, spreadsheets.", "/imports/new", []string{"anything"}})
}

// tools is the choice of what to add.
func (p *Pages) tools(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	page := ui.Page{Title: "Add a source", Crumbs: crumbs,
		Lead: "Choose the tool. You are led through what to click there, and nothing is stored before you save."}
	return p.Show(w, r, who, page, toolsPage(p.cards()))
}

// table is the list as rows that keys walk through.
func table(rows []health) ui.Table {
	t := ui.Table{ID: "sources", Caption: "Sources", Columns: []ui.Column{{Text: "Source"}, {Text: "How it fares"}, {Text: "Last 30 days", Hide: true},
		{Text: "Last delivery", Hide: true}, {Text: "Last pull", Hide: true}, {Text: "Lag", Hide: true}, {Text: "Waiting", Numeric: true, Hide: true}, {Text: "Failed", Numeric: true, Hide: true}, {Text: "Refused, 7 days", Numeric: true, Hide: true}}}
	for _, h := range rows {
		last := ui.Cell{Text: "none yet"}
		if !h.Last.IsZero() {
			last = ui.Cell{Component: when(h.Last, h.Now, h.Zone)}
		}
		pulled := ui.Cell{Text: "webhooks only"}
		if h.Pulls {
			pulled = ui.Cell{Text: "none yet"}
		}
		if !h.Pulled.IsZero() {
			pulled = ui.Cell{Component: when(h.Pulled, h.Now, h.Zone)}
		}
		failed := ui.Cell{Text: ui.Count(int(h.Failed))}
		if h.Failed > 0 {
			failed.URL = h.URL + "/deliveries?state=failed"
		}
		t.Rows = append(t.Rows, ui.Row{ID: h.Name, URL: h.URL, Cells: []ui.Cell{{Component: sourceName(h)}, {Component: stateCell(h)},
			{Component: ui.BarStrip(h.Days)}, last, pulled, {Component: lag(h)}, {Text: ui.Count(int(h.Waiting))}, failed, {Text: ui.Count(int(h.refused()))}}})
	}
	return t
}

// ago is how long before now a time was, in words; empty for none.
func ago(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ui.Ago(t, now)
}

func count(n int) string { return strconv.Itoa(n) }

func fraction(v float64) string { return strconv.FormatFloat(v, 'f', 3, 64) }

// every writes how often a stream is read: "5m0s" as 5 m.
func every(s string) string {
	d, err := time.ParseDuration(s)
	if err != nil {
		return s
	}
	return ui.Duration(d.Seconds())
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return ui.Count(int(n)) + " times in a row"
}

// listed writes names, the first few of many.
func listed(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + " and " + count(len(names)-most) + " more"
}
