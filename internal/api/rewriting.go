package api

import (
	"context"

	"hansei/internal/auth"
	"hansei/internal/record"
)

// RetroSuggestion is a person's word on a suggestion.
type RetroSuggestion struct {
	RetroParam
	Body struct {
		ID     string `json:"id" doc:"Of the comment that suggests"`
		Accept bool   `json:"accept,omitempty" doc:"Its words then stand in the section; otherwise it is declined"`
	}
}

func (a *edge) decideSuggestion(ctx context.Context, who auth.Actor, in *RetroSuggestion) (*answer[RetroDoc], error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	seq, err := a.Retros.Decide(ctx, who, id, in.Body.ID, in.Body.Accept)
	return a.rewritten(ctx, who, id, seq, err)
}

// RetroSection names a section.
type RetroSection struct {
	RetroParam
	Section string `path:"section"`
}

func (a *edge) acceptSection(ctx context.Context, who auth.Actor, in *RetroSection) (*answer[RetroDoc], error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	seq, err := a.Retros.Accept(ctx, who, id, in.Section)
	return a.rewritten(ctx, who, id, seq, err)
}

// RetroSentence is a sentence at which the check for blame stopped.
type RetroSentence struct {
	RetroParam
	Body struct {
		Sentence string `json:"sentence"`
	}
}

func (a *edge) dismissRemark(ctx context.Context, who auth.Actor, in *RetroSentence) (*answer[RetroDoc], error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	seq, err := a.Retros.Dismiss(ctx, who, id, in.Body.Sentence)
	return a.rewritten(ctx, who, id, seq, err)
}

// RetroRevision names an earlier revision.
type RetroRevision struct {
	RetroParam
	Body struct {
		Revision record.Revision `json:"revision" minimum:"1"`
		Section  string          `json:"section,omitempty" doc:"Only this section; everything that people write when empty"`
	}
}

func (a *edge) restoreRetro(ctx context.Context, who auth.Actor, in *RetroRevision) (*answer[RetroDoc], error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	seq, err := a.Retros.Restore(ctx, who, id, in.Body.Revision, in.Body.Section)
	return a.rewritten(ctx, who, id, seq, err)
}

// rewritingRoutes are the operations on what was written already.
func (a *edge) rewritingRoutes() {
	on(a, op("POST", "/retrospectives/{id}/suggestions", "decide-suggestion", "Accept a suggestion, or decline it"), a.decideSuggestion)
	on(a, op("POST", "/retrospectives/{id}/sections/{section}/accept", "accept-section", "Stand for a text that a language model drafted"), a.acceptSection)
	on(a, op("POST", "/retrospectives/{id}/dismissed", "dismiss-remark", "Leave a sentence at which the check for blame stopped as it is"), a.dismissRemark)
	on(a, op("POST", "/retrospectives/{id}/restore", "restore-retrospective", "Bring an earlier revision back, as a new one"), a.restoreRetro)
}
