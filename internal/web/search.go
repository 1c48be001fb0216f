package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/web/search"
	"hansei/internal/web/ui"
)

// searchPage answers the palette while a person types, and is a page of its
// own without scripts.
func (s *Server) searchPage(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	q := strings.TrimSpace(r.URL.Query().Get("q"))
	hits, err := s.search(r.Context(), who, q)
	if err != nil {
		return err
	}
	if r.Header.Get("HX-Request") != "" && r.Header.Get("HX-Boosted") == "" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		return ui.SearchResults(hits).Render(r.Context(), w)
	}
	for _, n := range s.nav() {
		if q != "" && matches(n.Text, q) {
			hits = append(hits, ui.Command{Text: n.Text, Hint: "Page", URL: n.URL, Icon: n.Icon})
		}
	}
	return s.show(w, r, who, ui.Page{Title: "Search"}, search.Page(q, hits))
}

// hitsEach is how many records of a kind the palette offers.
const hitsEach = 8

func (s *Server) search(ctx context.Context, who auth.Actor, q string) ([]ui.Command, error) {
	var out []ui.Command
	if q == "" || len(q) > 200 {
		return out, nil
	}
	for _, k := range []struct {
		kind       hansei.Kind
		hint, icon string
	}{{hansei.KindIncident, "Incident", "flame"}, {hansei.KindService, "Service", "server-2"}, {hansei.KindTeam, "Team", "user"}} {
		list, err := s.Metrics.List(ctx, who.Scope(), metric.ListQuery{Kind: k.kind, Search: q, Limit: hitsEach})
		if err != nil {
			return nil, err
		}
		for _, rec := range list.Records {
			id := textOf(rec["id"])
			text := textOf(rec["title"]) + textOf(rec["name"])
			if text == "" {
				text = id
			}
			c := ui.Command{Text: text, Hint: k.hint, Icon: k.icon, URL: pageURL(k.kind, hansei.ID(id))}
			if k.kind == hansei.KindIncident {
				c.Hint += " " + textOf(rec["external"])
			}
			out = append(out, c)
		}
	}
	metrics, err := s.Metrics.Catalogue(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	for _, m := range metrics {
		if matches(m.ID+" "+m.Title, q) {
			out = append(out, ui.Command{Text: m.Title, Hint: "Metric", URL: "/metrics/" + url.PathEscape(m.ID), Icon: "chart-dots"})
		}
	}
	return out, nil
}

// matches says that every word of q stands in a text.
func matches(text, q string) bool {
	text = strings.ToLower(text)
	for word := range strings.FieldsSeq(strings.ToLower(q)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}
