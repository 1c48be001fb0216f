package web

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/chart"
	"hansei/internal/metric"
	"hansei/internal/web/metrics"
	"hansei/internal/web/ui"
)

const contributionsPerPage = 100

// metricRecords lists exactly the records behind a figure.
func (s *Server) metricRecords(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	a, err := s.read(r, who)
	if err != nil {
		return err
	}
	def, err := s.definition(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	rest := a.Query.Rest
	offset, err := strconv.Atoi(cmp.Or(rest.Get("offset"), "0"))
	if err != nil {
		return hansei.Invalid("offset", "%q is not a number", rest.Get("offset"))
	}
	class := rest.Get("class")
	q := metric.Query{Metric: def.ID, Since: a.Since, Until: a.Until, Where: a.Where, Statistic: metric.StatisticName(rest.Get("statistic"))}
	x, err := s.Metrics.Explain(r.Context(), who.Scope(), q, class, offset, contributionsPerPage)
	if err != nil {
		return err
	}
	page := metrics.Records{Back: ui.Link{Text: "Back to " + lowerFirst(def.Title), URL: a.Query.To("/metrics/" + def.ID).URL()},
		Table: ui.Table{ID: "contributions", Caption: "Records behind the figure", Columns: []ui.Column{{Text: "When"}, {Text: "Record"}, {Text: "Counted as"}, {Text: "Value", Numeric: true}},
			Empty: &ui.Empty{Icon: "list", Title: "No such records", Text: "Nothing in this window falls under this."}}}
	figs, err := s.Metrics.Figures(r.Context(), who.Scope(), q)
	if err != nil {
		return err
	}
	page.Classes = classLinks(a, figs, class)
	for _, c := range x.Records {
		page.Table.Rows = append(page.Table.Rows, contribution(def, c, a))
	}
	if x.Next > 0 {
		page.Table.Next = a.Query.Set("offset", strconv.Itoa(x.Next)).URL()
	}
	if offset > 0 {
		page.Table.Prev = a.Query.Set("offset", strconv.Itoa(max(0, offset-contributionsPerPage))).URL()
	}
	p := ui.Page{Title: "Records behind " + lowerFirst(def.Title), Lead: def.Formula,
		Crumbs: []ui.Link{{Text: "Metrics", URL: "/metrics"}, {Text: def.Title, URL: a.Query.To("/metrics/" + def.ID).URL()}}}
	if p.Filter, err = s.bar(r.Context(), a); err != nil {
		return err
	}
	return s.show(w, r, who, p, metrics.RecordsPage(page))
}

// classLinks narrow the records down, each with how many it leaves. A mix has
// no single figure, so no counts.
func classLinks(a asked, figs []metric.Figure, now string) []ui.Link {
	var out []ui.Link
	add := func(class, text string, n int) {
		if len(figs) == 1 {
			text += " " + ui.Count(n)
		}
		out = append(out, ui.Link{Text: text, URL: a.Query.Set("class", class).Set("offset", "").URL(), Current: class == now})
	}
	var f metric.Figure
	if len(figs) == 1 {
		f = figs[0]
	}
	add("", "all", f.Records())
	add("measured", "measured", f.N)
	add("censored", "not ended", f.Censored)
	add("excluded", "left out", f.Records()-f.N-f.Censored)
	for _, reason := range slices.Sorted(maps.Keys(f.Excluded)) {
		add(reason, metric.Reason(reason), f.Excluded[reason])
	}
	return out
}

func contribution(def metric.Definition, c metric.Contribution, a asked) ui.Row {
	href := "/records/" + c.Kind + "/" + c.ID
	if c.Kind == string(hansei.KindIncident) {
		href = incidentURL(c.ID)
	}
	class := c.Class
	switch c.Class {
	case "censored":
		class = "not ended"
	case "excluded":
		class = "left out: " + metric.Reason(c.Reason)
	}
	value := ""
	if c.Value != nil {
		value = ui.Value(*c.Value, chart.Unit(recordUnit(def)))
	}
	return ui.Row{ID: c.ID, URL: href, Cells: []ui.Cell{{Text: strings.ReplaceAll(ui.Clock(c.At, a.Zone), " ", "\u00a0"), Title: ui.UTC(c.At)}, {Text: cmp.Or(c.Title, c.ID), URL: href}, {Text: class}, {Text: value}}}
}

// recordUnit is the unit of one record's value: a record of a rate or share
// counts as one or none.
func recordUnit(def metric.Definition) metric.Unit {
	if def.Unit == metric.Per30d || def.Unit == metric.Ratio {
		return metric.One
	}
	return def.Unit
}
