package batch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/record"
	"hansei/internal/retro"
)

// Why an incident gets no draft.
const (
	HasOne      = "has_one"      // a retrospective is there
	NotRequired = "not_required" // a person said so
	Removed     = "removed"      // there was one, and a person removed it
	NotReal     = "not_real"     // a drill, a test, planned work …
	NotResolved = "not_resolved" // it goes on, or was declared by mistake
	NotNeeded   = "not_needed"   // milder than the rules ask for
	Gone        = "gone"         // removed or merged since the batch began
	Broken      = "failed"       // drafting it failed
)

// Reasons lists those that a plan tells, in the order in which it does.
var Reasons = []string{HasOne, NotRequired, Removed, NotNeeded, NotResolved, NotReal}

// Query says which incidents a batch is about: those that began since a time
// and before another one.
type Query struct {
	Since      time.Time `json:"since"`
	Until      time.Time `json:"until"`
	Severities []string  `json:"severities,omitempty"` // those that the rules ask for, when empty
	Service    hansei.ID `json:"service,omitempty"`
}

// String is the period in words.
func (q Query) String() string {
	return q.Since.Format(time.DateOnly) + " to " + q.Until.Format(time.DateOnly)
}

const maxSeverities = 20

func (q Query) check() (Query, error) {
	switch {
	case q.Since.IsZero():
		return q, hansei.Invalid("since", "say since when, as 2026-01-01")
	case q.Until.IsZero():
		return q, hansei.Invalid("until", "say until when, as 2026-04-01")
	case !q.Since.Before(q.Until):
		return q, hansei.Invalid("until", "the period ends before it begins")
	case len(q.Severities) > maxSeverities:
		return q, hansei.Invalid("severity", "%d severities are too many; at most %d", len(q.Severities), maxSeverities)
	}
	var out []string
	for _, s := range q.Severities {
		if s = strings.ToLower(strings.TrimSpace(s)); s == "" || len(s) > 100 {
			return q, hansei.Invalid("severity", "%q is none; expected one such as sev2", s)
		}
		out = append(out, s)
	}
	slices.Sort(out)
	q.Severities = slices.Compact(out)
	return q, nil
}

// Plan is what a batch would do.
type Plan struct {
	Query      Query       `json:"query"`
	NeededFrom string      `json:"needed_from" doc:"The mildest severity that needs a retrospective by the rules"`
	Incidents  int         `json:"incidents" doc:"Of the period"`
	Drafts     int         `json:"drafts" doc:"Retrospectives that would be drafted"`
	BySeverity []Count     `json:"by_severity" doc:"How many of them for incidents of each severity"`
	Left       []LeftCount `json:"left" doc:"How many are left out, and why"`
	TooMany    bool        `json:"too_many" doc:"More than one batch drafts"`

	incidents []hansei.ID
}

// Count is how many incidents have a severity.
type Count struct {
	Severity string `json:"severity"`
	N        int    `json:"n"`
}

// LeftCount is how many incidents are left out for a reason.
type LeftCount struct {
	Reason string `json:"reason"`
	N      int    `json:"n"`
}

// Plan says what a batch would do now.
func (b *Batches) Plan(ctx context.Context, who auth.Scope, q Query) (Plan, error) {
	out := Plan{BySeverity: []Count{}, Left: []LeftCount{}}
	var err error
	if out.Query, err = q.check(); err != nil {
		return out, err
	}
	rules, err := retro.Rules(ctx, b.Records, who)
	if err != nil {
		return out, err
	}
	out.NeededFrom = rules.NeededFrom
	head, err := b.Records.Head(ctx, who)
	if err != nil {
		return out, err
	}
	if err := b.Settled(ctx, head.Seq); err != nil {
		return out, err
	}
	with := out.Query.sql(rules.NeededFrom)
	left := map[string]int{}
	counts, err := b.Facts.SQL(ctx, with+" SELECT why, count(*) FROM judged GROUP BY 1", 100)
	if err != nil {
		return out, err
	}
	for _, row := range counts.Rows {
		n, _ := row[1].(int64)
		out.Incidents += int(n)
		left[fmt.Sprint(row[0])] = int(n)
	}
	found, err := b.Facts.SQL(ctx, with+" SELECT id, severity FROM judged WHERE why = 'draft' ORDER BY start_at, id", Most+1)
	if err != nil {
		return out, err
	}
	if out.Drafts = left["draft"]; out.Drafts > Most {
		out.TooMany = true
	}
	if err := b.pick(ctx, who, found, &out, left); err != nil {
		return out, err
	}
	for _, reason := range Reasons {
		if left[reason] > 0 {
			out.Left = append(out.Left, LeftCount{reason, left[reason]})
		}
	}
	return out, nil
}

// pick leaves out those whose retrospective was removed, which the facts do not
// show, and counts the others by severity.
func (b *Batches) pick(ctx context.Context, who auth.Scope, found fact.Rows, out *Plan, left map[string]int) error {
	by := map[string]int{}
	for rows := range slices.Chunk(found.Rows, 500) {
		var ids []hansei.ID
		for _, row := range rows {
			ids = append(ids, retro.ID(hansei.ID(fmt.Sprint(row[0]))))
		}
		there, err := record.Load(ctx, b.Records, who, hansei.KindRetrospective, ids)
		if err != nil {
			return err
		}
		for i, row := range rows {
			if s, ok := there[ids[i]]; ok {
				reason := Removed
				if !s.Record.Head().Deleted {
					reason = HasOne
				}
				left[reason]++
				out.Drafts--
				continue
			}
			severity, _ := row[1].(string)
			by[severity]++
			out.incidents = append(out.incidents, hansei.ID(fmt.Sprint(row[0])))
		}
	}
	for severity, n := range by {
		out.BySeverity = append(out.BySeverity, Count{severity, n})
	}
	slices.SortFunc(out.BySeverity, func(x, y Count) int { return strings.Compare(x.Severity, y.Severity) })
	return nil
}

// sql judges every incident of the period: what speaks against a draft, or
// "draft". Severities that were asked for by name need no rule to be drafted.
func (q Query) sql(neededFrom string) string {
	where, needed := []string{"merged_into IS NULL", "start_at >= " + fact.Timestamp(q.Since), "start_at < " + fact.Timestamp(q.Until)}, "TRUE"
	if len(q.Severities) > 0 {
		where = append(where, "lower(trim(severity)) IN ("+fact.Literals(q.Severities)+")")
	} else {
		var of []string
		for n := '1'; n <= '9'; n++ {
			if s := "sev" + string(n); hansei.Needs(s, neededFrom) {
				of = append(of, s)
			}
		}
		if needed = "FALSE"; len(of) > 0 {
			needed = "coalesce(lower(trim(severity)) IN (" + fact.Literals(of) + "), FALSE)"
		}
	}
	if q.Service != "" {
		where = append(where, "id IN (SELECT incident FROM incident_service WHERE service = "+fact.Literal(string(q.Service))+")")
	}
	return `WITH written AS (SELECT x.incident, bool_and(r.state = 'not_required') AS unneeded FROM retrospective_incident x
			JOIN retrospective r ON r.id = x.retrospective AND r.merged_into IS NULL GROUP BY 1),
		judged AS (SELECT id, severity, start_at, CASE
			WHEN w.unneeded THEN 'not_required' WHEN w.incident IS NOT NULL THEN 'has_one'
			WHEN coalesce(type, 'real') NOT IN ('', 'real') THEN 'not_real'
			WHEN coalesce(status, CASE WHEN resolved_at IS NULL THEN '' ELSE 'resolved' END) NOT IN ('resolved', 'closed') THEN 'not_resolved'
			WHEN ` + needed + ` THEN 'draft' ELSE 'not_needed' END AS why
			FROM incident LEFT JOIN written w ON w.incident = incident.id WHERE ` + strings.Join(where, " AND ") + ")"
}

// Where picks, of the facts of retrospectives, those that a batch drafted: by
// when they were drafted and of which incidents, for a list of all their ids
// may be longer than a statement.
func (b Batch) Where() string {
	drafted := "drafted_at >= " + fact.Timestamp(b.Began)
	if !b.Ended.IsZero() {
		drafted += " AND drafted_at <= " + fact.Timestamp(b.Ended)
	}
	return "(" + drafted + " AND id IN (SELECT 'retro:' || id FROM incident WHERE start_at >= " + fact.Timestamp(b.Query.Since) +
		" AND start_at < " + fact.Timestamp(b.Query.Until) + "))"
}
