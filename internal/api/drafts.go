package api

import (
	"context"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro/batch"
)

// DraftsBody says for which incidents to draft.
type DraftsBody struct {
	Caller
	Body struct {
		Since    string    `json:"since" doc:"Incidents that began on this date or at this time, or later"`
		Until    string    `json:"until" doc:"And before this one"`
		Severity []string  `json:"severity,omitempty" maxItems:"20" doc:"Of these severities; those that need a retrospective by the rules when empty"`
		Service  hansei.ID `json:"service,omitempty" doc:"Of this service"`
		DryRun   bool      `json:"dry_run,omitempty" doc:"Only say what would happen"`
	}
}

// Drafts is a batch of drafts, or what one would do.
type Drafts struct {
	Plan  *batch.Plan  `json:"plan,omitempty" doc:"What would happen, when that was asked"`
	Batch *batch.Batch `json:"batch,omitempty"`
}

// draftMany begins a batch of drafts, or says what one would do.
func (a *edge) draftMany(ctx context.Context, who auth.Actor, in *DraftsBody) (*answer[Drafts], error) {
	var err error
	q := batch.Query{Severities: in.Body.Severity, Service: in.Body.Service}
	if q.Since, q.Until, err = a.window(ctx, who.Scope(), in.Body.Since, in.Body.Until); err != nil {
		return nil, err
	}
	if in.Body.DryRun {
		p, err := a.Batches.Plan(ctx, who.Scope(), q)
		if err != nil {
			return nil, err
		}
		return answered(Drafts{Plan: &p})
	}
	b, err := a.Batches.Start(ctx, who, q)
	if err != nil {
		return nil, err
	}
	return answered(Drafts{Batch: &b})
}

// BatchParam names a batch of drafts.
type BatchParam struct {
	Caller
	ID string `path:"id"`
}

func (a *edge) getDrafts(ctx context.Context, who auth.Actor, in *BatchParam) (*answer[batch.Batch], error) {
	b, err := a.Batches.Get(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	return answered(b)
}

// BatchList asks for batches of drafts.
type BatchList struct {
	Caller
	Limit int `query:"limit" default:"20" minimum:"1" maximum:"100"`
}

// BatchPage are batches of drafts.
type BatchPage struct {
	Batches []batch.Batch `json:"batches"`
}

func (a *edge) listDrafts(ctx context.Context, who auth.Actor, in *BatchList) (*answer[BatchPage], error) {
	list, err := a.Batches.List(ctx, who.Scope(), in.Limit)
	if err != nil {
		return nil, err
	}
	return answered(BatchPage{list})
}

// movedDrafts answers with a batch that fn has brought into another state.
func movedDrafts(fn func(context.Context, auth.Actor, string) (batch.Batch, error)) func(context.Context, auth.Actor, *BatchParam) (*answer[batch.Batch], error) {
	return func(ctx context.Context, who auth.Actor, in *BatchParam) (*answer[batch.Batch], error) {
		b, err := fn(ctx, who, in.ID)
		if err != nil {
			return nil, err
		}
		return answered(b)
	}
}

// turnedDrafts answers with how many drafts fn has taken back or put there again.
func (a *edge) turnedDrafts(fn func(context.Context, auth.Actor, string) (batch.Turned, record.Seq, error)) func(context.Context, auth.Actor, *BatchParam) (*answer[batch.Turned], error) {
	return func(ctx context.Context, who auth.Actor, in *BatchParam) (*answer[batch.Turned], error) {
		out, seq, err := fn(ctx, who, in.ID)
		if err == nil {
			err = a.settle(ctx, seq)
		}
		if err != nil {
			return nil, err
		}
		return answered(out)
	}
}

// draftRoutes are the operations on retrospectives drafted many at once.
func (a *edge) draftRoutes() {
	on(a, op("POST", "/retrospective-drafts", "draft-retrospectives", "Draft a retrospective for every incident of a period that needs one, or say what that would do"), a.draftMany)
	on(a, op("GET", "/retrospective-drafts", "list-draft-batches", "Batches of drafts, the newest first"), a.listDrafts)
	on(a, op("GET", "/retrospective-drafts/{id}", "get-draft-batch", "A batch of drafts and how far it is"), a.getDrafts)
	on(a, op("POST", "/retrospective-drafts/{id}/stop", "stop-draft-batch", "Stop a batch; what is drafted stays"), movedDrafts(a.Batches.Stop))
	on(a, op("POST", "/retrospective-drafts/{id}/resume", "resume-draft-batch", "Have a batch go on that was stopped or that failed"), movedDrafts(a.Batches.Resume))
	on(a, op("POST", "/retrospective-drafts/{id}/remove", "remove-draft-batch", "Take back the drafts of a batch that nobody has touched since"), a.turnedDrafts(a.Batches.Remove))
	on(a, op("POST", "/retrospective-drafts/{id}/restore", "restore-draft-batch", "Put back the drafts that were taken back"), a.turnedDrafts(a.Batches.Restore))
}
