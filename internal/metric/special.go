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

// Index is one of the utility industry's three: customer-minutes and customer
// interruptions per customer served, and one divided by the other.
type Index struct{ Per string } // saidi, saifi or caidi

func (m Index) rows() rows {
	out := Amount{Field: "customers_affected", Needs: []string{"impact_seconds"}, OpenAt: open,
		Expr: "r.customers_affected * r.impact_seconds / 60", Least: atLeast}.rows()
	switch m.Per {
	case "saifi":
		out = Amount{Field: "customers_affected", Least: atLeast}.rows()
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
	// Needed are the severities whose incidents need a retrospective.
	Needed []string
}

// SettingsOf reads them from the organization's record; nil is an
// organization that said nothing.
func SettingsOf(o *hansei.Organization) Settings {
	if o == nil {
		o = &hansei.Organization{}
	}
	return Settings{Zone: o.Zone, CustomersServed: o.CustomersServed, Needed: needed(o.Retrospectives.Or(hansei.DefaultRetroRules))}
}
