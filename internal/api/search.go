package api

import (
	"context"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/search"
)

// SearchParams is what somebody looks for.
type SearchParams struct {
	Caller
	Words  string    `query:"q" doc:"Words; \"in quotes\" a phrase; -word leaves out; the last may be half a word"`
	Kind   []string  `query:"kind,explode" doc:"Only of these kinds"`
	Tag    []string  `query:"tag,explode" doc:"Only with this: service:ID, team:ID, factor:NAME, severity:sev1, status:open; of one name any, of several all"`
	Since  time.Time `query:"since" doc:"That happened from then on"`
	Until  time.Time `query:"until" doc:"That happened before"`
	Limit  int       `query:"limit" default:"20" minimum:"1" maximum:"100"`
	Offset int       `query:"offset" minimum:"0" maximum:"10000"`
}

// SearchHit is one record found, or one lesson of a retrospective.
type SearchHit struct {
	Kind    hansei.Kind   `json:"kind"`
	ID      hansei.ID     `json:"id"`
	Title   string        `json:"title"`
	At      time.Time     `json:"at,omitzero"`
	Score   float64       `json:"score"`
	Snippet []search.Span `json:"snippet" doc:"The best part of the text; what matched is marked"`
	Of      hansei.ID     `json:"of,omitempty" doc:"Of a lesson: the retrospective it is from"`
}

// SearchAnswer is what was found.
type SearchAnswer struct {
	Hits  []SearchHit         `json:"hits"`
	Total int                 `json:"total"`
	Kinds map[hansei.Kind]int `json:"kinds" doc:"How many of each kind there are, or would be without a filter by kind"`
	// Facets are the commonest values to narrow down by.
	Facets    map[string][]search.Facet `json:"facets" doc:"By kind, service, team, factor, severity and status: how many have each value, or would without a filter of that name"`
	Corrected string                    `json:"corrected,omitempty" doc:"What was looked for instead of a word that occurs nowhere"`
}

func (a *edge) search(ctx context.Context, who auth.Actor, in *SearchParams) (*answer[SearchAnswer], error) {
	q := search.Query{Text: in.Words, Since: in.Since, Until: in.Until, Limit: in.Limit, Offset: in.Offset}
	var err error
	if q.Kinds, err = kindsOf(in.Kind); err != nil {
		return nil, err
	}
	if q.Tags, err = search.Tags(in.Tag); err != nil {
		return nil, err
	}
	if err := a.indexed(ctx, who.Scope()); err != nil {
		return nil, err
	}
	res, err := a.Search.Search(ctx, who.Scope(), q)
	if err != nil {
		return nil, err
	}
	out := SearchAnswer{Hits: []SearchHit{}, Total: res.Total, Kinds: res.Kinds, Facets: res.Facets, Corrected: res.Corrected}
	for _, h := range res.Hits {
		hit := SearchHit{Kind: h.Kind, ID: h.ID, Title: h.Doc.Title, At: h.At, Score: h.Score, Snippet: h.Snippet}
		if h.Kind == search.Lesson {
			hit.Of, _ = search.LessonOf(h.ID)
		}
		out.Hits = append(out.Hits, hit)
	}
	return answered(out)
}

func kindsOf(names []string) (out []hansei.Kind, err error) {
	for _, name := range names {
		k, err := search.ParseKind(name)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

// indexed waits a little for an index that is behind the journal.
func (a *edge) indexed(ctx context.Context, who auth.Scope) error {
	head, err := a.Records.Head(ctx, who)
	if err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, freshFor)
	defer cancel()
	if err := a.Search.Wait(wait, head.Seq); err != nil && ctx.Err() != nil {
		return err
	}
	return nil // somewhat behind is better than no answer
}

// SimilarParams name a record and how many like it are wanted.
type SimilarParams struct {
	RecordParam
	N      int      `query:"n" default:"10" minimum:"1" maximum:"100"`
	Of     []string `query:"of,explode" doc:"Only of these kinds; of the record's own when absent"`
	Before bool     `query:"before" doc:"Only what happened before it"`
	After  bool     `query:"after" doc:"Only what happened after it"`
}

// SimilarHit is a record like another.
type SimilarHit struct {
	Kind    hansei.Kind `json:"kind"`
	ID      hansei.ID   `json:"id"`
	Title   string      `json:"title"`
	At      time.Time   `json:"at,omitzero"`
	Score   float64     `json:"score"`
	Reasons []string    `json:"reasons"`
	Verdict string      `json:"verdict,omitempty" doc:"same, when a person said that both teach the same lesson; what they said not to is not listed"`
}

// SimilarList are records like another, the most similar first.
type SimilarList struct {
	Similar []SimilarHit `json:"similar"`
}

func (a *edge) similar(ctx context.Context, who auth.Actor, in *SimilarParams) (*answer[SimilarList], error) {
	kind, id, err := a.find(ctx, who.Scope(), in.RecordParam)
	if err != nil {
		return nil, err
	}
	like := search.Like{Of: search.Key{Kind: kind, ID: id}, N: in.N, Kinds: []hansei.Kind{kind}}
	if len(in.Of) > 0 {
		if like.Kinds, err = kindsOf(in.Of); err != nil {
			return nil, err
		}
	}
	if err := a.indexed(ctx, who.Scope()); err != nil {
		return nil, err
	}
	if d, ok := a.Search.Doc(ctx, who.Scope(), like.Of); ok && in.Before {
		like.Before = d.At
	} else if ok && in.After {
		like.After = d.At
	}
	list, err := a.Search.Similar(ctx, who.Scope(), like)
	if err != nil {
		return nil, err
	}
	out := SimilarList{Similar: []SimilarHit{}}
	for _, s := range list {
		out.Similar = append(out.Similar, SimilarHit{s.Kind, s.ID, s.Title, s.At, s.Score, s.Reasons, s.Verdict})
	}
	return answered(out)
}
