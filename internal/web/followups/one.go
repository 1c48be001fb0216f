package followups

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/followup"
	"hansei/internal/record"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

func seqOf(n int64) record.Seq { return record.Seq(n) }

// one is the page of a follow-up.
type one struct {
	followup.Entry
	Names    names
	When     string
	WhenHelp string
	Zone     *time.Location
	Now      time.Time
	Exposure []followup.Exposed
	Exposed  int
	Places   []ui.Option
	Sources  []ui.Option
	Behind   []string
	History  []step
}

// textOf is a value of a field as forms and comparisons write it.
func textOf(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case time.Time:
		return x.UTC().Format(time.RFC3339)
	}
	return fmt.Sprint(v)
}

// step is one revision in a few words.
type step struct {
	Who  string
	At   time.Time
	What string
}

const (
	exposedShown = 20
	stepsShown   = 20
)

func (p *Pages) read(r *http.Request, who auth.Actor) (*hansei.FollowUp, record.Revision, error) {
	return p.Desk.Get(r.Context(), who.Scope(), hansei.ID(r.PathValue("id")))
}

func (p *Pages) one(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	ctx := r.Context()
	f, _, err := p.read(r, who)
	if err != nil {
		return err
	}
	v := one{Now: p.Now()}
	if v.Zone, err = p.Zone(ctx, who.Scope()); err != nil {
		return err
	}
	v.Entry, v.Behind = followup.EntryOf(f, v.Now, v.Zone), followup.Behind(f, v.Zone)
	v.When, v.WhenHelp = when(v.Entry, v.Now, v.Zone)
	if v.Names, err = p.named(ctx, who.Scope(), f); err != nil {
		return err
	}
	if v.Exposure, v.Exposed, err = p.Desk.Exposure(ctx, who.Scope(), f, exposedShown); err != nil {
		return err
	}
	places, err := p.Desk.Places(ctx, who.Scope())
	if err != nil {
		return err
	}
	for _, x := range places {
		v.Places = append(v.Places, ui.Option{Value: x.Source + " " + x.Place, Text: x.Title + " " + x.Place})
		o := ui.Option{Value: x.Source, Text: x.Source}
		if !slices.Contains(v.Sources, o) {
			v.Sources = append(v.Sources, o)
		}
	}
	if v.History, err = p.steps(ctx, who.Scope(), f.ID); err != nil {
		return err
	}
	return p.Show(w, r, who, ui.Page{Title: f.Title, Under: Path, Crumbs: []ui.Link{{Text: "Follow-ups", URL: Path}},
		Actions: []ui.Link{{Text: "Edit", URL: URL(f.ID) + "/edit"}}}, onePage(v))
}

// steps are the last revisions: who changed which fields.
func (p *Pages) steps(ctx context.Context, who auth.Scope, id hansei.ID) ([]step, error) {
	list, err := p.Records.History(ctx, who, hansei.KindFollowUp, id)
	if err != nil {
		return nil, err
	}
	var out []step
	for i, x := range list {
		if len(out) == stepsShown {
			break
		}
		now, err := record.DecodeDoc(hansei.KindFollowUp, x.Doc)
		if err != nil {
			return nil, err
		}
		what := "made it"
		if t := now.(*hansei.FollowUp).Tracker; t != nil && !t.Adopted.IsZero() {
			what = "took it over: " + t.Key + " is marked as a follow-up"
		}
		if i+1 < len(list) {
			was, err := record.DecodeDoc(hansei.KindFollowUp, list[i+1].Doc)
			if err != nil {
				return nil, err
			}
			if what = changed(was.(*hansei.FollowUp), now.(*hansei.FollowUp)); what == "" {
				continue
			}
		}
		out = append(out, step{x.Who, x.At, what})
	}
	return out, nil
}

// changed says in words what a revision changed.
func changed(was, now *hansei.FollowUp) string {
	var out []string
	if was.Status != now.Status {
		out = append(out, map[string]string{hansei.FollowUpOpen: "opened it again", hansei.FollowUpDone: "said it is done", hansei.FollowUpDeclined: "declined it: " + now.Reason}[now.Status])
	}
	var fields []string
	for _, f := range hansei.FieldsOf(hansei.KindFollowUp) {
		a, hadA := f.Get(was)
		b, hadB := f.Get(now)
		if slices.Contains([]string{"status", "reason", "resolved_at", "work_item"}, f.Name) || hadA == hadB && textOf(a) == textOf(b) {
			continue
		}
		fields = append(fields, strings.ToLower(f.Label))
	}
	if len(fields) > 0 {
		out = append(out, "changed "+strings.Join(fields, ", "))
	}
	a, b := was.Tracker, now.Tracker
	switch {
	case a == nil && b != nil && b.External == "":
		out = append(out, "asked for an issue in "+b.Source+" "+b.Place)
	case b != nil && b.External != "" && (a == nil || a.External == ""):
		out = append(out, "linked it with "+b.Key)
	case a != nil && b == nil:
		out = append(out, "took it out of the tracker")
	case a != nil && b != nil && a.Problem == "" && b.Problem != "":
		out = append(out, "the tracker did not take it")
	}
	return strings.Join(out, "; ")
}

// done waits for a write and shows the page again.
func (p *Pages) done(w http.ResponseWriter, r *http.Request, seq record.Seq, err error, t ui.Toast) error {
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), seq); err != nil {
		return err
	}
	back := URL(hansei.ID(r.PathValue("id")))
	if t.UndoURL != "" {
		t.UndoURL = back + t.UndoURL
	}
	return shell.Done(w, r, back, t)
}

func (p *Pages) state(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	f, _, err := p.read(r, who)
	if err != nil {
		return err
	}
	to := form.Get("status")
	seq, err := p.Desk.Close(r.Context(), who, f.ID, to, form.Get("reason"))
	said := map[string]string{hansei.FollowUpOpen: "It is open again.", hansei.FollowUpDone: "It is done.", hansei.FollowUpDeclined: "It is declined."}[to]
	return p.done(w, r, seq, err, ui.Toast{Text: said, UndoURL: "/state", Undo: map[string]string{"status": f.Status, "reason": f.Reason}})
}

func (p *Pages) effect(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	f, _, err := p.read(r, who)
	if err != nil {
		return err
	}
	var worked *bool
	if said := form.Get("worked"); said == "yes" || said == "no" {
		yes := said == "yes"
		worked = &yes
	}
	var at time.Time
	if text := form.Get("at"); text != "" && worked != nil {
		if at, err = p.day(r, who, text); err != nil {
			return err
		}
		if at.After(p.Now()) {
			at = p.Now()
		}
	}
	was := "unknown"
	if f.Worked != nil {
		was = map[bool]string{true: "yes", false: "no"}[*f.Worked]
	}
	seq, err := p.Desk.Verify(r.Context(), who, f.ID, worked, at)
	return p.done(w, r, seq, err, ui.Toast{Text: "Noted.", UndoURL: "/effect", Undo: map[string]string{"worked": was}})
}

func (p *Pages) track(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	f, _, err := p.read(r, who)
	if err != nil {
		return err
	}
	ctx := r.Context()
	var seq record.Seq
	var t ui.Toast
	switch form.Get("action") {
	case "push":
		source, place, _ := strings.Cut(form.Get("place"), " ")
		seq, err = p.Desk.Push(ctx, who, f.ID, source, place)
		t = ui.Toast{Text: "The issue is being created.", UndoURL: "/tracker", Undo: map[string]string{"action": "unlink"}}
	case "link":
		seq, err = p.Desk.Link(ctx, who, f.ID, form.Get("source"), form.Get("issue"))
		t = ui.Toast{Text: "Linked; it is being brought in step.", UndoURL: "/tracker", Undo: map[string]string{"action": "unlink"}}
	case "retry":
		seq, err = p.Desk.Retry(ctx, who, f.ID)
		t = ui.Toast{Text: "It is being tried again."}
	case "unlink":
		seq, err = p.Desk.Unlink(ctx, who, f.ID)
		t = ui.Toast{Text: "The link is taken away; the issue stays."}
		if x := f.Tracker; x != nil && x.External != "" {
			t.UndoURL, t.Undo = "/tracker", map[string]string{"action": "link", "source": x.Source, "issue": x.External}
		}
	default:
		err = hansei.Invalid("action", "expected push, link, retry or unlink")
	}
	return p.done(w, r, seq, err, t)
}
