package metric

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"hansei/internal/fact"
)

// The classes a record of the window can fall into; from excluded on, the
// number less excluded is the index of the rule.
const (
	measured = 0
	censored = 1
	excluded = 2
)

// compiled is a definition and a query as SQL on the facts.
type compiled struct {
	def   Definition
	rows  rows
	rules []Rule // all rules, population's first
	from  string // FROM … WHERE … of the records in the filter, without the window
	dims  []dimension
	holds func(string) string
	now   time.Time
	own   []string // the organization's own fields that are asked for
	marks []string // what else stands in SQL for what is known only now: mark, text, mark, text …
}

func compile(def Definition, q Query, now time.Time) (*compiled, error) {
	c := &compiled{def: def, rows: def.Measure.rows(), holds: fact.Holds(q.AsOf), now: now}
	filters := append(append([]Filter(nil), def.Where...), q.Where...)
	for _, r := range def.Of.Rules {
		if r.Unless != "" && hasField(filters, r.Unless) {
			continue
		}
		c.rules = append(c.rules, r)
	}
	c.rules = append(c.rules, c.rows.exclude...)
	var where []string
	if w := whereHolds(def.Of, "r", c.holds); w != "" {
		where = append(where, strings.TrimPrefix(w, "WHERE "))
	}
	for _, f := range filters {
		d, err := dimensionOf(def.Of, f.Field, c.holds)
		if err != nil {
			return nil, err
		}
		where = append(where, d.filter(f))
		if d.own {
			c.own = append(c.own, d.name)
		}
	}
	by := q.By
	if m, ok := def.Measure.(Mix); ok {
		by = append([]string{m.Dimension}, by...)
	}
	joins := ""
	if c.rows.with != nil {
		joins += " " + c.rows.with(c.holds)
	}
	for i, name := range by {
		d, err := dimensionOf(def.Of, name, c.holds)
		if err != nil {
			return nil, err
		}
		alias := fmt.Sprintf("g%d", i)
		if d.join != "" {
			joins += " " + strings.ReplaceAll(d.join, "{g}", alias)
		}
		d.expr = strings.ReplaceAll(d.expr, "{g}", alias)
		c.dims = append(c.dims, d)
		if d.own {
			c.own = append(c.own, d.name)
		}
	}
	if len(where) == 0 {
		where = []string{"true"}
	}
	c.from = fmt.Sprintf("FROM %s r%s WHERE %s", table(def.Of, c.holds), joins, strings.Join(where, " AND "))
	return c, nil
}

func hasField(fs []Filter, field string) bool {
	for _, f := range fs {
		if f.Field == field {
			return true
		}
	}
	return false
}

func (c *compiled) at() string { return col(c.def.Of.At) }

// class is the SQL of the class of row r.
func (c *compiled) class() string {
	var b strings.Builder
	b.WriteString("CASE")
	for i, r := range c.rules {
		fmt.Fprintf(&b, " WHEN %s THEN %d", r.When.sql(), excluded+i)
	}
	if c.rows.censored != "" {
		fmt.Fprintf(&b, " WHEN %s THEN %d", c.rows.censored, censored)
	}
	if b.Len() == len("CASE") {
		return fmt.Sprint(measured)
	}
	fmt.Fprintf(&b, " ELSE %d END", measured)
	return b.String()
}

func (c *compiled) in(w window) string {
	return fmt.Sprintf("%s >= %s AND %s < %s", c.at(), stamp(w.since), c.at(), stamp(w.until))
}

// cells is the statement that counts and gathers the values of every group,
// period and class.
func (c *compiled) cells(periods []window) string {
	cols := make([]string, 0, len(c.dims)+5)
	for i, d := range c.dims {
		cols = append(cols, fmt.Sprintf("coalesce(%s, %s) AS d%d", d.expr, fact.Literal(None), i))
	}
	cols = append(cols, fmt.Sprintf("CAST(%s AS INTEGER) AS b", bucket(c.at(), periods)), fmt.Sprintf("CAST(%s AS INTEGER) AS c", c.class()))
	hit, value, second := "false", "NULL", ""
	if c.rows.hit != "" {
		hit = c.rows.hit
	} else if c.rows.least != "" {
		hit = c.rows.least
	}
	if c.rows.value != "" {
		value = c.rows.value
	}
	agg := "count(*), CAST(count_if(h) AS BIGINT)"
	if c.rows.value != "" {
		agg += fmt.Sprintf(", list(v) FILTER (c <= %d)", censored)
	}
	if c.rows.second != "" {
		second = fmt.Sprintf(", CAST(%s AS DOUBLE) AS v2", c.rows.second)
		agg += fmt.Sprintf(", list(v2) FILTER (c <= %d)", censored)
	}
	if c.rows.entry != "" {
		second += fmt.Sprintf(", CAST(%s AS DOUBLE) AS ve", c.rows.entry)
		agg += fmt.Sprintf(", list(ve) FILTER (c <= %d), list(CAST(CASE WHEN h THEN 1 ELSE 2 END AS DOUBLE)) FILTER (c <= %d)", censored, censored)
	}
	whole := window{periods[0].since, periods[len(periods)-1].until}
	inner := fmt.Sprintf("SELECT %s, %s AS h, CAST(%s AS DOUBLE) AS v%s %s AND %s", strings.Join(cols, ", "), hit, value, second, c.from, c.in(whole))
	return c.fill(fmt.Sprintf("SELECT %sb, c, %s FROM (%s) GROUP BY ALL", c.dimList(), agg, inner))
}

func (c *compiled) dimList() string {
	s := ""
	for i := range c.dims {
		s += fmt.Sprintf("d%d, ", i)
	}
	return s
}

// fill puts the time of asking, and as of when, into a statement.
func (c *compiled) fill(sql string) string {
	sql = holdsMark.ReplaceAllStringFunc(sql, func(m string) string {
		return c.holds(strings.TrimSuffix(strings.TrimPrefix(m, "{holds "), "}"))
	})
	return strings.NewReplacer(append(c.marks, now, stamp(c.now))...).Replace(sql)
}

// holdsMark stands in conditions that are written before it is known as of
// when they are asked.
var holdsMark = regexp.MustCompile(`\{holds [a-z]+\}`)

// stamp writes a time for SQL.
func stamp(t time.Time) string { return fmt.Sprintf("make_timestamp(%d)", t.UnixMicro()) }

// bucket is the SQL of the index of the period that holds a time: a binary
// search written out, since periods follow zones and calendars.
func bucket(at string, ps []window) string {
	var tree func(lo, hi int) string
	tree = func(lo, hi int) string {
		if hi-lo == 1 {
			return fmt.Sprint(lo)
		}
		mid := (lo + hi) / 2
		return fmt.Sprintf("CASE WHEN %s < %s THEN %s ELSE %s END", at, stamp(ps[mid].since), tree(lo, mid), tree(mid, hi))
	}
	return tree(0, len(ps))
}

// explain is the statement that lists every record of the window with its
// class and value, in the order of time.
func (c *compiled) explain(w window, extra string, limit, offset int) string {
	value := "NULL"
	if c.rows.value != "" {
		value = c.rows.value
	}
	hit := "false"
	if c.rows.hit != "" {
		hit = c.rows.hit
	}
	title := "r.title"
	if c.def.Of.Table == fact.LeadTable {
		title = "(SELECT max(p.title) FROM history.pull_request p WHERE p.id = r.id AND " + c.holds("p") + ")"
	}
	return c.fill(fmt.Sprintf(`SELECT id, title, epoch_us(happened), c, v, h FROM (
  SELECT DISTINCT r.id AS id, %s AS title, %s AS happened, CAST(%s AS INTEGER) AS c, CAST(%s AS DOUBLE) AS v, CAST(%s AS BIGINT) AS h %s AND %s)
WHERE %s ORDER BY happened, id LIMIT %d OFFSET %d`, title, c.at(), c.class(), value, "("+hit+")", c.from, c.in(w), extra, limit, offset))
}
