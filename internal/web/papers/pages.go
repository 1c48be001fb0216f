package papers

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hansei/internal/auth"
	"hansei/internal/retro/past"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// Pages are the pages about documents of the past.
type Pages struct {
	*shell.Shell
	Shelf *past.Shelf
	// Background runs work that goes on when the request has ended.
	Background func(context.Context, func(context.Context))
}

const home = "/retrospective-imports"

// Routes are the addresses of the pages.
func (p *Pages) Routes() map[string]shell.Page {
	return map[string]shell.Page{
		"GET " + home:                       p.list,
		"POST " + home:                      p.receive,
		"POST " + home + "/confirm":         p.confirmAll,
		"GET " + home + "/progress":         p.progress,
		"GET " + home + "/{paper}":          p.one,
		"POST " + home + "/{paper}":         p.correct,
		"POST " + home + "/{paper}/confirm": p.confirm,
		"POST " + home + "/{paper}/drop":    p.drop,
		"POST " + home + "/{paper}/back":    p.back,
	}
}

func pageOf(id string) string { return home + "/" + url.PathEscape(id) }

const perPage = 50

// view is the list.
type view struct {
	Tabs     []ui.Link
	Papers   []past.Paper
	State    string
	Counts   map[string]int
	Progress *ui.Progress
	Next     string
	Zone     *time.Location
}

var stateTexts = map[string]string{past.Waiting: "To confirm", past.Confirmed: "Being brought in", past.Failed: "Not readable", past.Done: "Brought in", past.Dropped: "Dropped"}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	ctx, q := r.Context(), r.URL.Query()
	v := view{State: q.Get("state")}
	if v.State == "" {
		v.State = past.Waiting
	}
	var before time.Time
	if s := q.Get("before"); s != "" {
		var err error
		if before, err = time.Parse(time.RFC3339Nano, s); err != nil {
			before = time.Time{}
		}
	}
	var err error
	if v.Zone, err = p.Zone(ctx, who.Scope()); err != nil {
		return err
	}
	if v.Counts, err = p.Shelf.Counts(ctx, who.Scope()); err != nil {
		return err
	}
	if v.Papers, err = p.Shelf.List(ctx, who.Scope(), v.State, before, perPage+1); err != nil {
		return err
	}
	if len(v.Papers) > perPage {
		v.Papers = v.Papers[:perPage]
		v.Next = home + "?" + url.Values{"state": {v.State}, "before": {v.Papers[perPage-1].Received.Format(time.RFC3339Nano)}}.Encode()
	}
	for _, s := range past.States {
		if s == past.Confirmed || v.Counts[s] == 0 && s != v.State {
			continue
		}
		v.Tabs = append(v.Tabs, ui.Link{Text: stateTexts[s] + " " + ui.Count(v.Counts[s]), URL: home + "?state=" + s, Current: s == v.State})
	}
	v.Progress = running(v.Counts)
	page := ui.Page{Title: "Import retrospectives", Under: "/retrospectives", Lead: "Bring in what was written before. Each document is read and shows what was found; nothing becomes a record before you confirm it.", Crumbs: []ui.Link{{Text: "Retrospectives", URL: "/retrospectives"}}}
	return p.Show(w, r, who, page, listPage(v))
}

// running is how far confirmed documents are; nil when none is left.
func running(counts map[string]int) *ui.Progress {
	if counts[past.Confirmed] == 0 {
		return nil
	}
	return &ui.Progress{ID: "progress", Title: "Bringing in what was confirmed", Noun: "documents", State: ui.Computing, PollURL: home + "/progress",
		Done: counts[past.Done], Total: counts[past.Done] + counts[past.Confirmed], Text: "You can leave this page; it goes on."}
}

func (p *Pages) progress(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	counts, err := p.Shelf.Counts(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	now := running(counts)
	w.Header().Set("Cache-Control", "no-store")
	if now == nil {
		w.Header().Set("HX-Redirect", home+"?state="+past.Done)
		return nil
	}
	return shell.Fragment(w, r, ui.ProgressBar(*now))
}

func (p *Pages) confirmAll(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	counts, err := p.Shelf.Counts(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	if err := p.Shelf.ConfirmAll(r.Context(), who); err != nil {
		return err
	}
	p.Background(r.Context(), func(ctx context.Context) {
		if err := p.Shelf.Work(ctx, who); err != nil && ctx.Err() == nil {
			p.Log.Error("confirmed documents could not all be made records", "error", err)
		}
	})
	return shell.Done(w, r, home, ui.Toast{Text: ui.Plural(counts[past.Waiting], "document is", "documents are") + " confirmed."})
}

func (p *Pages) confirm(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	out, seq, err := p.Shelf.Confirm(r.Context(), who, r.PathValue("paper"))
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), seq); err != nil {
		return err
	}
	text := "“" + out.Title + "” is a draft now."
	if !out.New {
		text = "“" + out.Title + "” was there already and stays as it is."
	}
	return shell.Done(w, r, home, ui.Toast{Text: text})
}

func (p *Pages) drop(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	id := r.PathValue("paper")
	if err := p.Shelf.Drop(r.Context(), who, id, true); err != nil {
		return err
	}
	return shell.Done(w, r, home, ui.Toast{Text: "The document is off the list.", UndoURL: pageOf(id) + "/back"})
}

func (p *Pages) back(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	if err := p.Shelf.Drop(r.Context(), who, r.PathValue("paper"), false); err != nil {
		return err
	}
	return shell.Done(w, r, home, ui.Toast{Text: "The document waits again."})
}

// what names the fields that were read out of the prose.
var what = map[string]string{"began": "when it began", "factors": "factors", "detection": "detection", "customers": "customers"}

func guessed(names []string) string {
	var out []string
	for _, n := range names {
		out = append(out, what[n])
	}
	return strings.Join(out, ", ")
}
