package retros

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/web/shell"
)

// news is what a script hears of a document: the sections that are not as it
// shows them, and who else is there.
type news struct {
	Revision record.Revision `json:"revision"`
	Sections []sectionNews   `json:"sections"`
	Apart    bool            `json:"apart,omitempty"` // what was sent stands beside another text
	Says     string          `json:"says,omitempty"`  // what came of it, for the reader
	Here     []visitor       `json:"here,omitempty"`
}

// sectionNews is a section as it stands now.
type sectionNews struct {
	ID   string `json:"id"`
	Hash string `json:"hash"`
	Text string `json:"text"`
	HTML string `json:"html"` // all of the section
}

func answerJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(v)
}

// scripted says that a script of ours asks and wants news, not a page.
func scripted(r *http.Request) bool { return r.Header.Get("Accept") == "application/json" }

// told are the sections as they stand now, for a script.
func (p *Pages) told(ctx context.Context, who auth.Actor, o *one, list []section) ([]sectionNews, error) {
	out := []sectionNews{}
	for _, s := range list {
		var b strings.Builder
		if err := Section(s).Render(ctx, &b); err != nil {
			return nil, err
		}
		out = append(out, sectionNews{s.ID, s.Hash, s.Text, b.String()})
	}
	return out, nil
}

// changed answers a write to a section: a script with the section, a form with
// the page.
func (p *Pages) changed(w http.ResponseWriter, r *http.Request, who auth.Actor, apart bool) error {
	id, section := of(r)
	if !scripted(r) {
		return shell.Back(w, r, URL(id)+"#section-"+url.PathEscape(section))
	}
	o, err := p.one(r.Context(), who.Scope(), id)
	if err != nil {
		return err
	}
	list, err := p.sections(r.Context(), who, o, "", []string{section})
	if err != nil {
		return err
	}
	n := news{Revision: o.Revision, Apart: apart}
	if n.Sections, err = p.told(r.Context(), who, o, list); err != nil {
		return err
	}
	return answerJSON(w, n)
}

// save saves the text of a section. A script saves while somebody types, which
// waits for no view; they read the journal itself.
func (p *Pages) save(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id, section := of(r)
	seq, apart, err := p.Desk.Write(r.Context(), who, id, retro.Writing{Section: section, Base: form.Get("base"), Text: form.Get("text")})
	if err != nil {
		return err
	}
	if !scripted(r) {
		if err := p.Settle(r.Context(), seq); err != nil {
			return err
		}
	}
	return p.changed(w, r, who, apart)
}

// act makes a handler of a change to a section that a form asks for.
func (p *Pages) act(w http.ResponseWriter, r *http.Request, who auth.Actor, do func(ctx context.Context, id hansei.ID, section string, form url.Values) (record.Seq, error)) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id, section := of(r)
	seq, err := do(r.Context(), id, section, form)
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), seq); err != nil {
		return err
	}
	return p.changed(w, r, who, false)
}

func (p *Pages) choose(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.act(w, r, who, func(ctx context.Context, id hansei.ID, section string, form url.Values) (record.Seq, error) {
		return p.Desk.Choose(ctx, who, id, section, form.Get("text"))
	})
}

func (p *Pages) accept(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.act(w, r, who, func(ctx context.Context, id hansei.ID, section string, _ url.Values) (record.Seq, error) {
		return p.Desk.Accept(ctx, who, id, section)
	})
}

func (p *Pages) dismiss(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.act(w, r, who, func(ctx context.Context, id hansei.ID, _ string, form url.Values) (record.Seq, error) {
		return p.Desk.Dismiss(ctx, who, id, form.Get("sentence"))
	})
}

// rephrase puts what the check for blame offers in the place of a sentence.
func (p *Pages) rephrase(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.act(w, r, who, func(ctx context.Context, id hansei.ID, section string, form url.Values) (record.Seq, error) {
		o, _, err := p.Desk.Get(ctx, who.Scope(), id)
		if err != nil {
			return 0, err
		}
		s := o.Section(section)
		if s == nil {
			return 0, hansei.ErrNotFound
		}
		sentence := form.Get("sentence")
		if sentence == "" || !strings.Contains(s.Text, sentence) {
			return 0, hansei.ErrConflict
		}
		seq, _, err := p.Desk.Write(ctx, who, id, retro.Writing{Section: section, Base: s.Text, Text: strings.Replace(s.Text, sentence, form.Get("instead"), 1)})
		return seq, err
	})
}

func (p *Pages) comment(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.act(w, r, who, func(ctx context.Context, id hansei.ID, section string, form url.Values) (record.Seq, error) {
		c := hansei.Comment{Section: section, Text: form.Get("text"), Of: form.Get("of"), Passage: strings.Trim(form.Get("passage"), "\r\n")}
		if v := form.Get("instead"); v != "" {
			c.Instead = &v
		}
		return p.Desk.Comment(ctx, who, id, c)
	})
}

func (p *Pages) resolve(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.act(w, r, who, func(ctx context.Context, id hansei.ID, _ string, form url.Values) (record.Seq, error) {
		return p.Desk.Comment(ctx, who, id, hansei.Comment{ID: form.Get("comment"), Resolved: form.Get("resolved") == "yes"})
	})
}

func (p *Pages) decide(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.act(w, r, who, func(ctx context.Context, id hansei.ID, _ string, form url.Values) (record.Seq, error) {
		return p.Desk.Decide(ctx, who, id, form.Get("comment"), form.Get("accept") == "yes")
	})
}

// preview shows what a text that is not saved will look like.
func (p *Pages) preview(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	text := form.Get("text")
	if len(text) > hansei.MaxSection {
		return hansei.Invalid("text", "%d bytes are too many; at most %d", len(text), hansei.MaxSection)
	}
	o, err := p.one(r.Context(), who.Scope(), hansei.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	k, err := p.knows(r.Context(), who, o, &text)
	if err != nil {
		return err
	}
	out, err := k.html(text, nil)
	if err != nil {
		return err
	}
	return shell.Fragment(w, r, raw(out))
}

// both are the texts that stand beside each other, one after another.
func both(s section) string {
	text := strings.TrimRight(s.Text, "\n")
	for _, o := range s.Others {
		text += "\n\n" + strings.TrimRight(o.Text, "\n")
	}
	return strings.TrimLeft(text, "\n") + "\n"
}
