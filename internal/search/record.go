package search

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// Kinds are what can be searched, in the order in which people meet them.
var Kinds = []hansei.Kind{hansei.KindIncident, hansei.KindRetrospective, Lesson, hansei.KindFollowUp, hansei.KindService, hansei.KindTeam}

// read are the kinds of record that the index is made of.
var read = []hansei.Kind{hansei.KindIncident, hansei.KindRetrospective, hansei.KindFollowUp, hansei.KindService, hansei.KindTeam, hansei.KindJudgement}

func indexed(k hansei.Kind) bool { return slices.Contains(read, k) }

const buildPage = 2_000

// build makes an index from the current records.
func build(ctx context.Context, store *record.Store, scope auth.Scope) (*Index, error) {
	x := New()
	for _, kind := range read {
		after := hansei.ID("")
		for {
			list, err := store.List(ctx, scope, kind, after, buildPage)
			if err != nil {
				return nil, err
			}
			for _, s := range list {
				after = s.Record.Head().ID
				x.apply(s.Record)
			}
			if len(list) < buildPage {
				break
			}
		}
	}
	return x, nil
}

// apply brings the index to what a record says now.
func (x *Index) apply(rec hansei.Record) {
	if j, ok := rec.(*hansei.Judgement); ok {
		verdict := j.Verdict
		if j.Deleted {
			verdict = ""
		}
		x.Judge(j.Of, j.A, j.B, verdict)
		return
	}
	of := Key{rec.Kind(), rec.Head().ID}
	doc, ok := docOf(rec)
	if !ok {
		x.Delete(of)
		return
	}
	docs := []Doc{doc}
	if r, ok := rec.(*hansei.Retrospective); ok {
		docs = append(docs, lessons(r, doc)...)
	}
	x.Set(of, docs...)
}

// docOf is what is indexed of a record; ok is false for one that is gone.
func docOf(rec hansei.Record) (Doc, bool) {
	head := rec.Head()
	if head.Deleted || head.MergedInto != "" || !indexed(rec.Kind()) {
		return Doc{}, false
	}
	doc := Doc{Key: Key{rec.Kind(), head.ID}, Names: []string{string(head.ID)}, Tags: map[string][]string{}}
	for _, o := range head.From {
		if o.External != "" && !strings.Contains(string(head.ID), o.External) {
			doc.Names = append(doc.Names, o.External)
		}
	}
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
		doc.tag("severity", strings.ToLower(r.Severity))
		doc.tag("team", ids(r.Teams)...)
		doc.tag("status", r.Status)
	case *hansei.Retrospective:
		doc.Title, doc.At, doc.Body = r.Title, cmp.Or(r.Published, r.Drafted), prose(r)
		doc.tag("service", ids(r.Services)...)
		doc.tag("factor", r.FactorNames...)
		doc.tag("severity", strings.ToLower(r.Severity))
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
		doc.tag("service", string(r.ID))
		doc.tag("team", string(r.Team))
	case *hansei.Team:
		doc.Title, doc.Body = r.Name, strings.Join(r.Aliases, " ")
		doc.tag("team", string(r.ID))
	}
	return doc, true
}

// lessons are the lessons of a retrospective as documents of their own.
func lessons(r *hansei.Retrospective, of Doc) (out []Doc) {
	seen := map[hansei.ID]bool{}
	for _, text := range r.Lessons {
		id := LessonID(r.ID, text)
		if seen[id] || strings.TrimSpace(text) == "" {
			continue
		}
		seen[id] = true
		out = append(out, Doc{Key: Key{Lesson, id}, Title: strings.TrimSpace(text), Body: r.Title, At: of.At, Tags: of.Tags})
	}
	return out
}

// LessonID names a lesson by its retrospective and a hash of its words, so
// that it stays the same when others come before it, and is another when it
// says something else: "retro:pd:Q1#lesson-9f86d081". What stands after the
// sign # is its anchor on the page of the retrospective.
func LessonID(of hansei.ID, text string) hansei.ID {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(text), " ")))
	return of + "#lesson-" + hansei.ID(hex.EncodeToString(sum[:4]))
}

// LessonOf is the retrospective that a lesson is from, and its anchor there.
func LessonOf(id hansei.ID) (retro hansei.ID, anchor string) {
	i := strings.LastIndexByte(string(id), '#')
	if i < 0 {
		return id, ""
	}
	return id[:i], string(id[i+1:])
}

func incidentStart(in *hansei.Incident) time.Time {
	t, _ := in.Start()
	return t
}

// markup is what a section says to the page and to no reader: citations, live
// blocks, emphasis and headings. A snippet shows the words without it.
var markup = regexp.MustCompile("(?m)\\[\\^[^\\]\n]{1,300}\\]|^```hansei [^`]*```$|^```.*$|^#{1,6} |\\*\\*|`")

// prose is every word of a retrospective.
func prose(r *hansei.Retrospective) string {
	var parts []string
	for _, s := range r.Sections {
		parts = append(parts, markup.ReplaceAllString(s.Text, ""))
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
