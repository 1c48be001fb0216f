package archive

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/fact"
	"hansei/internal/retro/batch"
)

// Filter is what retrospectives must be; an empty field asks for nothing.
type Filter struct {
	State    string // one of hansei.RetroStates
	Severity string
	Service  string // an id
	Owner    string // an id, "me" or "none"
	Due      string // "overdue" or "soon"
	Complete string // "low" (less than half) or "high" (80 % or more)
	Q        string // words of the title or the id
	// Batch has drafted them; nil for any.
	Batch *batch.Batch
}

// soon is how near a date is that is due soon.
const soon = 7 * 24 * time.Hour

// Check refuses what there is not to ask for.
func (f Filter) Check() error {
	for _, c := range []struct {
		name, value string
		of          []string
	}{
		{"state", f.State, hansei.RetroStates}, {"due", f.Due, []string{"overdue", "soon"}}, {"complete", f.Complete, []string{"low", "high"}},
	} {
		if c.value != "" && !slices.Contains(c.of, c.value) {
			return hansei.Invalid(c.name, "%q: expected %s", c.value, strings.Join(c.of, ", "))
		}
	}
	for name, value := range map[string]string{"q": f.Q, "severity": f.Severity, "service": f.Service, "owner": f.Owner} {
		if len(value) > 200 {
			return hansei.Invalid(name, "%d bytes are too many; at most 200", len(value))
		}
	}
	return nil
}

// Where is the filter as a condition on the facts; you are who asks. but leaves
// one part out, for the counts beside its choices.
func (f Filter) Where(now time.Time, you, but string) string {
	parts := []string{"merged_into IS NULL"}
	add := func(name, value, sql string) {
		if value != "" && name != but {
			parts = append(parts, sql)
		}
	}
	if f.Batch != nil {
		parts = append(parts, f.Batch.Where())
	}
	add("state", f.State, "state = "+fact.Literal(f.State))
	add("severity", f.Severity, "severity = "+fact.Literal(f.Severity))
	add("service", f.Service, "id IN (SELECT retrospective FROM retrospective_service WHERE service = "+fact.Literal(f.Service)+")")
	switch f.Owner {
	case "none":
		add("owner", f.Owner, "owner IS NULL")
	case "me":
		add("owner", f.Owner, "owner = "+fact.Literal(you))
	default:
		add("owner", f.Owner, "owner = "+fact.Literal(f.Owner))
	}
	open := "state IN ('draft', 'in_review') AND due_at "
	switch f.Due {
	case "overdue":
		add("due", f.Due, open+"< "+fact.Timestamp(now))
	case "soon":
		add("due", f.Due, open+fmt.Sprintf("BETWEEN %s AND %s", fact.Timestamp(now), fact.Timestamp(now.Add(soon))))
	}
	switch f.Complete {
	case "low":
		add("complete", f.Complete, "completeness < 0.5")
	case "high":
		add("complete", f.Complete, "completeness >= 0.8")
	}
	for w := range strings.FieldsSeq(f.Q) {
		parts = append(parts, "contains(lower(coalesce(title, '') || ' ' || id), "+fact.Literal(strings.ToLower(w))+")")
	}
	return strings.Join(parts, " AND ")
}
