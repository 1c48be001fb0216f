package people

import (
	"net/http"
	"net/url"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// Path is the address of the page on which readers say who they are.
const Path = "/you"

// Pages are the pages about people.
type Pages struct {
	*shell.Shell
	All *Directory
}

// Routes are the addresses of the pages.
func (p *Pages) Routes() map[string]shell.Page {
	return map[string]shell.Page{"GET " + Path: p.you, "POST " + Path: p.choose}
}

// shown is how many people the page lists at once.
const shown = 50

// view is what the page shows.
type view struct {
	Query  string
	Back   string
	Found  []Named
	Total  int
	Now    hansei.ID // who the reader is
	Name   string    // what they are called; "" when they are nobody of the record
	Nobody bool      // the record has no people
}

func (p *Pages) you(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	v := view{Query: r.URL.Query().Get("q"), Now: hansei.ID(who.Name), Back: backTo(r)}
	var err error
	if v.Found, v.Total, err = p.All.Find(r.Context(), who.Scope(), v.Query, shown); err != nil {
		return err
	}
	names, err := p.All.Names(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	v.Name, v.Nobody = names[v.Now], len(names) == 0
	return p.Show(w, r, who, ui.Page{Title: "Who you are",
		Lead: "What you write, comment and decide carries this name. This browser remembers it."}, youPage(v))
}

// year is how long a browser remembers, in seconds.
const year = 365 * 24 * 60 * 60

func (p *Pages) choose(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id := hansei.ID(form.Get("person"))
	c := http.Cookie{Name: auth.PersonCookie, Value: url.QueryEscape(string(id)), Path: "/", MaxAge: year, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	text := "You are nobody in particular now."
	if id == "" {
		c.MaxAge = -1
	} else {
		names, err := p.All.Names(r.Context(), who.Scope())
		if err != nil {
			return err
		}
		name, ok := names[id]
		if !ok {
			return hansei.Invalid("person", "%q is no person of the record", id)
		}
		text = "You are " + name + " now."
	}
	http.SetCookie(w, &c)
	back := form.Get("back")
	if !local(back) {
		back = Path
	}
	return shell.Done(w, r, back, ui.Toast{Text: text})
}

// backTo is the page that the reader came from.
func backTo(r *http.Request) string {
	if b := r.URL.Query().Get("back"); local(b) {
		return b
	}
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host || u.Path == Path || u.Path == "" {
		return "/"
	}
	return u.RequestURI()
}

func local(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.Contains(path, `\`)
}
