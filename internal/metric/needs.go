package metric

// Needs are the fields a metric cannot do without, in groups: of each group
// one field must be known. Nil for a metric that any record will do for.
func (d Definition) Needs() [][]string {
	switch m := d.Measure.(type) {
	case Between:
		return [][]string{stored(m.From), stored(m.To)}
	case Age:
		return [][]string{stored(m.From)}
	case Amount:
		out := [][]string{{m.Field}}
		for _, f := range m.Needs {
			out = append(out, stored([]string{f}))
		}
		return out
	case Mix:
		return [][]string{{m.Dimension}}
	}
	return nil
}

// derived are columns that are made of fields: one of them must be known.
var derived = map[string][]string{
	"start_at":       {"began_at", "detected_at", "alerted_at", "declared_at"},
	"impact_seconds": {"mitigated_at", "resolved_at"},
}

// stored are the fields of a record behind columns.
func stored(columns []string) []string {
	var out []string
	for _, c := range columns {
		if from, ok := derived[c]; ok {
			out = append(out, from...)
		} else {
			out = append(out, c)
		}
	}
	return out
}
