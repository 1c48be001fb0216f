package hansei

import (
	"strings"
	"time"
	"unicode"
)

// Service is something that can break: what incidents and changes are about.
type Service struct {
	Header
	Name      string   `json:"name"`
	Aliases   []string `json:"aliases,omitempty"`
	Team      ID       `json:"team,omitempty"`
	DependsOn []ID     `json:"depends_on,omitempty"`
	Tier      string   `json:"tier,omitempty"`
	URL       string   `json:"url,omitempty"`
	// Objective is the share of requests that shall succeed, in per cent, over
	// ObjectiveDays: its SLO of availability.
	Objective *float64 `json:"objective,omitempty"`
}

// ObjectiveDays is the window of a service's objective.
const ObjectiveDays = 30

// Kind is KindService.
func (*Service) Kind() Kind { return KindService }

// Validate checks that a service has a name, and that its objective leaves
// room for failure.
func (s *Service) Validate() error {
	if o := s.Objective; o != nil && !(*o > 0 && *o < 100) {
		return Invalid("objective", "%v is not a share of requests; expected per cent between 0 and 100, such as 99.9", *o)
	}
	return s.named("service", s.Name)
}

// Team is a group of people who own services.
type Team struct {
	Header
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
}

// Kind is KindTeam.
func (*Team) Kind() Kind { return KindTeam }

// Validate checks that a team has a name.
func (t *Team) Validate() error { return t.named("team", t.Name) }

// Person is somebody who responds or writes. No figure is ever about one.
type Person struct {
	Header
	Name    string    `json:"name"`
	Aliases []string  `json:"aliases,omitempty"`
	Email   string    `json:"email,omitempty"`
	Team    ID        `json:"team,omitempty"`
	Zone    string    `json:"zone,omitempty"`
	Joined  time.Time `json:"joined_at,omitzero"`
}

// Kind is KindPerson.
func (*Person) Kind() Kind { return KindPerson }

// Validate checks that a person has a name.
func (p *Person) Validate() error { return p.named("person", p.Name) }

// OrganizationID is the id of the one Organization record in a journal.
const OrganizationID ID = "organization"

// Organization is what the organization said about itself.
type Organization struct {
	Header
	Name            string   `json:"name,omitempty"`
	Zone            string   `json:"zone,omitempty"`             // IANA name in which days, weeks and months are cut; UTC when empty
	CustomersServed *float64 `json:"customers_served,omitempty"` // the denominator of SAIDI and SAIFI
	// SourceOrder says whose word leads where several sources tell of one
	// thing. Without it the source that told first leads.
	SourceOrder []SourceOrder `json:"source_order,omitempty"`
	Joining     *Joining      `json:"joining,omitempty"` // DefaultJoining when nil
	// Retrospectives are the rules for those; DefaultRetroRules where nothing is said.
	Retrospectives *RetroRules `json:"retrospectives,omitempty"`
	// Notices are what Hansei tells people by itself; DefaultNoticeRules where nothing is said.
	Notices *NoticeRules `json:"notices,omitempty"`
	// KeepPayloads is for how many days the payloads of deliveries that were
	// understood are kept; for ever when 0. What failed is always kept.
	KeepPayloads int `json:"keep_payloads,omitempty"`
}

// SourceOrder is one rule of whose word leads.
type SourceOrder struct {
	Kind    Kind     `json:"kind"`
	Field   string   `json:"field,omitempty"` // every field of the kind when empty
	Sources []string `json:"sources"`         // the leading one first
}

// String is the rule as a line: incident severity: jira, pagerduty.
func (r SourceOrder) String() string {
	return strings.TrimSpace(string(r.Kind)+" "+r.Field) + ": " + strings.Join(r.Sources, ", ")
}

// Joining is when two incidents of different sources look like one. Such a
// pair is only suggested; a person decides.
type Joining struct {
	Off         bool    `json:"off,omitzero"`
	Within      int     `json:"within_minutes"`            // they began at most so far apart, or overlap
	SameService bool    `json:"same_service"`              // a service in common is needed
	Title       float64 `json:"title_similarity,omitzero"` // the least similarity of titles, 0 to 1
}

// MaxWithin is how many minutes apart incidents may be that look alike: a week.
const MaxWithin = 7 * 24 * 60

// DefaultJoining asks for a service in common, or nearly the same words.
var DefaultJoining = Joining{Within: 60, SameService: true, Title: 0.3}

// Kind is KindOrganization.
func (*Organization) Kind() Kind { return KindOrganization }

// Validate checks the zone and the number of customers.
func (o *Organization) Validate() error {
	if _, err := time.LoadLocation(o.Zone); err != nil {
		return Invalid("zone", "%q is not a time zone; expected a name such as Europe/Berlin", o.Zone)
	}
	if o.CustomersServed != nil && !(*o.CustomersServed > 0) {
		return Invalid("customers_served", "expected more than 0, got %v", *o.CustomersServed)
	}
	for _, r := range o.SourceOrder {
		if _, err := FieldNamed(r.Kind, r.Field); r.Field != "" && err != nil {
			return Invalid("source_order", "“%s”: the kind %s has no field %q", r, r.Kind, r.Field)
		}
		if len(r.Sources) == 0 {
			return Invalid("source_order", "“%s” names no source; expected at least one", r)
		}
	}
	if j := o.Joining; j != nil && (j.Within < 0 || j.Within > MaxWithin || !(j.Title >= 0 && j.Title <= 1)) {
		return Invalid("joining", "expected within_minutes from 0 to 10,080 and title_similarity from 0 to 1")
	}
	if o.KeepPayloads < 0 {
		return Invalid("keep_payloads", "expected a number of days, or 0 for ever")
	}
	if err := o.Notices.Validate(); err != nil {
		return err
	}
	return o.Retrospectives.Validate()
}

// CustomMetric is a metric that the organization defined, as its YAML.
type CustomMetric struct {
	Header
	Definition string `json:"definition"`
}

// Kind is KindMetric.
func (*CustomMetric) Kind() Kind { return KindMetric }

// Validate checks that there is a definition; metric checks what it means.
func (m *CustomMetric) Validate() error {
	if strings.TrimSpace(m.Definition) == "" {
		return Invalid("definition", "a metric needs its definition")
	}
	return m.valid("metric")
}

func (h *Header) named(noun, name string) error {
	if err := h.valid(noun); err != nil || h.gone() {
		return err
	}
	if strings.TrimSpace(name) == "" {
		return Invalid("name", "a %s needs a name", noun)
	}
	return nil
}

// Slug is the id a service, team or person gets from its name: lower case
// letters with their marks and digits, everything else one hyphen. Two names with
// one slug are taken to be one thing.
func Slug(name string) ID {
	var b strings.Builder
	gap := true
	for _, r := range strings.ToLower(name) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) && !gap {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
			if b.Len() > maxExternal {
				break
			}
			continue
		}
		gap = true
	}
	return ID(b.String())
}
