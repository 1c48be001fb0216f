package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/goccy/go-yaml"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/source/file"
)

// ImportPlan is a dry run: how a file would be read and what would come of it.
type ImportPlan struct {
	Plan     *file.Plan    `json:"plan"`
	Mapping  string        `json:"mapping" doc:"The plan as a mapping, to change and give back"`
	Rows     []PlannedRow  `json:"rows" doc:"The first rows as records; services, teams and people by the names the file uses"`
	Read     int           `json:"read" doc:"Rows of the file"`
	Rejected int           `json:"rejected" doc:"Rows that could not be used"`
	Rejects  []RejectedRow `json:"rejects" doc:"The first of them"`
}

// PlannedRow is one row as the record it would become.
type PlannedRow struct {
	Kind   hansei.Kind     `json:"kind"`
	ID     hansei.ID       `json:"id"`
	Record json.RawMessage `json:"record"`
}

const (
	plannedRows    = 10
	plannedRejects = 20
)

// planImport reads the whole body without storing anything: once to plan, and
// from its beginning again by the plan.
func (a *edge) planImport(ctx context.Context, who auth.Actor, in *ImportParams) (out *answer[ImportPlan], err error) {
	if _, err := who.Scope().MayRead(); err != nil {
		return nil, err
	}
	o, err := in.options()
	if err != nil {
		return nil, err
	}
	spool, err := os.CreateTemp("", "hansei-plan-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, spool.Close(), os.Remove(spool.Name())) }()
	if _, err := io.Copy(spool, in.body); err != nil {
		return nil, err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	p := ImportPlan{Rows: []PlannedRow{}, Rejects: []RejectedRow{}}
	if p.Plan, err = a.Imports.Plan(in.name(), o, spool); err != nil {
		return nil, err
	}
	mapping, err := yaml.Marshal(p.Plan.Mapping())
	if err != nil {
		return nil, fmt.Errorf("write the mapping: %w", err)
	}
	p.Mapping = string(mapping)
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if err := p.read(ctx, spool); err != nil {
		return nil, err
	}
	return answered(p)
}

func (p *ImportPlan) read(ctx context.Context, body io.Reader) error {
	return file.Observe(body, p.Plan, func(o hansei.Observation) error {
		p.Read++
		if p.Read%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		head := o.Record.Head()
		head.ID = o.Key.ID()
		head.From = []hansei.Observed{{Source: o.Key.Source, External: o.Key.External}}
		var bad *hansei.InvalidError
		if err := o.Record.Validate(); errors.As(err, &bad) {
			p.reject(RejectedRow{Line: o.Line, Column: bad.Field, Expected: bad.Reason})
			return nil
		} else if err != nil {
			return err
		}
		if len(p.Rows) >= plannedRows {
			return nil
		}
		doc, err := record.Encode(o.Record)
		p.Rows = append(p.Rows, PlannedRow{o.Key.Kind, head.ID, doc})
		return err
	}, func(r file.Reject) error {
		p.Read++
		p.reject(RejectedRow{Line: r.Line, Column: r.Column, Value: r.Value, Expected: r.Expected})
		return nil
	})
}

func (p *ImportPlan) reject(r RejectedRow) {
	p.Rejected++
	if len(p.Rejects) < plannedRejects {
		p.Rejects = append(p.Rejects, r)
	}
}
