package batches

import (
	"net/http"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro/batch"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// result is the page of one batch.
type result struct {
	batch.Batch
	Progress *ui.Progress
	Titles   map[hansei.ID]string // of the incidents without a draft
	More     int                  // of them that are not shown
	Zone     *time.Location
}

// shown is how many incidents without a draft the page lists.
const shown = 200

func (p *Pages) one(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	ctx := r.Context()
	b, err := p.Batches.Get(ctx, who.Scope(), r.PathValue("batch"))
	if err != nil {
		return err
	}
	v := result{Batch: b, Progress: running(b), Titles: map[hansei.ID]string{}}
	if v.Zone, err = p.Zone(ctx, who.Scope()); err != nil {
		return err
	}
	if v.More = max(0, len(v.Left)-shown); v.More > 0 {
		v.Left = v.Left[:shown]
	}
	var ids []hansei.ID
	for _, l := range v.Left {
		ids = append(ids, l.Incident)
	}
	found, err := record.Load(ctx, p.Records, who.Scope(), hansei.KindIncident, ids)
	if err != nil {
		return err
	}
	for id, s := range found {
		v.Titles[id] = s.Record.(*hansei.Incident).Title
	}
	page := ui.Page{Title: "Drafts for " + period(b.Query, v.Zone), Under: "/retrospectives", Crumbs: []ui.Link{{Text: "Retrospectives", URL: "/retrospectives"}, {Text: "Draft for past incidents", URL: Home}}}
	return p.Show(w, r, who, page, onePage(v))
}

// period is a batch's period as people say it: the last day is of it.
func period(q batch.Query, zone *time.Location) string {
	return ui.Date(q.Since, zone) + " to " + ui.Date(q.Until.Add(-time.Nanosecond), zone)
}

func (p *Pages) stop(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	b, err := p.Batches.Stop(r.Context(), who, r.PathValue("batch"))
	if err != nil {
		return err
	}
	return shell.Done(w, r, pageOf(b.ID), ui.Toast{Text: "The batch is stopped. What is drafted stays."})
}

func (p *Pages) resume(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	b, err := p.Batches.Resume(r.Context(), who, r.PathValue("batch"))
	if err != nil {
		return err
	}
	return shell.Done(w, r, pageOf(b.ID), ui.Toast{Text: "The batch goes on."})
}

func (p *Pages) remove(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	id := r.PathValue("batch")
	out, seq, err := p.Batches.Remove(r.Context(), who, id)
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), seq); err != nil {
		return err
	}
	t := ui.Toast{Text: ui.Plural(out.N, "draft was", "drafts were") + " taken back."}
	if out.Stay > 0 {
		t.Text += " " + ui.Plural(out.Stay, "stays", "stay") + ", because somebody has worked on it."
	}
	if out.N > 0 {
		t.UndoURL = pageOf(id) + "/restore"
	}
	return shell.Done(w, r, pageOf(id), t)
}

func (p *Pages) restore(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	id := r.PathValue("batch")
	out, seq, err := p.Batches.Restore(r.Context(), who, id)
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), seq); err != nil {
		return err
	}
	return shell.Done(w, r, pageOf(id), ui.Toast{Text: ui.Plural(out.N, "draft is", "drafts are") + " back."})
}

// reasons are why an incident gets no draft.
var reasons = map[string]string{
	batch.HasOne:      "with a retrospective",
	batch.NotRequired: "marked not required",
	batch.Removed:     "whose retrospective a person removed",
	batch.NotReal:     "drills, tests, near misses or planned work",
	batch.NotResolved: "not resolved, or canceled",
	batch.NotNeeded:   "milder than the rules ask for, or without a severity",
}

// because is why one incident of a batch got none.
func because(l batch.Left) string {
	switch {
	case l.Text != "":
		return l.Text
	case l.Reason == batch.HasOne:
		return "Somebody drafted it meanwhile."
	case l.Reason == batch.Removed:
		return "Its retrospective was removed."
	}
	return "It was removed or merged meanwhile."
}

var states = map[string]string{batch.Running: "running", batch.Stopped: "stopped", batch.Failed: "failed", batch.Done: "done"}
