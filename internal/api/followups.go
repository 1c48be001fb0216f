package api

import (
	"context"
	"net/http"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/followup"
	"hansei/internal/record"
)

// FollowUpBody is a new follow-up.
type FollowUpBody struct {
	Caller
	Body struct {
		Title         string      `json:"title"`
		Description   string      `json:"description,omitempty"`
		Type          string      `json:"type,omitempty" enum:"prevent,detect,mitigate,process,investigate"`
		Retrospective hansei.ID   `json:"retrospective,omitempty"`
		Incidents     []hansei.ID `json:"incidents,omitempty"`
		Services      []hansei.ID `json:"services,omitempty"`
		Team          hansei.ID   `json:"team,omitempty"`
		Owner         hansei.ID   `json:"owner,omitempty"`
		Priority      string      `json:"priority,omitempty"`
		Size          string      `json:"size,omitempty"`
		Factor        string      `json:"factor,omitempty"`
		Verify        string      `json:"verify,omitempty"`
		Due           time.Time   `json:"due_at,omitzero" doc:"By the rules when empty"`
	}
}

// FollowUpDoc is a follow-up and how it stands.
type FollowUpDoc struct {
	FollowUp *hansei.FollowUp   `json:"follow_up"`
	Revision record.Revision    `json:"revision"`
	Due      string             `json:"due,omitempty" doc:"overdue, soon, later or none; empty for one that ended"`
	Tracker  string             `json:"tracker" doc:"none, synced, waiting or refused"`
	Exposure []followup.Exposed `json:"exposure,omitempty" doc:"Incidents of the same service or factor that began while it was open, the latest first"`
	Exposed  int                `json:"exposed,omitempty" doc:"How many there are in all"`
}

func (a *edge) followUpDoc(ctx context.Context, who auth.Scope, id hansei.ID) (*answer[FollowUpDoc], error) {
	f, rev, err := a.FollowUps.Get(ctx, who, id)
	if err != nil {
		return nil, err
	}
	e := followup.EntryOf(f, a.Now(), time.UTC)
	out := FollowUpDoc{FollowUp: f, Revision: rev, Due: e.Due, Tracker: e.State}
	if out.Exposure, out.Exposed, err = a.FollowUps.Exposure(ctx, who, f, maxExposed); err != nil {
		return nil, err
	}
	return answered(out)
}

const maxExposed = 50

// followed waits for the facts and shows what a change made.
func (a *edge) followed(ctx context.Context, who auth.Actor, id hansei.ID, seq record.Seq, err error) (*answer[FollowUpDoc], error) {
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, seq); err != nil {
		return nil, err
	}
	return a.followUpDoc(ctx, who.Scope(), id)
}

func (a *edge) addFollowUp(ctx context.Context, who auth.Actor, in *FollowUpBody) (*answer[RecordDoc], error) {
	b := in.Body
	id, seq, err := a.FollowUps.Add(ctx, who, hansei.FollowUp{Title: b.Title, Description: b.Description, Type: b.Type, Retrospective: b.Retrospective, Due: b.Due.UTC(),
		Incidents: b.Incidents, Services: b.Services, Team: b.Team, Owner: b.Owner, Priority: b.Priority, Size: b.Size, Factor: b.Factor, Verify: b.Verify})
	return a.written(ctx, who, hansei.KindFollowUp, id, seq, err)
}

// FollowUpParam names a follow-up.
type FollowUpParam struct {
	Caller
	ID hansei.ID `path:"id"`
}

func (a *edge) getFollowUp(ctx context.Context, who auth.Actor, in *FollowUpParam) (*answer[FollowUpDoc], error) {
	if err := a.fresh(ctx, who.Scope()); err != nil {
		return nil, err
	}
	return a.followUpDoc(ctx, who.Scope(), in.ID)
}

// FollowUpState ends a follow-up, or opens it again.
type FollowUpState struct {
	FollowUpParam
	Body struct {
		Status string `json:"status" enum:"open,done,declined"`
		Reason string `json:"reason,omitempty" doc:"Why it is declined"`
	}
}

func (a *edge) closeFollowUp(ctx context.Context, who auth.Actor, in *FollowUpState) (*answer[RecordDoc], error) {
	seq, err := a.FollowUps.Close(ctx, who, in.ID, in.Body.Status, in.Body.Reason)
	return a.written(ctx, who, hansei.KindFollowUp, in.ID, seq, err)
}

// FollowUpEdit sets fields of a follow-up.
type FollowUpEdit struct {
	FollowUpParam
	IfMatch string `header:"If-Match" doc:"The revision that was read; 409 if somebody was faster"`
	Body    FieldChanges
}

func (a *edge) editFollowUp(ctx context.Context, who auth.Actor, in *FollowUpEdit) (*answer[FollowUpDoc], error) {
	read, err := revision(in.IfMatch)
	if err != nil {
		return nil, err
	}
	seq, err := a.FollowUps.Edit(ctx, who, in.ID, read, in.Body.sets(), in.Body.Reason)
	return a.followed(ctx, who, in.ID, seq, err)
}

// FollowUpEffect says whether a follow-up worked.
type FollowUpEffect struct {
	FollowUpParam
	Body struct {
		Worked *bool     `json:"worked,omitempty" doc:"Whether its effect was seen; left out: nobody looked yet"`
		At     time.Time `json:"verified_at,omitzero" doc:"When somebody looked; now when empty"`
	}
}

func (a *edge) verifyFollowUp(ctx context.Context, who auth.Actor, in *FollowUpEffect) (*answer[FollowUpDoc], error) {
	seq, err := a.FollowUps.Verify(ctx, who, in.ID, in.Body.Worked, in.Body.At)
	return a.followed(ctx, who, in.ID, seq, err)
}

// FollowUpTracker says where a follow-up is to have its double.
type FollowUpTracker struct {
	FollowUpParam
	Body struct {
		Source string `json:"source,omitempty" doc:"The configured source; as the rules say when empty"`
		Place  string `json:"place,omitempty" doc:"Its repository, project or team"`
		Issue  string `json:"issue,omitempty" doc:"An issue that is there already, as acme/shop#12 or OPS-12; a new one is created when empty"`
	}
}

func (a *edge) pushFollowUp(ctx context.Context, who auth.Actor, in *FollowUpTracker) (*answer[FollowUpDoc], error) {
	var seq record.Seq
	var err error
	if in.Body.Issue != "" {
		seq, err = a.FollowUps.Link(ctx, who, in.ID, in.Body.Source, in.Body.Issue)
	} else {
		seq, err = a.FollowUps.Push(ctx, who, in.ID, in.Body.Source, in.Body.Place)
	}
	return a.followed(ctx, who, in.ID, seq, err)
}

func (a *edge) unlinkFollowUp(ctx context.Context, who auth.Actor, in *FollowUpParam) (*answer[FollowUpDoc], error) {
	seq, err := a.FollowUps.Unlink(ctx, who, in.ID)
	return a.followed(ctx, who, in.ID, seq, err)
}

func (a *edge) retryFollowUp(ctx context.Context, who auth.Actor, in *FollowUpParam) (*answer[FollowUpDoc], error) {
	seq, err := a.FollowUps.Retry(ctx, who, in.ID)
	return a.followed(ctx, who, in.ID, seq, err)
}

// FollowUpFilter narrows the list of follow-ups.
type FollowUpFilter struct {
	Caller
	Status        string    `query:"status" enum:"open,done,declined"`
	Due           string    `query:"due" enum:"overdue,soon,later,none"`
	Type          string    `query:"type" enum:"prevent,detect,mitigate,process,investigate"`
	Priority      string    `query:"priority"`
	Factor        string    `query:"factor"`
	Team          hansei.ID `query:"team"`
	Service       hansei.ID `query:"service"`
	Owner         hansei.ID `query:"owner"`
	Retrospective hansei.ID `query:"retrospective"`
	Incident      hansei.ID `query:"incident"`
	Tracker       string    `query:"tracker" doc:"none, synced, waiting, refused, or the name of a source"`
	Offset        int       `query:"offset" minimum:"0"`
	Limit         int       `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

// FollowUpLine is a follow-up in a list.
type FollowUpLine struct {
	FollowUp *hansei.FollowUp `json:"follow_up"`
	Due      string           `json:"due,omitempty"`
	Tracker  string           `json:"tracker"`
	Days     float64          `json:"age_days" doc:"Since it was created, or from then until it ended"`
}

// FollowUpList is a page of follow-ups, the open ones first as they are due.
type FollowUpList struct {
	FollowUps []FollowUpLine  `json:"follow_ups"`
	Total     int             `json:"total"`
	Counts    followup.Counts `json:"counts" doc:"In the filter without status and due"`
}

func (a *edge) listFollowUps(ctx context.Context, who auth.Actor, in *FollowUpFilter) (*answer[FollowUpList], error) {
	all, counts, err := a.FollowUps.List(ctx, who.Scope(), followup.Filter{Status: in.Status, Due: in.Due, Type: in.Type, Priority: in.Priority, Factor: in.Factor,
		Team: in.Team, Service: in.Service, Owner: in.Owner, Retrospective: in.Retrospective, Incident: in.Incident, Tracker: in.Tracker})
	if err != nil {
		return nil, err
	}
	out := FollowUpList{FollowUps: []FollowUpLine{}, Total: len(all), Counts: counts}
	for _, e := range all[min(in.Offset, len(all)):min(in.Offset+in.Limit, len(all))] {
		out.FollowUps = append(out.FollowUps, FollowUpLine{FollowUp: e.FollowUp, Due: e.Due, Tracker: e.State, Days: e.Age.Hours() / 24})
	}
	return answered(out)
}

// FollowUpBulk changes several follow-ups at once.
type FollowUpBulk struct {
	Caller
	Body struct {
		IDs      []hansei.ID `json:"ids" minItems:"1" maxItems:"500"`
		Decline  string      `json:"decline,omitempty" doc:"Decline them, for this reason"`
		Due      time.Time   `json:"due_at,omitzero"`
		Team     string      `json:"team,omitempty"`
		Priority string      `json:"priority,omitempty"`
		Push     bool        `json:"push,omitempty" doc:"Create them in the tracker"`
		Source   string      `json:"source,omitempty"`
		Place    string      `json:"place,omitempty"`
	}
}

func (a *edge) changeFollowUps(ctx context.Context, who auth.Actor, in *FollowUpBulk) (*answer[followup.Done], error) {
	b := in.Body
	done, err := a.FollowUps.Change(ctx, who, followup.Bulk{IDs: b.IDs, Decline: b.Decline, Due: b.Due, Team: b.Team, Priority: b.Priority, Push: b.Push, Source: b.Source, Place: b.Place})
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, done.Through); err != nil {
		return nil, err
	}
	return answered(done)
}

// FollowUpUndo names a change of several that is taken back.
type FollowUpUndo struct {
	Caller
	Body struct {
		After   record.Seq `json:"after" minimum:"0"`
		Through record.Seq `json:"through" minimum:"1"`
	}
}

func (a *edge) undoFollowUps(ctx context.Context, who auth.Actor, in *FollowUpUndo) (*answer[struct{}], error) {
	seq, err := a.FollowUps.Undo(ctx, who, in.Body.After, in.Body.Through)
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, seq); err != nil {
		return nil, err
	}
	return answered(struct{}{})
}

// TrackerPlaces are where follow-ups can be created.
type TrackerPlaces struct {
	Places []followup.Place `json:"places"`
}

func (a *edge) trackers(ctx context.Context, who auth.Actor, _ *none) (*answer[TrackerPlaces], error) {
	list, err := a.FollowUps.Places(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	return answered(TrackerPlaces{list})
}

// followUpRoutes are the operations on follow-ups.
func (a *edge) followUpRoutes() {
	on(a, op("GET", "/follow-ups", "list-follow-ups", "Follow-ups, the open ones first as they are due"), a.listFollowUps)
	on(a, answers(http.StatusCreated, op("POST", "/follow-ups", "add-follow-up", "Make a follow-up")), a.addFollowUp)
	on(a, op("GET", "/follow-ups/{id}", "get-follow-up", "One follow-up, how it stands in the tracker, and incidents that began while it was open"), a.getFollowUp)
	on(a, op("PATCH", "/follow-ups/{id}", "edit-follow-up", "Set fields of a follow-up; its tracker follows"), a.editFollowUp)
	on(a, op("POST", "/follow-ups/{id}/state", "close-follow-up", "Say that a follow-up is done, declined, or open again"), a.closeFollowUp)
	on(a, op("POST", "/follow-ups/{id}/effect", "verify-follow-up", "Say whether a follow-up had the effect it was made for"), a.verifyFollowUp)
	on(a, op("PUT", "/follow-ups/{id}/tracker", "push-follow-up", "Create it in the tracker, or link it with an issue there"), a.pushFollowUp)
	on(a, op("DELETE", "/follow-ups/{id}/tracker", "unlink-follow-up", "Take the link to its issue away; the issue stays"), a.unlinkFollowUp)
	on(a, op("POST", "/follow-ups/{id}/tracker/retry", "retry-follow-up", "Try again what the tracker refused"), a.retryFollowUp)
	on(a, op("POST", "/follow-up-changes", "change-follow-ups", "Change several follow-ups at once"), a.changeFollowUps)
	on(a, op("POST", "/follow-up-changes/undo", "undo-follow-ups", "Take a change of several back"), a.undoFollowUps)
	on(a, op("GET", "/trackers", "list-trackers", "Where follow-ups can be created: repositories, projects and teams of the configured trackers"), a.trackers)
}
