package deliveries

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/record"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// Pages are the pages about deliveries.
type Pages struct {
	*shell.Shell
	Sources *connect.Sources
}

// Routes are the addresses of the pages. Those of one source's deliveries are
// under the source.
func (p *Pages) Routes() map[string]shell.Page {
	return map[string]shell.Page{
		"GET /deliveries":              p.List,
		"GET /deliveries/{id}":         p.one,
		"POST /deliveries/{id}/replay": p.replay,
		"POST /deliveries/{id}/aside":  p.aside,
		"POST /deliveries/replay":      p.replayAll,
		"POST /deliveries/aside":       p.asideAll,
	}
}

const perPage = 50

// words are the states of a delivery as people read them.
var words = map[string]string{record.DeliveryReceived: "waiting", record.DeliveryHeld: "held", record.DeliveryDone: "understood",
	record.DeliveryUnused: "not used", record.DeliveryFailed: "failed", record.DeliveryAside: "set aside"}

// states are in the order of the choice above the list.
var states = []string{"", record.DeliveryFailed, record.DeliveryReceived, record.DeliveryHeld, record.DeliveryDone, record.DeliveryUnused, record.DeliveryAside}

// asked is a list as its URL asks for it.
type asked struct {
	path          string
	Source, State string
	filter        record.DeliveryFilter
}

func (a asked) url(state, cursor string) string {
	v := url.Values{}
	if state != "" {
		v.Set("state", state)
	}
	if cursor != "" {
		v.Set("cursor", cursor)
	}
	if len(v) == 0 {
		return a.path
	}
	return a.path + "?" + v.Encode()
}

// read takes a list from its URL: ?state=failed, ?failed and ?cursor=.
func read(r *http.Request) (a asked, err error) {
	q := r.URL.Query()
	a = asked{path: "/deliveries", Source: r.PathValue("name"), State: q.Get("state")}
	if a.Source != "" {
		a.path = "/sources/" + a.Source + "/deliveries"
	}
	if q.Has("failed") {
		a.State = record.DeliveryFailed
	}
	if !slices.Contains(states, a.State) {
		return a, hansei.Invalid("state", "%q is none of %s", a.State, strings.Join(states[1:], ", "))
	}
	a.filter = record.DeliveryFilter{Live: true, Source: a.Source, State: a.State, Limit: perPage + 1}
	return a, connect.Continue(&a.filter, q.Get("cursor"))
}

// List is what all sources delivered, or the one that the path names.
func (p *Pages) List(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	a, err := read(r)
	if err != nil {
		return err
	}
	page := ui.Page{Title: "Deliveries", Lead: "What tools sent, each as it arrived.", Under: "/sources", Crumbs: []ui.Link{{Text: "Sources", URL: "/sources"}}}
	if a.Source != "" {
		if _, err := p.Sources.Glance(r.Context(), who.Scope(), a.Source); err != nil {
			return err
		}
		page.Title, page.Lead = "Deliveries of "+a.Source, "What it sent and what was read of it, each as it arrived."
		page.Crumbs = append(page.Crumbs, ui.Link{Text: a.Source, URL: "/sources/" + a.Source})
	}
	zone, err := p.Zone(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	list, err := p.Records.Deliveries(r.Context(), who.Scope(), a.filter)
	if err != nil {
		return err
	}
	v := listView{Source: a.Source}
	if len(list) > 0 && (a.State == record.DeliveryFailed || a.State == record.DeliveryAside) {
		v.Bad = a.State
	}
	for _, s := range states {
		text := "All"
		if s != "" {
			text = strings.ToUpper(words[s][:1]) + words[s][1:]
		}
		v.States = append(v.States, ui.Link{Text: text, URL: a.url(s, ""), Current: s == a.State})
	}
	if v.Table, err = p.table(r.Context(), who.Scope(), a, list, zone); err != nil {
		return err
	}
	return p.Show(w, r, who, page, listPage(v))
}

// listView is the page of a list.
type listView struct {
	States []ui.Link
	Table  ui.Table
	Bad    string // the state of those that are shown, which can all be replayed; or ""
	Source string
}

func (p *Pages) table(ctx context.Context, who auth.Scope, a asked, list []record.Delivery, zone *time.Location) (ui.Table, error) {
	t := ui.Table{ID: "deliveries", Caption: "Deliveries", Columns: []ui.Column{{Text: "Event"}, {Text: "State"}, {Text: "Told of"},
		{Text: "Received", Hide: true}, {Text: "Size", Numeric: true, Hide: true}}}
	if a.Source == "" {
		t.Columns = slices.Insert(t.Columns, 1, ui.Column{Text: "Source", Hide: true})
	}
	if len(list) > perPage {
		list = list[:perPage]
		t.Next = a.url(a.State, connect.CursorAfter(list, perPage))
	}
	if !a.filter.Before.IsZero() {
		t.Prev = a.url(a.State, "")
	}
	all, err := p.told(ctx, who, list, inRow)
	if err != nil {
		return t, err
	}
	for i, d := range list {
		at := "/deliveries/" + d.ID
		cells := []ui.Cell{{Text: eventOf(d), URL: at}, {Component: stateBadge(words[d.State], d.State == record.DeliveryFailed)}, {Component: outcome(d, all[i])},
			{Component: ui.Time(d.Received, zone)}, {Text: ui.Bytes(d.Size), Title: fmt.Sprintf("%d bytes", d.Size)}}
		if a.Source == "" {
			cells[0] = ui.Cell{Component: eventCell(eventOf(d), at, d.Source)}
			cells = slices.Insert(cells, 1, ui.Cell{Text: d.Source, URL: "/sources/" + d.Source})
		}
		t.Rows = append(t.Rows, ui.Row{ID: d.ID, URL: at, Cells: cells})
	}
	if len(list) == 0 {
		t.Empty = a.empty()
	}
	return t, nil
}

// empty says what will be here.
func (a asked) empty() *ui.Empty {
	switch {
	case a.State == record.DeliveryFailed:
		return &ui.Empty{Icon: "circle-check", Title: "Nothing failed", Text: "What cannot be understood is kept here with its payload and the reason, until it is replayed or a newer version understands it."}
	case a.State != "":
		return &ui.Empty{Icon: "inbox", Title: "None is in this state", Text: "Choose another state above, or all of them."}
	}
	e := &ui.Empty{Icon: "inbox", Title: "Nothing was delivered yet", Text: "Each webhook and each page that is read from a tool will stand here as it arrived, with what was understood of it."}
	if a.Source == "" {
		e.Action = &ui.Link{Text: "Add source", URL: "/sources/new"}
	}
	return e
}

// eventOf is what a delivery is called: the vendor's event, or the stream that
// a page was read of.
func eventOf(d record.Delivery) string {
	if stream, ok := strings.CutPrefix(d.Name, "pull/"); ok {
		return "read: " + stream
	}
	if d.Name == "" {
		return "webhook"
	}
	return d.Name
}
