package api

import (
	"context"
	"errors"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
)

// RetroParam names a retrospective, by its own id or that of its incident.
type RetroParam struct {
	Caller
	ID string `path:"id" doc:"The id of a retrospective, or of its incident"`
}

// RetroDoc is a retrospective and what is asked of it.
type RetroDoc struct {
	Retrospective *hansei.Retrospective `json:"retrospective"`
	Revision      record.Revision       `json:"revision"`
	Gaps          []retro.Gap           `json:"gaps" doc:"What it still lacks, and why that matters"`
	Remarks       []retro.Remark        `json:"remarks" doc:"Sentences that may be read as blame, and how they could be said"`
	FollowUps     []*hansei.FollowUp    `json:"follow_ups"`
	Fitting       string                `json:"fitting" doc:"The template that its severity and type would get today"`
}

// retrospective finds the id that a parameter means.
func (a *edge) retroID(ctx context.Context, who auth.Scope, id string) (hansei.ID, error) {
	_, _, err := a.Retros.Get(ctx, who, hansei.ID(id))
	if errors.Is(err, hansei.ErrNotFound) {
		if _, _, other := a.Retros.Get(ctx, who, retro.ID(hansei.ID(id))); other == nil {
			return retro.ID(hansei.ID(id)), nil
		}
	}
	return hansei.ID(id), err
}

func (a *edge) retroDoc(ctx context.Context, who auth.Scope, id hansei.ID) (*answer[RetroDoc], error) {
	r, rev, err := a.Retros.Get(ctx, who, id)
	if err != nil {
		return nil, err
	}
	rules, err := retro.Rules(ctx, a.Records, who)
	if err != nil {
		return nil, err
	}
	people, err := a.Retros.Present(ctx, who, r)
	if err != nil {
		return nil, err
	}
	follow, err := a.Retros.FollowUps(ctx, who, id)
	if err != nil {
		return nil, err
	}
	_, gaps := retro.Completeness(r, rules)
	out := RetroDoc{Retrospective: r, Revision: rev, Gaps: gaps, Remarks: retro.Blame(r, people), FollowUps: follow}
	if out.Fitting, err = a.Retros.Fitting(ctx, who, r, rules); err != nil {
		return nil, err
	}
	if out.Gaps == nil {
		out.Gaps = []retro.Gap{}
	}
	if out.FollowUps == nil {
		out.FollowUps = []*hansei.FollowUp{}
	}
	return answered(out)
}

// rewritten waits for the facts and shows what a change made.
func (a *edge) rewritten(ctx context.Context, who auth.Actor, id hansei.ID, seq record.Seq, err error) (*answer[RetroDoc], error) {
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, seq); err != nil {
		return nil, err
	}
	return a.retroDoc(ctx, who.Scope(), id)
}

func (a *edge) getRetro(ctx context.Context, who auth.Actor, in *RetroParam) (*answer[RetroDoc], error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	return a.retroDoc(ctx, who.Scope(), id)
}

// DraftBody names the incident to draft for.
type DraftBody struct {
	Caller
	Body struct {
		Incident hansei.ID `json:"incident"`
	}
}

func (a *edge) draftRetro(ctx context.Context, who auth.Actor, in *DraftBody) (*answer[RetroDoc], error) {
	if err := a.fresh(ctx, who.Scope()); err != nil {
		return nil, err
	}
	id, seq, err := a.Retros.Draft(ctx, who, in.Body.Incident)
	return a.rewritten(ctx, who, id, seq, err)
}

// BriefParam names an incident.
type BriefParam struct {
	Caller
	ID hansei.ID `path:"id"`
}

func (a *edge) brief(ctx context.Context, who auth.Actor, in *BriefParam) (*answer[retro.Brief], error) {
	if err := a.fresh(ctx, who.Scope()); err != nil {
		return nil, err
	}
	b, err := a.Retros.Brief(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	return answered(b)
}

// SectionBody is the text of a section as somebody wrote it.
type SectionBody struct {
	RetroParam
	Section string `path:"section"`
	Body    struct {
		Base   string `json:"base" doc:"The text that the writer began from; what others wrote meanwhile is merged"`
		Text   string `json:"text"`
		Choose bool   `json:"choose,omitempty" doc:"This text stands, and those beside it leave"`
	}
}

func (a *edge) writeSection(ctx context.Context, who auth.Actor, in *SectionBody) (*answer[RetroDoc], error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	var seq record.Seq
	if in.Body.Choose {
		seq, err = a.Retros.Choose(ctx, who, id, in.Section, in.Body.Text)
	} else {
		seq, _, err = a.Retros.Write(ctx, who, id, retro.Writing{Section: in.Section, Base: in.Body.Base, Text: in.Body.Text})
	}
	return a.rewritten(ctx, who, id, seq, err)
}

// RetroFields are fields of the schema.
type RetroFields struct {
	RetroParam
	Body struct {
		Fields retro.Metadata `json:"fields" doc:"Field name to value; null empties one; custom.NAME is the organization's own"`
	}
}

func (a *edge) describeRetro(ctx context.Context, who auth.Actor, in *RetroFields) (*answer[RetroDoc], error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	seq, err := a.Retros.Describe(ctx, who, id, in.Body.Fields)
	return a.rewritten(ctx, who, id, seq, err)
}

// RetroFactors are contributing factors.
type RetroFactors struct {
	RetroParam
	Body struct {
		Factors []hansei.Factor `json:"factors" doc:"Of the taxonomy, with their evidence"`
		Rater   bool            `json:"rater,omitempty" doc:"As a second person's own choice, which stands beside the first"`
	}
}

func (a *edge) codeRetro(ctx context.Context, who auth.Actor, in *RetroFactors) (*answer[RetroDoc], error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	var seq record.Seq
	if in.Body.Rater {
		var names []string
		for _, f := range in.Body.Factors {
			names = append(names, f.Name)
		}
		seq, err = a.Retros.Rate(ctx, who, id, names)
	} else {
		seq, err = a.Retros.Code(ctx, who, id, in.Body.Factors)
	}
	return a.rewritten(ctx, who, id, seq, err)
}

// RetroTimeline are changes to a timeline.
type RetroTimeline struct {
	RetroParam
	Body struct {
		Entries []retro.Touch `json:"entries" doc:"An entry without an id adds its new one"`
	}
}

func (a *edge) tellRetro(ctx context.Context, who auth.Actor, in *RetroTimeline) (*answer[RetroDoc], error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	seq, err := a.Retros.Tell(ctx, who, id, in.Body.Entries)
	return a.rewritten(ctx, who, id, seq, err)
}

// RetroState is a state to bring a retrospective into.
type RetroState struct {
	RetroParam
	Body struct {
		State string `json:"state" enum:"not_required,draft,in_review,published"`
	}
}

func (a *edge) moveRetro(ctx context.Context, who auth.Actor, in *RetroState) (*answer[RetroDoc], error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	seq, err := a.Retros.Move(ctx, who, id, in.Body.State)
	return a.rewritten(ctx, who, id, seq, err)
}

// RetroComment is a remark on a section, an answer, a suggestion, or the word
// that a thread is resolved.
type RetroComment struct {
	RetroParam
	Body struct {
		ID       string  `json:"id,omitempty" doc:"Of the comment that is resolved"`
		Section  string  `json:"section,omitempty"`
		Text     string  `json:"text,omitempty"`
		Of       string  `json:"of,omitempty" doc:"The comment that it answers"`
		Passage  string  `json:"passage,omitempty" doc:"The words of the section that it is about"`
		Instead  *string `json:"instead,omitempty" doc:"What to write in the place of the passage: a suggestion"`
		Resolved bool    `json:"resolved,omitempty"`
	}
}

func (a *edge) commentRetro(ctx context.Context, who auth.Actor, in *RetroComment) (*answer[RetroDoc], error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	seq, err := a.Retros.Comment(ctx, who, id, hansei.Comment{ID: in.Body.ID, Section: in.Body.Section, Text: in.Body.Text, Resolved: in.Body.Resolved,
		Of: in.Body.Of, Passage: in.Body.Passage, Instead: in.Body.Instead})
	return a.rewritten(ctx, who, id, seq, err)
}

// retroRoutes are the operations on retrospectives.
func (a *edge) retroRoutes() {
	on(a, op("POST", "/retrospectives", "draft-retrospective", "Draft the retrospective of an incident, or bring its timeline up to date"), a.draftRetro)
	on(a, op("GET", "/retrospectives/{id}", "get-retrospective", "A retrospective, what it lacks, and its follow-ups"), a.getRetro)
	on(a, op("PATCH", "/retrospectives/{id}", "describe-retrospective", "Set fields of its schema"), a.describeRetro)
	on(a, op("PUT", "/retrospectives/{id}/sections/{section}", "write-section", "Write a section; what others wrote meanwhile is merged"), a.writeSection)
	on(a, op("PUT", "/retrospectives/{id}/factors", "code-retrospective", "Set the contributing factors"), a.codeRetro)
	on(a, op("PATCH", "/retrospectives/{id}/timeline", "tell-retrospective", "Keep, drop, mark or annotate entries of the timeline, or add some"), a.tellRetro)
	on(a, op("POST", "/retrospectives/{id}/comments", "comment-retrospective", "Comment on a section, or resolve a comment"), a.commentRetro)
	on(a, op("POST", "/retrospectives/{id}/state", "move-retrospective", "Give it to review, publish it, or take it back"), a.moveRetro)
	a.rewritingRoutes()
	on(a, op("GET", "/factor-agreement", "factor-agreement", "How far two raters agree on each contributing factor: Cohen's κ over retrospectives that were coded twice"), a.factorAgreement)
	on(a, op("GET", "/retrospectives/{id}/agenda", "retrospective-agenda", "What its review meeting is to talk about: open questions, changes nearby, comments, gaps"), a.agenda)
	on(a, op("GET", "/retrospectives/{id}/invite", "retrospective-invite", "The invitation to its review meeting, for calendars (iCalendar)"), a.invite)
	a.documentRoutes()
	a.draftRoutes()
	on(a, op("GET", "/incidents/{id}/brief", "incident-brief", "What the record knows about an incident: spans, load, changes near it, similar ones, questions"), a.brief)
	on(a, op("GET", "/search", "search", "Find records by their words"), a.search)
	on(a, op("GET", "/records/{kind}/{id}/similar", "similar-records", "Records like this one, and why"), a.similar)
}
