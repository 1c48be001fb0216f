package api

import (
	"context"
	"net/http"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/recall"
)

// JudgementBody is a person's word on two records.
type JudgementBody struct {
	Caller
	Body struct {
		Of      string    `json:"of,omitempty" default:"incident" enum:"incident,retrospective" doc:"Which kind the two are"`
		A       hansei.ID `json:"a" doc:"A record"`
		B       hansei.ID `json:"b" doc:"Another of the same kind"`
		Verdict string    `json:"verdict" enum:"same,other" doc:"The same lesson, or alike in words only"`
		Place   int       `json:"place,omitempty" minimum:"1" maximum:"100" doc:"Where in a list of similar records it stood"`
	}
}

func (a *edge) judge(ctx context.Context, who auth.Actor, in *JudgementBody) (*answer[*hansei.Judgement], error) {
	b := in.Body
	j, seq, err := a.Recall.Judge(ctx, who, recall.Said{Of: hansei.Kind(b.Of), A: b.A, B: b.B, Verdict: b.Verdict, Place: b.Place})
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, seq); err != nil {
		return nil, err
	}
	return answered(j)
}

// PairParams name two records.
type PairParams struct {
	Caller
	Of string    `query:"of" default:"incident" enum:"incident,retrospective" doc:"Which kind the two are"`
	A  hansei.ID `query:"a" required:"true" doc:"A record"`
	B  hansei.ID `query:"b" required:"true" doc:"The other"`
}

func (a *edge) retract(ctx context.Context, who auth.Actor, in *PairParams) (*struct{}, error) {
	seq, err := a.Recall.Retract(ctx, who, recall.Said{Of: hansei.Kind(in.Of), A: in.A, B: in.B})
	if err != nil {
		return nil, err
	}
	return nil, a.settle(ctx, seq)
}

// JudgementsParams pick judgements.
type JudgementsParams struct {
	Caller
	Of string `query:"of" default:"incident" enum:"incident,retrospective" doc:"Which kind the two are"`
}

// JudgementList are what people said, and what it says of the suggestions.
type JudgementList struct {
	Judgements []*hansei.Judgement `json:"judgements"`
	Precision  recall.Precision    `json:"precision" doc:"Of the pairs judged among the first five suggestions, the share that teach the same lesson"`
}

func (a *edge) judgements(ctx context.Context, who auth.Actor, in *JudgementsParams) (*answer[JudgementList], error) {
	all, err := a.Recall.Judgements(ctx, who.Scope(), hansei.Kind(in.Of))
	if err != nil {
		return nil, err
	}
	return answered(JudgementList{all, recall.Measure(all)})
}

// recallRoutes are the operations on what people say of suggestions.
func (a *edge) recallRoutes() {
	on(a, op("GET", "/judgements", "list-judgements", "Which pairs people said to teach the same lesson, and how good the suggestions are by that"), a.judgements)
	on(a, op("POST", "/judgements", "judge", "Say that two incidents, or two retrospectives, teach the same lesson, or do not"), a.judge)
	on(a, answers(http.StatusNoContent, op("DELETE", "/judgements", "retract-judgement", "Take a word on a pair back")), a.retract)
}
