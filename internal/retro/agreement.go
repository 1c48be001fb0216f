package retro

import (
	"context"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro/agreement"
)

// readAtOnce is how many retrospectives are read at a time.
const readAtOnce = 500

// Agreement is how far two raters agree on each factor that is offered, over
// all retrospectives that were coded twice.
func (d *Desk) Agreement(ctx context.Context, who auth.Scope) ([]agreement.Factor, error) {
	rules, err := Rules(ctx, d.Records, who)
	if err != nil {
		return nil, err
	}
	var list []*hansei.Retrospective
	for after := hansei.ID(""); ; {
		var found []record.Stored
		if found, err = d.Records.List(ctx, who, hansei.KindRetrospective, after, readAtOnce); err != nil {
			return nil, err
		}
		for _, s := range found {
			r := s.Record.(*hansei.Retrospective)
			after = r.ID
			if len(r.Codings) > 0 { // their prose need not be kept
				list = append(list, &hansei.Retrospective{Header: r.Header, Factors: r.Factors, Codings: r.Codings})
			}
		}
		if len(found) < readAtOnce {
			return agreement.Of(list, rules.Taxonomy), nil
		}
	}
}
