package retro

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"hansei"
	"hansei/internal/chart"
	"hansei/internal/record"
)

// Candidate is a change that may have to do with an incident, and what links
// it. It is a place to look, not a verdict: what the score is worth depends on
// how often anything is changed at all (science, section 4).
type Candidate struct {
	Ref     record.Ref `json:"ref"`
	Title   string     `json:"title"`
	At      time.Time  `json:"at"`
	Score   float64    `json:"score"` // 0 to 1
	Reasons []string   `json:"reasons"`
}

// worthTelling is the score from which on a change is in the timeline.
const worthTelling = 0.3

// candidates are the changes around an incident's start, the likeliest first.
func candidates(rel *related) []Candidate {
	var out []Candidate
	for _, x := range rel.deployments {
		at := x.Finished
		if at.IsZero() {
			at = x.Started
		}
		title := cmp.Or(x.Title, x.Ref, x.Commit, "a deployment") + " to " + rel.name(x.Service)
		failed := x.Failed != nil && *x.Failed || x.Result == hansei.ResultFailure
		out = append(out, weigh(rel, Candidate{Ref: record.Ref{Kind: hansei.KindDeployment, ID: x.ID}, Title: title, At: at}, []hansei.ID{x.Service}, failed))
	}
	for _, x := range rel.changes {
		out = append(out, weigh(rel, Candidate{Ref: record.Ref{Kind: hansei.KindChange, ID: x.ID}, Title: cmp.Or(x.Title, x.Type, "a change"), At: x.At}, x.Services, false))
	}
	slices.SortStableFunc(out, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), b.At.Compare(a.At), cmp.Compare(a.Ref.ID, b.Ref.ID))
	})
	return out
}

// weigh says what links a change with the incident.
func weigh(rel *related, c Candidate, services []hansei.ID, failed bool) Candidate {
	named := slices.ContainsFunc(rel.incident.CausedBy, func(s string) bool { return s == string(c.Ref.ID) || s == string(c.Ref.Kind)+"/"+string(c.Ref.ID) })
	switch {
	case named:
		c.Score, c.Reasons = 1, append(c.Reasons, "named as its cause")
	case rel.linked[c.Ref]:
		c.Score, c.Reasons = 0.8, append(c.Reasons, "one names the other")
	}
	before := rel.since.Sub(c.At)
	if before < 0 {
		c.Reasons = append(c.Reasons, "after the start")
		if c.Score == 0 {
			c.Score = worthTelling // a repair, more likely than not
		}
		return c
	}
	near := 1 / (1 + before.Hours()) // half after an hour
	if i := slices.IndexFunc(services, func(s hansei.ID) bool { return slices.Contains(rel.services, s) }); i >= 0 {
		c.Score = max(c.Score, 0.7*near)
		c.Reasons = append(c.Reasons, "same service: "+rel.name(services[i]))
	} else if i := slices.IndexFunc(services, func(s hansei.ID) bool { return slices.Contains(rel.needs, s) }); i >= 0 {
		c.Score = max(c.Score, 0.5*near)
		c.Reasons = append(c.Reasons, "something it depends on: "+rel.name(services[i]))
	}
	if failed {
		c.Score = min(1, c.Score+0.2)
		c.Reasons = append(c.Reasons, "it failed")
	}
	c.Reasons = append(c.Reasons, fmt.Sprintf("%s before the start", chart.Duration(before.Seconds())))
	return c
}
