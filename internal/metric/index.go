package metric

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"hansei/internal/fact/duck"
	"hansei/internal/stat"
)

// majorDays are the days whose impact stands so far out that they would hide
// everything else: daily SAIDI above T_MED = exp(α + 2.5 β) over five years
// (IEEE 1366-2012). threshold is NaN-free only when enough days had impact.
type majorDays struct {
	threshold float64
	days      int // days with impact that the threshold was computed from
	dates     []time.Time
	minutes   float64 // customer-minutes on those days inside the window
}

// APPA asks for 36 days with impact before a threshold means anything.
const gateMajorDays = 36

func (e *Engine) majorDays(ctx context.Context, a *asked, c *compiled) (*majorDays, error) {
	m, _ := a.def.Measure.(Index)
	served := a.settings.CustomersServed
	if m.Per != "saidi" || served == nil || len(a.q.By) > 0 || a.q.Every != "" {
		return nil, nil
	}
	five := window{a.window.until.AddDate(-5, 0, 0), a.window.until}
	sql := c.fill(fmt.Sprintf("SELECT day, sum(v) FROM (SELECT CAST((epoch_us(%s) + %d) // 86400000000 AS BIGINT) AS day, CAST(%s AS DOUBLE) AS v, %s AS c %s AND %s) WHERE c = %d AND v > 0 GROUP BY day ORDER BY day",
		c.at(), zoneOffset(a.zone, a.window.until), c.rows.value, c.class(), c.from, c.in(five), measured))
	out := &majorDays{}
	var days []int64
	var daily []float64
	err := e.facts.Read(ctx, sql, func(r *duck.Result) error {
		days = append(days, r.Int64s(0)...)
		for _, v := range r.Float64s(1) {
			daily = append(daily, v / *served)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.days = len(daily)
	if out.days < gateMajorDays {
		return out, nil
	}
	_, _, out.threshold = stat.TwoPointFiveBeta(daily)
	for i, d := range days {
		at := time.Unix(d*86400, 0).UTC()
		if daily[i] > out.threshold && !at.Before(a.window.since.Add(-24*time.Hour)) {
			out.dates = append(out.dates, at)
			out.minutes += daily[i]
		}
	}
	return out, nil
}

// zoneOffset is the offset of a zone in microseconds; days are cut with the
// one at the window's end, which moves a day's edge by at most the summer
// hour.
func zoneOffset(zone *time.Location, at time.Time) int64 {
	_, seconds := at.In(zone).Zone()
	return int64(seconds) * 1_000_000
}

func (e *estimator) index(f *Figure, m Index, x *cell, w window) {
	if servedNeeded(e.def) && e.settings.CustomersServed == nil {
		return
	}
	if x.censored > 0 {
		f.warn("open_ones", fmt.Sprintf("%d have not ended; their impact until now is not in it.", x.censored))
	}
	if m.Per == "caidi" {
		e.perInterruption(f, x)
		return
	}
	if len(x.values) == 0 {
		// Nobody was hit: that is a value, not a gap, when incidents are
		// recorded with their customers.
		if f.Records() == 0 {
			f.Value, f.Method = ptr(0), "sum"
		}
		return
	}
	e.sum(f, x.values, *e.settings.CustomersServed)
	if d := e.days; d != nil && d.threshold > 0 {
		f.warn("major_event_days", fmt.Sprintf("%d major event days (above %.3g minutes each)%s. Without them: %.3g minutes.",
			len(d.dates), d.threshold, dates5(d.dates), *f.Value-d.minutes))
	} else if d != nil {
		f.warn("no_major_event_days", fmt.Sprintf("%d days with impact in five years are too few to tell major event days; it takes %d.", d.days, gateMajorDays))
	}
}

func dates5(days []time.Time) string {
	if len(days) == 0 {
		return ""
	}
	var s []string
	for _, d := range days[:min(len(days), 5)] {
		s = append(s, d.Format("2 January 2006"))
	}
	if len(days) > 5 {
		s = append(s, "…")
	}
	return ": " + strings.Join(s, ", ")
}

// perInterruption is CAIDI: the ratio of two sums over the same incidents,
// with a bootstrap interval, since neither sum is fixed.
func (e *estimator) perInterruption(f *Figure, x *cell) {
	hit := total(x.second)
	if hit == 0 {
		return
	}
	f.Value, f.Method = ptr(total(x.values)/hit), "ratio of sums"
	if len(x.values) < gateVerdict {
		f.warn(TooFew, fmt.Sprintf("%d incidents are too few for an interval; it takes %d.", len(x.values), gateVerdict))
		return
	}
	low, high := ratioOfSums(x.values, x.second)
	f.Low, f.High, f.Method = finite(low), finite(high), "ratio of sums; linearised (delta method) interval"
}

// ratioOfSums is the 95 % interval of Σa/Σb over the same records, by the
// linearised variance Σ(a − R·b)² / (Σb)² (Cochran, Sampling Techniques, 6.4).
func ratioOfSums(a, b []float64) (low, high float64) {
	r, sb := total(a)/total(b), total(b)
	q := 0.0
	for i := range a {
		d := a[i] - r*b[i]
		q += d * d
	}
	n := float64(len(a))
	half := z975 * math.Sqrt(q*n/(n-1)) / sb
	return max(0, r-half), r + half
}

func (e *estimator) compareIndex(c *Comparison, m Index, x, y *cell) {
	if m.Per == "caidi" {
		c.Kind = "ratio"
		if total(y.second) > 0 {
			c.Value = ptr(total(y.values) / total(y.second))
		}
		return
	}
	if e.settings.CustomersServed != nil {
		e.compareSums(c, x.values, y.values, *e.settings.CustomersServed)
	}
}

// shortcut divides incidents by deployments of the same window, group by
// group: a ratio of two Poisson counts.
func (e *Engine) shortcut(ctx context.Context, a *asked) ([]Figure, error) {
	counts := func(id string) (*cells, *compiled, error) {
		def, err := find(nil, id)
		if err != nil {
			return nil, nil, err
		}
		c, err := compile(def, a.q, a.now)
		if err != nil {
			return nil, nil, err
		}
		t, err := e.read(ctx, c, a.periods)
		return t, c, err
	}
	incidents, _, err := counts("incident_rate")
	if err != nil {
		return nil, err
	}
	deployments, c, err := counts("deployment_frequency")
	if err != nil {
		return nil, err
	}
	if err := deployments.fill(a, c); err != nil {
		return nil, err
	}
	est := &estimator{asked: a, rules: c.rules}
	var out []Figure
	for _, g := range deployments.order {
		for b, w := range a.periods {
			x, y := incidents.get(g, b), deployments.get(g, b)
			f := Figure{Metric: a.def.ID, Version: a.def.Version, Group: deployments.group(g, a.def, a.q.By),
				Since: w.since.UTC(), Until: w.until.UTC(), Unit: Ratio, Statistic: Share, Level: Level, N: y.n, Censored: y.censored,
				Excluded: y.excludedList(), AsOf: int64(a.seq), Partial: partial(w, a.q.Every, a.zone, a.now), Warnings: []Warning{}}
			f.Evidence = est.evidence(f.Group, w)
			if y.n > 0 {
				ratio, ci, _ := stat.RateRatio(x.n, 1, y.n, 1, Level)
				f.set(ratio, ci)
			}
			f.warn("misleading", fmt.Sprintf("%d incidents over %d deployments, whether or not they had to do with each other.", x.n, y.n))
			est.caution(&f, y, w)
			out = append(out, f)
		}
	}
	return out, nil
}
