package web

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/web/people"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// shell is what the pages here share with those of other packages.
func (s *Server) shell() *shell.Shell {
	return &shell.Shell{Records: s.Records, Facts: s.Facts, Actor: s.Actor, Zone: s.Metrics.Zone, Now: s.Now, Log: s.Log, Nav: s.nav(), PersonURL: people.Path}
}

// show answers with a page.
func (s *Server) show(w http.ResponseWriter, r *http.Request, who auth.Actor, p ui.Page, content templ.Component) error {
	return s.shell().Show(w, r, who, p, content)
}

// showAs is show with another status, for a form that comes back.
func (s *Server) showAs(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, p ui.Page, content templ.Component) error {
	return s.shell().ShowAs(w, r, who, status, p, content)
}

// settle waits until lists and figures hold a write.
func (s *Server) settle(ctx context.Context, seq record.Seq) error { return s.shell().Settle(ctx, seq) }
