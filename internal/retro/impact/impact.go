// Package impact says what an incident took: time, customers, error budget and
// money, as far as the organization said what those are. It is pure. What is
// not known is left out and not guessed; what is known as a range stays one.
package impact

import "hansei"

// CustomerMinutes is customers times the minutes of impact.
func CustomerMinutes(in *hansei.Incident) (float64, bool) {
	lasted, ok := in.Impact()
	if !ok || in.Customers == nil {
		return 0, false
	}
	return *in.Customers * lasted.Minutes(), true
}

// Share is the share of customers that an incident affected, 0 to 1. Without
// the number of those served, or of those affected (those who wrote to support
// are only some of them), it is at most all of them:
// Known is false, only High is said, and the other two are 0.
type Share struct {
	hansei.Estimate
	Known bool `json:"known"`
}

// ShareOf is the share of customers affected.
func ShareOf(in *hansei.Incident, served *float64) Share {
	if in.Customers == nil || in.CustomersAtLeast() || served == nil || *served <= 0 {
		return Share{Estimate: hansei.Estimate{High: 1}}
	}
	of := func(n *float64) float64 {
		if n == nil {
			n = in.Customers
		}
		return min(*n / *served, 1)
	}
	e := hansei.Estimate{Low: of(in.CustomersLow), Best: of(in.Customers), High: of(in.CustomersHigh)}
	e.Low, e.High = min(e.Low, e.Best), max(e.High, e.Best)
	return Share{e, true}
}

// Budget is the share of a service's error budget that an incident used: 1 is
// all that its objective allows in hansei.ObjectiveDays. As in the SRE Workbook
// (chapter 2) the budget is (1 − objective) of the window; requests are taken
// to come evenly and to fail for the share of customers affected.
type Budget struct {
	Service   hansei.ID `json:"service"`
	Objective float64   `json:"objective"` // per cent
	Used      Share     `json:"used"`
}

// Budgets are those of the services that have an objective.
func Budgets(in *hansei.Incident, services []*hansei.Service, served *float64) []Budget {
	out := []Budget{}
	lasted, ok := in.Impact()
	if !ok {
		return out
	}
	share := ShareOf(in, served)
	for _, s := range services {
		if s.Objective == nil {
			continue
		}
		allowed := (1 - *s.Objective/100) * hansei.ObjectiveDays * 24 * 60
		whole := lasted.Minutes() / allowed
		used := share.Estimate.Times(hansei.Estimate{Low: whole, Best: whole, High: whole})
		out = append(out, Budget{s.ID, *s.Objective, Share{used, share.Known}})
	}
	return out
}
