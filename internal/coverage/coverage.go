// Package coverage says what each source fills: of the records that it tells
// of, alone or with others, how many have each field by its word, and which
// metrics leave all of them out for want of one.
//
// It asks the facts. There a record that one source alone made stands with that
// source, and its fields are what the source says; of every other the table
// fact.ToldTable names each source with the fields that it fills. A source
// whose word does not count (it is filtered, or was removed) covers nothing.
package coverage

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/fact"
	"hansei/internal/metric"
)

// Reader reads coverage.
type Reader struct {
	Facts   *fact.View
	Metrics *metric.Engine
}

// Cover fills in what each of some sources covers, by the kinds that it gives.
func (r *Reader) Cover(ctx context.Context, who auth.Scope, list []connect.View) error {
	definitions, err := r.Metrics.Catalogue(ctx, who)
	if err != nil {
		return err
	}
	known := map[hansei.Kind]map[string]counted{}
	for i := range list {
		v := &list[i]
		v.Coverage = nil
		for _, k := range v.Gives {
			if k.Configured() {
				continue
			}
			if known[k] == nil {
				if known[k], err = r.count(ctx, k); err != nil {
					return fmt.Errorf("coverage of %s: %w", k, err)
				}
			}
			v.Coverage = append(v.Coverage, covered(k, known[k][v.Name], definitions))
		}
	}
	return nil
}

// counted is how many records of a kind a source tells of, and how many of them
// have each field.
type counted struct {
	n  int
	by map[string]int
}

// count counts a kind, for every source at once.
func (r *Reader) count(ctx context.Context, k hansei.Kind) (map[string]counted, error) {
	out := map[string]counted{}
	add := func(source string, n int, by map[string]int) {
		c := out[source]
		if c.by == nil {
			c.by = map[string]int{}
		}
		c.n += n
		for f, n := range by {
			c.by[f] += n
		}
		out[source] = c
	}
	if err := r.alone(ctx, k, add); err != nil {
		return nil, err
	}
	return out, r.together(ctx, k, add)
}

// alone counts the records that are what one source says.
func (r *Reader) alone(ctx context.Context, k hansei.Kind, add func(string, int, map[string]int)) error {
	fields := hansei.FieldsOf(k)
	parts := []string{"source", "count(*)"}
	for _, f := range fields {
		if table, owner, ok := fact.ListTable(k, f); ok {
			parts = append(parts, fmt.Sprintf("count(CASE WHEN id IN (SELECT %s FROM %s) THEN 1 END)", owner, table))
			continue
		}
		parts = append(parts, fmt.Sprintf(`count(CASE WHEN CAST("%s" AS VARCHAR) <> '' THEN 1 END)`, f.Name))
	}
	rows, err := r.Facts.SQL(ctx, fmt.Sprintf("SELECT %s FROM %s WHERE merged_into IS NULL AND source IS NOT NULL AND id NOT IN (SELECT record FROM %s WHERE kind = %s) GROUP BY source",
		strings.Join(parts, ", "), fact.TableOf(k), fact.ToldTable, fact.Literal(string(k))), fact.SQLMaxRows)
	if err != nil {
		return err
	}
	for _, row := range rows.Rows {
		by := map[string]int{}
		for i, f := range fields {
			by[f.Name] = number(row[i+2])
		}
		add(fmt.Sprint(row[0]), number(row[1]), by)
	}
	return nil
}

// together counts those that several tell of, or that people edited. A source
// may tell of one thing under two of its names.
func (r *Reader) together(ctx context.Context, k hansei.Kind, add func(string, int, map[string]int)) error {
	rows, err := r.Facts.SQL(ctx, fmt.Sprintf(`WITH t AS (SELECT * FROM %s WHERE kind = %s)
		SELECT source, '', count(DISTINCT record) FROM t GROUP BY source
		UNION ALL SELECT source, f, count(DISTINCT record) FROM (SELECT source, record, unnest(string_split(fields, ',')) AS f FROM t) WHERE f <> '' GROUP BY source, f`,
		fact.ToldTable, fact.Literal(string(k))), fact.SQLMaxRows)
	if err != nil {
		return err
	}
	for _, row := range rows.Rows {
		source, field, n := fmt.Sprint(row[0]), fmt.Sprint(row[1]), number(row[2])
		if field == "" {
			add(source, n, nil)
		} else {
			add(source, 0, map[string]int{field: n})
		}
	}
	return nil
}

// number reads a count of DuckDB's.
func number(cell any) int {
	n, _ := cell.(int64) // count() is never anything else
	return int(n)
}

// covered puts a source's counts in the order of the kind's fields.
func covered(k hansei.Kind, c counted, definitions []metric.Definition) connect.Covered {
	out := connect.Covered{Kind: k, Records: c.n, Known: len(hansei.FieldsOf(k)), Fields: []connect.Field{}}
	if c.n == 0 {
		return out
	}
	waits := waiting(k, c.by, definitions)
	for _, f := range hansei.FieldsOf(k) {
		if c.by[f.Name] > 0 {
			out.Filled++
		}
		out.Fields = append(out.Fields, connect.Field{Name: f.Name, Records: c.by[f.Name], Needed: waits[f.Name]})
	}
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
