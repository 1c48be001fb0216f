package metric

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/fact/duck"
	"hansei/internal/record"
)

// Level is the confidence level of every interval.
const Level = 0.95

// Engine answers queries: it is what pages, API and command line ask.
type Engine struct {
	facts   *fact.View
	records *record.Store
	now     func() time.Time

	cache *cache
	mu    sync.Mutex
	known ownWords // settings and custom metrics as of a sequence
}

// ownWords is what the organization's own records say, as of a sequence.
type ownWords struct {
	at       record.Seq
	settings Settings
	zone     *time.Location
	fields   []hansei.OwnField
	custom   []Definition
}

// New makes an engine on the facts and the journal they follow.
func New(facts *fact.View, records *record.Store, now func() time.Time) *Engine {
	return &Engine{facts: facts, records: records, now: now, cache: newCache(4096)}
}

// Figures computes the figures of a query: one for each group and period.
func (e *Engine) Figures(ctx context.Context, who auth.Scope, q Query) ([]Figure, error) {
	a, err := e.ask(ctx, who, q)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%d %s %s", a.seq, a.epoch, a.q.key())
	if a.def.Measure.rows().timed || a.open {
		key += a.now.Truncate(time.Minute).String()
	}
	return e.cache.get(ctx, key, func(ctx context.Context) ([]Figure, error) { return e.compute(ctx, a) })
}

// asked is a query made whole: its definition, its windows, its moment.
type asked struct {
	q        Query
	who      auth.Scope
	def      Definition
	window   window
	other    *window // to compare with
	periods  []window
	zone     *time.Location
	now      time.Time // the moment open things are measured to
	seq      record.Seq
	epoch    record.Epoch
	settings Settings
	fields   []hansei.OwnField // that the organization defined
	first    time.Time         // of the population's records; zero when there are none
	open     bool              // the window's end was left open
	stat     StatisticName
}

func (e *Engine) ask(ctx context.Context, who auth.Scope, q Query) (*asked, error) {
	if _, err := who.MayRead(); err != nil {
		return nil, err
	}
	if err := q.validate(); err != nil {
		return nil, err
	}
	a := &asked{q: q, who: who, open: q.Until.IsZero()}
	a.seq, a.epoch = e.facts.Head()
	a.now = e.now().UTC()
	if q.AsOf != 0 {
		if q.AsOf > a.seq {
			return nil, hansei.Invalid("as_of", "%d is after the last sequence, %d", q.AsOf, a.seq)
		}
		at, err := e.records.TimeOf(ctx, who, q.AsOf)
		if err != nil {
			return nil, err
		}
		a.now, a.seq = at.UTC(), q.AsOf
	}
	own, err := e.organization(ctx, who)
	if err != nil {
		return nil, err
	}
	a.settings, a.zone, a.fields = own.settings, own.zone, own.fields
	if a.def, err = find(own.custom, q.Metric); err != nil {
		return nil, err
	}
	if a.stat, err = statisticOf(a.def, q.Statistic); err != nil {
		return nil, err
	}
	if a.first, err = e.first(ctx, a); err != nil {
		return nil, err
	}
	return a, e.windows(a)
}

func statisticOf(def Definition, s StatisticName) (StatisticName, error) {
	if s == "" {
		return def.Default, nil
	}
	allowed := def.Measure.statistics()
	if slices.Contains(allowed, s) {
		return s, nil
	}
	if _, ok := s.quantile(); ok && slices.Contains(allowed, P50) {
		return s, nil
	}
	if _, ok := s.within(); ok && slices.Contains(allowed, "d90") {
		return s, nil
	}
	names := make([]string, len(allowed))
	for i, n := range allowed {
		names[i] = string(n)
	}
	return "", hansei.Invalid("statistic", "%q is not a statistic of %s; expected one of %s", s, def.ID, strings.Join(names, ", "))
}

// windows fills in the window, its periods and the window to compare with.
func (e *Engine) windows(a *asked) error {
	w := window{a.q.Since, a.q.Until}
	if w.until.IsZero() {
		w.until = a.now
	}
	if w.since.IsZero() {
		w.since = a.first
		if w.since.IsZero() || !w.since.Before(w.until) {
			w.since = w.until.AddDate(-1, 0, 0)
		}
		// From the start of the day of the first record.
		l := w.since.In(a.zone)
		w.since = time.Date(l.Year(), l.Month(), l.Day(), 0, 0, 0, 0, a.zone)
	}
	a.window = w
	if a.periods = cut(w, a.q.Every, a.zone); len(a.periods) > maxCells/4 {
		return hansei.Invalid("every", "%s cuts this window into more than %d periods", a.q.Every, maxCells/4)
	}
	if a.q.Compare == "" || a.q.Compare == "none" {
		return nil
	}
	other, err := comparison(a.q.Compare, w, a.zone)
	if err != nil {
		return err
	}
	a.other = &other
	return nil
}

// first is the time of the population's first record.
func (e *Engine) first(ctx context.Context, a *asked) (time.Time, error) {
	key := fmt.Sprintf("first %d %s %s %d", a.seq, a.epoch, a.def.Of.Table, a.q.AsOf)
	figs, err := e.cache.get(ctx, key, func(ctx context.Context) ([]Figure, error) {
		holds := fact.Holds(a.q.AsOf)
		sql := fmt.Sprintf("SELECT epoch_us(min(%s)) FROM %s r %s", col(a.def.Of.At), table(a.def.Of, holds), whereHolds(a.def.Of, "r", holds))
		var f Figure
		err := e.facts.Read(ctx, sql, func(r *duck.Result) error {
			if nulls := r.Nulls(0); nulls == nil || !nulls[0] {
				f.Since = time.UnixMicro(r.Int64s(0)[0]).UTC()
			}
			return nil
		})
		return []Figure{f}, err
	})
	if err != nil {
		return time.Time{}, err
	}
	return figs[0].Since, nil
}

// compute reads the cells of the window, and of the window to compare with,
// and estimates.
func (e *Engine) compute(ctx context.Context, a *asked) ([]Figure, error) {
	c, err := e.compile(ctx, a, a.q)
	if err != nil {
		return nil, err
	}
	if _, ok := a.def.Measure.(Shortcut); ok {
		return e.shortcut(ctx, a)
	}
	table, err := e.read(ctx, c, a.periods)
	if err != nil {
		return nil, err
	}
	var before *cells
	if a.other != nil {
		if before, err = e.read(ctx, c, cut(*a.other, a.q.Every, a.zone)); err != nil {
			return nil, err
		}
		table.join(before)
	}
	if err := table.fill(a, c); err != nil {
		return nil, err
	}
	est := &estimator{asked: a, rules: c.rules, observedOnly: c.rows.observedOnly}
	if _, ok := a.def.Measure.(Index); ok {
		if est.days, err = e.majorDays(ctx, a, c); err != nil {
			return nil, err
		}
	}
	var out []Figure
	for _, g := range table.order {
		for b, w := range a.periods {
			out = append(out, est.figure(table, before, g, b, w))
		}
	}
	return out, e.dispersion(ctx, a, c, out)
}

// compile compiles a question, and finds out whether what it asks for is
// recorded at all.
func (e *Engine) compile(ctx context.Context, a *asked, q Query) (*compiled, error) {
	c, err := compile(a.def, q, a.now)
	if err != nil {
		return nil, err
	}
	if err := e.knows(ctx, a, c); err != nil {
		return nil, err
	}
	if err := e.mark(ctx, a, c); err != nil {
		return nil, err
	}
	m, ok := a.def.Measure.(Portion)
	if !ok || m.Recorded == "" {
		return c, nil
	}
	key := fmt.Sprintf("recorded %d %s %s %d", a.seq, a.epoch, m.Unrecorded, q.AsOf)
	n, err := e.count(ctx, key, c.fill(m.Recorded))
	if err != nil || n > 0 {
		return c, err
	}
	// Nobody is a hit, so nothing needs to be joined to find that out.
	def := a.def
	def.Measure = Portion{Hit: cond("false"), Exclude: m.Exclude}
	if c, err = compile(def, q, a.now); err != nil {
		return nil, err
	}
	c.rules = append(c.rules, Rule{Reason: m.Unrecorded, When: cond("true")})
	return c, nil
}

// knows refuses a field that no record has: a mistyped name would otherwise
// put everything into one group without a value.
func (e *Engine) knows(ctx context.Context, a *asked, c *compiled) error {
	for _, asked := range c.own {
		kind, name := ownOf(a.def.Of, asked)
		if slices.ContainsFunc(a.fields, func(f hansei.OwnField) bool { return f.Kind == kind && f.Name == name }) {
			continue
		}
		sql := fmt.Sprintf("SELECT count(*) FROM history.custom_field x WHERE x.kind = %s AND x.name = %s", fact.Literal(string(kind)), fact.Literal(name))
		n, err := e.count(ctx, fmt.Sprintf("known %d %s %s", a.seq, a.epoch, sql), sql)
		if err != nil {
			return err
		}
		if n == 0 {
			return hansei.Invalid(asked, "no %s has such a field; expected one of %s, or one of your own", kind, strings.Join(groupable(a.def.Of), ", "))
		}
	}
	return nil
}

// count reads one number, once for each key.
func (e *Engine) count(ctx context.Context, key, sql string) (int, error) {
	figs, err := e.cache.get(ctx, key, func(ctx context.Context) ([]Figure, error) {
		var f Figure
		err := e.facts.Read(ctx, sql, func(r *duck.Result) error {
			f.N = int(r.Int64s(0)[0])
			return nil
		})
		return []Figure{f}, err
	})
	if err != nil {
		return 0, err
	}
	return figs[0].N, nil
}

// organization reads what the organization's own records say, once for each
// sequence of the journal.
func (e *Engine) organization(ctx context.Context, who auth.Scope) (ownWords, error) {
	head, err := e.records.Head(ctx, who)
	if err != nil {
		return ownWords{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known.zone != nil && e.known.at == head.Seq {
		return e.known, nil
	}
	own := ownWords{at: head.Seq, zone: time.UTC, settings: SettingsOf(nil)}
	stored, err := record.Load(ctx, e.records, who, hansei.KindOrganization, []hansei.ID{hansei.OrganizationID})
	if err != nil {
		return own, err
	}
	if s, ok := stored[hansei.OrganizationID]; ok {
		o := s.Record.(*hansei.Organization)
		own.settings = SettingsOf(o)
		if o.Retrospectives != nil {
			own.fields = o.Retrospectives.Fields
		}
	}
	if own.zone, err = time.LoadLocation(own.settings.Zone); err != nil {
		return own, fmt.Errorf("time zone of the organization: %w", err)
	}
	metrics, err := e.records.List(ctx, who, hansei.KindMetric, "", 1000)
	if err != nil {
		return own, err
	}
	for _, m := range metrics {
		cm := m.Record.(*hansei.CustomMetric)
		if cm.Deleted {
			continue
		}
		def, err := ParseDefinition([]byte(cm.Definition))
		if err != nil {
			// It was valid when it was stored: a newer version took its name
			// or its meaning. It is left out, not all the others with it.
			continue
		}
		def.Version = int(m.Revision)
		own.custom = append(own.custom, def)
	}
	e.known = own
	return own, nil
}

// Catalogue lists every metric, the organization's own last.
func (e *Engine) Catalogue(ctx context.Context, who auth.Scope) ([]Definition, error) {
	own, err := e.organization(ctx, who)
	if err != nil {
		return nil, err
	}
	return append(Catalogue(), own.custom...), nil
}

// Zone is the time zone in which the organization cuts days and months.
func (e *Engine) Zone(ctx context.Context, who auth.Scope) (*time.Location, error) {
	own, err := e.organization(ctx, who)
	return own.zone, err
}

// Catalogue lists the metrics that ship with Hansei.
func Catalogue() []Definition { return slices.Concat(incidentMetrics, changeMetrics, learningMetrics) }

func find(custom []Definition, id string) (Definition, error) {
	for _, d := range slices.Concat(incidentMetrics, changeMetrics, learningMetrics, custom) {
		if d.ID == id {
			return d, nil
		}
	}
	return Definition{}, fmt.Errorf("metric %q: %w", id, hansei.ErrNotFound)
}
