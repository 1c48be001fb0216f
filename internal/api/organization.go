package api

import (
	"context"
	"encoding/json"
	"errors"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// OrganizationWords is what the organization said about itself.
type OrganizationWords struct {
	Name            string          `json:"name"`
	Zone            string          `json:"zone" doc:"Where days, weeks and months are cut"`
	CustomersServed *float64        `json:"customers_served" doc:"The denominator of SAIDI and SAIFI; null when nobody said it"`
	Revision        record.Revision `json:"revision"`
}

func (a *edge) getOrganization(ctx context.Context, who auth.Actor, _ *none) (*answer[OrganizationWords], error) {
	o, rev, err := record.Get[*hansei.Organization](ctx, a.Records, who.Scope(), hansei.OrganizationID)
	if errors.Is(err, hansei.ErrNotFound) {
		return answered(OrganizationWords{Zone: "UTC"})
	}
	if err != nil {
		return nil, err
	}
	out := OrganizationWords{Name: o.Name, Zone: o.Zone, CustomersServed: o.CustomersServed, Revision: rev}
	if out.Zone == "" {
		out.Zone = "UTC"
	}
	return answered(out)
}

// OrganizationChanges are settings to change; what is absent stays.
type OrganizationChanges struct {
	Caller
	Body struct {
		Name            *string  `json:"name,omitempty"`
		Zone            *string  `json:"zone,omitempty" doc:"An IANA name such as Europe/Berlin"`
		CustomersServed *float64 `json:"customers_served,omitempty"`
	}
}

func (a *edge) editOrganization(ctx context.Context, who auth.Actor, in *OrganizationChanges) (*answer[OrganizationWords], error) {
	text, err := json.Marshal(in.Body)
	if err != nil {
		return nil, err
	}
	var f FieldChanges
	if err := json.Unmarshal(text, &f.Fields); err != nil {
		return nil, err
	}
	seq, err := a.People.Edit(ctx, who, hansei.KindOrganization, hansei.OrganizationID, 0, f.sets(), "")
	if errors.Is(err, hansei.ErrNotFound) {
		seq, err = a.People.Create(ctx, who, hansei.KindOrganization, hansei.OrganizationID, f.sets(), "")
	}
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, seq); err != nil {
		return nil, err
	}
	return a.getOrganization(ctx, who, &none{})
}
