package hansei

import (
	"slices"
	"strings"
	"time"
)

// Source is a configured connection to a tool. Its id is its name. Secrets
// are not part of it: they are kept encrypted, outside the journal.
type Source struct {
	Header
	Tool     string            `json:"tool"`               // what kind of source: "github", "pagerduty"
	Settings map[string]string `json:"settings,omitempty"` // by the names its tool gives them; no secrets
	Filter   []Condition       `json:"filter,omitempty"`   // what of it counts as an incident: all must hold
	Since    time.Time         `json:"since,omitzero"`     // from when on history is pulled
	Paused   bool              `json:"paused,omitzero"`
	Forget   bool              `json:"forget,omitzero"` // it was removed, and with it what it told
	Hook     string            `json:"hook,omitempty"`  // the unguessable part of its webhook's address
}

// Kind is KindSource.
func (*Source) Kind() Kind { return KindSource }

// Validate checks the name, the tool and the conditions.
func (s *Source) Validate() error {
	if err := s.valid("source"); err != nil || s.gone() {
		return err
	}
	if Slug(string(s.ID)) != s.ID || len(s.ID) > 60 {
		return Invalid("name", "%q: expected lower-case letters, digits and hyphens, at most 60", s.ID)
	}
	if s.Tool == "" {
		return Invalid("tool", "a source needs the kind of tool it connects")
	}
	for _, c := range s.Filter {
		if err := c.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// Condition is one part of a filter: a field of an incident (or "label") that
// is, or is not, one of some values, or a jq expression over the incident's
// JSON that must be true.
type Condition struct {
	Field string   `json:"field,omitempty"`
	Not   bool     `json:"not,omitzero"`
	In    []string `json:"in,omitempty"`
	JQ    string   `json:"jq,omitempty"`
}

// ConditionFields are the fields of an incident a condition may look at.
var ConditionFields = []string{"severity", "priority", "urgency", "service", "team", "label", "type", "status", "title"}

// Validate checks that the condition looks at something.
func (c Condition) Validate() error {
	switch {
	case c.JQ != "" && (c.Field != "" || len(c.In) > 0):
		return Invalid("filter", "a condition is either a field with values or a jq expression, not both")
	case c.JQ != "":
		return nil
	case !slices.Contains(ConditionFields, c.Field):
		return Invalid("filter", "%q: expected one of %s", c.Field, strings.Join(ConditionFields, ", "))
	case len(c.In) == 0:
		return Invalid("filter", "a condition on %s needs at least one value", c.Field)
	}
	return nil
}

// The verdicts of a join.
const (
	JoinExplicit  = "explicit"  // one names the other
	JoinSuggested = "suggested" // a rule thinks so; nothing is joined yet
	JoinConfirmed = "confirmed" // a person says so
	JoinRejected  = "rejected"  // a person says that they are two things
)

// Join says whether two records are one thing. A person's verdict outlives
// every re-sync.
type Join struct {
	Header
	Of      Kind     `json:"of"`
	A       ID       `json:"a"`
	B       ID       `json:"b"`
	Verdict string   `json:"verdict"`
	Score   float64  `json:"score,omitzero"` // of a suggestion, 0 to 1
	Reasons []string `json:"reasons,omitempty"`
	By      string   `json:"by,omitempty"` // the person, when one decided
}

// Kind is KindJoin.
func (*Join) Kind() Kind { return KindJoin }

// JoinID is the id of the join of two records, whichever is named first.
func JoinID(of Kind, a, b ID) ID {
	if b < a {
		a, b = b, a
	}
	return Key{Source: "join-" + string(of), External: string(a) + "+" + string(b)}.ID()
}

// Validate checks that there are two records and a verdict.
func (j *Join) Validate() error {
	if err := j.valid("join"); err != nil || j.gone() {
		return err
	}
	if j.A == "" || j.B == "" || j.A == j.B {
		return Invalid("b", "a join needs two different records")
	}
	if !slices.Contains([]string{JoinExplicit, JoinSuggested, JoinConfirmed, JoinRejected}, j.Verdict) {
		return Invalid("verdict", "%q is not a verdict", j.Verdict)
	}
	return nil
}
