package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// byHand refuses the kinds that have operations of their own, which check more
// than a field at a time can: one unreadable definition would stop every
// figure.
func byHand(kind hansei.Kind) error {
	switch kind {
	case hansei.KindMetric:
		return hansei.Invalid("kind", "a metric is not changed field by field; PUT or DELETE %s/metrics/ID", Base)
	case hansei.KindSource:
		return hansei.Invalid("kind", "a source is not changed field by field; PATCH or DELETE %s/sources/NAME", Base)
	case hansei.KindRetrospective:
		return hansei.Invalid("kind", "a retrospective is written; POST, PATCH or PUT under %s/retrospectives", Base)
	case hansei.KindJoin:
		return hansei.Invalid("kind", "a join is decided; POST %s/joins", Base)
	case hansei.KindJudgement:
		return hansei.Invalid("kind", "a judgement is made; POST or DELETE %s/judgements", Base)
	case hansei.KindChannel:
		return hansei.Invalid("kind", "a channel is not changed field by field; PATCH or DELETE %s/channels/NAME", Base)
	case hansei.KindOrganization:
		return hansei.Invalid("kind", "there is one organization; PATCH %s/organization", Base)
	}
	return nil
}

// written waits for the facts and reads what a write made.
func (a *edge) written(ctx context.Context, who auth.Actor, kind hansei.Kind, id hansei.ID, seq record.Seq, err error) (*answer[RecordDoc], error) {
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, seq); err != nil {
		return nil, err
	}
	docs, err := a.docs(ctx, who.Scope(), kind, []hansei.ID{id}, latest)
	if err != nil {
		return nil, err
	}
	return answered(docs[0])
}

// FieldChanges are fields that a person sets.
type FieldChanges struct {
	Fields map[string]json.RawMessage `json:"fields" doc:"Field name to value: text, number, true or false, an RFC 3339 time, or a list of texts; null gives the field back to the sources"`
	Reason string                     `json:"reason,omitempty" doc:"Why, for those who read the history"`
}

func (f FieldChanges) sets() []intake.Set {
	var out []intake.Set
	for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
		out = append(out, intake.Set{Field: name, Value: f.Fields[name]})
	}
	return out
}

// EditParams is an edit of a record.
type EditParams struct {
	RecordParam
	IfMatch string `header:"If-Match" doc:"The revision that was read; 409 if somebody was faster"`
	Body    FieldChanges
}

func (a *edge) editRecord(ctx context.Context, who auth.Actor, in *EditParams) (*answer[RecordDoc], error) {
	kind, id, err := a.find(ctx, who.Scope(), in.RecordParam)
	if err != nil {
		return nil, err
	}
	if err := byHand(kind); err != nil {
		return nil, err
	}
	read, err := revision(in.IfMatch)
	if err != nil {
		return nil, err
	}
	seq, err := a.People.Edit(ctx, who, kind, id, read, in.Body.sets(), in.Body.Reason)
	if errors.Is(err, hansei.ErrConflict) {
		err = fmt.Errorf("%s %s: %w; read it again", kind, id, err)
	}
	return a.written(ctx, who, kind, id, seq, err)
}

// revision reads If-Match: a revision, quoted or not; *, 0 and "" are any.
func revision(s string) (record.Revision, error) {
	s = strings.Trim(strings.TrimPrefix(strings.TrimSpace(s), "W/"), `"`)
	if s == "" || s == "*" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, hansei.Invalid("If-Match", "%q is not a revision; expected a number such as 3", s)
	}
	return record.Revision(n), nil
}

// NewRecord is a record made by hand.
type NewRecord struct {
	FieldChanges
	ID string `json:"id,omitempty" maxLength:"200" doc:"Its id; made when empty"`
}

// CreateParams makes a record.
type CreateParams struct {
	KindParam
	Body NewRecord
}

// created is the record and where it is.
type created struct {
	Location string `header:"Location"`
	Body     RecordDoc
}

func (a *edge) createRecord(ctx context.Context, who auth.Actor, in *CreateParams) (*created, error) {
	kind, err := hansei.ParseKind(in.Kind)
	if err != nil {
		return nil, err
	}
	if err := byHand(kind); err != nil {
		return nil, err
	}
	id := hansei.ID(in.Body.ID)
	if id == "" {
		id = newID(kind, in.Body.FieldChanges)
	}
	seq, err := a.People.Create(ctx, who, kind, id, in.Body.sets(), in.Body.Reason)
	out, err := a.written(ctx, who, kind, id, seq, err)
	if err != nil {
		return nil, err
	}
	return &created{Location: Base + "/records/" + string(kind) + "/" + url.PathEscape(string(id)), Body: out.Body}, nil
}

// newID is the slug of a name for what is known by name, else a random one.
func newID(kind hansei.Kind, f FieldChanges) hansei.ID {
	var name string
	if err := json.Unmarshal(f.Fields["name"], &name); err == nil && kind != hansei.KindIncident {
		if id := hansei.Slug(name); id != "" {
			return id
		}
	}
	return hansei.ID("hand:" + strings.ToLower(rand.Text()[:16]))
}

func (a *edge) deleteRecord(ctx context.Context, who auth.Actor, in *RecordParam) (*answer[RecordDoc], error) {
	return a.setDeleted(ctx, who, in, true)
}

func (a *edge) restoreRecord(ctx context.Context, who auth.Actor, in *RecordParam) (*answer[RecordDoc], error) {
	return a.setDeleted(ctx, who, in, false)
}

func (a *edge) setDeleted(ctx context.Context, who auth.Actor, in *RecordParam, deleted bool) (*answer[RecordDoc], error) {
	kind, id, err := a.find(ctx, who.Scope(), *in)
	if err != nil {
		return nil, err
	}
	if err := byHand(kind); err != nil {
		return nil, err
	}
	seq, err := a.People.Delete(ctx, who, kind, id, deleted)
	return a.written(ctx, who, kind, id, seq, err)
}

// MergeParams says which record replaces another.
type MergeParams struct {
	RecordParam
	Body struct {
		Into string `json:"into" minLength:"1" doc:"The record that stays"`
	}
}

func (a *edge) merge(ctx context.Context, who auth.Actor, in *MergeParams) (*answer[RecordDoc], error) {
	kind, from, err := a.find(ctx, who.Scope(), in.RecordParam)
	if err != nil {
		return nil, err
	}
	_, into, err := a.find(ctx, who.Scope(), RecordParam{KindParam: in.KindParam, ID: in.Body.Into})
	if err != nil {
		return nil, err
	}
	seq, err := a.People.Merge(ctx, who, kind, from, into)
	return a.written(ctx, who, kind, from, seq, err)
}

func (a *edge) unmerge(ctx context.Context, who auth.Actor, in *RecordParam) (*answer[RecordDoc], error) {
	kind, id, err := a.find(ctx, who.Scope(), *in)
	if err != nil {
		return nil, err
	}
	seq, err := a.People.Unmerge(ctx, who, kind, id)
	return a.written(ctx, who, kind, id, seq, err)
}
