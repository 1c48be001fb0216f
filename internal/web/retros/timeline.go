package retros

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

func (p *Pages) timelineRoutes() map[string]shell.Page {
	return map[string]shell.Page{
		"GET /retrospectives/{id}/timeline":          p.frame("timeline", p.timeline),
		"POST /retrospectives/{id}/timeline":         p.tell,
		"POST /retrospectives/{id}/timeline/entries": p.addMoment,
		"POST /retrospectives/{id}/timeline/refresh": p.refresh,
	}
}

// momentsPerPage is how many entries one page shows: more than that nobody
// reads in one go, and a browser becomes slow.
const momentsPerPage = 500

// course is the timeline as it is worked on.
type course struct {
	*one
	Moments []moment
	Kept    int
	Dropped int
	All     bool // what was dropped is shown, too
	Story   []chapter
	From    int // the first entry of this page, from 0
	Total   int // entries shown on all pages
	Wrong   string
	New     struct{ At, Text string }
}

// moment is an entry and what is shown of where it comes from.
type moment struct {
	hansei.Moment
	URL  string // of its origin
	Icon string
	Who  string
}

// chapter is a marker of the story and the entries that carry it.
type chapter struct {
	Marker  string
	Moments []moment
}

// icons are those of the sorts of entry.
var icons = map[string]string{
	retro.WhatMilestone: "clock", retro.WhatAlert: "bell", retro.WhatAck: "check", retro.WhatMessage: "message-2", retro.WhatStatus: "antenna-bars-5",
	retro.WhatDeployment: "rocket", retro.WhatChange: "git-branch", retro.WhatTicket: "ticket", retro.WhatNote: "pencil", retro.WhatResponder: "user",
}

func (o *one) moment(m hansei.Moment) moment {
	out := moment{Moment: m, Icon: icons[m.What], Who: o.Person(m.By)}
	if out.Icon == "" {
		out.Icon = "info-circle"
	}
	switch kind, id, ok := strings.Cut(m.Origin, "/"); {
	case strings.HasPrefix(m.Origin, "https://"), strings.HasPrefix(m.Origin, "http://"):
		out.URL = m.Origin
	case ok && kind == string(hansei.KindIncident):
		out.URL = "/incidents/" + url.PathEscape(id)
	case ok:
		out.URL = "/records/" + url.PathEscape(kind) + "/" + url.PathEscape(id)
	}
	return out
}

func (p *Pages) course(r *http.Request, o *one) course {
	c := course{one: o, All: r.URL.Query().Get("all") != ""}
	told := map[string][]moment{}
	var shown []moment
	for _, m := range o.Retro.Timeline {
		x := o.moment(m)
		if m.Dropped {
			c.Dropped++
		} else {
			c.Kept++
		}
		if m.Marker != "" && !m.Dropped {
			told[m.Marker] = append(told[m.Marker], x)
		}
		if c.All || !m.Dropped {
			shown = append(shown, x)
		}
	}
	for _, name := range hansei.Markers {
		if len(told[name]) > 0 {
			c.Story = append(c.Story, chapter{name, told[name]})
		}
	}
	c.Total = len(shown)
	if n, err := strconv.Atoi(r.URL.Query().Get("from")); err == nil && n > 0 && n < len(shown) {
		c.From = n - n%momentsPerPage
	}
	c.Moments = shown[c.From:min(len(shown), c.From+momentsPerPage)]
	return c
}

func (p *Pages) timeline(_ context.Context, _ auth.Actor, r *http.Request, o *one) (templ.Component, error) {
	return coursePage(p.course(r, o)), nil
}

// page is the address of one page of the timeline.
func (c course) page(from int, all bool) string {
	q := url.Values{}
	if from > 0 {
		q.Set("from", strconv.Itoa(from))
	}
	if all {
		q.Set("all", "yes")
	}
	if len(q) == 0 {
		return c.URL("timeline")
	}
	return c.URL("timeline") + "?" + q.Encode()
}

// tell keeps, drops, annotates or marks one entry. A script gets the entry as
// it stands then, a form its page.
func (p *Pages) tell(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id := hansei.ID(r.PathValue("id"))
	t := retro.Touch{ID: form.Get("entry")}
	if t.ID == "" {
		return hansei.Invalid("entry", "the form names no entry")
	}
	if v, ok := form["dropped"]; ok {
		dropped := v[0] == "yes"
		t.Dropped = &dropped
	}
	if v, ok := form["note"]; ok {
		note := strings.TrimSpace(v[0])
		t.Note = &note
	}
	if v, ok := form["marker"]; ok {
		t.Marker = &v[0]
	}
	seq, err := p.Desk.Tell(r.Context(), who, id, []retro.Touch{t})
	if err != nil {
		return err
	}
	if !shell.Partial(r) {
		return p.back(w, r, id, seq, "timeline", ui.Toast{})
	}
	o, err := p.one(r.Context(), who.Scope(), id)
	if err != nil {
		return err
	}
	for _, m := range o.Retro.Timeline {
		if m.ID == t.ID {
			return shell.Fragment(w, r, momentRow(o, o.moment(m)))
		}
	}
	return hansei.ErrNotFound
}

// back waits until the lists hold a write and returns to a page.
func (p *Pages) back(w http.ResponseWriter, r *http.Request, id hansei.ID, seq record.Seq, tab string, t ui.Toast) error {
	if err := p.Settle(r.Context(), seq); err != nil {
		return err
	}
	to := URL(id)
	if tab != "" {
		to += "/" + tab
	}
	if t.Text == "" {
		return shell.Back(w, r, to)
	}
	return shell.Done(w, r, to, t)
}

// addMoment adds an entry that only people know.
func (p *Pages) addMoment(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id := hansei.ID(r.PathValue("id"))
	o, err := p.one(r.Context(), who.Scope(), id)
	if err != nil {
		return err
	}
	at, wrong := when(form.Get("at"), o.Zone)
	text := strings.TrimSpace(form.Get("text"))
	if wrong == "" && text == "" {
		wrong = "Say what happened."
	}
	if wrong == "" {
		seq, err := p.Desk.Tell(r.Context(), who, id, []retro.Touch{{New: &hansei.Moment{At: at, Text: text, Marker: form.Get("marker")}}})
		if err != nil {
			return err
		}
		return p.back(w, r, id, seq, "timeline", ui.Toast{Text: "The entry stands at its time."})
	}
	c := p.course(r, o)
	c.Wrong, c.New.At, c.New.Text = wrong, form.Get("at"), text
	return p.ShowAs(w, r, who, http.StatusUnprocessableEntity, p.about(o), framed(o, "timeline", coursePage(c)))
}

// clocks are the ways in which a time may be written; browsers send the first.
var clocks = []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05", time.RFC3339}

// when reads a time that was written in a zone.
func when(text string, zone *time.Location) (at time.Time, wrong string) {
	for _, layout := range clocks {
		if t, err := time.ParseInLocation(layout, strings.TrimSpace(text), zone); err == nil {
			return t, ""
		}
	}
	return at, "Expected a time such as 2025-01-31 15:04, in " + zone.String() + "."
}

// refresh brings the timeline up to date with what the record holds now.
func (p *Pages) refresh(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	id := hansei.ID(r.PathValue("id"))
	before, _, err := p.Desk.Get(r.Context(), who.Scope(), id)
	if err != nil {
		return err
	}
	if len(before.Incidents) == 0 {
		return hansei.Invalid("incidents", "it analyses no incident, so there is nothing to bring up to date")
	}
	had := map[string]bool{}
	for _, m := range before.Timeline {
		had[m.ID] = true
	}
	_, seq, err := p.Desk.Draft(r.Context(), who, before.Incidents[0])
	if err != nil {
		return err
	}
	after, _, err := p.Desk.Get(r.Context(), who.Scope(), id)
	if err != nil {
		return err
	}
	fresh := 0
	for _, m := range after.Timeline {
		if !had[m.ID] {
			fresh++
		}
	}
	says := "Nothing new has arrived."
	if fresh > 0 {
		says = ui.Plural(fresh, "entry", "entries") + " arrived since. What you did with the others stays."
	}
	return p.back(w, r, id, seq, "timeline", ui.Toast{Text: says})
}

// noteWord is what the place for a note is called.
func noteWord(m moment) string {
	if m.Note != "" || m.Marker != "" {
		return "Change note or marker"
	}
	return "Note or marker"
}
