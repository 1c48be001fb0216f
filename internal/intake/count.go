package intake

import (
	"cmp"
	"context"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// Counted is an incident with what was counted among the records linked with
// it; nil when there is nothing. It is not written.
func Counted(ctx context.Context, r record.Reader, who auth.Scope, in *hansei.Incident, c *hansei.Counted) (hansei.Record, error) {
	versions, err := versionsOf(in)
	if err != nil {
		return nil, err
	}
	order, err := orderIn(ctx, r, who)
	if err != nil {
		return nil, err
	}
	uncount(in) // while its header still says that these are not its own
	in.Counted = c
	return assemble(in, versions, order)
}

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

// uncount takes out again what count put into the fields of an incident.
func uncount(rec hansei.Record) {
	if in, ok := rec.(*hansei.Incident); ok && in.CustomersAtLeast() {
		in.Customers, in.CustomersLow = nil, nil
		in.CustomersMethod = strings.TrimPrefix(in.CustomersMethod, hansei.CountedMethod)
	}
}
