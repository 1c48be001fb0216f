package api

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/record"
)

// KindParam names a kind of record.
type KindParam struct {
	Caller
	Kind string `path:"kind" doc:"incident, deployment, pull-request, change, alert, ticket, work-item, service, team, person, organization or metric"`
}

// RecordParam names one record.
type RecordParam struct {
	KindParam
	ID string `path:"id" doc:"Its id, or what its source calls it when only one record is called so"`
}

// RecordDoc is a whole record and where it stands in the journal.
type RecordDoc struct {
	Record   json.RawMessage `json:"record"`
	Revision record.Revision `json:"revision"`
	Seq      record.Seq      `json:"seq" doc:"The journal's sequence of this revision"`
	At       time.Time       `json:"at" doc:"When this revision was written"`
}

// docs reads whole records as of a sequence, in the order of ids.
func (a *edge) docs(ctx context.Context, who auth.Scope, kind hansei.Kind, ids []hansei.ID, at record.Seq) ([]RecordDoc, error) {
	raw, err := record.LoadRaw(ctx, a.Records, who, kind, ids)
	if err != nil {
		return nil, err
	}
	out := make([]RecordDoc, 0, len(ids))
	for _, id := range ids {
		r, ok := raw[id]
		if ok && r.Seq <= at {
			out = append(out, RecordDoc{r.Doc, r.Revision, r.Seq, r.At})
			continue
		}
		// It was written after that sequence: show it as it was then.
		s, err := record.GetAt(ctx, a.Records, who, kind, id, at)
		if err != nil {
			return nil, err
		}
		doc, err := record.Encode(s.Record)
		if err != nil {
			return nil, err
		}
		out = append(out, RecordDoc{doc, s.Revision, s.Seq, s.At})
	}
	return out, nil
}

// latest is after every sequence.
const latest record.Seq = 1<<63 - 1

// GetParams asks for one record.
type GetParams struct {
	RecordParam
	At string `query:"at" doc:"As it was at a sequence of the journal or a time"`
}

func (a *edge) getRecord(ctx context.Context, who auth.Actor, in *GetParams) (*answer[RecordDoc], error) {
	kind, id, err := a.find(ctx, who.Scope(), in.RecordParam)
	if err != nil {
		return nil, err
	}
	at, err := a.seq(ctx, who.Scope(), "at", in.At)
	if err != nil {
		return nil, err
	}
	if at == 0 {
		at = latest
	}
	docs, err := a.docs(ctx, who.Scope(), kind, []hansei.ID{id}, at)
	if err != nil {
		return nil, err
	}
	return answered(docs[0])
}

// find resolves what a caller called a record: its id, or the name that its
// source uses, when only one record has it.
func (a *edge) find(ctx context.Context, who auth.Scope, in RecordParam) (hansei.Kind, hansei.ID, error) {
	kind, err := hansei.ParseKind(in.Kind)
	if err != nil {
		return "", "", err
	}
	for _, id := range []hansei.ID{hansei.ID(in.ID), hansei.Slug(in.ID)} {
		found, err := record.LoadRaw(ctx, a.Records, who, kind, []hansei.ID{id})
		if err != nil {
			return "", "", err
		}
		if _, ok := found[id]; ok {
			return kind, id, nil
		}
	}
	missing := fmt.Errorf("%s %q: %w", kind, in.ID, hansei.ErrNotFound)
	if kind.Configured() {
		return "", "", missing
	}
	if err := a.fresh(ctx, who); err != nil {
		return "", "", err
	}
	text := fact.Literal(in.ID)
	rows, err := a.Facts.SQL(ctx, fmt.Sprintf("SELECT id FROM %s WHERE external = %s ORDER BY id", fact.TableOf(kind), text), 5)
	if err != nil {
		return "", "", err
	}
	var ids []string
	for _, r := range rows.Rows {
		ids = append(ids, fmt.Sprint(r[0]))
	}
	switch len(ids) {
	case 0:
		return "", "", missing
	case 1:
		return kind, hansei.ID(ids[0]), nil
	}
	return "", "", hansei.Invalid("id", "%q is several %ss: %s", in.ID, kind, strings.Join(ids, ", "))
}

// RecordVersion is one revision of a record.
type RecordVersion struct {
	Seq      record.Seq      `json:"seq"`
	Revision record.Revision `json:"revision"`
	At       time.Time       `json:"at"`
	Who      string          `json:"who"`
	Record   json.RawMessage `json:"record"`
}

// RecordHistory is every revision of a record, the newest first.
type RecordHistory struct {
	Versions []RecordVersion `json:"versions"`
}

func (a *edge) history(ctx context.Context, who auth.Actor, in *RecordParam) (*answer[RecordHistory], error) {
	kind, id, err := a.find(ctx, who.Scope(), *in)
	if err != nil {
		return nil, err
	}
	versions, err := a.Records.History(ctx, who.Scope(), kind, id)
	if err != nil {
		return nil, err
	}
	out := make([]RecordVersion, len(versions))
	for i, v := range versions {
		out[i] = RecordVersion{v.Seq, v.Revision, v.At, v.Who, v.Doc}
	}
	return answered(RecordHistory{out})
}
