package api

import (
	"context"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/record"
)

// ServerStatus is what is running and where the journal stands.
type ServerStatus struct {
	Version string         `json:"version"`
	Head    record.Seq     `json:"head" doc:"The journal's last sequence"`
	Epoch   record.Epoch   `json:"epoch" doc:"Which life of the journal the sequence belongs to"`
	Facts   record.Seq     `json:"facts" doc:"The last sequence that the facts hold"`
	Records map[string]int `json:"records" doc:"How many records there are of each kind"`
}

func (a *API) status(ctx context.Context, who auth.Actor, _ *none) (*answer[ServerStatus], error) {
	head, err := a.Records.Head(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	out := ServerStatus{Version: a.Version, Head: head.Seq, Epoch: head.Epoch, Records: map[string]int{}}
	out.Facts, _ = a.Facts.Head()
	sql, kinds := "SELECT ", []hansei.Kind{}
	for _, k := range hansei.Kinds {
		if k == hansei.KindMetric || k == hansei.KindOrganization {
			continue
		}
		if len(kinds) > 0 {
			sql += ", "
		}
		sql += "(SELECT count(*) FROM " + fact.TableOf(k) + " WHERE merged_into IS NULL)"
		kinds = append(kinds, k)
	}
	rows, err := a.Facts.SQL(ctx, sql, 1)
	if err != nil {
		return nil, err
	}
	for i, k := range kinds {
		if n, ok := rows.Rows[0][i].(int64); ok {
			out.Records[string(k)] = int(n)
		}
	}
	return answered(out)
}

// rebuildAnswer is 202: it goes on in the background.
type rebuildAnswer struct {
	Status int
	Body   RebuildProgress
}

func (a *API) startRebuild(_ context.Context, who auth.Actor, _ *none) (*rebuildAnswer, error) {
	if _, err := who.MayWrite(); err != nil {
		return nil, err
	}
	a.Rebuild.Start()
	return &rebuildAnswer{202, a.Rebuild.Progress()}, nil
}

func (a *API) rebuildProgress(context.Context, auth.Actor, *none) (*answer[RebuildProgress], error) {
	return answered(a.Rebuild.Progress())
}
