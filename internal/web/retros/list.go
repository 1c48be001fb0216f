package retros

import (
	"net/http"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

func (p *Pages) listRoutes() map[string]shell.Page {
	return map[string]shell.Page{"GET /retrospectives": p.list}
}

const perPage = 50

func (p *Pages) list(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	found, err := p.Metrics.List(r.Context(), who.Scope(), metric.ListQuery{Kind: hansei.KindRetrospective, Limit: perPage, Cursor: r.URL.Query().Get("cursor")})
	if err != nil {
		return err
	}
	t := ui.Table{ID: "retrospectives", Caption: "Retrospectives", Columns: []ui.Column{{Text: "Title"}, {Text: "State"}},
		Empty: &ui.Empty{Icon: "notebook", Title: "No retrospectives yet", Text: "Each begins as a draft made from what is known about an incident.", Action: &ui.Link{Text: "Choose an incident", URL: "/incidents"}}}
	for _, rec := range found.Records {
		id, _ := rec["id"].(string)
		title, _ := rec["title"].(string)
		state, _ := rec["state"].(string)
		url := URL(hansei.ID(id))
		t.Rows = append(t.Rows, ui.Row{ID: id, URL: url, Cells: []ui.Cell{{Text: title, URL: url}, {Text: stateText(state)}}})
	}
	return p.Show(w, r, who, ui.Page{Title: "Retrospectives"}, ui.DataTable(t))
}
