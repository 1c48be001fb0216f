package retros

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/chart"
	"hansei/internal/retro/block"
	"hansei/internal/web/ui"
)

// block is the HTML of a live block: frozen once the retrospective is
// published, else as it stands now. One that cannot be shown says why.
func (p *Pages) block(ctx context.Context, who auth.Scope, o *one, directive string) (string, error) {
	var c templ.Component
	i := slices.IndexFunc(o.Retro.Frozen, func(f hansei.Frozen) bool { return f.Block == directive })
	switch {
	case strings.HasPrefix(directive, block.Timeline):
		b, err := block.Read(directive, o.Now, o.Zone)
		if err != nil {
			c = blockProblem(directive, err.Error())
			break
		}
		c = timelineBlock(o, told(o.Retro, b.Only))
	case i >= 0 && !o.Retro.Published.IsZero():
		c = figureBlock(o, cardOf(o.Retro.Frozen[i], directive), o.Retro.Frozen[i], true)
	default:
		f, err := block.Compute(ctx, p.Metrics, who, directive, o.Now)
		var invalid *hansei.InvalidError
		if errors.As(err, &invalid) {
			c = blockProblem(directive, invalid.Reason)
			break
		}
		if err != nil {
			return "", err
		}
		c = figureBlock(o, cardOf(f, directive), f, false)
	}
	var b strings.Builder
	if err := c.Render(ctx, &b); err != nil {
		return "", fmt.Errorf("block %q: %w", directive, err)
	}
	return b.String(), nil
}

// maxTold is how many entries of the timeline stand in the prose.
const maxTold = 100

func told(r *hansei.Retrospective, only []string) []hansei.Moment {
	var out []hansei.Moment
	for _, m := range r.Timeline {
		if !m.Dropped && (len(only) == 0 || slices.Contains(only, m.Marker)) && len(out) < maxTold {
			out = append(out, m)
		}
	}
	return out
}

// cardOf is a block's number as every page shows one.
func cardOf(f hansei.Frozen, directive string) ui.Card {
	c := ui.Card{ID: "block-" + string(hansei.Slug(directive)), Title: f.Title, Statistic: f.Statistic, State: ui.OK, Unit: chart.Unit(f.Unit), N: f.N, Noun: f.Noun, Records: f.Records,
		Reason: f.Says, TrendLabel: "monthly"}
	if c.Statistic == "p50" {
		c.Statistic = "median"
	}
	if f.Value == nil {
		c.State = ui.TooFew
		return c
	}
	c.Value = *f.Value
	if f.Low != nil || f.High != nil {
		in := chart.Interval{Low: math.Inf(-1), High: math.Inf(1), Level: f.Level, Method: f.Method}
		if f.Low != nil {
			in.Low = *f.Low
		}
		if f.High != nil {
			in.High = *f.High
		}
		c.Interval = &ui.Interval{Interval: in}
	}
	c.Trend = points(f.Months)
	return c
}

func points(months []hansei.Month) []chart.Point {
	var out []chart.Point
	for _, m := range months {
		pt := chart.Point{Label: m.Label, Value: math.NaN(), N: m.N}
		if m.Value != nil {
			pt.Value = *m.Value
		} else {
			pt.Note = "no value"
		}
		out = append(out, pt)
	}
	return out
}

// chartOf is a block's course, month by month.
func chartOf(c ui.Card, f hansei.Frozen) chart.Chart {
	return chart.Trend(chart.TrendSpec{ID: c.ID, Title: f.Title + ", by month", Caption: f.Title + " over " + ui.Plural(len(f.Months), "month", "months") + ".",
		Unit: c.Unit, Lines: []chart.Line{{Name: f.Title, Points: points(f.Months)}}})
}
