package metric

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"hansei"
	"hansei/internal/stat"
)

// isOpen holds for a follow-up that is neither done nor declined.
var isOpen = Is("status", hansei.FollowUpOpen)

// overdue holds for an open follow-up after its due date.
var overdue = cond("coalesce(r.due_at < " + now + ", false)")

// Completion is the share of follow-ups that were done within so many days of
// their creation. A declined one is not censored: it will never be done, so
// declining competes with doing (Aalen–Johansen). Its statistics are d30, d60
// and d90, or any other number of days.
type Completion struct{}

func (Completion) rows() rows {
	return rows{
		with: watched,
		exclude: []Rule{
			// As a document of the past tells it: done, and not when.
			{Reason: "ended_when_created", When: cond("coalesce(r.resolved_at <= r.created_at, false)")},
			{Reason: "ended_before_recorded", When: cond("watched.entry > 0 AND coalesce(r.resolved_at <= watched.watched_at, false)")},
		},
		censored: isOpen.sql(),
		value:    fmt.Sprintf("(epoch_us(coalesce(r.resolved_at, %s)) - epoch_us(r.created_at)) / 1e6", now),
		hit:      Is("status", hansei.FollowUpDone).sql(),
		entry:    "watched.entry",
		timed:    true,
	}
}

func (Completion) statistics() []StatisticName { return []StatisticName{"d90", "d60", "d30"} }

// watched joins each follow-up with the age, in seconds, from which it was
// watched. What was written down here more than a day after its creation counts
// from then on (left truncation): had it been done before, it might not have
// come at all. Unless its source brings such ones too: then its past is
// complete, and everything of it counts from its creation.
func watched(holds func(string) string) string {
	return fmt.Sprintf(`LEFT JOIN (
  WITH seen AS (SELECT x.id, min(x.recorded_at) AS began FROM history.follow_up x GROUP BY x.id),
  came AS (SELECT f.id, coalesce(f.source, '') AS source, f.created_at, f.resolved_at, seen.began FROM history.follow_up f JOIN seen ON seen.id = f.id WHERE %s),
  whole AS (SELECT DISTINCT source FROM came WHERE resolved_at > created_at AND resolved_at < began - INTERVAL 1 DAY)
  SELECT id AS watched_id, began AS watched_at,
    CASE WHEN began > created_at + INTERVAL 1 DAY AND source NOT IN (SELECT source FROM whole) THEN (epoch_us(began) - epoch_us(created_at)) / 1e6 ELSE 0 END AS entry
  FROM came) watched ON watched.watched_id = r.id`, holds("f"))
}

// within is the number of days of a statistic such as d30.
func (s StatisticName) within() (float64, bool) {
	digits, ok := strings.CutPrefix(string(s), "d")
	if !ok || len(digits) == 0 || len(digits) > 4 || digits[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	return float64(n), err == nil
}

const daySeconds = 86400

// incidence is the curve of a cell: way 1 is done, way 2 declined.
func (x *cell) incidence() stat.Incidence {
	t := slices.Concat(x.values, x.waiting)
	state := make([]int, len(t))
	for i := range x.values {
		state[i] = int(x.ways[i])
	}
	return stat.CumulativeIncidenceFrom(slices.Concat(x.entered, x.late), t, state, 2, Level)
}

func (e *estimator) completion(f *Figure, x *cell) {
	if f.Records() == 0 {
		return
	}
	days, _ := e.stat.within()
	f.Method = "Aalen–Johansen, declined as a competing end; log–log interval"
	late := 0
	for _, v := range slices.Concat(x.entered, x.late) {
		late += int(min(1, math.Ceil(v)))
	}
	if late > 0 {
		f.warn("entered_late", fmt.Sprintf("%d were created before they were recorded here, and count from then on.", late))
	}
	c := x.incidence()
	if c.Ended < gateCurve {
		f.warn(TooFew, fmt.Sprintf("%d have ended and %d have not: too few ends for an estimate; it takes %d.", c.Ended, x.censored, gateCurve))
		return
	}
	share, _, ci := c.At(1, days*daySeconds)
	if f.Value = finite(share); f.Value == nil {
		f.warn("not_reached", fmt.Sprintf("None was watched for %.0f days yet.", days))
		return
	}
	f.Low, f.High = finite(ci.Low), finite(ci.High)
	if declined, _, _ := c.At(2, days*daySeconds); declined > 0 {
		f.warn("declined", fmt.Sprintf("%.0f %% were declined within that time: they will not be done.", declined*100))
	}
}

// compareCompletion sets two shares done by a day against each other, with the
// normal interval of their difference.
func (e *estimator) compareCompletion(c *Comparison, x, y *cell) {
	c.Kind = "difference"
	days, _ := e.stat.within()
	a, b := x.incidence(), y.incidence()
	p, sp, _ := a.At(1, days*daySeconds)
	q, sq, _ := b.At(1, days*daySeconds)
	if b.Ended >= gateCurve {
		c.Value = finite(q)
	}
	if a.Ended < gateArm || b.Ended < gateArm {
		return
	}
	se := math.Hypot(sp, sq)
	if d := p - q; se > 0 { // neither NaN nor certain
		c.effect(d, stat.Interval{Low: d - z975*se, High: d + z975*se, Level: Level, Method: "difference of cumulative incidences"}, math.Erfc(math.Abs(d/se)/math.Sqrt2))
		e.judge(c, 0)
	}
}

// AtRisk counts the incidents that began while a follow-up was open that an
// earlier incident had already led to.
type AtRisk struct{}

func (AtRisk) rows() rows {
	return rows{
		with:    exposed,
		hit:     True("exposed.hit").sql(),
		exclude: []Rule{{Reason: "no_factors_recorded", When: Missing("exposed.exposed_id")}},
	}
}

func (AtRisk) statistics() []StatisticName { return []StatisticName{Share, Rate, Sum} }

// exposed joins the incidents that can be told of (with confirmed factors, or
// marked), and whether they began while a follow-up was open which is
// linked to them: it follows an incident that they were marked to repeat, or
// is about one of their services and addresses (or comes from a retrospective
// that names) one of their confirmed factors. How many are open is kept as a
// level by service and factor, so that nothing is compared in pairs.
func exposed(holds func(string) string) string {
	return fmt.Sprintf(`LEFT JOIN (
  WITH task AS (SELECT f.id, f.factor, f.retrospective, f.created_at, f.resolved_at FROM history.follow_up f WHERE %[1]s),
  about AS (SELECT id, factor AS v FROM task WHERE factor IS NOT NULL
    UNION SELECT t.id, x.factor FROM task t JOIN history.retrospective_factor x ON x.retrospective = t.retrospective AND %[2]s WHERE t.factor IS NULL),
  after AS (SELECT x.follow_up AS id, x.incident FROM history.follow_up_incident x WHERE %[2]s
    UNION SELECT t.id, x.incident FROM task t JOIN history.retrospective_incident x ON x.retrospective = t.retrospective AND %[2]s),
  linked AS (SELECT DISTINCT a.id, w.service, a.v, t.created_at, t.resolved_at FROM about a JOIN %[3]s w ON w.id = a.id JOIN task t ON t.id = a.id
    WHERE t.resolved_at IS NULL OR t.resolved_at > t.created_at),
  moved AS (SELECT service, v, created_at + INTERVAL 1 MICROSECOND AS moment, 1 AS n FROM linked
    UNION ALL SELECT service, v, resolved_at, -1 FROM linked WHERE resolved_at IS NOT NULL),
  level AS (SELECT service, v, moment, sum(sum(n)) OVER (PARTITION BY service, v ORDER BY moment) AS n FROM moved GROUP BY service, v, moment),
  began AS (SELECT i.id, i.start_at, s.service, c.v FROM history.incident i JOIN history.incident_service s ON s.incident = i.id AND %[4]s JOIN %[5]s c ON c.id = i.id WHERE %[7]s AND i.start_at IS NOT NULL)
  SELECT id AS exposed_id, bool_or(h) AS hit FROM (
    SELECT b.id, l.n > 0 AS h FROM began b ASOF JOIN level l ON b.service = l.service AND b.v = l.v AND b.start_at >= l.moment
    UNION ALL SELECT i.id, true FROM %[6]s m JOIN after a ON a.incident = m.earlier JOIN task t ON t.id = a.id JOIN history.incident i ON i.id = m.id AND %[7]s
    WHERE t.created_at < i.start_at AND (t.resolved_at IS NULL OR t.resolved_at > i.start_at)
    UNION ALL SELECT id, false FROM %[5]s UNION ALL SELECT id, false FROM %[6]s) GROUP BY id
) exposed ON exposed.exposed_id = r.id`, holds("f"), holds("x"), improved(holds), holds("s"), confirmed(holds), alike(holds), holds("i"))
}

// improved is the relation (id, service) of the services that follow-ups are
// about: their own, else those of their retrospective.
func improved(holds func(string) string) string {
	return fmt.Sprintf(`(SELECT x.follow_up AS id, x.service FROM history.follow_up_service x WHERE %[1]s
  UNION SELECT f.id, s.service FROM history.follow_up f JOIN history.retrospective_service s ON s.retrospective = f.retrospective AND %[2]s
  WHERE %[3]s AND f.id NOT IN (SELECT x.follow_up FROM history.follow_up_service x WHERE %[1]s))`, holds("x"), holds("s"), holds("f"))
}

func (e *estimator) atRisk(f *Figure, x *cell, w window) {
	if x.n == 0 {
		return // of none can it be told: 0 would be a claim
	}
	switch e.stat {
	case Sum:
		f.Value, f.Method = ptr(float64(x.hits)), "count"
	case Rate:
		e.rate(f, x.hits, w)
	default:
		e.share(f, x.hits, x.n)
		f.warn("count", fmt.Sprintf("%d of %d incidents.", x.hits, x.n))
	}
}
