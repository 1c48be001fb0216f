package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hansei/internal/auth"
	"hansei/internal/retro/archive"
)

// ArchiveParams say which retrospectives, as the page that lists them does.
type ArchiveParams struct {
	Caller
	Format   string `query:"format" enum:"markdown,html,pdf,word,docs,confluence,json" default:"markdown"`
	State    string `query:"state" enum:"not_required,draft,in_review,published,revised"`
	Severity string `query:"severity" maxLength:"200"`
	Service  string `query:"service" maxLength:"200" doc:"The id of a service"`
	Owner    string `query:"owner" maxLength:"200" doc:"The id of a person, me, or none"`
	Due      string `query:"due" enum:"overdue,soon"`
	Complete string `query:"complete" enum:"low,high" doc:"Less than half, or 80 % or more"`
	Q        string `query:"q" maxLength:"200" doc:"Words of the title"`
	Batch    string `query:"batch" maxLength:"200" doc:"The id of the batch that drafted them"`
}

// exportArchive sends retrospectives as one zip file, as they are read.
func (a *edge) exportArchive(ctx context.Context, who auth.Actor, in *ArchiveParams) (*huma.StreamResponse, error) {
	f := archive.Filter{State: in.State, Severity: in.Severity, Service: in.Service, Owner: in.Owner, Due: in.Due, Complete: in.Complete, Q: in.Q}
	if in.Batch != "" {
		b, err := a.Batches.Get(ctx, who.Scope(), in.Batch)
		if err != nil {
			return nil, err
		}
		f.Batch = &b
	}
	if err := a.fresh(ctx, who.Scope()); err != nil {
		return nil, err
	}
	archives := &archive.Archivist{Desk: a.Retros, Facts: a.Facts, Now: a.Now}
	z, err := archives.Open(ctx, who, f, in.Format)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", "application/zip")
		c.SetHeader("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "retrospectives-"+a.Now().UTC().Format(time.DateOnly)+".zip"))
		r, w := humago.Unwrap(c)
		flusher := http.NewResponseController(w)
		if err := z.Write(r.Context(), c.BodyWriter(), func() { _ = flusher.Flush() }); err != nil { // what cannot be flushed is sent at the end
			if r.Context().Err() == nil {
				a.Log.Error("an archive broke off", "error", err)
			}
			panic(http.ErrAbortHandler) // half an archive must not look like a whole one
		}
	}}, nil
}
