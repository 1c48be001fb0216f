package shell

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/web/ui"
)

// base is what every page shows around its content.
func (s *Shell) base(ctx context.Context, who auth.Actor, title string) (ui.Page, error) {
	p := ui.Page{Title: title, Organization: "Hansei", Person: s.person(ctx, who), PersonURL: s.PersonURL, Nav: s.Nav, SearchURL: "/search"}
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

// person is what the one who reads is called.
func (s *Shell) person(ctx context.Context, who auth.Actor) string {
	p, _, err := record.Get[*hansei.Person](ctx, s.Records, who.Scope(), hansei.ID(who.Name))
	if err != nil {
		return who.Name // a part of the program, or somebody without a record
	}
	return p.Name
}

// render writes a page. One that must not be kept has said so before.
func (s *Shell) render(w http.ResponseWriter, r *http.Request, status int, p ui.Page, content templ.Component) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-cache")
	}
	if status >= http.StatusBadRequest && r.Method == http.MethodPost {
		w.Header().Set("HX-Push-Url", "false") // where a form is sent to is no page to load again
	}
	w.WriteHeader(status)
	return ui.Layout(p).Render(templ.WithChildren(r.Context(), content), w)
}

// Show answers with a page: p holds its heading, the rest is filled in. What
// the request before this one left to be told (see Tell) is shown once.
func (s *Shell) Show(w http.ResponseWriter, r *http.Request, who auth.Actor, p ui.Page, content templ.Component) error {
	return s.ShowAs(w, r, who, http.StatusOK, p, content)
}

// ShowAs is Show with another status, for a form that comes back.
func (s *Shell) ShowAs(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, p ui.Page, content templ.Component) error {
	base, err := s.base(r.Context(), who, p.Title)
	if err != nil {
		return err
	}
	p.Organization, p.Person, p.PersonURL, p.SearchURL, p.Nav = base.Organization, base.Person, base.PersonURL, base.SearchURL, slices.Clone(base.Nav)
	at := r.URL.Path
	if p.Under != "" {
		at = p.Under
	}
	for i, n := range p.Nav {
		p.Nav[i].Current = n.URL == at || n.URL != "/" && strings.HasPrefix(at, n.URL+"/")
	}
	p.Toast = told(w, r)
	return s.render(w, r, status, p, content)
}

// Fragment answers with a part of a page, for a swap.
func Fragment(w http.ResponseWriter, r *http.Request, c templ.Component) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	return c.Render(r.Context(), w)
}

// toldCookie carries what a form did over the redirect that follows it.
const toldCookie = "hansei-told"

// Tell leaves a note for the page that the person is sent to.
func Tell(w http.ResponseWriter, t ui.Toast) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: toldCookie, Value: base64.RawURLEncoding.EncodeToString(text),
		Path: "/", MaxAge: 60, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	return nil
}

// told takes the note that Tell left, once.
func told(w http.ResponseWriter, r *http.Request) *ui.Toast {
	c, err := r.Cookie(toldCookie)
	if err != nil {
		return nil
	}
	http.SetCookie(w, &http.Cookie{Name: toldCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	text, err := base64.RawURLEncoding.DecodeString(c.Value)
	var t ui.Toast
	if err != nil || json.Unmarshal(text, &t) != nil || !local(t.UndoURL) {
		return nil // not ours
	}
	return &t
}

// local says that an address leads to this server.
func local(url string) bool {
	return url == "" || strings.HasPrefix(url, "/") && !strings.HasPrefix(url, "//")
}
