package retros

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/web/records"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// tabs are the pages of one retrospective, as they stand beside each other.
var tabs = []struct{ path, text string }{
	{"", "Document"}, {"timeline", "Timeline"}, {"facts", "Facts & factors"}, {"background", "Background"}, {"review", "Review & follow-ups"}, {"history", "History"},
}

// one is a retrospective as every page of it knows it.
type one struct {
	Retro    *hansei.Retrospective
	Revision record.Revision
	Rules    hansei.RetroRules
	Fitting  string // the template that its severity and type would get now
	Gaps     []retro.Gap
	Zone     *time.Location
	Names    map[record.Ref]string // of the people, services and teams it names
	Now      time.Time
	Size     int                  // about how many bytes a revision of it has
	people   map[hansei.ID]string // what everybody is called
}

// one reads a retrospective; ErrNotFound if there is none.
func (p *Pages) one(ctx context.Context, who auth.Scope, id hansei.ID) (*one, error) {
	r, rev, err := p.Desk.Get(ctx, who, id)
	if err != nil {
		return nil, err
	}
	o := &one{Retro: r, Revision: rev, Now: p.Now(), Names: map[record.Ref]string{}}
	if o.Rules, err = retro.Rules(ctx, p.Records, who); err != nil {
		return nil, err
	}
	if o.Fitting, err = p.Desk.Fitting(ctx, who, r, o.Rules); err != nil {
		return nil, err
	}
	if o.Zone, err = p.Zone(ctx, who); err != nil {
		return nil, err
	}
	_, o.Gaps = retro.Completeness(r, o.Rules)
	if o.people, err = p.People.Names(ctx, who); err != nil {
		return nil, err
	}
	o.Size = len(r.Timeline) * momentSize
	for _, s := range r.Sections {
		o.Size += len(s.Text)
	}
	for kind, ids := range map[hansei.Kind][]hansei.ID{hansei.KindService: r.Services, hansei.KindTeam: r.Teams, hansei.KindIncident: r.Incidents} {
		if err := p.name(ctx, who, o.Names, kind, ids); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// momentSize is about how many bytes an entry of the timeline takes.
const momentSize = 250

// name looks up what records are called.
func (p *Pages) name(ctx context.Context, who auth.Scope, into map[record.Ref]string, kind hansei.Kind, ids []hansei.ID) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id hansei.ID) bool { return id == "" })
	found, err := record.Load(ctx, p.Records, who, kind, ids)
	if err != nil {
		return err
	}
	for id, s := range found {
		into[record.Ref{Kind: kind, ID: id}] = records.Title(s.Record)
	}
	return nil
}

// Person is what a person is called: by their name where the record knows
// them, else by what stands there.
func (o *one) Person(id string) string {
	return cmp.Or(o.people[hansei.ID(id)], id)
}

// URL is the address of one of its pages: "" or "timeline", "history" …
func (o *one) URL(tab string) string { return strings.TrimSuffix(URL(o.Retro.ID)+"/"+tab, "/") }

// show answers with one of its pages; tab is its path.
func (p *Pages) show(w http.ResponseWriter, r *http.Request, who auth.Actor, o *one, tab string, content templ.Component) error {
	return p.Show(w, r, who, p.about(o), framed(o, tab, content))
}

// about is the heading of a page of a retrospective.
func (p *Pages) about(o *one) ui.Page {
	return ui.Page{Title: o.Retro.Title, Under: "/retrospectives", Crumbs: []ui.Link{{Text: "Retrospectives", URL: "/retrospectives"}}}
}

// frame makes a page of a page about one retrospective.
func (p *Pages) frame(tab string, content func(context.Context, auth.Actor, *http.Request, *one) (templ.Component, error)) shell.Page {
	return func(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
		o, err := p.one(r.Context(), who.Scope(), hansei.ID(r.PathValue("id")))
		if err != nil {
			return err
		}
		c, err := content(r.Context(), who, r, o)
		if err != nil {
			return err
		}
		return p.show(w, r, who, o, tab, c)
	}
}

// stateText is a state as people say it.
func stateText(state string) string { return strings.ReplaceAll(state, "_", " ") }

// overdue says that it should have been published.
func (o *one) overdue() bool {
	r := o.Retro
	return !r.Done() && r.State != hansei.RetroNotRequired && !r.Due.IsZero() && r.Due.Before(o.Now)
}

// incident is what an incident is called.
func (o *one) incident(id hansei.ID) string {
	return cmp.Or(o.Names[record.Ref{Kind: hansei.KindIncident, ID: id}], string(id))
}

// number writes a number for an attribute.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
