package metric

import (
	"context"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/fact/duck"
)

// cell is what the records of one group in one period came to.
type cell struct {
	values   []float64 // measured
	second   []float64 // beside values, for the ratio of two sums
	waiting  []float64 // censored: how long so far
	entered  []float64 // beside values, then beside waiting: the value from which each was watched
	late     []float64
	ways     []float64 // beside values: 1 for a hit, 2 for another end
	n        int       // measured records, with or without a value
	hits     int
	censored int
	excluded map[string]int
}

// cells holds the cells of all groups and periods. A group's key is its
// values joined by a unit separator.
type cells struct {
	order  []string
	groups map[string][]string
	at     map[string][]*cell
	n      int // periods
}

const unitSeparator = "\x1f"

func (e *Engine) read(ctx context.Context, c *compiled, periods []window) (*cells, error) {
	t := &cells{groups: map[string][]string{}, at: map[string][]*cell{}, n: len(periods)}
	dims := len(c.dims)
	err := e.facts.Read(ctx, c.cells(periods), func(r *duck.Result) error {
		names := make([][]string, dims)
		for i := range names {
			names[i] = r.Strings(i)
		}
		bs, cs := r.Int32s(dims), r.Int32s(dims+1)
		ns, hs := r.Int64s(dims+2), r.Int64s(dims+3)
		var vs, v2 [][]float64
		if c.rows.value != "" {
			vs = r.Lists(dims + 4)
		}
		if c.rows.second != "" {
			v2 = r.Lists(dims + 5)
		}
		var entries, ways [][]float64
		if c.rows.entry != "" {
			entries, ways = r.Lists(dims+5), r.Lists(dims+6)
		}
		for row := range r.Rows() {
			group := make([]string, dims)
			for i := range group {
				group[i] = names[i][row]
			}
			x := t.cell(group, int(bs[row]))
			n := int(ns[row])
			switch class := int(cs[row]); class {
			case measured:
				x.n += n
				x.hits += int(hs[row])
				if vs != nil {
					x.values = append(x.values, vs[row]...)
				}
				if v2 != nil {
					x.second = append(x.second, v2[row]...)
				}
				if entries != nil {
					x.entered, x.ways = append(x.entered, entries[row]...), append(x.ways, ways[row]...)
				}
			case censored:
				x.censored += n
				if vs != nil {
					x.waiting = append(x.waiting, vs[row]...)
				}
				if entries != nil {
					x.late = append(x.late, entries[row]...)
				}
			default:
				x.excluded[c.rules[class-excluded].Reason] += n
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	t.sort()
	return t, nil
}

func (t *cells) cell(group []string, period int) *cell {
	key := strings.Join(group, unitSeparator)
	row, ok := t.at[key]
	if !ok {
		row = make([]*cell, t.n)
		t.at[key], t.groups[key] = row, group
		t.order = append(t.order, key)
	}
	if row[period] == nil {
		row[period] = &cell{excluded: map[string]int{}}
	}
	return row[period]
}

// get is the cell of a group in a period; an empty one when no record fell there.
func (t *cells) get(key string, period int) *cell {
	if t == nil || period >= t.n {
		return &cell{}
	}
	if row, ok := t.at[key]; ok && row[period] != nil {
		return row[period]
	}
	return &cell{}
}

func (t *cells) sort() {
	slices.SortFunc(t.order, func(a, b string) int { return slices.Compare(t.groups[a], t.groups[b]) })
}

// join adds the groups that only the other window has.
func (t *cells) join(other *cells) {
	for _, key := range other.order {
		if _, ok := t.groups[key]; !ok {
			t.groups[key], t.at[key] = other.groups[key], make([]*cell, t.n)
			t.order = append(t.order, key)
		}
	}
	t.sort()
}

// fill makes sure that a question without groups has its one row, and that
// there are not too many.
func (t *cells) fill(a *asked, c *compiled) error {
	if len(c.dims) == 0 && len(t.order) == 0 {
		t.order, t.groups[""], t.at[""] = []string{""}, []string{}, make([]*cell, t.n)
	}
	if len(t.order)*t.n > maxCells {
		return hansei.Invalid("by", "%d groups over %d periods are too many to show; filter, or use longer periods", len(t.order), t.n)
	}
	return nil
}

// group names a key's values by the dimensions asked for.
func (t *cells) group(key string, def Definition, by []string) map[string]string {
	names := by
	if m, ok := def.Measure.(Mix); ok {
		names = append([]string{m.Dimension}, by...)
	}
	out := map[string]string{}
	for i, v := range t.groups[key] {
		out[names[i]] = v
	}
	return out
}

// total adds up a cell over all groups of a period: the denominator of a mix.
func (t *cells) total(period int, same func(group []string) bool) int {
	n := 0
	for key, row := range t.at {
		if row[period] != nil && same(t.groups[key]) {
			n += row[period].n
		}
	}
	return n
}

func (x *cell) excludedList() map[string]int {
	out := map[string]int{}
	for k, v := range x.excluded {
		out[k] = v
	}
	return out
}
