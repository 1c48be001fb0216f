package metric

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"hansei"
)

// Measure is how one record of the population becomes a value, a yes or no,
// or simply one: Count, Between, Age, Amount, Portion and Mix of any records,
// and those that know one kind (special.go, learning.go, recurrence.go).
type Measure interface {
	// rows says, in SQL on row r, how a record is classed and measured.
	rows() rows
	// statistics lists what may be asked of the values, the default first.
	statistics() []StatisticName
}

// rows is a compiled measure. The population's own rules come before these.
type rows struct {
	exclude  []Rule
	censored string                                 // SQL condition, "" if nothing is censored
	value    string                                 // SQL of the measured (or, when censored, so far elapsed) value; "" if none
	hit      string                                 // SQL condition of a share
	second   string                                 // SQL of a second value, for the ratio of two sums
	least    string                                 // SQL condition: the value is only a lower bound; "" if none is
	entry    string                                 // SQL of the value at which a record came to be watched; "" for 0
	with     func(holds func(string) string) string // a join the others use
	// observedOnly: the estimate is over finished records alone and the
	// censored are shown beside it (time to acknowledge).
	observedOnly bool
	timed        bool // the value depends on the time of asking
}

// now is replaced by the time of asking.
const now = "{now}"

func quantiles(more ...StatisticName) []StatisticName {
	return append([]StatisticName{P50, "p75", P90, "p95", "p99", Mean, Sum}, more...)
}

// Count counts the records: a rate when there is a window.
type Count struct{}

func (Count) rows() rows                  { return rows{} }
func (Count) statistics() []StatisticName { return []StatisticName{Rate, Sum} }

// Between measures the seconds from one moment to another. Each end is the
// first field of its list that is known. Without an end the record is
// censored while Open holds and excluded otherwise; an end before its start
// is a data error and excluded as one.
type Between struct {
	From, To []string
	Open     Cond
	// CensorMissing censors every record without an end, open or not, and
	// estimates over the others alone.
	CensorMissing bool
	Exclude       []Rule                                 // before what the ends say
	With          func(holds func(string) string) string // a join that the ends use
}

func (m Between) rows() rows {
	from, to := first(m.From), first(m.To)
	out := rows{
		exclude: append(slices.Clone(m.Exclude), Rule{Reason: "no_" + label(m.From[0]), When: cond(from + " IS NULL")}),
		with:    m.With,
		value:   fmt.Sprintf("(epoch_us(coalesce(%s, %s)) - epoch_us(%s)) / 1e6", to, now, from),
		timed:   true,
	}
	switch {
	case m.CensorMissing:
		out.censored, out.observedOnly = to+" IS NULL", true
	case m.Open != nil:
		out.exclude = append(out.exclude, Rule{Reason: "no_" + label(m.To[0]), When: cond(fmt.Sprintf("%s IS NULL AND NOT %s", to, m.Open.sql()))})
		out.censored = to + " IS NULL"
	default:
		out.exclude = append(out.exclude, Rule{Reason: "no_" + label(m.To[0]), When: cond(to + " IS NULL")})
	}
	out.exclude = append(out.exclude, Rule{Reason: "negative_duration", When: cond(fmt.Sprintf("coalesce(%s < %s, false)", to, from))})
	return out
}

func (Between) statistics() []StatisticName { return quantiles() }

func first(fields []string) string {
	cols := make([]string, len(fields))
	for i, f := range fields {
		cols[i] = col(f)
	}
	if len(cols) == 1 {
		return cols[0]
	}
	return "coalesce(" + strings.Join(cols, ", ") + ")"
}

// ownRole finds the role in the SQL of an organization's own milestone.
var ownRole = regexp.MustCompile(`m\.role = '([^']*)'`)

// label names a moment in a reason.
func label(field string) string {
	if m := ownRole.FindStringSubmatch(field); m != nil {
		return strings.ReplaceAll(m[1], " ", "_")
	}
	return field[strings.LastIndex(field, ".")+1:]
}

// Age measures how long records have been open, for those that are.
type Age struct {
	From []string
	Open Cond
}

func (m Age) rows() rows {
	from := first(m.From)
	return rows{
		exclude: []Rule{
			{Reason: "not_open", When: Not(m.Open)},
			{Reason: "no_" + m.From[0], When: cond(from + " IS NULL")},
		},
		value: fmt.Sprintf("(epoch_us(%s) - epoch_us(%s)) / 1e6", now, from),
		timed: true,
	}
}

func (Age) statistics() []StatisticName { return quantiles() }

// Amount takes a number from each record.
type Amount struct {
	Field  string // the field whose absence leaves the record out
	Expr   string // SQL on row r when it is more than the field itself
	Needs  []string
	OpenAt Cond // still growing: censored
	Least  Cond // where the number is only a lower bound
}

func (m Amount) rows() rows {
	out := rows{value: m.Expr}
	if m.Expr == "" {
		out.value = col(m.Field)
	}
	for _, f := range append([]string{m.Field}, m.Needs...) {
		r := Rule{Reason: "no_" + f, When: Missing(f)}
		if m.OpenAt != nil && f != m.Field {
			r.When = And(Missing(f), Not(m.OpenAt))
			out.censored = Missing(f).sql()
		}
		out.exclude = append(out.exclude, r)
	}
	if m.Least != nil {
		out.least = m.Least.sql()
	}
	if out.censored != "" {
		out.value = "coalesce(" + out.value + ", 0)"
	}
	return out
}

func (Amount) statistics() []StatisticName { return quantiles() }

// Portion is the share of records for which Hit holds.
type Portion struct {
	Hit  Cond
	With func(holds func(string) string) string // a join that Hit uses
	// Recorded is a statement that counts what would make a hit at all; when
	// it finds nothing, every record is left out for the reason Unrecorded.
	Recorded, Unrecorded string
	Exclude              []Rule
	Timed                bool // Hit depends on the time of asking
}

func (m Portion) rows() rows {
	return rows{hit: m.Hit.sql(), with: m.With, exclude: m.Exclude, timed: m.Timed}
}

func (Portion) statistics() []StatisticName { return []StatisticName{Share} }

// Mix is the share of each value of a dimension among all records.
type Mix struct{ Dimension string }

func (Mix) rows() rows                  { return rows{} }
func (Mix) statistics() []StatisticName { return []StatisticName{Share} }

// open is the condition of an incident that has not ended.
var open = Or(Is("status", hansei.StatusOpen), And(Missing("status"), Missing("resolved_at"), Missing("closed_at")))

// atLeast is the condition of an incident whose customers are only those who
// wrote to support.
var atLeast = True("customers_at_least")
