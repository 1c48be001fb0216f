package metric

import (
	"fmt"
	"math"

	"hansei/internal/stat"
)

// Gates of a control chart: the points it takes to compute limits, and to
// trust them.
const (
	gateLimits = 12
	gateTrust  = 20
)

// Control is what a control chart says of a series of figures, one a period.
type Control struct {
	OK      bool    // enough whole periods for limits
	Trusted bool    // enough to lean on them
	Method  string  // which chart, in words
	Low     float64 // limits in the metric's unit; where exposures differ, of the average period
	Center  float64
	High    float64
	Signals []Signal
}

// Signal is a period in which something other than chance was at work.
type Signal struct {
	Index int // of the figure
	Says  string
}

// ControlChart judges a series: rates by a u′-chart (Laney), durations by an
// XmR chart of their logarithms, everything else by an XmR chart. Periods that
// are not whole take no part; only Nelson's rules 1 and 2 are applied.
func ControlChart(figs []Figure) Control {
	var at []int
	var values, exposures []float64
	for i, f := range figs {
		if f.Partial || f.Value == nil || (f.Unit == Seconds && *f.Value <= 0) {
			continue
		}
		at = append(at, i)
		values = append(values, *f.Value)
		exposures = append(exposures, f.Until.Sub(f.Since).Hours()/24/30)
	}
	c := Control{Low: math.NaN(), Center: math.NaN(), High: math.NaN(), Method: "XmR chart"}
	if len(values) < gateLimits {
		return c
	}
	c.OK, c.Trusted = true, len(values) >= gateTrust
	var limits stat.Limits
	switch figs[at[0]].Unit {
	case Per30d:
		c.Method = "u′-chart (Laney)"
		counts := make([]float64, len(values))
		total := 0.0
		for i, v := range values {
			counts[i] = v * exposures[i]
			total += exposures[i]
		}
		u, sigma, l := stat.UChart(counts, exposures, true)
		limits, c.Center = l, u
		half := 3 * sigma * math.Sqrt(u*float64(len(values))/total)
		c.Low, c.High = math.Max(0, u-half), u+half
	case Seconds:
		c.Method = "XmR chart of logarithms"
		logs := make([]float64, len(values))
		for i, v := range values {
			logs[i] = math.Log(v)
		}
		_, _, limits = stat.XmR(logs)
		values = logs
		c.Low, c.Center, c.High = math.Exp(limits.Low[0]), math.Exp(limits.Center[0]), math.Exp(limits.High[0])
	default:
		_, _, limits = stat.XmR(values)
		c.Low, c.Center, c.High = limits.Low[0], limits.Center[0], limits.High[0]
		if figs[at[0]].Unit == Ratio {
			c.Low, c.High = math.Max(0, c.Low), math.Min(1, c.High)
		}
	}
	for _, s := range stat.Signals(values, limits) {
		c.Signals = append(c.Signals, Signal{at[s.Index], says(s, values, limits)})
	}
	return c
}

func says(s stat.Signal, values []float64, l stat.Limits) string {
	side := "below"
	if values[s.Index] > l.Center[s.Index] {
		side = "above"
	}
	if s.Rule == 2 {
		return fmt.Sprintf("eight in a row %s the middle", side)
	}
	return fmt.Sprintf("%s what chance explains", side)
}
