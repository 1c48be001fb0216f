package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"hansei/internal/auth"
	"hansei/internal/web/ui"
)

// show answers with a page: p holds its heading, the rest is filled in. What
// the request before this one left to be told (see tell) is shown once.
func (s *Server) show(w http.ResponseWriter, r *http.Request, who auth.Actor, p ui.Page, content templ.Component) error {
	return s.showAs(w, r, who, http.StatusOK, p, content)
}

// showAs is show with another status, for a form that comes back.
func (s *Server) showAs(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, p ui.Page, content templ.Component) error {
	base, err := s.base(r.Context(), who, p.Title)
	if err != nil {
		return err
	}
	p.Organization, p.Person, p.SearchURL, p.Nav = base.Organization, base.Person, base.SearchURL, slices.Clone(base.Nav)
	for i, n := range p.Nav {
		p.Nav[i].Current = n.URL == r.URL.Path || n.URL != "/" && strings.HasPrefix(r.URL.Path, n.URL+"/")
	}
	p.Toast = told(w, r)
	return s.render(w, r, status, p, content)
}

// toldCookie carries what a form did over the redirect that follows it.
const toldCookie = "hansei-told"

// tell leaves a note for the page that the person is sent to.
func tell(w http.ResponseWriter, t ui.Toast) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: toldCookie, Value: base64.RawURLEncoding.EncodeToString(text),
		Path: "/", MaxAge: 60, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	return nil
}

// told takes the note that tell left, once.
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

// back sends the person on after a form; a reload does not send it again.
func back(w http.ResponseWriter, r *http.Request, url string) error {
	http.Redirect(w, r, url, http.StatusSeeOther)
	return nil
}
