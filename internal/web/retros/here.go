package retros

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/web/shell"
)

// visitor is somebody who has a document open.
type visitor struct {
	Name    string `json:"name"`
	Section string `json:"section,omitempty"` // that they write in
	You     bool   `json:"you,omitempty"`

	tab string
	at  time.Time
}

// presence is who has which document open. It is the knowledge of one server
// and lost with it: each page says every few seconds that it is there. Where
// several servers share a database, each knows its own visitors; what people
// write goes through the journal and is merged whichever server they use.
type presence struct {
	mu sync.Mutex
	by map[hansei.ID][]visitor
}

const (
	awayAfter   = 12 * time.Second
	maxVisitors = 50 // of one document
	maxOpen     = 10_000
)

// say notes a visitor, or that they left, and tells who else is there.
func (h *presence) say(id hansei.ID, v visitor, left bool) []visitor {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.by == nil {
		h.by = map[hansei.ID][]visitor{}
	}
	list := slices.DeleteFunc(h.by[id], func(x visitor) bool { return x.tab == v.tab || v.at.Sub(x.at) > awayAfter })
	others := slices.Clone(list)
	if !left && len(list) < maxVisitors {
		list = append(list, v)
	}
	if len(list) == 0 {
		delete(h.by, id)
	} else if _, known := h.by[id]; known || len(h.by) < maxOpen {
		h.by[id] = list
	}
	slices.SortFunc(others, func(a, b visitor) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.tab, b.tab)) })
	return others
}

// here is what an open page asks every few seconds: it says where its reader
// is, and hears who else is there and which sections are not as it shows them.
func (p *Pages) here(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id, tab := hansei.ID(r.PathValue("id")), form.Get("tab")
	if len(tab) > 64 || len(form.Get("section")) > 200 {
		return hansei.Invalid("tab", "it is too long")
	}
	v := visitor{Section: form.Get("section"), tab: tab, at: p.Now()}
	if form.Get("left") != "" {
		p.visitors.say(id, v, true)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	var shows map[string]string // hashes of sections
	if err := json.Unmarshal([]byte(cmp.Or(form.Get("shows"), "{}")), &shows); err != nil {
		return hansei.Invalid("shows", "expected hashes by section, as JSON")
	}
	o, err := p.one(r.Context(), who.Scope(), id)
	if err != nil {
		return err
	}
	v.Name = o.Person(who.Name)
	n := news{Revision: o.Revision, Here: p.visitors.say(id, v, false)}
	all, err := p.sections(r.Context(), who, o, "", nil)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(s section) bool { return shows[s.ID] == s.Hash })
	if n.Sections, err = p.told(r.Context(), who, o, all); err != nil {
		return err
	}
	return answerJSON(w, n)
}
