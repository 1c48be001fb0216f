package metric

import (
	"fmt"

	"hansei"
)

// Recovery measures, for each deployment that an incident names as its cause,
// the seconds from its finish until that incident recovered.
type Recovery struct{}

func (Recovery) rows() rows {
	end := "coalesce(r.finished_at, r.started_at)"
	return rows{
		with: blamed,
		exclude: []Rule{
			{Reason: "not_failed", When: Missing("blamed.blamed_id")},
			{Reason: "no_recovered_at", When: cond("blamed.recovered_at IS NULL AND NOT blamed.hurting")},
			{Reason: "negative_duration", When: cond("coalesce(blamed.recovered_at < " + end + ", false)")},
		},
		censored: "blamed.recovered_at IS NULL",
		value:    fmt.Sprintf("(epoch_us(coalesce(blamed.recovered_at, %s)) - epoch_us(%s)) / 1e6", now, end),
		timed:    true,
	}
}

func (Recovery) statistics() []StatisticName { return quantiles() }

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

// repeatsJoin finds for each incident whether an earlier coded incident on
// the same service was resolved before it began (eligible), and whether one
// of those shares a factor or was marked. The latest one before is enough to
// look at: if that is outside the horizon, all are.
func repeatsJoin(holds func(string) string, days int) string {
	return fmt.Sprintf(`LEFT JOIN (
  WITH coded AS (SELECT x.incident FROM history.incident_factor x WHERE %[1]s UNION SELECT x.incident FROM history.incident_repeat x WHERE %[1]s),
  own AS (SELECT x.id, s.service, x.start_at, x.resolved_at FROM history.incident x
    JOIN history.incident_service s ON s.incident = x.id AND %[2]s
    WHERE %[1]s AND x.id IN (SELECT incident FROM coded) AND coalesce(x.type, 'real') = 'real'),
  shared AS (SELECT o.*, f.factor FROM own o JOIN history.incident_factor f ON f.incident = o.id AND %[3]s),
  earlier AS (SELECT o.id, bool_or(e.resolved_at >= o.start_at - INTERVAL %[4]d DAY) AS ok FROM own o
    ASOF JOIN (SELECT service, resolved_at FROM own WHERE resolved_at IS NOT NULL) e ON o.service = e.service AND o.start_at > e.resolved_at GROUP BY o.id),
  same AS (SELECT o.id, bool_or(e.resolved_at >= o.start_at - INTERVAL %[4]d DAY) AS ok FROM shared o
    ASOF JOIN (SELECT service, factor, resolved_at FROM shared WHERE resolved_at IS NOT NULL) e
    ON o.service = e.service AND o.factor = e.factor AND o.start_at > e.resolved_at GROUP BY o.id)
  SELECT c.incident AS rep_id, true AS known, coalesce(earlier.ok, false) AS eligible,
    coalesce(same.ok, false) OR c.incident IN (SELECT x.incident FROM history.incident_repeat x WHERE %[1]s) AS again
  FROM coded c LEFT JOIN earlier ON earlier.id = c.incident LEFT JOIN same ON same.id = c.incident
) rep ON rep.rep_id = r.id`, holds("x"), holds("s"), holds("f"), days)
}

// Index is one of the utility industry's three: customer-minutes and customer
// interruptions per customer served, and one divided by the other.
type Index struct{ Per string } // saidi, saifi or caidi

func (m Index) rows() rows {
	out := Amount{Field: "customers_affected", Needs: []string{"impact_seconds"}, OpenAt: open,
		Expr: "r.customers_affected * r.impact_seconds / 60"}.rows()
	switch m.Per {
	case "saifi":
		out = Amount{Field: "customers_affected"}.rows()
	case "caidi":
		out.second = "r.customers_affected"
	}
	return out
}

func (Index) statistics() []StatisticName { return []StatisticName{Share} }

// Shortcut is incidents divided by deployments.
type Shortcut struct{}

func (Shortcut) rows() rows                  { return rows{} }
func (Shortcut) statistics() []StatisticName { return []StatisticName{Share} }

// servedNeeded says that an index divides by the customers served.
func servedNeeded(def Definition) bool {
	m, ok := def.Measure.(Index)
	return ok && m.Per != "caidi"
}

// Settings are what the organization said that figures depend on.
type Settings struct {
	Zone            string
	CustomersServed *float64
}

// SettingsOf reads them from the organization's record; nil is an
// organization that said nothing.
func SettingsOf(o *hansei.Organization) Settings {
	if o == nil {
		return Settings{}
	}
	return Settings{Zone: o.Zone, CustomersServed: o.CustomersServed}
}
