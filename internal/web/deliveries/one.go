package deliveries

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/record"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// maxShown is how much of a payload a page shows.
const maxShown = 200_000

// view is the page of one delivery.
type view struct {
	ID      string
	Facts   []ui.Item
	Told    told
	Failed  *ui.Problem
	Aside   string // why it failed that was set aside
	Waiting bool
	Payload string
	Cut     string // says that there is more than is shown
}

// live finds a delivery of a live source. Files are none: they have pages of
// their own.
func (p *Pages) live(r *http.Request, who auth.Actor) (record.Delivery, error) {
	d, err := p.Records.GetDelivery(r.Context(), who.Scope(), r.PathValue("id"))
	if err == nil && d.Options != "" {
		err = hansei.ErrNotFound
	}
	return d, err
}

func (p *Pages) one(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	d, err := p.live(r, who)
	if err != nil {
		return err
	}
	zone, err := p.Zone(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	bodies, err := p.Records.Bodies(r.Context(), who.Scope(), []record.Delivery{d})
	if err != nil {
		return err
	}
	v := view{ID: d.ID, Waiting: d.State == record.DeliveryReceived}
	all, err := p.told(r.Context(), who.Scope(), []record.Delivery{d}, inPage)
	if err != nil {
		return err
	}
	v.Told = all[0]
	if v.Payload, v.Cut = shown(bodies[0].Body); bodies[0].Bad != nil {
		v.Cut = "It cannot be shown: " + bodies[0].Bad.Error() + "."
	}
	v.Facts = []ui.Item{{Name: "Source", Component: link("/sources/"+d.Source, d.Source)}, {Name: "Event", Text: eventOf(d)},
		{Name: "State", Component: stateBadge(words[d.State], d.State == record.DeliveryFailed)},
		{Name: "Received", Component: ui.Time(d.Received, zone)}, {Name: "Size", Text: ui.Bytes(d.Size)},
		{Name: "Type", Text: d.Media}, {Name: "Id", Component: ui.Copy(d.ID)}}
	if d.Media == "" {
		v.Facts[5] = ui.Item{Name: "Type", Absent: "not said"}
	}
	if d.State == record.DeliveryFailed {
		v.Failed = &ui.Problem{Title: "It could not be understood", Happened: d.Error,
			Means: "No record was made or changed by it. It is kept as it arrived for as long as it takes.",
			Next:  "Change what stands in its way (a setting, a mapping, an older version of Hansei) and replay it. If it can be done without, set it aside."}
		if v.Payload == "" {
			v.Failed.Means, v.Failed.Next = "No record was made or changed by it, and its payload is gone.", "Look at the tool what it told of; then set it aside."
		}
	}
	if d.State == record.DeliveryAside {
		v.Aside = d.Error
	}
	if r.URL.Query().Get("part") == "live" {
		return shell.Fragment(w, r, onePage(v))
	}
	page := ui.Page{Title: eventOf(d), Lead: "A delivery of " + d.Source, Under: "/sources",
		Crumbs: []ui.Link{{Text: "Sources", URL: "/sources"}, {Text: d.Source, URL: "/sources/" + d.Source}, {Text: "Deliveries", URL: "/sources/" + d.Source + "/deliveries"}}}
	return p.Show(w, r, who, page, onePage(v))
}

// shown is a payload as people read it: JSON indented, at most maxShown bytes,
// and nothing that is no text.
func shown(body []byte) (text, cut string) {
	size := len(body)
	if size <= maxShown {
		var b bytes.Buffer
		if json.Indent(&b, body, "", "  ") == nil {
			body = b.Bytes()
		}
	}
	if len(body) > maxShown {
		body = body[:maxShown]
		for len(body) > 0 && !utf8.RuneStart(body[len(body)-1]) {
			body = body[:len(body)-1]
		}
		if len(body) > 0 && body[len(body)-1] >= utf8.RuneSelf {
			body = body[:len(body)-1]
		}
		cut = "The first " + ui.Bytes(maxShown) + " of it. hansei delivery show prints the whole payload."
	}
	clean := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(string(body), string(utf8.RuneError)))
	return clean, cut
}

// replay has one delivery understood again.
func (p *Pages) replay(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	d, err := p.live(r, who)
	if err != nil {
		return err
	}
	if _, err := p.Sources.Replay(r.Context(), who, connect.Replay{Source: d.Source, Delivery: d.ID}); err != nil {
		return err
	}
	return shell.Done(w, r, "/deliveries/"+d.ID, ui.Toast{Text: "It is being understood again: what becomes of it is shown here. Records that it does not change stay as they are."})
}

// replayAll has everything that failed, or that was set aside, understood again:
// of one source or of all.
func (p *Pages) replayAll(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	n, err := p.Sources.Replay(r.Context(), who, connect.Replay{Source: form.Get("source"), State: cmp.Or(form.Get("state"), record.DeliveryFailed)})
	if err != nil {
		return err
	}
	return shell.Done(w, r, listOf(form.Get("source")), ui.Toast{Text: ui.Plural(int(n), "delivery is", "deliveries are") + " understood again. What fails anew stands under Failed."})
}

// aside says that nobody need look at one delivery any more.
func (p *Pages) aside(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	d, err := p.live(r, who)
	if err != nil {
		return err
	}
	if _, err := p.Sources.SetAside(r.Context(), who, "", d.ID); err != nil {
		return err
	}
	done := ui.Toast{Text: "It is set aside: nobody need look at it any more."}
	if _, err := p.Sources.Glance(r.Context(), who.Scope(), d.Source); err == nil && d.Size > 0 {
		done.UndoURL = "/deliveries/" + d.ID + "/replay"
	}
	return shell.Done(w, r, "/deliveries/"+d.ID, done)
}

// asideAll says so of everything that failed, of one source or of all.
func (p *Pages) asideAll(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	name := form.Get("source")
	n, err := p.Sources.SetAside(r.Context(), who, name, "")
	if err != nil {
		return err
	}
	return shell.Done(w, r, listOf(name)+"?state="+record.DeliveryAside, ui.Toast{Text: ui.Plural(int(n), "delivery is", "deliveries are") + " set aside: nobody need look at them any more.",
		UndoURL: "/deliveries/replay", Undo: map[string]string{"source": name, "state": record.DeliveryAside}})
}

// listOf is the list of a source's deliveries, or of all.
func listOf(source string) string {
	if source == "" {
		return "/deliveries"
	}
	return "/sources/" + source + "/deliveries"
}
