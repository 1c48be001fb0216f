package retros

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"hansei/internal/auth"
	"hansei/internal/web/shell"
)

func (p *Pages) documentRoutes() map[string]shell.Page {
	return map[string]shell.Page{"GET /retrospectives/{id}": p.frame("", p.document)}
}

func (p *Pages) document(_ context.Context, _ auth.Actor, _ *http.Request, o *one) (templ.Component, error) {
	return documentPage(o), nil
}
