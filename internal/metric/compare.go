package metric

import (
	"fmt"
	"math"
	"slices"
	"time"

	"hansei/internal/stat"
)

// power is the probability with which the smallest detectable change would
// have been seen.
const power = 0.8

// compare sets a cell against the same group's cell of the other window.
func (e *estimator) compare(x, y *cell, w, other window, t, before *cells, key string, b int) *Comparison {
	c := &Comparison{Since: other.since.UTC(), Until: other.until.UTC(), N: y.n, Verdict: TooFewToSay}
	switch m := e.def.Measure.(type) {
	case Count:
		if e.first.After(other.since.Add(24 * time.Hour)) {
			// Days before the first record would count as days without any.
			c.Kind, c.Says = "ratio", "Not compared: the records begin on "+e.first.In(e.zone).Format("2 January 2006")+", after the other window begins."
			return c
		}
		e.compareRates(c, x.n, e.elapsed(w).days()/30, y.n, e.elapsed(other).days()/30)
	case Portion, Repeats:
		e.compareShares(c, x.hits, x.n, y.hits, y.n)
	case Mix:
		same := func(g []string) bool { return slices.Equal(g[1:], t.groups[key][1:]) }
		e.compareShares(c, x.n, t.total(b, same), y.n, before.total(b, same))
	case Index:
		e.compareIndex(c, m, x, y)
	case Completion:
		e.compareCompletion(c, x, y)
	case AtRisk:
		if e.stat == Share {
			e.compareShares(c, x.hits, x.n, y.hits, y.n)
			break
		}
		e.compareRates(c, x.hits, e.elapsed(w).days()/30, y.hits, e.elapsed(other).days()/30)
	default:
		if e.stat == Sum {
			e.compareSums(c, x.values, y.values, 1)
			break
		}
		e.compareDurations(c, x, y)
	}
	e.say(c)
	return c
}

func (e *estimator) compareRates(c *Comparison, n1 int, t1 float64, n2 int, t2 float64) {
	c.Kind = "ratio"
	if t1 <= 0 || t2 <= 0 || n1+n2 == 0 {
		return
	}
	c.Value = ptr(float64(n2) / t2)
	ratio, ci, p := stat.RateRatio(n1, t1, n2, t2, Level)
	c.effect(ratio, ci, p)
	c.Detectable = finite(stat.RateDetectable(n2, t2, t1, power, Level))
	e.judge(c, 1)
}

func (e *estimator) compareShares(c *Comparison, x1, n1, x2, n2 int) {
	c.Kind, c.N = "difference", n2
	if n1 < gateShare || n2 < gateShare {
		return
	}
	c.Value = ptr(float64(x2) / float64(n2))
	diff, ci := stat.NewcombeDiff(x1, n1, x2, n2, Level)
	c.effect(diff, ci, stat.TwoProportionP(x1, n1, x2, n2))
	c.Detectable = finite(stat.PropDetectable(float64(x2)/float64(n2), n1, n2, power, Level))
	e.judge(c, 0)
}

// compareDurations compares by the Hodges–Lehmann shift on logs, a ratio, with
// the Mann–Whitney test. It is a statement about typical records, whichever
// quantile leads the figure. Records that have not ended take no part.
func (e *estimator) compareDurations(c *Comparison, x, y *cell) {
	c.Kind = "ratio"
	if len(y.values) > 0 {
		if q, ok := e.stat.quantile(); ok {
			v, _, _, _ := stat.QuantileCI(slices.Clone(y.values), q, Level)
			if y.censored > 0 && !e.observedOnly {
				var f Figure
				e.survival(&f, y, q)
				v = math.NaN()
				if f.Value != nil {
					v = *f.Value
				}
			}
			c.Value = finite(v)
		} else {
			c.Value = finite(mean(y.values))
		}
	}
	if len(x.values) < gateEffect || len(y.values) < gateEffect {
		return
	}
	hl := stat.HodgesLehmannRatio(x.values, y.values, Level)
	mw := stat.MannWhitney(x.values, y.values)
	c.effect(hl.Shift, hl.Interval, mw.P2)
	sd := stat.LogSD(append(slices.Clone(x.values), y.values...))
	// A ratio below one in time is what should be seen: 1 − the ratio.
	c.Detectable = finite(1 - stat.LogTDetectable(len(x.values), len(y.values), sd, power, Level))
	if len(x.values) >= gateVerdict && len(y.values) >= gateVerdict {
		e.judge(c, 1)
	}
}

func (e *estimator) compareSums(c *Comparison, x, y []float64, divisor float64) {
	c.Kind = "ratio"
	if len(y) > 0 {
		c.Value = ptr(total(y) / divisor)
	}
	if len(x) < gateEffect || len(y) < gateEffect {
		return
	}
	ratio, ci, p := compoundRatio(x, y)
	c.effect(ratio, ci, p)
	if len(x) >= gateVerdict && len(y) >= gateVerdict {
		e.judge(c, 1)
	}
}

func (c *Comparison) effect(v float64, ci stat.Interval, p float64) {
	c.Effect, c.Low, c.High, c.P, c.Method = finite(v), finite(ci.Low), finite(ci.High), finite(p), ci.Method
}

// judge gives the verdict: a trend word only if the interval excludes no change.
func (e *estimator) judge(c *Comparison, none float64) {
	switch {
	case c.High != nil && *c.High < none:
		c.Verdict = e.word(Lower)
	case c.Low != nil && *c.Low > none:
		c.Verdict = e.word(Higher)
	default:
		c.Verdict = NoChange
	}
}

func (e *estimator) word(moved Direction) string {
	switch {
	case e.def.Better == moved:
		return Improved
	case e.def.Better != Neither:
		return Worse
	case moved == Higher:
		return IsHigher
	}
	return IsLower
}

// say puts the verdict into a sentence.
func (e *estimator) say(c *Comparison) {
	switch c.Verdict {
	case TooFewToSay:
		c.Says = "Too few records to compare."
	case NoChange:
		c.Says = "No detectable change."
		if c.Detectable == nil {
			break
		}
		if c.Kind == "difference" {
			c.Says = fmt.Sprintf("No detectable change (a change under %s points could not have been seen).", digits(*c.Detectable*100))
		} else {
			c.Says = fmt.Sprintf("No detectable change (a change under %s %% could not have been seen).", digits(*c.Detectable*100))
		}
	default:
		c.Says = fmt.Sprintf("%s: %s.", title(c.Verdict), c.size())
	}
}

// size is the effect in words.
func (c *Comparison) size() string {
	if c.Effect == nil {
		return "by an unknown amount"
	}
	if c.Kind == "difference" {
		return fmt.Sprintf("%+.1f points (%+.1f to %+.1f)", *c.Effect*100, deref(c.Low)*100, deref(c.High)*100)
	}
	return fmt.Sprintf("× %s (%s to %s)", digits(*c.Effect), digits(deref(c.Low)), bound(c.High))
}

func bound(p *float64) string {
	if p == nil {
		return "unbounded"
	}
	return digits(*p)
}

func deref(p *float64) float64 {
	if p == nil {
		return 0
	}
	return *p
}

// digits writes an estimate with two significant digits.
func digits(v float64) string {
	if v >= 10 || v <= -10 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2g", v)
}

func title(s string) string { return string(s[0]-'a'+'A') + s[1:] }

func total(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum
}

func mean(xs []float64) float64 { return total(xs) / float64(len(xs)) }
