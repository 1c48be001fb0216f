package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/job"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// Pages is the page about jobs.
type Pages struct {
	*shell.Shell
	Jobs *job.Queue
}

// Routes are the addresses of the page.
func (p *Pages) Routes() map[string]shell.Page {
	return map[string]shell.Page{
		"GET /jobs":              p.list,
		"POST /jobs/{id}/retry":  p.retry,
		"POST /jobs/{id}/cancel": p.cancel,
	}
}

const perPage = 50

// titles are the kinds of job as people read them.
var titles = map[string]string{
	connect.JobPull:    "Read a source",
	connect.JobRejudge: "Judge incidents by a new filter",
	connect.JobForget:  "Delete what a removed source told",
	connect.JobDue:     "Look which sources are due",
	connect.JobExpire:  "Drop old payloads",
	connect.JobSuggest: "Look for incidents that are one",
	// Of packages that this one need not know.
	"deliver-notice":       "Send a message",
	"watch":                "Look whether something happened that people want to know",
	"remind":               "Look whether something is due",
	"draft-retrospective":  "Draft a retrospective",
	"draft-retrospectives": "Draft retrospectives of the past",
	"retrospective.renew":  "Write the new names of contributing factors into records",
	"link-records":         "Link records that name each other",
	"follow-up-sync":       "Bring a follow-up in step with its issue",
	"follow-up-sweep":      "Bring follow-ups that wait in step with their issues",
	"tell-similar":         "Tell what an open incident is like",
}

// words are the states of a job as people read them.
var words = map[string]string{"running": "running", "available": "waiting", "retryable": "failed, tried again", "scheduled": "planned",
	"pending": "pending", "discarded": "given up", "completed": "done", "cancelled": "canceled"}

// row is one job.
type row struct {
	ID            int64
	Title, About  string
	State, Word   string
	Attempt       string
	Error         string
	When          time.Time
	Whens         string // what happens or happened then
	Server        string
	Retry, Cancel bool
}

// view is the page.
type view struct {
	States     []ui.Link
	Rows       []row
	Zone       *time.Location
	Now        time.Time
	Self       string // answers with the part that changes
	Prev, Next string
	State      string
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	q := r.URL.Query()
	state := q.Get("state")
	before, err := strconv.ParseInt(first(q.Get("before"), "0"), 10, 64)
	if err != nil || before < 0 {
		return hansei.Invalid("before", "%q is not the number of a job", q.Get("before"))
	}
	zone, err := p.Zone(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	found, err := p.find(r.Context(), who.Scope(), state, before)
	if err != nil {
		return err
	}
	counts, err := p.Jobs.Counts(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	v := view{Zone: zone, Now: p.Now(), Self: address(state, before, "live"), State: state, States: tabs(state, counts)}
	if before > 0 {
		v.Prev = address(state, 0, "")
	}
	if len(found) > perPage {
		found = found[:perPage]
		v.Next = address(state, found[perPage-1].ID, "")
	}
	for _, j := range found {
		v.Rows = append(v.Rows, rowOf(j))
	}
	if q.Get("part") == "live" {
		return shell.Fragment(w, r, live(v))
	}
	page := ui.Page{Title: "Jobs", Under: "/sources", Crumbs: []ui.Link{{Text: "Sources", URL: "/sources"}},
		Lead: "Work that Hansei does by itself. What fails is tried again with growing pauses, and given up after about half a day."}
	return p.Show(w, r, who, page, listPage(v))
}

// open are the states of jobs that somebody may wait for or must look at. What
// is done is thousands a day, and in nobody's way on a page of its own.
var open = []string{"running", "available", "retryable", "scheduled", "pending", "discarded"}

// find lists the jobs of a state, or of all that are open; one more than a
// page shows, if there are more.
func (p *Pages) find(ctx context.Context, who auth.Scope, state string, before int64) ([]job.State, error) {
	states := open
	if state != "" {
		states = []string{state}
	}
	var out []job.State
	for _, s := range states {
		list, err := p.Jobs.List(ctx, who, job.Filter{State: s, Before: before, Limit: perPage + 1})
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	slices.SortFunc(out, func(a, b job.State) int { return cmp.Compare(b.ID, a.ID) })
	return out[:min(len(out), perPage+1)], nil
}

// tabs are the states that a job may be in, with how many are.
func tabs(state string, counts map[string]int) []ui.Link {
	all := 0
	for _, s := range open {
		all += counts[s]
	}
	out := []ui.Link{{Text: "Open " + ui.Count(all), URL: address("", 0, ""), Current: state == ""}}
	for _, s := range job.States {
		if counts[s] > 0 || s == state {
			out = append(out, ui.Link{Text: strings.ToUpper(words[s][:1]) + words[s][1:] + " " + ui.Count(counts[s]), URL: address(s, 0, ""), Current: s == state})
		}
	}
	return out
}

func address(state string, before int64, part string) string {
	v := url.Values{}
	if state != "" {
		v.Set("state", state)
	}
	if before > 0 {
		v.Set("before", strconv.FormatInt(before, 10))
	}
	if part != "" {
		v.Set("part", part)
	}
	if len(v) == 0 {
		return "/jobs"
	}
	return "/jobs?" + v.Encode()
}

func rowOf(j job.State) row {
	out := row{ID: j.ID, Title: first(titles[j.Kind], j.Kind), About: about(j.Args), State: j.State, Word: first(words[j.State], j.State), Error: j.Error, Server: j.Server}
	if j.Attempt > 1 || j.Error != "" {
		out.Attempt = "attempt " + strconv.Itoa(j.Attempt) + " of " + strconv.Itoa(j.Attempts)
	}
	switch {
	case !j.Ended.IsZero():
		out.When, out.Whens = j.Ended, "ended"
	case j.State == "running":
		out.When, out.Whens = j.Began, "began"
	default:
		out.When, out.Whens = j.Next, "next"
	}
	out.Retry = slices.Contains([]string{"retryable", "scheduled", "discarded", "cancelled"}, j.State)
	out.Cancel = j.Ended.IsZero()
	return out
}

// about are a job's arguments in words: "pagerduty, incidents".
func about(args json.RawMessage) string {
	var m map[string]any
	if json.Unmarshal(args, &m) != nil {
		return ""
	}
	var out []string
	for _, name := range []string{"source", "stream", "incident", "notice"} {
		if s, ok := m[name].(string); ok {
			out = append(out, s)
		}
	}
	return strings.Join(out, ", ")
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func (p *Pages) retry(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.act(w, r, who, p.Jobs.Retry, "It is tried again now.", "It runs already, or another does the same.")
}

func (p *Pages) cancel(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.act(w, r, who, p.Jobs.Cancel, "It was given up. Retry has it done after all.", "It has ended meanwhile.")
}

// doing is what can be done with a job.
type doing func(context.Context, auth.Actor, int64) error

func (p *Pages) act(w http.ResponseWriter, r *http.Request, who auth.Actor, do doing, done, late string) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return hansei.ErrNotFound
	}
	switch err = do(r.Context(), who, id); {
	case errors.Is(err, hansei.ErrConflict):
		done = late
	case err != nil:
		return err
	}
	return shell.Done(w, r, "/jobs", ui.Toast{Text: done})
}
