package sources

import (
	"cmp"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/connect"
	"hansei/internal/web/ui"
)

// coverage says what a source fills of one kind of record.
type coverage struct {
	Kind   string // plural
	N      int    // records that it tells of
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

// covered puts the fields in the order in which people look: those that a
// metric waits for, then the others by how often they are filled.
func covered(list []connect.Covered) []coverage {
	var all []coverage
	for _, c := range list {
		out := coverage{Kind: kindName(c.Kind), N: c.Records}
		for _, x := range c.Fields {
			f, err := hansei.FieldNamed(c.Kind, x.Name)
			if err != nil {
				continue
			}
			if x.Records == 0 && len(x.Needed) == 0 {
				out.Empty = append(out.Empty, f.Label)
				continue
			}
			out.Fields = append(out.Fields, filled{f.Label, f.Help, x.Records, float64(x.Records) / float64(c.Records), x.Needed})
		}
		slices.SortStableFunc(out.Fields, func(a, b filled) int {
			return cmp.Or(cmp.Compare(min(1, len(b.Needed)), min(1, len(a.Needed))), cmp.Compare(b.N, a.N))
		})
		all = append(all, out)
	}
	return all
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

// missing names the kinds of which nothing has come.
func missing(all []coverage) string {
	var out []string
	for _, c := range all {
		if c.N == 0 {
			out = append(out, c.Kind)
		}
	}
	return strings.Join(out, ", ")
}
