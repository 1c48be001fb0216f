package metric

import (
	"context"

	"hansei"
	"hansei/internal/auth"
)

// Step is a point of a curve of completion.
type Step struct {
	Days      int      `json:"days"` // since creation
	Done      *float64 `json:"done"` // the share done by then; nil where it cannot be told
	Low       *float64 `json:"low"`
	High      *float64 `json:"high"`
	Declined  *float64 `json:"declined"`
	Remaining int      `json:"remaining"` // that were watched for longer
}

// Curve is the course of a figure of completion over the days since creation,
// up to so many: the same estimate as each of its statistics. It is empty when
// there are too few ends for one.
func (e *Engine) Curve(ctx context.Context, who auth.Scope, q Query, days int) ([]Step, error) {
	q.By, q.Every, q.Compare = nil, "", ""
	a, err := e.ask(ctx, who, q)
	if err != nil {
		return nil, err
	}
	if _, ok := a.def.Measure.(Completion); !ok {
		return nil, hansei.Invalid("metric", "%s has no curve; follow_up_completion has", a.def.ID)
	}
	c, err := e.compile(ctx, a, a.q)
	if err != nil {
		return nil, err
	}
	t, err := e.read(ctx, c, a.periods)
	if err != nil {
		return nil, err
	}
	x := t.get("", 0)
	curve := x.incidence()
	if curve.Ended < gateCurve {
		return nil, nil
	}
	var out []Step
	for d := 0; d <= days; d++ {
		at := float64(d) * daySeconds
		share, _, ci := curve.At(1, at)
		declined, _, _ := curve.At(2, at)
		s := Step{Days: d, Done: finite(share), Low: finite(ci.Low), High: finite(ci.High), Declined: finite(declined)}
		for _, list := range [][]float64{x.values, x.waiting} {
			for _, v := range list {
				if v > at {
					s.Remaining++
				}
			}
		}
		if s.Done == nil {
			break
		}
		out = append(out, s)
	}
	return out, nil
}
