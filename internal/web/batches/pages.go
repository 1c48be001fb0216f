package batches

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/retro/batch"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// Pages are the pages about batches of drafts.
type Pages struct {
	*shell.Shell
	Batches *batch.Batches
}

// Home is where a batch begins.
const Home = "/retrospective-drafts"

// Routes are the addresses of the pages.
func (p *Pages) Routes() map[string]shell.Page {
	return map[string]shell.Page{
		"GET " + Home:                       p.home,
		"POST " + Home:                      p.start,
		"GET " + Home + "/{batch}":          p.one,
		"GET " + Home + "/{batch}/progress": p.progress,
		"POST " + Home + "/{batch}/stop":    p.stop,
		"POST " + Home + "/{batch}/resume":  p.resume,
		"POST " + Home + "/{batch}/remove":  p.remove,
		"POST " + Home + "/{batch}/restore": p.restore,
	}
}

func pageOf(id string) string { return Home + "/" + url.PathEscape(id) }

// view is the page on which a batch begins.
type view struct {
	Since, Until ui.Field
	Severities   []choice
	Services     []ui.Option
	Periods      []ui.Link
	Plan         *batch.Plan
	Form         url.Values // what was asked, to be sent again
	Wrong        string
	Running      *ui.Progress
	RunningID    string
	Earlier      []batch.Batch
	Zone         *time.Location
}

type choice struct {
	Value string
	On    bool
}

const earlier = 20

func (p *Pages) home(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.show(w, r, who, r.URL.Query(), nil)
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, who auth.Actor, form url.Values, wrong *hansei.InvalidError) error {
	ctx, status := r.Context(), http.StatusOK
	v := view{Form: form}
	var err error
	if v.Zone, err = p.Zone(ctx, who.Scope()); err != nil {
		return err
	}
	if err := p.choices(ctx, who.Scope(), &v); err != nil {
		return err
	}
	if wrong == nil && form.Get("since") != "" {
		wrong, err = p.plan(ctx, who.Scope(), &v)
	}
	if err != nil {
		return err
	}
	if wrong != nil {
		status = http.StatusUnprocessableEntity
		switch wrong.Field {
		case "since":
			v.Since.Error = wrong.Reason
		case "until":
			v.Until.Error = wrong.Reason
		default:
			v.Wrong = wrong.Error()
		}
	}
	if v.Earlier, err = p.Batches.List(ctx, who.Scope(), earlier); err != nil {
		return err
	}
	for _, b := range v.Earlier {
		if b.State == batch.Running {
			v.Running, v.RunningID = running(b), b.ID
		}
	}
	page := ui.Page{Title: "Draft for past incidents", Under: "/retrospectives", Crumbs: []ui.Link{{Text: "Retrospectives", URL: "/retrospectives"}},
		Lead: "A first draft for every incident of a period that needs a retrospective and has none. Look first at what would happen; nobody is notified, and drafts that nobody has touched can be taken back."}
	return p.ShowAs(w, r, who, status, page, homePage(v))
}

// plan looks what the form would do.
func (p *Pages) plan(ctx context.Context, who auth.Scope, v *view) (*hansei.InvalidError, error) {
	q, err := queryOf(v.Form, v.Zone)
	var plan batch.Plan
	if err == nil {
		plan, err = p.Batches.Plan(ctx, who, q)
	}
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		return invalid, nil
	}
	v.Plan = &plan
	return nil, err
}

func queryOf(form url.Values, zone *time.Location) (batch.Query, error) {
	q := batch.Query{Severities: form["severity"], Service: hansei.ID(form.Get("service"))}
	for _, x := range []struct {
		name string
		to   *time.Time
	}{{"since", &q.Since}, {"until", &q.Until}} {
		text := form.Get(x.name)
		if text == "" {
			continue
		}
		t, err := time.ParseInLocation(time.DateOnly, text, zone)
		if err != nil {
			return q, hansei.Invalid(x.name, "%q is not a date; expected one such as 2026-01-31", text)
		}
		*x.to = t
	}
	return q, nil
}

// quarters is how many of them are offered.
const quarters = 4

// choices fills the form.
func (p *Pages) choices(ctx context.Context, who auth.Scope, v *view) error {
	if _, err := who.MayRead(); err != nil {
		return err
	}
	now := p.Now().In(v.Zone)
	begins := time.Date(now.Year(), (now.Month()-1)/3*3+1, 1, 0, 0, 0, 0, v.Zone)
	period := func(text string, since, until time.Time) {
		form := url.Values{"since": {since.Format(time.DateOnly)}, "until": {until.Format(time.DateOnly)}}
		on := v.Form.Get("since") == form.Get("since") && v.Form.Get("until") == form.Get("until")
		v.Periods = append(v.Periods, ui.Link{Text: text, URL: Home + "?" + form.Encode(), Current: on})
	}
	for n := range quarters {
		since := begins.AddDate(0, -3*n, 0)
		period(fmt.Sprintf("Q%d %d", (since.Month()+2)/3, since.Year()), since, since.AddDate(0, 3, 0))
	}
	period("Last 12 months", now.AddDate(-1, 0, 0), now.AddDate(0, 0, 1))
	v.Since = ui.Field{ID: "since", Name: "since", Label: "Began since", Type: "date", Value: v.Form.Get("since"), Required: true}
	v.Until = ui.Field{ID: "until", Name: "until", Label: "and before", Type: "date", Value: v.Form.Get("until"), Required: true}
	rows, err := p.Facts.SQL(ctx, `SELECT DISTINCT 'severity', lower(trim(severity)), '' FROM incident WHERE trim(severity) <> ''
		UNION ALL SELECT DISTINCT 'service', s.id, s.name FROM incident_service x JOIN service s ON s.id = x.service ORDER BY 1, 3, 2 LIMIT 2000`, 2000)
	if err != nil {
		return err
	}
	v.Services = []ui.Option{{Text: "All services"}}
	for _, row := range rows.Rows {
		value := fmt.Sprint(row[1])
		if row[0] == "severity" {
			v.Severities = append(v.Severities, choice{value, slices.Contains(v.Form["severity"], value)})
			continue
		}
		v.Services = append(v.Services, ui.Option{Value: value, Text: fmt.Sprint(row[2])})
	}
	return nil
}

func (p *Pages) start(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	zone, err := p.Zone(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	q, err := queryOf(form, zone)
	var b batch.Batch
	if err == nil {
		b, err = p.Batches.Start(r.Context(), who, q)
	}
	var invalid *hansei.InvalidError
	switch {
	case errors.As(err, &invalid):
		return p.show(w, r, who, form, invalid)
	case errors.Is(err, hansei.ErrConflict):
		return shell.Done(w, r, Home, ui.Toast{Text: "Another batch is running. Wait for it, or stop it first; nothing was begun."})
	case err != nil:
		return err
	}
	return shell.Done(w, r, pageOf(b.ID), ui.Toast{Text: ui.Plural(b.Total, "draft is", "drafts are") + " being made."})
}

// running is how far a batch is; nil when it does not run.
func running(b batch.Batch) *ui.Progress {
	if b.State != batch.Running {
		return nil
	}
	return &ui.Progress{ID: "progress", Title: "Drafting", Noun: "incidents", State: ui.Computing, PollURL: pageOf(b.ID) + "/progress",
		Done: b.Done, Total: b.Total, Text: "You can leave this page; it goes on."}
}

func (p *Pages) progress(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	b, err := p.Batches.Get(r.Context(), who.Scope(), r.PathValue("batch"))
	if err != nil {
		return err
	}
	now := running(b)
	w.Header().Set("Cache-Control", "no-store")
	if now == nil {
		w.Header().Set("HX-Redirect", pageOf(b.ID))
		return nil
	}
	if s := p.Now().Sub(b.Began).Seconds(); s > 1 {
		now.Rate = float64(b.Done) / s
	}
	return shell.Fragment(w, r, ui.ProgressBar(*now))
}
