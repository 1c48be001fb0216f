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
}

// Kind is KindService.
func (*Service) Kind() Kind { return KindService }

// Validate checks that a service has a name.
func (s *Service) Validate() error { return s.named("service", s.Name) }

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
}

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
	return nil
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
// letters and digits, everything else one hyphen. Two names with one slug are
// taken to be one thing.
func Slug(name string) ID {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(name) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
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
