package metric

import (
	"context"
	"fmt"
	"math"

	"hansei/internal/stat"
)

// gateDispersion is how many whole weeks it takes to see whether counts vary
// more than chance.
const gateDispersion = 12

// dispersion tests, for a rate over one window, whether its weekly counts are
// Poisson. When they are not (storms of pages, quiet weeks), the exact
// interval is too narrow for what another window would bring, and the figure
// says by how much: the quasi-Poisson factor √φ.
func (e *Engine) dispersion(ctx context.Context, a *asked, c *compiled, figs []Figure) error {
	if _, ok := a.def.Measure.(Count); !ok || a.stat != Rate || len(c.dims) > 0 || len(a.periods) > 1 {
		return nil
	}
	var weeks []window
	for _, w := range cut(a.window, "week", a.zone) {
		if !partial(w, "week", a.zone, a.now) {
			weeks = append(weeks, w)
		}
	}
	if len(weeks) < gateDispersion {
		return nil
	}
	t, err := e.read(ctx, c, weeks)
	if err != nil {
		return err
	}
	counts := make([]float64, len(weeks))
	for b := range weeks {
		counts[b] = float64(t.get("", b).n)
	}
	d, df, p := stat.DispersionTest(counts)
	if !(p < 0.01) {
		return nil
	}
	figs[0].warn("overdispersed", fmt.Sprintf("Weekly counts vary more than chance would have them (dispersion test, p %s): for what another such window would bring, take the interval %.1f times as wide.",
		shortP(p), math.Sqrt(d/float64(df))))
	return nil
}

func shortP(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return fmt.Sprintf("= %.2g", p)
}
