package metric

import "fmt"

// Repeats is the share of incidents that repeat an earlier one, within a
// horizon in days.
type Repeats struct{ Horizon int }

func (m Repeats) rows() rows {
	return rows{
		hit: "coalesce(rep.again, false)",
		exclude: []Rule{
			{Reason: "no_factors_recorded", When: cond("NOT coalesce(rep.known, false)")},
			{Reason: "no_earlier_incident", When: cond("NOT coalesce(rep.eligible, false)")},
		},
		with: func(holds func(string) string) string { return repeatsJoin(holds, m.Horizon) },
	}
}

func (Repeats) statistics() []StatisticName { return []StatisticName{Share} }

// coded are the common tables of repeats: factor (id, v) and mark (id,
// earlier) as people confirmed them; coded, the incidents that can be compared;
// own, those with their services and times; edge, each service with itself and
// with those it depends on or that depend on it; near, each incident with every
// service on which another counts as on the same.
func coded(holds func(string) string) string {
	return fmt.Sprintf(`WITH factor AS %[1]s, mark AS %[2]s,
  coded AS (SELECT id AS incident FROM factor UNION SELECT id FROM mark UNION SELECT earlier FROM mark),
  own AS (SELECT x.id, s.service, x.start_at, x.resolved_at FROM history.incident x
    JOIN history.incident_service s ON s.incident = x.id AND %[4]s
    WHERE %[3]s AND x.id IN (SELECT incident FROM coded) AND coalesce(x.type, 'real') = 'real' AND x.start_at IS NOT NULL),
  edge AS (SELECT service, service AS near FROM own UNION SELECT d.service, d.depends_on FROM history.service_depends_on d WHERE %[5]s
    UNION SELECT d.depends_on, d.service FROM history.service_depends_on d WHERE %[5]s),
  near AS (SELECT DISTINCT o.id, e.near AS service, o.start_at, o.resolved_at FROM own o JOIN edge e ON e.service = o.service)`,
		confirmed(holds), alike(holds), holds("x"), holds("s"), holds("d"))
}

// repeatsJoin finds for each incident whether an earlier coded incident on
// the same service, or one a dependency away, was resolved before it began
// (eligible), and whether one of those shares a factor or was marked. The
// latest one before is enough to look at: if that is outside the horizon, all
// are.
func repeatsJoin(holds func(string) string, days int) string {
	return fmt.Sprintf(`LEFT JOIN (%[1]s,
  ended AS (SELECT id, service, resolved_at FROM own WHERE resolved_at IS NOT NULL),
  earlier AS (SELECT o.id, bool_or(e.resolved_at >= o.start_at - INTERVAL %[2]d DAY) AS ok FROM near o
    ASOF JOIN ended e ON o.service = e.service AND o.start_at > e.resolved_at GROUP BY o.id),
  same AS (SELECT o.id, bool_or(e.resolved_at >= o.start_at - INTERVAL %[2]d DAY) AS ok FROM (SELECT n.*, f.v FROM near n JOIN factor f ON f.id = n.id) o
    ASOF JOIN (SELECT n.service, n.resolved_at, f.v FROM ended n JOIN factor f ON f.id = n.id) e
    ON o.service = e.service AND o.v = e.v AND o.start_at > e.resolved_at GROUP BY o.id),
  marked AS (SELECT DISTINCT o.id FROM mark m JOIN near o ON o.id = m.id JOIN ended e ON e.id = m.earlier AND e.service = o.service
    WHERE o.start_at > e.resolved_at AND e.resolved_at >= o.start_at - INTERVAL %[2]d DAY)
  SELECT c.incident AS rep_id, true AS known, coalesce(earlier.ok, false) AS eligible,
    coalesce(same.ok, false) OR marked.id IS NOT NULL AS again
  FROM coded c LEFT JOIN earlier ON earlier.id = c.incident LEFT JOIN same ON same.id = c.incident LEFT JOIN marked ON marked.id = c.incident
) rep ON rep.rep_id = r.id`, coded(holds), days)
}

// Recurrence measures the seconds from an incident's resolution until the next
// one began that repeats it.
type Recurrence struct{}

func (Recurrence) rows() rows {
	return rows{
		exclude: []Rule{
			{Reason: "no_factors_recorded", When: cond("NOT coalesce(rec.known, false)")},
			{Reason: "no_services", When: cond("NOT rec.placed")},
			{Reason: "no_resolved_at", When: Missing("resolved_at")},
		},
		with:     recurrenceJoin,
		censored: "rec.again_at IS NULL",
		value:    fmt.Sprintf("(epoch_us(coalesce(rec.again_at, %s)) - epoch_us(r.resolved_at)) / 1e6", now),
		timed:    true,
	}
}

func (Recurrence) statistics() []StatisticName { return quantiles() }

// recurrenceJoin finds for each coded incident the start of the first later
// one that repeats it.
func recurrenceJoin(holds func(string) string) string {
	return fmt.Sprintf(`LEFT JOIN (%s,
  later AS (SELECT o.id, min(e.start_at) AS at FROM (SELECT n.id, n.service, n.resolved_at, f.v FROM near n JOIN factor f ON f.id = n.id WHERE n.resolved_at IS NOT NULL) o
    ASOF JOIN (SELECT n.service, n.start_at, f.v FROM own n JOIN factor f ON f.id = n.id) e
    ON o.service = e.service AND o.v = e.v AND o.resolved_at < e.start_at GROUP BY o.id),
  marked AS (SELECT o.id, min(e.start_at) AS at FROM mark m JOIN near o ON o.id = m.earlier JOIN own e ON e.id = m.id AND e.service = o.service
    WHERE e.start_at > o.resolved_at GROUP BY o.id)
  SELECT c.incident AS rec_id, true AS known, EXISTS (SELECT 1 FROM own WHERE own.id = c.incident) AS placed, least(later.at, marked.at) AS again_at
  FROM coded c LEFT JOIN later ON later.id = c.incident LEFT JOIN marked ON marked.id = c.incident
) rec ON rec.rec_id = r.id`, coded(holds))
}
