package metric

import (
	"context"
	"fmt"
	"strings"

	"hansei"
	"hansei/internal/fact"
)

// The populations of what is learned.
var (
	Retrospectives = Population{
		Kind: hansei.KindRetrospective, Noun: "retrospectives", Table: "retrospective", At: "least(r.drafted_at, r.published_at)",
		Rules: []Rule{
			{Reason: hansei.RetroNotRequired, When: Is("state", hansei.RetroNotRequired), Unless: "state"},
			{Reason: "not_published", When: Is("state", hansei.RetroDraft, hansei.RetroInReview), Unless: "state"},
		},
	}
	FollowUps = Population{Kind: hansei.KindFollowUp, Noun: "follow-ups", Table: "follow_up", At: "created_at"}
)

// What stands in SQL for what the engine knows when it is asked.
const (
	neededMark  = "{needed}"  // a list of severities in lower case
	readersMark = "{readers}" // a relation (retrospective, person)
)

// mark fills in the marks of a measure.
func (e *Engine) mark(ctx context.Context, a *asked, c *compiled) error {
	list := make([]string, len(a.settings.Needed))
	for i, s := range a.settings.Needed {
		list[i] = fact.Literal(s)
	}
	c.marks = []string{neededMark, strings.Join(list, ", ")}
	if _, ok := a.def.Measure.(Reading); !ok {
		return nil
	}
	readers, n, err := e.readers(ctx, a)
	if err == nil && n == 0 {
		c.rules = append(c.rules, Rule{Reason: "no_reading_recorded", When: cond("true")})
	}
	c.marks = append(c.marks, readersMark, readers)
	return err
}

// needed lists the severities whose incidents need a retrospective.
func needed(rules hansei.RetroRules) []string {
	var out []string
	for n := 1; n <= 9; n++ {
		if s := fmt.Sprintf("sev%d", n); hansei.Needs(s, rules.NeededFrom) {
			out = append(out, s)
		}
	}
	return out
}

// severity is the severity of row r as rules compare it.
const severity = "lower(trim(r.severity))"

// needing leaves out the incidents that need no retrospective, or none yet.
// Its conditions use the join written.
var needing = []Rule{
	{Reason: "no_severity", When: cond("NOT coalesce(regexp_full_match(" + severity + ", 'sev[1-9]'), false)")},
	{Reason: "not_needed", When: cond("NOT " + severity + " IN (" + neededMark + ")")},
	{Reason: "not_resolved", When: open},
	{Reason: hansei.RetroNotRequired, When: cond("coalesce(written.waived, false)")},
}

// written joins each incident with how its retrospectives stand: whether one
// is published and since when, or whether a person said of all that none is
// required.
func written(holds func(string) string) string {
	return fmt.Sprintf(`LEFT JOIN (
  SELECT b.incident AS written_id, bool_or(p.state IN ('published', 'revised')) AS published, bool_and(p.state = 'not_required') AS waived,
    min(CASE WHEN p.state IN ('published', 'revised') THEN p.published_at END) AS published_at
  FROM history.retrospective_incident b JOIN history.retrospective p ON p.id = b.retrospective AND %s
  WHERE %s GROUP BY b.incident) written ON written.written_id = r.id`, holds("p"), holds("b"))
}

// isWritten holds for an incident with a published retrospective.
var isWritten = True("written.published")

// confirmed is the relation (id, v) of the contributing factors of incidents
// that people confirmed: on the incident itself, or in a published
// retrospective of it.
func confirmed(holds func(string) string) string {
	return fmt.Sprintf(`(SELECT x.incident AS id, x.factor AS v FROM history.incident_factor x WHERE %s
  UNION SELECT b.incident, f.factor FROM history.retrospective_incident b
  JOIN history.retrospective p ON p.id = b.retrospective AND p.state IN ('published', 'revised') AND %s
  JOIN history.retrospective_factor f ON f.retrospective = p.id AND %s WHERE %s)`, holds("x"), holds("p"), holds("f"), holds("b"))
}

// alike is the relation (id, earlier) of incidents that a person marked with
// the same lesson as an earlier one: on the incident, or by a judgement of the
// two or of their retrospectives.
func alike(holds func(string) string) string {
	return fmt.Sprintf(`(SELECT x.incident AS id, x."repeat" AS earlier FROM history.incident_repeat x WHERE %[1]s
  UNION SELECT CASE WHEN ia.start_at > ib.start_at THEN ia.id ELSE ib.id END, CASE WHEN ia.start_at > ib.start_at THEN ib.id ELSE ia.id END
  FROM (SELECT j.a, j.b FROM history.judgement j WHERE %[2]s AND j."of" = 'incident' AND j.verdict = 'same'
    UNION SELECT p.incident, q.incident FROM history.judgement j
    JOIN history.retrospective_incident p ON p.retrospective = j.a AND %[3]s
    JOIN history.retrospective_incident q ON q.retrospective = j.b AND %[4]s
    WHERE %[2]s AND j."of" = 'retrospective' AND j.verdict = 'same') k
  JOIN history.incident ia ON ia.id = k.a AND %[5]s JOIN history.incident ib ON ib.id = k.b AND %[6]s WHERE ia.id <> ib.id)`,
		holds("x"), holds("j"), holds("p"), holds("q"), holds("ia"), holds("ib"))
}
