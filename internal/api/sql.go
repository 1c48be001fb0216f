package api

import (
	"context"
	"math"
	"time"

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
			r[i] = sendable(v)
		}
	}
	return answered(rows)
}

// sendable puts into words what JSON has no way to say: numbers that are none
// become null, times outside of the years 0 to 9999 text.
func sendable(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	case time.Time:
		if y := v.Year(); y < 0 || y > 9999 {
			return v.Format(time.RFC3339)
		}
	}
	return v
}

// TableList describes the facts.
type TableList struct {
	Tables []fact.Table `json:"tables"`
}

func (a *edge) schema(context.Context, auth.Actor, *none) (*answer[TableList], error) {
	return answered(TableList{fact.Schema()})
}
