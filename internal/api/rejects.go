package api

import (
	"context"

	"hansei/internal/auth"
	"hansei/internal/record"
)

// RejectParams asks for the rejects of a delivery.
type RejectParams struct {
	ImportParam
	Limit int `query:"limit" minimum:"0" maximum:"1000" doc:"Rejects on a page, 100 when empty"`
	After int `query:"after" minimum:"0" doc:"next of the page before"`
}

// RejectedRow is one row that could not be used.
type RejectedRow struct {
	N        int    `json:"n,omitempty" doc:"Its place in the list, from 1"`
	Line     int    `json:"line" doc:"Where it stands in the file; the first line is 1"`
	Column   string `json:"column"`
	Value    string `json:"value"`
	Expected string `json:"expected"`
}

// RejectPage is a page of rejects.
type RejectPage struct {
	Rejects []RejectedRow `json:"rejects"`
	Next    int           `json:"next,omitempty" doc:"after of the next page"`
}

func (a *edge) rejects(ctx context.Context, who auth.Actor, in *RejectParams) (*answer[RejectPage], error) {
	if _, err := a.imported(ctx, who.Scope(), in.ID); err != nil {
		return nil, err
	}
	if in.Limit == 0 {
		in.Limit = 100
	}
	list, err := a.Records.Rejects(ctx, who.Scope(), in.ID, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	out := RejectPage{Rejects: make([]RejectedRow, len(list))}
	for i, r := range list {
		out.Rejects[i] = rejected(r)
	}
	if len(list) == in.Limit {
		out.Next = list[len(list)-1].N
	}
	return answered(out)
}

func rejected(r record.Reject) RejectedRow {
	return RejectedRow{N: r.N, Line: r.Line, Column: r.Column, Value: r.Value, Expected: r.Expected}
}
