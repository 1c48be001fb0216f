package api

import (
	"context"
	"fmt"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// JoinList are pairs of records that are, or may be, one.
type JoinList struct {
	Joins []*hansei.Join `json:"joins"`
}

// JoinsParams pick joins.
type JoinsParams struct {
	Caller
	Verdict string `query:"verdict" enum:"explicit,suggested,confirmed,rejected" doc:"With one verdict"`
}

const maxJoins = 5000

func (a *edge) listJoins(ctx context.Context, who auth.Actor, in *JoinsParams) (*answer[JoinList], error) {
	out := JoinList{Joins: []*hansei.Join{}}
	list, err := a.Records.List(ctx, who.Scope(), hansei.KindJoin, "", maxJoins)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		if j := s.Record.(*hansei.Join); in.Verdict == "" || j.Verdict == in.Verdict {
			out.Joins = append(out.Joins, j)
		}
	}
	return answered(out)
}

// JoinBody is a person's word on two records.
type JoinBody struct {
	Caller
	Body struct {
		Of      hansei.Kind `json:"of,omitempty" default:"incident" enum:"incident,change,pull-request,deployment,ticket" doc:"Their kind"`
		A       hansei.ID   `json:"a" doc:"A record; it stands for both when they are one"`
		B       hansei.ID   `json:"b" doc:"Another"`
		Verdict string      `json:"verdict" enum:"confirmed,rejected" doc:"One and the same, or two"`
	}
}

func (a *edge) decideJoin(ctx context.Context, who auth.Actor, in *JoinBody) (*answer[*hansei.Join], error) {
	seq, err := a.Joins.Decide(ctx, who, in.Body.Of, in.Body.A, in.Body.B, in.Body.Verdict == hansei.JoinConfirmed)
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, seq); err != nil {
		return nil, err
	}
	j, _, err := record.Get[*hansei.Join](ctx, a.Records, who.Scope(), hansei.JoinID(in.Body.Of, in.Body.A, in.Body.B))
	if err != nil {
		return nil, err
	}
	return answered(j)
}

// LinkList are records linked with one.
type LinkList struct {
	Links []record.Ref `json:"links"`
}

func (a *edge) links(ctx context.Context, who auth.Actor, in *RecordParam) (*answer[LinkList], error) {
	kind, id, err := a.find(ctx, who.Scope(), *in)
	if err != nil {
		return nil, err
	}
	found, err := record.Load(ctx, a.Records, who.Scope(), kind, []hansei.ID{id})
	if err != nil {
		return nil, err
	}
	of, ok := found[id]
	if !ok { // the facts know it longer
		return nil, fmt.Errorf("%s %q: %w", kind, in.ID, hansei.ErrNotFound)
	}
	list, err := intake.Linked(ctx, a.Records, who.Scope(), of.Record, record.Ref{})
	if err != nil {
		return nil, err
	}
	return answered(LinkList{append([]record.Ref{}, list...)})
}
