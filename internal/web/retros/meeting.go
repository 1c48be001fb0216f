package retros

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/retro/meeting"
	"hansei/internal/web/shell"
)

func (p *Pages) meetingRoutes() map[string]shell.Page {
	return map[string]shell.Page{
		"GET /retrospectives/{id}/agenda": p.frame("review", p.agenda),
		"GET /retrospectives/{id}/invite": p.invite,
	}
}

func (p *Pages) agenda(ctx context.Context, who auth.Actor, _ *http.Request, o *one) (templ.Component, error) {
	a, err := meeting.Of(ctx, p.Desk, who.Scope(), o.Retro.ID)
	if err != nil {
		return nil, err
	}
	return agendaPage(o, a), nil
}

// invite answers with an invitation as a file for calendars.
func (p *Pages) invite(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	o, err := p.one(r.Context(), who.Scope(), hansei.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	q := r.URL.Query()
	at, err := time.ParseInLocation("2006-01-02T15:04", q.Get("at"), o.Zone)
	if err != nil {
		return hansei.Invalid("at", "expected when the meeting begins, such as 2026-01-31T15:00")
	}
	minutes, err := strconv.Atoi(q.Get("minutes"))
	if err != nil {
		return hansei.Invalid("minutes", "%q is not a number of minutes", q.Get("minutes"))
	}
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	text, err := meeting.Invite(r.Context(), p.Desk, who.Scope(), o.Retro.ID, meeting.When{At: at, Minutes: minutes, Place: strings.TrimSpace(q.Get("place")), URL: scheme + "://" + r.Host + o.URL("")})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8; method=REQUEST")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", string(hansei.Slug(o.Retro.Title))+".ics"))
	h.Set("Cache-Control", "no-store")
	if _, err := w.Write(text); err != nil {
		p.Log.Debug("an invitation broke off", "error", err)
	}
	return nil
}
