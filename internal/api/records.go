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
	"hansei/internal/metric"
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

// ListParams is a question for records.
type ListParams struct {
	KindParam
	Since  string   `query:"since" doc:"From this date or time on"`
	Until  string   `query:"until" doc:"Before this date or time"`
	Where  []string `query:"where,explode" doc:"Filters, all of which hold: field=value, field=a,b or field!=value"`
	Q      string   `query:"q" doc:"Words that must all stand in the id, title or description"`
	Sort   string   `query:"sort" doc:"A column; - before it for descending"`
	Limit  int      `query:"limit" minimum:"0" maximum:"1000" doc:"Records on a page, 50 when empty"`
	Cursor string   `query:"cursor" doc:"From the page before"`
}

// RecordPage is a page of whole records.
type RecordPage struct {
	Records []json.RawMessage `json:"records" doc:"Whole records, each with its kind, revision, seq (the journal's sequence of that revision) and written_at"`
	Total   int               `json:"total" doc:"Records that match, on all pages"`
	Next    string            `json:"next,omitempty" doc:"Cursor of the next page"`
	Seq     record.Seq        `json:"seq" doc:"All pages of one list show the journal as of here"`
}

func (a *API) listRecords(ctx context.Context, who auth.Actor, in *ListParams) (*answer[RecordPage], error) {
	kind, err := hansei.ParseKind(in.Kind)
	if err != nil {
		return nil, err
	}
	if kind == hansei.KindMetric {
		return a.listOwnMetrics(ctx, who)
	}
	if err := a.fresh(ctx, who.Scope()); err != nil {
		return nil, err
	}
	q := metric.ListQuery{Kind: kind, Search: in.Q, Sort: in.Sort, Limit: in.Limit, Cursor: in.Cursor}
	if q.Since, q.Until, err = a.window(ctx, who.Scope(), in.Since, in.Until); err != nil {
		return nil, err
	}
	if q.Where, err = filters(in.Where); err != nil {
		return nil, err
	}
	list, err := a.Metrics.List(ctx, who.Scope(), q)
	if err != nil {
		return nil, err
	}
	ids := make([]hansei.ID, len(list.Records))
	for i, r := range list.Records {
		id, _ := r["id"].(string)
		ids[i] = hansei.ID(id)
	}
	docs, err := a.docs(ctx, who.Scope(), kind, ids, list.Seq)
	if err != nil {
		return nil, err
	}
	return answered(RecordPage{Records: docs, Total: list.Total, Next: list.Next, Seq: list.Seq})
}

// listOwnMetrics lists the metrics the organization defined; they are few.
func (a *API) listOwnMetrics(ctx context.Context, who auth.Actor) (*answer[RecordPage], error) {
	list, err := a.Records.List(ctx, who.Scope(), hansei.KindMetric, "", 1000)
	if err != nil {
		return nil, err
	}
	out := RecordPage{Records: []json.RawMessage{}}
	for _, s := range list {
		if s.Record.Head().Deleted {
			continue
		}
		doc, err := record.Encode(s.Record)
		if err != nil {
			return nil, err
		}
		out.Records = append(out.Records, whole(hansei.KindMetric, doc, s.Revision, s.Seq, s.At))
		out.Seq = max(out.Seq, s.Seq)
	}
	out.Total = len(out.Records)
	return answered(out)
}

// docs reads whole records as of a sequence, in the order of ids.
func (a *API) docs(ctx context.Context, who auth.Scope, kind hansei.Kind, ids []hansei.ID, at record.Seq) ([]json.RawMessage, error) {
	raw, err := record.LoadRaw(ctx, a.Records, who, kind, ids)
	if err != nil {
		return nil, err
	}
	out := make([]json.RawMessage, 0, len(ids))
	for _, id := range ids {
		r, ok := raw[id]
		if ok && r.Seq <= at {
			out = append(out, whole(kind, r.Doc, r.Revision, r.Seq, r.At))
			continue
		}
		// It was written after the list's sequence: show it as it was then.
		doc, err := a.docAt(ctx, who, kind, id, at)
		if err != nil {
			return nil, err
		}
		out = append(out, doc)
	}
	return out, nil
}

func (a *API) docAt(ctx context.Context, who auth.Scope, kind hansei.Kind, id hansei.ID, at record.Seq) (json.RawMessage, error) {
	s, err := record.GetAt(ctx, a.Records, who, kind, id, at)
	if err != nil {
		return nil, err
	}
	doc, err := record.Encode(s.Record)
	if err != nil {
		return nil, err
	}
	return whole(kind, doc, s.Revision, s.Seq, s.At), nil
}

// whole is a record's document with what the journal knows of it put first.
func whole(kind hansei.Kind, doc []byte, rev record.Revision, seq record.Seq, at time.Time) json.RawMessage {
	head := fmt.Sprintf(`{"kind":%q,"revision":%d,"seq":%d,"written_at":%q`, kind, rev, seq, at.UTC().Format(time.RFC3339Nano))
	rest := strings.TrimSpace(string(doc))
	if rest == "{}" {
		return json.RawMessage(head + "}")
	}
	return json.RawMessage(head + "," + rest[1:])
}

// GetParams asks for one record.
type GetParams struct {
	RecordParam
	At string `query:"at" doc:"As it was at a sequence of the journal or a time"`
}

func (a *API) getRecord(ctx context.Context, who auth.Actor, in *GetParams) (*answer[json.RawMessage], error) {
	kind, id, err := a.find(ctx, who.Scope(), in.RecordParam)
	if err != nil {
		return nil, err
	}
	at, err := a.seq(ctx, who.Scope(), "at", in.At)
	if err != nil {
		return nil, err
	}
	if at == 0 {
		at = 1<<63 - 1
	}
	docs, err := a.docs(ctx, who.Scope(), kind, []hansei.ID{id}, at)
	if err != nil {
		return nil, err
	}
	return answered(docs[0])
}

// find resolves what a caller called a record: its id, or the name that its
// source uses, when only one record has it.
func (a *API) find(ctx context.Context, who auth.Scope, in RecordParam) (hansei.Kind, hansei.ID, error) {
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
	if kind == hansei.KindMetric {
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

func (a *API) history(ctx context.Context, who auth.Actor, in *RecordParam) (*answer[[]RecordVersion], error) {
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
	return answered(out)
}
