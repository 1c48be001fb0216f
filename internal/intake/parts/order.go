package parts

import (
	"slices"

	"hansei"
)

// Order is whose word leads, by kind and field.
type Order struct {
	Rules []hansei.SourceOrder
}

// of lists the places in from whose word counts (in) for a field, the leading one
// first: those that a rule names, in its order, then the others as they came.
func (o Order) of(kind hansei.Kind, field string, from []hansei.Observed, in []int) []int {
	if len(o.Rules) == 0 || len(in) < 2 {
		return in
	}
	rank := o.ranks(kind, field)
	return slices.SortedStableFunc(slices.Values(in), func(a, b int) int { return rank(from[a].Source) - rank(from[b].Source) })
}

// Counting are the places of sources that are not out, or all if all are and no
// person made the record.
func Counting(head *hansei.Header) []int {
	var in, all []int
	for i, o := range head.From {
		all = append(all, i)
		if o.Out == "" {
			in = append(in, i)
		}
	}
	if len(in) == 0 && !head.Made {
		return all
	}
	return in
}

// ranks is the rank of a source for a field: a rule for the field itself goes
// before one for its whole kind.
func (o Order) ranks(kind hansei.Kind, field string) func(source string) int {
	var sources []string
	for _, r := range o.Rules {
		if r.Kind == kind && (r.Field == field || (r.Field == "" && sources == nil)) {
			sources = r.Sources
		}
	}
	return func(source string) int {
		if i := slices.Index(sources, source); i >= 0 {
			return i
		}
		return len(sources)
	}
}

// fill fills a record from the versions of its sources.
func (o Order) fill(to hansei.Record, versions []hansei.Record) {
	from, kind := to.Head().From, to.Kind()
	in, fields := Counting(to.Head()), hansei.FieldsOf(kind)
	for k := range fields {
		for _, i := range o.of(kind, fields[k].Name, from, in) {
			fields[k].Fill(to, versions[i])
		}
	}
	for _, i := range o.of(kind, "", from, in) {
		fillRest(to, versions[i])
	}
}
