package impact

import (
	"time"

	"hansei"
)

// Cost is what an incident cost, of the parts that the organization said enough
// about: people's time and missed revenue. Contract credits, refunds, lost
// customers and the work that was interrupted are not in it.
type Cost struct {
	Currency string           `json:"currency"`
	Hours    float64          `json:"responder_hours"`   // of all responders together
	Labour   *hansei.Estimate `json:"labour,omitempty"`  // nil when no rate is configured or nobody is known to have responded
	Revenue  *Part            `json:"revenue,omitempty"` // nil when none is configured or the impact's length is not known
	Total    hansei.Estimate  `json:"total"`
	AtMost   bool             `json:"at_most,omitempty"` // only the upper end of the total means something
}

// Part is missed revenue.
type Part struct {
	hansei.Estimate
	AtMost bool `json:"at_most,omitempty"` // the share of customers is not known: only High means something
}

// CostOf computes the cost; nil when nothing can be said. joined is when
// responders came, where that is known: others count from when the response
// began. Hours end when the incident was resolved, and pauses are not known.
func CostOf(rule *hansei.CostRule, in *hansei.Incident, joined map[hansei.ID]time.Time, served *float64) *Cost {
	if rule == nil {
		return nil
	}
	c := Cost{Currency: rule.Currency, Hours: Hours(in, joined)}
	if rule.Hour != nil && c.Hours > 0 {
		labour := rule.Hour.Times(hansei.Estimate{Low: c.Hours, Best: c.Hours, High: c.Hours})
		c.Labour, c.Total = &labour, labour
	}
	if lasted, ok := in.Impact(); ok && rule.Revenue != nil {
		minutes := lasted.Minutes()
		share := ShareOf(in, served)
		recovered := hansei.DefaultRecovered
		if rule.Recovered != nil {
			recovered = *rule.Recovered
		}
		missed := hansei.Estimate{Low: 1 - recovered.High, Best: 1 - recovered.Best, High: 1 - recovered.Low}
		lost := share.Times(*rule.Revenue).Times(missed).Times(hansei.Estimate{Low: minutes, Best: minutes, High: minutes})
		c.Revenue, c.Total, c.AtMost = &Part{lost, !share.Known}, c.Total.Plus(lost), !share.Known
	}
	if c.Labour == nil && c.Revenue == nil {
		return nil
	}
	return &c
}

// Hours are the hours of all responders together, from when each joined, else
// from when the response began, until the incident was resolved; 0 when that
// is not known.
func Hours(in *hansei.Incident, joined map[hansei.ID]time.Time) float64 {
	_, began, ok := in.Milestones.First(hansei.RoleEngaged, hansei.RoleAcknowledged, hansei.RoleAlerted)
	if !ok {
		began, ok = in.Start()
	}
	_, ended, over := in.Milestones.First(hansei.RoleResolved, hansei.RoleMitigated)
	if !ok || !over {
		return 0
	}
	var sum float64
	for _, id := range in.Responders {
		from := began
		if at, known := joined[id]; known {
			from = at
		}
		sum += max(0, ended.Sub(from).Hours())
	}
	return sum
}
