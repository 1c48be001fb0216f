package api

import (
	"context"

	"hansei/internal/auth"
	"hansei/internal/retro/agreement"
)

// Agreement is how far two raters agree on each contributing factor.
type Agreement struct {
	Factors []agreement.Factor `json:"factors"`
}

func (a *edge) factorAgreement(ctx context.Context, who auth.Actor, _ *none) (*answer[Agreement], error) {
	list, err := a.Retros.Agreement(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	return answered(Agreement{Factors: list})
}
