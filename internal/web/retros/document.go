package retros

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/retro"
	"hansei/internal/search"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

func (p *Pages) documentRoutes() map[string]shell.Page {
	const section = "/retrospectives/{id}/sections/{section}"
	return map[string]shell.Page{
		"GET /retrospectives/{id}":           p.frame("", p.document),
		"POST " + section:                    p.save,
		"POST " + section + "/choose":        p.choose,
		"POST " + section + "/accept":        p.accept,
		"POST " + section + "/draft":         p.askModel,
		"POST /retrospectives/{id}/draft":    p.askModel,
		"POST " + section + "/rephrase":      p.rephrase,
		"POST " + section + "/dismiss":       p.dismiss,
		"POST " + section + "/comments":      p.comment,
		"POST " + section + "/resolve":       p.resolve,
		"POST " + section + "/decide":        p.decide,
		"POST /retrospectives/{id}/preview":  p.preview,
		"POST /retrospectives/{id}/here":     p.here,
		"GET /retrospectives/{id}/complete":  p.complete,
		"POST /retrospectives/{id}/pictures": p.paste,
		"GET /pictures/{hash}":               p.picture,
		"GET /retrospectives/{id}/export":    p.export,
	}
}

// view is the document as it is read and written.
type view struct {
	*one
	Sections []section
	You      string // who reads, as the journal names them
	Gaps     []retro.Gap
	Problem  *ui.Problem // that a form met
	Every    int         // milliseconds after which what is typed is saved at the latest
}

func (p *Pages) document(ctx context.Context, who auth.Actor, r *http.Request, o *one) (templ.Component, error) {
	v := view{one: o, You: who.Name, Gaps: o.Gaps, Every: every(o.Size)}
	if err := p.Desk.MarkRead(ctx, who, o.Retro.ID); err != nil {
		p.Log.Warn("reading is not counted", "retrospective", o.Retro.ID, "error", err) // the page is worth more
	}
	var err error
	if v.Sections, err = p.sections(ctx, who, o, r.URL.Query().Get("edit"), nil); err != nil {
		return nil, err
	}
	return documentPage(v), nil
}

// lesson is one of the retrospective and where it stands on the page.
type lesson struct{ Anchor, Text string }

func (v view) lessons() (out []lesson) {
	for _, text := range v.Retro.Lessons {
		_, anchor := search.LessonOf(search.LessonID(v.Retro.ID, text))
		x := lesson{anchor, strings.TrimSpace(text)}
		if x.Text != "" && !slices.ContainsFunc(out, func(y lesson) bool { return y.Anchor == anchor }) {
			out = append(out, x)
		}
	}
	return out
}

const (
	saveEvery = 2_000   // milliseconds
	saveMax   = 15_000  // for the largest
	small     = 200_000 // bytes of a retrospective that is saved every time
)

// every is how often a text is saved while somebody types. Each saving keeps a
// whole revision, so a retrospective with a very long timeline is saved less
// often; what is typed stands in the browser's own store meanwhile.
func every(size int) int { return min(saveMax, max(saveEvery, saveEvery*size/small)) }

// of is the section that a request is about.
func of(r *http.Request) (hansei.ID, string) {
	return hansei.ID(r.PathValue("id")), r.PathValue("section")
}

// sections are those of a document, or the ones named. One is being edited.
func (p *Pages) sections(ctx context.Context, who auth.Actor, o *one, editing string, only []string) ([]section, error) {
	k, err := p.knows(ctx, who, o, nil)
	if err != nil {
		return nil, err
	}
	var out []section
	for i := range o.Retro.Sections {
		s := &o.Retro.Sections[i]
		if only != nil && !slices.Contains(only, s.ID) {
			continue
		}
		x, err := k.section(s)
		if err != nil {
			return nil, err
		}
		x.Editing = s.ID == editing
		out = append(out, x)
	}
	return out, nil
}
