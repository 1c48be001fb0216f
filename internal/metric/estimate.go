package metric

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"hansei/internal/stat"
)

// Gates of science: below them a figure shows no interval, or no verdict.
const (
	gateQuantile = 6  // values for a median's interval
	gateShare    = 5  // records for a share's interval
	gateMean     = 8  // values for a mean's interval
	gateVerdict  = 20 // values on each side for a verdict about durations
	gateEffect   = 6  // values on each side for the interval of a comparison
	gateCurve    = 5  // ends for a Kaplan–Meier curve
	gateArm      = 10 // ends on each side for the comparison of two curves
)

// estimator turns cells into figures.
type estimator struct {
	*asked
	rules        []Rule
	observedOnly bool
	days         *majorDays
}

// figure estimates one group in one period.
func (e *estimator) figure(t, before *cells, key string, b int, w window) Figure {
	x := t.get(key, b)
	f := Figure{
		Metric: e.def.ID, Version: e.def.Version, Group: t.group(key, e.def, e.q.By),
		Since: w.since.UTC(), Until: w.until.UTC(), Unit: e.unit(), Statistic: e.stat, Level: Level,
		N: x.n, Censored: x.censored, Excluded: x.excludedList(), AsOf: int64(e.seq),
		Partial: partial(w, e.q.Every, e.zone, e.now), Warnings: []Warning{},
	}
	f.Evidence = e.evidence(f.Group, w)
	e.estimate(&f, t, key, b, x, w)
	e.caution(&f, x, w)
	if before != nil && b < before.n {
		ws := cut(*e.other, e.q.Every, e.zone)
		f.Compare = e.compare(x, before.get(key, b), w, ws[b], t, before, key, b)
	}
	return f
}

// unit is the metric's, unless a statistic has its own.
func (e *estimator) unit() Unit {
	_, exposure := e.def.Measure.(AtRisk)
	switch {
	case e.stat == Sum && (exposure || e.def.Unit == Per30d):
		return One
	case e.stat == Rate && exposure:
		return Per30d
	}
	return e.def.Unit
}

func (e *estimator) estimate(f *Figure, t *cells, key string, b int, x *cell, w window) {
	switch m := e.def.Measure.(type) {
	case Count:
		e.count(f, x, w)
	case Portion, Repeats:
		e.share(f, x.hits, x.n)
	case Mix:
		// The denominator is every severity of the same group.
		total := t.total(b, func(g []string) bool { return slices.Equal(g[1:], t.groups[key][1:]) })
		e.share(f, x.n, total)
		f.Method += fmt.Sprintf("; %d of %d", x.n, total)
	case Index:
		e.index(f, m, x, w)
	case Completion:
		e.completion(f, x)
	case AtRisk:
		e.atRisk(f, x, w)
	default:
		e.values(f, x)
	}
}

func (f *Figure) set(value float64, ci stat.Interval) {
	f.Value = finite(value)
	f.Low, f.High, f.Method = finite(ci.Low), finite(ci.High), ci.Method
}

// finite is nil for what is not a number: an unknown bound stays unknown.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// elapsed is the part of a window that is over.
func (e *estimator) elapsed(w window) window {
	if w.until.After(e.now) {
		w.until = e.now
	}
	return w
}

func (e *estimator) count(f *Figure, x *cell, w window) {
	if e.first.IsZero() {
		// None of the kind was ever recorded: 0 would be a claim.
		f.warn(NotRecorded, fmt.Sprintf("No %s have been imported.", e.def.Of.Noun))
		return
	}
	if e.stat == Sum {
		f.Value, f.Method = ptr(float64(x.n)), "count"
		return
	}
	e.rate(f, x.n, w)
}

// rate is so many events in a window, per 30 days.
func (e *estimator) rate(f *Figure, n int, w window) {
	units := e.elapsed(w).days() / 30
	if units <= 0 {
		f.warn(NoRecords, "The window has not begun.")
		return
	}
	f.set(float64(n)/units, stat.PoissonCI(n, units, Level))
}

func (e *estimator) share(f *Figure, hits, n int) {
	if n == 0 {
		return
	}
	ci := stat.Wilson(hits, n, Level)
	if n < gateShare {
		f.Value, f.Method = ptr(float64(hits)/float64(n)), ci.Method
		f.warn(TooFew, fmt.Sprintf("%s too few for an interval; it takes %d.", are(n, "record"), gateShare))
		return
	}
	f.set(float64(hits)/float64(n), ci)
}

// values estimates a quantile, mean or sum.
func (e *estimator) values(f *Figure, x *cell) {
	if q, ok := e.stat.quantile(); ok {
		if x.censored > 0 && !e.observedOnly {
			e.survival(f, x, q)
			return
		}
		e.quantile(f, x, q)
		return
	}
	if len(x.values) == 0 {
		return
	}
	if e.stat == Sum {
		e.sum(f, x.values, 1)
		return
	}
	e.mean(f, x)
}

func (e *estimator) quantile(f *Figure, x *cell, q float64) {
	n := len(x.values)
	if n == 0 {
		return
	}
	value, ci, ranks, ok := stat.QuantileCI(slices.Clone(x.values), q, Level)
	f.Value, f.Method = ptr(value), "order statistics"
	if !ok || n < gateQuantile {
		f.warn(TooFew, fmt.Sprintf("%s too few for a 95 %% interval of %s; look at the records themselves.", are(n, "value"), e.stat))
		return
	}
	f.set(value, ci)
	f.Method = fmt.Sprintf("order statistics %d and %d of %d", ranks[0], ranks[1], n)
}

// survival estimates a quantile when some records have not ended.
func (e *estimator) survival(f *Figure, x *cell, q float64) {
	f.Method = "Kaplan–Meier, log–log interval (Brookmeyer–Crowley)"
	if len(x.values) < gateCurve {
		f.warn(TooFew, fmt.Sprintf("%d have ended and %d have not: too few ends for an estimate; it takes %d.", len(x.values), x.censored, gateCurve))
		return
	}
	value, ci, _ := stat.SurvivalQuantile(slices.Clone(x.values), slices.Clone(x.waiting), q, Level)
	method := f.Method
	f.set(value, ci)
	f.Method = method
	if f.Value == nil {
		f.warn("not_reached", fmt.Sprintf("So many have not ended that %s is not reached yet.", e.stat))
	}
}

func (e *estimator) mean(f *Figure, x *cell) {
	if x.censored > 0 && !e.observedOnly {
		f.warn("open_ones", fmt.Sprintf("%d have not ended, so there is no mean yet; ask for the median.", x.censored))
		return
	}
	sum := 0.0
	for _, v := range x.values {
		sum += v
	}
	f.Value, f.Method = ptr(sum/float64(len(x.values))), "arithmetic mean"
	f.warn("mean_of_skewed", "Durations are skewed: a mean follows its few longest records. Read the median.")
	if len(x.values) < gateMean {
		f.warn(TooFew, fmt.Sprintf("%s too few for an interval of the mean; it takes %d.", are(len(x.values), "value"), gateMean))
		return
	}
	r := stat.LognormalMean(x.values, Level)
	if !r.OK {
		f.warn("not_lognormal", "The values do not look log-normal, so the mean has no trustworthy interval.")
		return
	}
	f.Low, f.High, f.Method = finite(r.Interval.Low), finite(r.Interval.High), "arithmetic mean; "+r.Interval.Method
}

// sum adds up values, over a divisor. What happened is a census and has no
// interval; the interval is for what the same process would give in another
// such window: a compound Poisson sum, whose variance is Σx².
func (e *estimator) sum(f *Figure, values []float64, divisor float64) {
	total := 0.0
	for _, v := range values {
		total += v
	}
	f.Value = ptr(total / divisor)
	if len(values) < gateQuantile {
		f.Method = "sum"
		f.warn(TooFew, fmt.Sprintf("%s too few for an interval of the sum.", are(len(values), "value")))
		return
	}
	low, high := compoundPoisson(values, e.q.key())
	f.Low, f.High = finite(low/divisor), finite(high/divisor)
	f.Method = "sum; compound Poisson interval for another such window"
}

// are says how many there are, with the verb.
func are(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return fmt.Sprintf("%d %ss are", n, noun)
}

// caution adds the warnings that do not depend on the estimate.
func (e *estimator) caution(f *Figure, x *cell, w window) {
	total := f.Records()
	_, counts := e.def.Measure.(Count)
	_, few := f.Warned(TooFew)
	switch {
	case servedNeeded(e.def) && e.settings.CustomersServed == nil:
		f.warn(NotConfigured, "Set the number of customers served to see this.")
	case total == 0 && !counts:
		f.warn(NoRecords, fmt.Sprintf("No %s in this window.", e.def.Of.Noun))
	case f.N == 0 && f.Censored > 0 && few:
		// They are recorded, and have not ended.
	case f.N == 0 && total > 0 && !counts:
		f.warn(NotRecorded, e.notRecorded(f))
	}
	if n := x.hits; n > 0 && e.def.Measure.rows().least != "" {
		f.warn(LowerBound, fmt.Sprintf("Of %d of the %d only the customers who wrote to support are known: at least so many were affected.", n, f.N))
	}
	if n := f.Excluded["negative_duration"]; n > 0 {
		f.warn("data_errors", fmt.Sprintf("%d end before they begin: data errors, left out and listed.", n))
	}
	if !e.first.IsZero() && w.since.Before(e.first.Add(-24*time.Hour)) && e.first.Before(w.until) {
		f.warn("records_begin_later", "The first record is from "+e.first.In(e.zone).Format("2 January 2006")+", after this window begins.")
	}
	if w.until.After(e.now) && w.since.Before(e.now) {
		f.warn("not_over", "The window is not over; only the part until now counts.")
	}
}

// notRecorded says in words why nothing could be measured.
func (e *estimator) notRecorded(f *Figure) string {
	var why []string
	for _, reason := range slices.Sorted(maps.Keys(f.Excluded)) {
		why = append(why, fmt.Sprintf("%d %s", f.Excluded[reason], Reason(reason)))
	}
	if f.Censored > 0 {
		why = append(why, fmt.Sprintf("%d not ended", f.Censored))
	}
	return fmt.Sprintf("None of the %d %s can be measured: %s.", f.Records(), e.def.Of.Noun, strings.Join(why, ", "))
}

// Reason is why a record was left out, in words.
func Reason(code string) string {
	if says, ok := reasons[code]; ok {
		return says
	}
	if field, ok := strings.CutPrefix(code, "no_"); ok {
		return "without " + strings.ReplaceAll(strings.TrimSuffix(field, "_at"), "_", " ")
	}
	return strings.ReplaceAll(code, "_", " ")
}

var reasons = map[string]string{
	"negative_duration":        "ending before they begin",
	"not_open":                 "not open",
	"not_production":           "not to production",
	"did_not_reach_production": "that did not reach production",
	"not_failed":               "that no incident names as its cause",
	"no_cause_recorded":        "while no incident at all names a cause",
	"no_rework_recorded":       "while no deployment at all is marked as rework",
	"no_factors_recorded":      "without confirmed contributing factors",
	"no_earlier_incident":      "without an earlier incident on the service",
	"no_start_at":              "without a start",
	"no_severity":              "without a severity that rules know",
	"not_needed":               "too mild to need one",
	"not_resolved":             "not resolved yet",
	"not_published":            "not published yet",
	"not_required":             "of which a person said that none is required",
	"ended_when_created":       "ended the moment they were created, so when is not known",
	"ended_before_recorded":    "ended before they were recorded here",
	"nobody_on_call":           "for whose services nobody was on call",
	"under_five_people":        "with fewer than five people on call",
	"no_reading_recorded":      "while nobody has been seen reading",
}

func (e *estimator) evidence(group map[string]string, w window) string {
	q := e.q
	q.Since, q.Until, q.By, q.Every, q.Compare = w.since, w.until, nil, "", ""
	for _, k := range slices.Sorted(maps.Keys(group)) {
		q.Where = append(slices.Clone(q.Where), Filter{Field: k, Values: []string{group[k]}})
	}
	return "/api/v1/figures/" + e.def.ID + "/records?" + q.Values().Encode()
}
