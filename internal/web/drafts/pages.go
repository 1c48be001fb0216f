package drafts

import (
	"context"
	"net/http"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/web/retros"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// Pages are where retrospectives begin.
type Pages struct {
	*shell.Shell
	Desk *retro.Desk
}

// Routes are the addresses of the pages.
func (p *Pages) Routes() map[string]shell.Page {
	return map[string]shell.Page{"POST /incidents/{id}/retrospective": p.draft}
}

// Panel is what the page of an incident says of its retrospectives.
type Panel struct {
	Incident hansei.ID
	Open     bool // the incident goes on
	Retros   []*hansei.Retrospective
	Now      time.Time
	Zone     *time.Location
}

// maxOf is how many retrospectives of one incident are shown.
const maxOf = 10

// Of is the panel of an incident.
func (p *Pages) Of(ctx context.Context, who auth.Scope, in *hansei.Incident) (Panel, error) {
	v := Panel{Incident: in.ID, Open: in.Status == hansei.StatusOpen, Now: p.Now()}
	var err error
	if v.Zone, err = p.Zone(ctx, who); err != nil {
		return v, err
	}
	rows, err := p.Facts.SQL(ctx, "SELECT retrospective FROM retrospective_incident WHERE incident = "+fact.Literal(string(in.ID))+" ORDER BY 1", maxOf)
	if err != nil {
		return v, err
	}
	var ids []hansei.ID
	for _, row := range rows.Rows {
		if id, ok := row[0].(string); ok {
			ids = append(ids, hansei.ID(id))
		}
	}
	found, err := record.Load(ctx, p.Records, who, hansei.KindRetrospective, ids)
	if err != nil {
		return v, err
	}
	for _, id := range ids {
		if s, ok := found[id]; ok && !s.Record.Head().Deleted {
			v.Retros = append(v.Retros, s.Record.(*hansei.Retrospective))
		}
	}
	return v, nil
}

// draft makes the retrospective of an incident and leads to it.
func (p *Pages) draft(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	id, seq, err := p.Desk.Draft(r.Context(), who, hansei.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), seq); err != nil {
		return err
	}
	return shell.Done(w, r, retros.URL(id), ui.Toast{Text: "The retrospective is drafted."})
}

// overdue says that a retrospective should have been published.
func (v Panel) overdue(r *hansei.Retrospective) bool {
	return !r.Done() && r.State != hansei.RetroNotRequired && !r.Due.IsZero() && r.Due.Before(v.Now)
}
