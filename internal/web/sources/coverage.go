package sources

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/fact"
	"hansei/internal/metric"
	"hansei/internal/web/ui"
)

// coverage says what a source fills of one kind of record.
type coverage struct {
	Kind   string // plural
	N      int    // records that it leads
	Fields []filled
	Empty  []string // fields that it never fills and nothing needs
}

// filled is one field.
type filled struct {
	Label, Help string
	N           int
	Share       float64
	Needed      []string // metrics that cannot be computed of these records for want of it
}

// coverage counts, kind by kind, how many records a source brought and how many
// of them have each field.
func (p *Pages) coverage(ctx context.Context, who auth.Actor, v connect.View) ([]coverage, error) {
	definitions, err := p.Metrics.Catalogue(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	var out []coverage
	for _, k := range v.Gives {
		if k.Configured() {
			continue
		}
		n, counts, err := p.counted(ctx, k, v.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, covered(k, n, counts, definitions))
	}
	return out, nil
}

// counted asks the facts how many records of a kind a source leads, and how
// many of them have each field.
func (p *Pages) counted(ctx context.Context, k hansei.Kind, source string) (n int, by map[string]int, err error) {
	fields := hansei.FieldsOf(k)
	parts := []string{"count(*)"}
	for _, f := range fields {
		if table, owner, ok := fact.ListTable(k, f); ok {
			parts = append(parts, fmt.Sprintf("(SELECT count(DISTINCT x.%s) FROM %s x JOIN %s o ON o.id = x.%s WHERE o.source = %s)",
				owner, table, fact.TableOf(k), owner, fact.Literal(source)))
			continue
		}
		parts = append(parts, fmt.Sprintf(`count(CASE WHEN CAST("%s" AS VARCHAR) <> '' THEN 1 END)`, f.Name))
	}
	rows, err := p.Facts.SQL(ctx, fmt.Sprintf("SELECT %s FROM %s WHERE source = %s AND merged_into IS NULL", strings.Join(parts, ", "), fact.TableOf(k), fact.Literal(source)), 1)
	if err != nil {
		return 0, nil, fmt.Errorf("coverage of %s: %w", k, err)
	}
	by = map[string]int{}
	for i, cell := range rows.Rows[0] {
		x, ok := cell.(int64)
		if !ok {
			return 0, nil, fmt.Errorf("coverage of %s: column %d is a %T", k, i, cell)
		}
		if i == 0 {
			n = int(x)
		} else {
			by[fields[i-1].Name] = int(x)
		}
	}
	return n, by, nil
}

// covered puts the fields in the order in which people look: those that a
// metric waits for, then the others by how often they are filled.
func covered(k hansei.Kind, n int, by map[string]int, definitions []metric.Definition) coverage {
	out := coverage{Kind: kindName(k), N: n}
	if n == 0 {
		return out
	}
	waits := waiting(k, by, definitions)
	for _, f := range hansei.FieldsOf(k) {
		x := filled{Label: f.Label, Help: f.Help, N: by[f.Name], Share: float64(by[f.Name]) / float64(n), Needed: waits[f.Name]}
		if x.N == 0 && len(x.Needed) == 0 {
			out.Empty = append(out.Empty, f.Label)
			continue
		}
		out.Fields = append(out.Fields, x)
	}
	slices.SortStableFunc(out.Fields, func(a, b filled) int {
		return cmp.Or(cmp.Compare(min(1, len(b.Needed)), min(1, len(a.Needed))), cmp.Compare(b.N, a.N))
	})
	return out
}

// waiting are the metrics that every record of a source is left out of because
// none of the fields that would do is filled, by each such field.
func waiting(k hansei.Kind, by map[string]int, definitions []metric.Definition) map[string][]string {
	out := map[string][]string{}
	for _, d := range definitions {
		if d.Of.Kind != k {
			continue
		}
		for _, group := range d.Needs() {
			if slices.ContainsFunc(group, func(f string) bool { return by[f] > 0 }) {
				continue
			}
			for _, f := range group {
				if !slices.Contains(out[f], d.Title) {
					out[f] = append(out[f], d.Title)
				}
			}
		}
	}
	return out
}

// share writes a share of records, with words for the ends.
func (f filled) share() string {
	switch {
	case f.N == 0:
		return "none"
	case f.Share == 1:
		return "all"
	case f.Share > 0.995:
		return "nearly all"
	}
	return ui.Percent(f.Share)
}
