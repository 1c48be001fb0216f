package retros

import (
	"context"
	"maps"
	"net/url"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/retro"
	"hansei/internal/retro/archive"
	"hansei/internal/retro/batch"
	"hansei/internal/retro/model"
	"hansei/internal/search"
	"hansei/internal/web/people"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// Pages are the pages about retrospectives.
type Pages struct {
	*shell.Shell
	Desk     *retro.Desk
	Model    *model.Writer // nil asks none
	Search   *search.View
	Metrics  *metric.Engine
	People   *people.Directory
	Archives *archive.Archivist
	Batches  *batch.Batches                                                                     // nil: none are drafted many at once
	Figures  func(ctx context.Context, who auth.Actor, asks ...metric.Query) ([]ui.Card, error) // as cards

	visitors presence
}

// Routes are the addresses of the pages.
func (p *Pages) Routes() map[string]shell.Page {
	all := map[string]shell.Page{"POST /retrospectives/{id}/template": p.retemplate}
	for _, part := range []map[string]shell.Page{p.listRoutes(), p.documentRoutes(), p.timelineRoutes(), p.factsRoutes(), p.backgroundRoutes(), p.reviewRoutes(), p.meetingRoutes(), p.historyRoutes()} {
		maps.Copy(all, part)
	}
	return all
}

// URL is the page of a retrospective.
func URL(id hansei.ID) string { return "/retrospectives/" + url.PathEscape(string(id)) }
