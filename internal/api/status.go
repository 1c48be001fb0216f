package api

import (
	"context"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/record"
)

// ServerStatus is what is running and where the journal stands.
type ServerStatus struct {
	Version    string         `json:"version"`
	Journal    JournalStatus  `json:"journal"`
	Facts      FactsStatus    `json:"facts"`
	CatchingUp bool           `json:"catching_up" doc:"The facts are behind the journal"`
	Records    map[string]int `json:"records" doc:"How many records there are of each kind"`
}

// JournalStatus is where the journal stands.
type JournalStatus struct {
	Seq   record.Seq   `json:"seq" doc:"Its last sequence"`
	Epoch record.Epoch `json:"epoch" doc:"Which life of the journal the sequence belongs to"`
	At    time.Time    `json:"at" doc:"When its last entry was written"`
}

// FactsStatus is where the facts stand.
type FactsStatus struct {
	Seq record.Seq `json:"seq" doc:"The last sequence that they hold"`
}

func (a *edge) status(ctx context.Context, who auth.Actor, _ *none) (*answer[ServerStatus], error) {
	head, err := a.Records.Head(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	facts, epoch := a.Facts.Head()
	out := ServerStatus{Version: a.Version, Journal: JournalStatus{head.Seq, head.Epoch, head.At},
		Facts: FactsStatus{facts}, CatchingUp: facts < head.Seq || (head.Seq > 0 && epoch != head.Epoch), Records: map[string]int{}}
	sql, kinds := "SELECT ", []hansei.Kind{}
	for _, k := range hansei.Kinds {
		if k.Configured() || k == hansei.KindOrganization {
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

// Rebuilt says what a rebuild of the facts did.
type Rebuilt struct {
	Records record.Seq `json:"records" doc:"Entries of the journal that were applied"`
	Seconds float64    `json:"seconds"`
}

// rebuild answers once the facts are built. Somebody who goes away meanwhile
// does not leave them half built.
func (a *edge) rebuild(ctx context.Context, who auth.Actor, _ *none) (*answer[Rebuilt], error) {
	if _, err := who.MayWrite(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	began := time.Now()
	if err := a.Facts.Reset(ctx); err != nil {
		return nil, err
	}
	if err := a.Facts.CatchUp(ctx, a.Records, who.Scope(), nil); err != nil {
		return nil, err
	}
	head, _ := a.Facts.Head()
	return answered(Rebuilt{Records: head, Seconds: time.Since(began).Seconds()})
}
