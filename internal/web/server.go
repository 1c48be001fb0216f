package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/metric"
	"hansei/internal/record"
	"hansei/internal/web/asset"
	"hansei/internal/web/ui"
)

// Server holds what pages ask. Its fields are set once, before Handler.
type Server struct {
	Records *record.Store
	Facts   *fact.View
	Metrics *metric.Engine
	Imports *intake.Imports
	People  intake.People
	Actor   func(*http.Request) (auth.Actor, error) // who asks; the same as the API's
	Now     func() time.Time
	Log     *slog.Logger
	Version string
	// Background runs work that outlives the request that began it; nil runs
	// it in a goroutine of its own.
	Background func(func(context.Context))

	offered offered
}

// page is a handler that may fail; one place decides what the person sees.
type page func(w http.ResponseWriter, r *http.Request, who auth.Actor) error

// Handler serves every page. The list of routes is the map of the site.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+asset.Prefix, asset.Handler())
	for _, routes := range []map[string]page{s.figurePages(), s.recordPages()} {
		for pattern, p := range routes {
			mux.HandleFunc(pattern, s.serve(p))
		}
	}
	mux.HandleFunc("GET /", s.serve(func(http.ResponseWriter, *http.Request, auth.Actor) error { return hansei.ErrNotFound }))
	return mux
}

func (s *Server) serve(p page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", asset.CSP)
		w.Header().Set("Referrer-Policy", "same-origin")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		who, err := s.Actor(r)
		if err == nil {
			err = p(w, r, who)
		}
		if err != nil {
			s.fail(w, r, who, err)
		}
	}
}

// fail shows what an error means for the person. What nobody expected is
// logged once, here, and never shown.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, who auth.Actor, err error) {
	if r.Context().Err() != nil {
		return // the reader is gone
	}
	status, p := http.StatusInternalServerError, ui.Problem{Title: "Something broke on our side",
		Happened: "This page could not be made. The server's log says why.", Means: "Nothing of yours was changed by it."}
	var invalid *hansei.InvalidError
	switch {
	case errors.As(err, &invalid):
		status, p.Title, p.Happened = http.StatusUnprocessableEntity, "That cannot be answered", invalid.Error()
	case errors.Is(err, hansei.ErrNotFound):
		status, p.Title, p.Happened = http.StatusNotFound, "There is nothing here", "The address may be mistyped, or the record was merged or removed."
	case errors.Is(err, hansei.ErrConflict):
		status, p.Title, p.Happened = http.StatusConflict, "Somebody was faster", "The record changed while you were editing."
		p.Means, p.Next = "Nothing was overwritten.", "Look at the new version and try again."
	case errors.Is(err, hansei.ErrForbidden):
		status, p.Title, p.Happened = http.StatusForbidden, "You may not do that", "Ask whoever runs this installation."
	default:
		s.Log.Error("a page failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	p.Status, p.Action = status, &ui.Link{Text: "Go to the overview", URL: "/"}
	base, baseErr := s.base(r.Context(), who, p.Title)
	if baseErr != nil {
		base = ui.Page{Title: p.Title}
	}
	if err := s.render(w, r, status, base, ui.ProblemPanel(p)); err != nil {
		s.Log.Error("an error page failed", "error", err)
	}
}

// nav is what there is to see.
var nav = []ui.NavItem{
	{Link: ui.Link{Text: "Overview", URL: "/"}, Icon: "layout-dashboard", Key: "o"},
	{Link: ui.Link{Text: "Incidents", URL: "/incidents"}, Icon: "flame", Key: "i"},
	{Link: ui.Link{Text: "Metrics", URL: "/metrics"}, Icon: "chart-dots", Key: "m"},
	{Link: ui.Link{Text: "Services & teams", URL: "/services"}, Icon: "building", Key: "s"},
	{Link: ui.Link{Text: "Imports", URL: "/imports"}, Icon: "upload", Key: "p"},
	{Link: ui.Link{Text: "SQL", URL: "/sql"}, Icon: "database", Key: "q"},
	{Link: ui.Link{Text: "Settings", URL: "/settings"}, Icon: "settings", Key: "e"},
}

// base is what every page shows around its content.
func (s *Server) base(ctx context.Context, who auth.Actor, title string) (ui.Page, error) {
	p := ui.Page{Title: title, Organization: "Hansei", Person: who.Name, Nav: nav, SearchURL: "/search"}
	org, _, err := record.Get[*hansei.Organization](ctx, s.Records, who.Scope(), hansei.OrganizationID)
	switch {
	case errors.Is(err, hansei.ErrNotFound):
	case err != nil:
		return p, err
	case org.Name != "":
		p.Organization = org.Name
	}
	return p, nil
}

// render writes a page.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, p ui.Page, content templ.Component) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	return ui.Layout(p).Render(templ.WithChildren(r.Context(), content), w)
}
