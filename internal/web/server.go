package web

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/fact"
	"hansei/internal/followup"
	"hansei/internal/forget"
	"hansei/internal/intake"
	"hansei/internal/job"
	"hansei/internal/metric"
	"hansei/internal/notify"
	"hansei/internal/recall"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/retro/archive"
	"hansei/internal/retro/batch"
	"hansei/internal/retro/model"
	"hansei/internal/retro/past"
	"hansei/internal/rulebook"
	"hansei/internal/search"
	"hansei/internal/web/asset"
	"hansei/internal/web/batches"
	"hansei/internal/web/deliveries"
	"hansei/internal/web/drafts"
	"hansei/internal/web/finding"
	"hansei/internal/web/followups"
	"hansei/internal/web/forgetting"
	"hansei/internal/web/jobs"
	"hansei/internal/web/joins"
	"hansei/internal/web/notices"
	"hansei/internal/web/papers"
	"hansei/internal/web/people"
	"hansei/internal/web/retrorules"
	"hansei/internal/web/retros"
	"hansei/internal/web/shell"
	"hansei/internal/web/sources"
	"hansei/internal/web/ui"
)

// Server holds what pages ask. Its fields are set once, before Handler.
type Server struct {
	Records   *record.Store
	Facts     *fact.View
	Metrics   *metric.Engine
	Imports   *intake.Imports
	People    intake.People
	Sources   *connect.Sources // with Joins and Jobs; nil shows none of their pages
	Joins     intake.Joins
	Jobs      *job.Queue
	Outbox    *notify.Outbox // nil shows no page of it
	FollowUps *followup.Desk // nil shows none of their pages
	Retros    *retro.Desk    // with Search; nil shows none of their pages
	Search    *search.View   // words of the records
	Clerk     *forget.Clerk  // forgets people
	Past      *past.Shelf    // with Retros: documents that wait to become some
	Batches   *batch.Batches // with Retros: many drafted at once; nil shows no page of it
	Recall    *recall.Memory // with Search: what the past has to say
	Rules     *rulebook.Book
	Model     *model.Writer                           // drafts sections, where one is set up; nil offers none
	Actor     func(*http.Request) (auth.Actor, error) // who asks; the same as the API's
	Now       func() time.Time
	Log       *slog.Logger
	Version   string
	// Background runs work that outlives the request that began it; nil runs
	// it in a goroutine of its own.
	Background func(func(context.Context))

	offered offered
	all     *people.Directory
	finding *finding.Pages
	joins   *joins.Pages // set by Handler when there are sources
	drafts  *drafts.Pages
	todo    *followups.Pages
}

// page is a handler of a page.
type page = shell.Page

// Handler serves every page. The list of routes is the map of the site.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+asset.Prefix, asset.Handler())
	sh := s.shell()
	s.all = &people.Directory{Records: s.Records}
	s.finding = &finding.Pages{Shell: sh, Words: s.Search, Recall: s.Recall, Metrics: s.Metrics}
	for _, routes := range []map[string]page{s.finding.Routes(), s.figurePages(), s.recordPages(), s.sourcePages(sh), s.retroPages(sh), s.followUpPages(sh), s.noticePages(sh), (&people.Pages{Shell: sh, All: s.all}).Routes()} {
		for pattern, p := range routes {
			mux.HandleFunc(pattern, sh.Serve(p))
		}
	}
	mux.HandleFunc("GET /", sh.Serve(func(http.ResponseWriter, *http.Request, auth.Actor) error { return hansei.ErrNotFound }))
	return mux
}

// sourcePages are the pages about live sources and what they do.
func (s *Server) sourcePages(sh *shell.Shell) map[string]page {
	all := map[string]page{}
	if s.Sources == nil {
		return all
	}
	arrived := &deliveries.Pages{Shell: sh, Sources: s.Sources}
	maps.Copy(all, arrived.Routes())
	maps.Copy(all, (&jobs.Pages{Shell: sh, Jobs: s.Jobs}).Routes())
	s.joins = &joins.Pages{Shell: sh, Joins: s.Joins, People: s.People}
	maps.Copy(all, s.joins.Routes())
	maps.Copy(all, (&sources.Pages{Shell: sh, Sources: s.Sources, Deliveries: arrived.List}).Routes())
	return all
}

// noticePages are the pages about what is told to whom.
func (s *Server) noticePages(sh *shell.Shell) map[string]page {
	if s.Outbox == nil {
		return nil
	}
	return (&notices.Pages{Shell: sh, Outbox: s.Outbox}).Routes()
}

// retroPages are the pages about retrospectives.
func (s *Server) retroPages(sh *shell.Shell) map[string]page {
	if s.Retros == nil {
		return nil
	}
	all := (&retros.Pages{Shell: sh, Desk: s.Retros, Model: s.Model, Search: s.Search, Metrics: s.Metrics, People: s.all, Figures: s.cards, Batches: s.Batches,
		Archives: &archive.Archivist{Desk: s.Retros, Facts: s.Facts, Now: s.Now}}).Routes()
	maps.Copy(all, (&forgetting.Pages{Shell: sh, Clerk: s.Clerk}).Routes())
	s.drafts = &drafts.Pages{Shell: sh, Desk: s.Retros}
	maps.Copy(all, s.drafts.Routes())
	maps.Copy(all, (&papers.Pages{Shell: sh, Shelf: s.Past, Background: s.behind}).Routes())
	if s.Batches != nil {
		maps.Copy(all, (&batches.Pages{Shell: sh, Batches: s.Batches}).Routes())
	}
	if s.Rules != nil {
		maps.Copy(all, (&retrorules.Pages{Shell: sh, Book: s.Rules, FollowUps: s.FollowUps, Model: s.Model}).Routes())
	}
	return all
}

// followUpPages are the pages about follow-ups.
func (s *Server) followUpPages(sh *shell.Shell) map[string]page {
	if s.FollowUps == nil {
		return nil
	}
	s.todo = &followups.Pages{Shell: sh, Desk: s.FollowUps, People: s.all, Figures: s.cards}
	return s.todo.Routes()
}

// nav is what there is to see.
func (s *Server) nav() []ui.NavItem {
	return slices.DeleteFunc(slices.Clone(nav), func(n ui.NavItem) bool {
		return s.Sources == nil && n.URL == "/sources" || s.Retros == nil && n.URL == "/retrospectives" || s.FollowUps == nil && n.URL == followups.Path
	})
}

var nav = []ui.NavItem{
	{Link: ui.Link{Text: "Overview", URL: "/"}, Icon: "layout-dashboard", Key: "o"},
	{Link: ui.Link{Text: "Incidents", URL: "/incidents"}, Icon: "flame", Key: "i"},
	{Link: ui.Link{Text: "Retrospectives", URL: "/retrospectives"}, Icon: "notebook", Key: "r"},
	{Link: ui.Link{Text: "Follow-ups", URL: followups.Path}, Icon: "checklist", Key: "f"},
	{Link: ui.Link{Text: "Metrics", URL: "/metrics"}, Icon: "chart-dots", Key: "m"},
	{Link: ui.Link{Text: "Services & teams", URL: "/services"}, Icon: "building", Key: "s"},
	{Link: ui.Link{Text: "Sources", URL: "/sources"}, Icon: "plug", Key: "c"},
	{Link: ui.Link{Text: "Imports", URL: "/imports"}, Icon: "upload", Key: "p"},
	{Link: ui.Link{Text: "SQL", URL: "/sql"}, Icon: "database", Key: "q"},
	{Link: ui.Link{Text: "Settings", URL: "/settings"}, Icon: "settings", Key: "e"},
}
