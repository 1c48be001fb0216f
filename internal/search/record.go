package search

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// Kinds are what can be searched.
var Kinds = []hansei.Kind{hansei.KindIncident, hansei.KindRetrospective, hansei.KindFollowUp, hansei.KindService, hansei.KindTeam}

func indexed(k hansei.Kind) bool { return slices.Contains(Kinds, k) }

const buildPage = 2_000

// build makes the index anew from the current records.
func (v *View) build(ctx context.Context, store *record.Store, scope auth.Scope) error {
	v.index = New()
	for _, kind := range Kinds {
		after := hansei.ID("")
		for {
			list, err := store.List(ctx, scope, kind, after, buildPage)
			if err != nil {
				return err
			}
			var docs []Doc
			for _, s := range list {
				after = s.Record.Head().ID
				if doc, ok := docOf(s.Record); ok {
					docs = append(docs, doc)
				}
			}
			v.index.Put(docs...)
			if len(list) < buildPage {
				break
			}
		}
	}
	return nil
}

func (v *View) apply(rec hansei.Record) {
	if doc, ok := docOf(rec); ok {
		v.index.Put(doc)
		return
	}
	v.index.Delete(Key{rec.Kind(), rec.Head().ID})
}

// docOf is what is indexed of a record; ok is false for one that is gone.
func docOf(rec hansei.Record) (Doc, bool) {
	head := rec.Head()
	if head.Deleted || head.MergedInto != "" || !indexed(rec.Kind()) {
		return Doc{}, false
	}
	doc := Doc{Key: Key{rec.Kind(), head.ID}, Tags: map[string][]string{}}
	switch r := rec.(type) {
	case *hansei.Incident:
		doc.Title, doc.At = cmp.Or(r.Title, string(r.ID)), incidentStart(r)
		body := []string{r.Description}
		for _, u := range r.Updates {
			body = append(body, u.Text)
		}
		doc.Body = strings.Join(append(body, strings.Join(r.Labels, " "), strings.Join(r.Factors, " ")), "\n")
		doc.tag("service", ids(r.Services)...)
		doc.tag("factor", r.Factors...)
		doc.tag("severity", r.Severity)
		doc.tag("team", ids(r.Teams)...)
		doc.tag("status", r.Status)
	case *hansei.Retrospective:
		doc.Title, doc.At, doc.Body = r.Title, cmp.Or(r.Published, r.Drafted), prose(r)
		doc.tag("service", ids(r.Services)...)
		doc.tag("factor", r.FactorNames...)
		doc.tag("severity", r.Severity)
		doc.tag("team", ids(r.Teams)...)
		doc.tag("status", r.State)
	case *hansei.FollowUp:
		doc.Title, doc.At = r.Title, r.Created
		doc.Body = strings.Join([]string{r.Description, r.Verify, r.Reason, r.Factor}, "\n")
		doc.tag("service", ids(r.Services)...)
		doc.tag("factor", r.Factor)
		doc.tag("team", string(r.Team))
		doc.tag("status", r.Status)
	case *hansei.Service:
		doc.Title, doc.Body = r.Name, strings.Join(r.Aliases, " ")
	case *hansei.Team:
		doc.Title, doc.Body = r.Name, strings.Join(r.Aliases, " ")
	}
	return doc, true
}

func incidentStart(in *hansei.Incident) time.Time {
	t, _ := in.Start()
	return t
}

// prose is every word of a retrospective.
func prose(r *hansei.Retrospective) string {
	var parts []string
	for _, s := range r.Sections {
		parts = append(parts, s.Text)
	}
	for _, list := range [][]string{r.Lessons, r.Surprises, r.KnowledgeGaps, r.WentWell, r.Lucky, r.Functionality, r.FactorNames} {
		parts = append(parts, list...)
	}
	parts = append(parts, r.Trigger, r.Mitigation)
	for _, m := range r.Timeline {
		if !m.Dropped {
			parts = append(parts, m.Text, m.Note)
		}
	}
	return strings.Join(parts, "\n")
}

func (d *Doc) tag(name string, values ...string) {
	for _, v := range values {
		if v != "" {
			d.Tags[name] = append(d.Tags[name], v)
		}
	}
}

func ids(list []hansei.ID) []string {
	out := make([]string, len(list))
	for i, id := range list {
		out[i] = string(id)
	}
	return out
}
