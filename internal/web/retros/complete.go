package retros

import (
	"net/http"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/retro/prose"
	"hansei/internal/search"
)

// completion is one thing that somebody may mean.
type completion struct {
	Insert string `json:"insert"`
	Text   string `json:"text"`
	Hint   string `json:"hint"`
}

const (
	maxCompletions = 8
	maxAsked       = 100 // bytes of what was typed
)

// complete answers what was typed after @ with people, after # with incidents
// and entries of the timeline.
func (p *Pages) complete(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	q := r.URL.Query().Get("q")
	if q == "" || len(q) > maxAsked {
		return hansei.Invalid("q", "expected @ or # and the beginning of a name, at most %d bytes", maxAsked)
	}
	out := []completion{}
	switch q[0] {
	case '@':
		found, _, err := p.People.Find(r.Context(), who.Scope(), q[1:], maxCompletions)
		if err != nil {
			return err
		}
		for _, n := range found {
			out = append(out, completion{"@" + string(n.ID), n.Name, "person"})
			if !refersTo("@" + string(n.ID)) {
				out[len(out)-1].Insert = "@" + n.Name // no link, but the name
			}
		}
	case '#':
		o, err := p.one(r.Context(), who.Scope(), hansei.ID(r.PathValue("id")))
		if err != nil {
			return err
		}
		if out, err = p.things(r, who, o, strings.ToLower(q[1:])); err != nil {
			return err
		}
	default:
		return hansei.Invalid("q", "expected @ or # first")
	}
	return answerJSON(w, out)
}

// things are the entries of the timeline and the incidents that words mean.
func (p *Pages) things(r *http.Request, who auth.Actor, o *one, words string) ([]completion, error) {
	out := []completion{}
	for _, m := range o.Retro.Timeline {
		text := strings.ToLower(m.Text + " " + m.At.In(o.Zone).Format("15:04"))
		all := !m.Dropped
		for w := range strings.FieldsSeq(words) {
			all = all && strings.Contains(text, w)
		}
		if all && len(out) < maxCompletions/2+2 && refersTo("[^"+m.ID+"]") {
			out = append(out, completion{"[^" + m.ID + "]", m.At.In(o.Zone).Format("15:04") + " " + short(m.Text), "timeline"})
		}
	}
	if strings.TrimSpace(words) == "" {
		for _, id := range o.Retro.Incidents {
			out = append(out, completion{"#" + string(id), o.incident(id), "incident"})
		}
		return out, nil
	}
	found, err := p.Search.Search(r.Context(), who.Scope(), search.Query{Text: words, Kinds: []hansei.Kind{hansei.KindIncident}, Limit: maxCompletions})
	if err != nil {
		return nil, err
	}
	for _, h := range found.Hits {
		if ref := "#" + string(h.ID); refersTo(ref) && len(out) < maxCompletions+4 {
			out = append(out, completion{ref, h.Title, "incident"})
		}
	}
	return out, nil
}

// refersTo says that a text is one reference and nothing else: ids with
// characters that end a word cannot be written so.
func refersTo(text string) bool {
	var refs prose.Refs
	prose.Parse(text).Refs(&refs)
	id := strings.TrimSuffix(strings.TrimLeft(text, "[^@#"), "]")
	return slices.Contains(refs.Moments, id) || slices.Contains(refs.People, hansei.ID(id)) || slices.Contains(refs.Incidents, hansei.ID(id))
}

func short(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + " …"
	}
	return s
}
