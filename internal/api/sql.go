package api

import (
	"context"
	"math"

	"hansei/internal/auth"
	"hansei/internal/fact"
)

// SQLParams is a person's SQL.
type SQLParams struct {
	Caller
	Body struct {
		SQL   string `json:"sql" minLength:"1" doc:"One statement that only reads"`
		Limit int    `json:"limit,omitempty" minimum:"0" maximum:"10000" doc:"Rows at most; 10,000 when absent"`
	}
}

func (a *edge) sql(ctx context.Context, who auth.Actor, in *SQLParams) (*answer[fact.Rows], error) {
	if _, err := who.Scope().MayRead(); err != nil {
		return nil, err
	}
	if err := a.fresh(ctx, who.Scope()); err != nil {
		return nil, err
	}
	rows, err := a.Facts.SQL(ctx, in.Body.SQL, in.Body.Limit)
	if err != nil {
		return nil, err
	}
	for _, r := range rows.Rows {
		for i, v := range r {
			// JSON has no such numbers.
			if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
				r[i] = nil
			}
		}
	}
	return answered(rows)
}

// TableList describes the facts.
type TableList struct {
	Tables []fact.Table `json:"tables"`
}

func (a *edge) schema(context.Context, auth.Actor, *none) (*answer[TableList], error) {
	return answered(TableList{fact.Schema()})
}
