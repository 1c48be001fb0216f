package api

import (
	"context"
	"encoding/base64"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/record"
)

// ListParams is a question for records.
type ListParams struct {
	KindParam
	Since  string   `query:"since" doc:"From this date or time on"`
	Until  string   `query:"until" doc:"Before this date or time"`
	Where  []string `query:"where,explode" doc:"Filters, all of which hold: field=value, field=a,b or field!=value"`
	Q      string   `query:"q" doc:"Words that must all stand in the id, title or description"`
	Sort   string   `query:"sort" doc:"A column; - before it for descending"`
	Full   bool     `query:"full" doc:"Whole records instead of columns; without filters in the order of ids"`
	Limit  int      `query:"limit" minimum:"0" maximum:"1000" doc:"Records on a page, 50 when empty"`
	Cursor string   `query:"cursor" doc:"From the page before"`
}

// plain says that nothing narrows or orders the list.
func (p ListParams) plain() bool {
	return p.Since == "" && p.Until == "" && len(p.Where) == 0 && p.Q == "" && p.Sort == ""
}

// RecordList is a page of records: by column, or whole.
type RecordList struct {
	Columns []string   `json:"columns,omitempty" doc:"The columns of records that are not whole"`
	Records any        `json:"records" doc:"One object per record: column to value, or, when whole, record, revision, seq and at"`
	Total   *int       `json:"total,omitempty" doc:"Records that match, on all pages; absent from a list of whole records in the order of ids"`
	Next    string     `json:"next,omitempty" doc:"Cursor of the next page"`
	Prev    string     `json:"prev,omitempty" doc:"Cursor of the page before"`
	Seq     record.Seq `json:"seq" doc:"The page shows the journal as of here"`
}

func (a *edge) listRecords(ctx context.Context, who auth.Actor, in *ListParams) (*answer[RecordList], error) {
	kind, err := hansei.ParseKind(in.Kind)
	if err != nil {
		return nil, err
	}
	if in.Limit == 0 {
		in.Limit = 50
	}
	if in.Full && in.plain() {
		return a.listAll(ctx, who.Scope(), kind, in)
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
	out := RecordList{Columns: list.Columns, Records: list.Records, Total: &list.Total, Next: list.Next, Prev: list.Prev, Seq: list.Seq}
	if in.Full {
		ids := make([]hansei.ID, len(list.Records))
		for i, r := range list.Records {
			id, _ := r["id"].(string)
			ids[i] = hansei.ID(id)
		}
		out.Columns = nil
		if out.Records, err = a.docs(ctx, who.Scope(), kind, ids, list.Seq); err != nil {
			return nil, err
		}
	}
	return answered(out)
}

// listAll pages through every record of a kind in the order of ids: a page
// costs the same wherever it is. Deleted and merged records are left out.
func (a *edge) listAll(ctx context.Context, who auth.Scope, kind hansei.Kind, in *ListParams) (*answer[RecordList], error) {
	after, err := base64.RawURLEncoding.DecodeString(in.Cursor)
	if err != nil {
		return nil, hansei.Invalid("cursor", "%q is not a cursor of this list", in.Cursor)
	}
	head, err := a.Records.Head(ctx, who)
	if err != nil {
		return nil, err
	}
	list, err := a.Records.List(ctx, who, kind, hansei.ID(after), in.Limit)
	if err != nil {
		return nil, err
	}
	docs := make([]RecordDoc, 0, len(list))
	for _, s := range list {
		if h := s.Record.Head(); h.Deleted || h.MergedInto != "" {
			continue
		}
		doc, err := record.Encode(s.Record)
		if err != nil {
			return nil, err
		}
		docs = append(docs, RecordDoc{doc, s.Revision, s.Seq, s.At})
	}
	out := RecordList{Records: docs, Seq: head.Seq}
	if len(list) == in.Limit {
		out.Next = base64.RawURLEncoding.EncodeToString([]byte(list[len(list)-1].Record.Head().ID))
	}
	return answered(out)
}
