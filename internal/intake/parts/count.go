package parts

import (
	"cmp"
	"strings"

	"hansei"
)

// count makes the customers who were counted those of an incident, if neither a
// source nor a person says how many they are.
func count(rec hansei.Record) {
	in, ok := rec.(*hansei.Incident)
	if !ok || in.Counted == nil {
		return
	}
	c := *in.Counted
	c.Stands = c.Customers > 0 && in.Customers == nil && in.CustomersLow == nil && in.CustomersHigh == nil
	if in.Counted = &c; c.Stands {
		best, low := float64(c.Customers), float64(c.Customers)
		in.Customers, in.CustomersLow, in.CustomersMethod = &best, &low, cmp.Or(in.CustomersMethod, hansei.CountedMethod)
	}
}

// Uncount takes out again what count put into the fields of an incident.
func Uncount(rec hansei.Record) {
	if in, ok := rec.(*hansei.Incident); ok && in.CustomersAtLeast() {
		in.Customers, in.CustomersLow = nil, nil
		in.CustomersMethod = strings.TrimPrefix(in.CustomersMethod, hansei.CountedMethod)
	}
}
