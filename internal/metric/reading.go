package metric

import (
	"context"
	"fmt"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
)

// Reading is, of each published retrospective, the share of the people on call
// for its services who have read it. Who read what is not among the facts,
// where anybody's SQL could see it: the engine brings the marks along, and
// only the share of at least fewestPeople leaves the statement.
type Reading struct{}

// fewestPeople is the smallest group that a figure about people is shown of.
const fewestPeople = 5

func (Reading) rows() rows {
	return rows{
		with: onCall,
		exclude: []Rule{
			{Reason: "nobody_on_call", When: Missing("called.people")},
			{Reason: "under_five_people", When: cond(fmt.Sprintf("called.people < %d", fewestPeople))},
		},
		value: "called.readers / called.people",
		timed: true,
	}
}

func (Reading) statistics() []StatisticName { return []StatisticName{P50, "p25", "p75"} }

// onCall joins each retrospective with how many people were on call for its
// services, or in the rota of a team that owns one, at any time from its
// publication until now; where no shift is recorded for them, with the members
// of those teams. And with how many of them have read it.
func onCall(holds func(string) string) string {
	return fmt.Sprintf(`LEFT JOIN (
  WITH reader(retrospective, person) AS %[1]s,
  written AS (SELECT x.id, coalesce(x.published_at, x.drafted_at) AS at FROM history.retrospective x WHERE %[2]s),
  about AS (SELECT x.retrospective AS id, x.service FROM history.retrospective_service x WHERE %[2]s),
  owned AS (SELECT x.retrospective AS id, x.team FROM history.retrospective_team x WHERE %[2]s UNION SELECT a.id, s.team FROM about a JOIN %[3]s s ON s.id = a.service WHERE s.team IS NOT NULL),
  shift AS (SELECT x.id, x.person, x.team, x.began_at, x.ended_at FROM history.shift x WHERE %[2]s AND x.person IS NOT NULL),
  duty AS (SELECT a.id, s.person, s.began_at, s.ended_at FROM about a JOIN history.shift_service x ON x.service = a.service AND %[2]s JOIN shift s ON s.id = x.shift
    UNION SELECT o.id, s.person, s.began_at, s.ended_at FROM owned o JOIN shift s ON s.team = o.team),
  people AS (SELECT DISTINCT d.id, d.person FROM duty d JOIN written w ON w.id = d.id WHERE d.ended_at > w.at AND d.began_at <= %[4]s
    UNION SELECT o.id, p.id FROM owned o JOIN history.person p ON p.team = o.team AND p.merged_into IS NULL AND %[5]s WHERE o.id NOT IN (SELECT id FROM duty))
  SELECT p.id AS called_id, count(*) AS people, count(k.person) AS readers FROM people p
  LEFT JOIN (SELECT DISTINCT retrospective, person FROM reader) k ON k.retrospective = p.id AND k.person = p.person GROUP BY p.id
) called ON called.called_id = r.id`, readersMark, holds("x"), names("service", holds), now, holds("p"))
}

// readers writes the marks of reading as a relation, as they stood at the
// moment of asking, and counts them.
func (e *Engine) readers(ctx context.Context, a *asked) (sql string, n int, err error) {
	var b strings.Builder
	b.WriteString("(SELECT CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR) WHERE false")
	err = e.eachReading(ctx, a.who, func(r *hansei.Reading) {
		if r.Deleted || r.At.After(a.now) {
			return
		}
		if n == 0 {
			b.WriteString(" UNION ALL VALUES ")
		} else {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "(%s, %s)", fact.Literal(string(r.Retrospective)), fact.Literal(string(r.Person)))
		n++
	})
	b.WriteString(")")
	return b.String(), n, err
}

func (e *Engine) eachReading(ctx context.Context, who auth.Scope, fn func(*hansei.Reading)) error {
	const page = 1000
	for after := hansei.ID(""); ; {
		list, err := e.records.List(ctx, who, hansei.KindReading, after, page)
		if err != nil {
			return err
		}
		for _, s := range list {
			fn(s.Record.(*hansei.Reading))
			after = s.Record.Head().ID
		}
		if len(list) < page {
			return nil
		}
	}
}
