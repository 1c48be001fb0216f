package reading

import (
	"maps"
	"slices"
	"time"

	"hansei"
	"hansei/internal/source"
)

// component is a part of what the page tells of, or a group of them.
type component struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Updated time.Time `json:"updated_at"`
	Group   bool      `json:"group"`
}

// body is what a webhook or a list holds: one of these.
type body struct {
	Incident     *incident           `json:"incident"`  // webhook
	Component    *component          `json:"component"` // webhook
	Incidents    []incident          `json:"incidents"`
	Maintenances []incident          `json:"scheduled_maintenances"`
	Components   []component         `json:"components"`
	History      map[string]incident `json:"history"` // by their codes
}

// Page is one status page.
type Page struct {
	Name string // of its source
	URL  string // as customers see it, without a slash at its end
}

// Normalize understands a webhook or a page of a list.
func (s Page) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	var b body
	if err := source.Decode(d.Body, &b); err != nil {
		return nil, hansei.Invalid("body", "not what a status page says: %v", err)
	}
	if b.Incident != nil {
		b.Incidents = append(b.Incidents, *b.Incident)
	}
	if b.Component != nil {
		b.Components = append(b.Components, *b.Component)
	}
	var out []hansei.Observation
	add := func(i *incident, code string) error {
		o, err := s.observe(i, code)
		out = append(out, o)
		return err
	}
	for _, list := range [][]incident{b.Incidents, b.Maintenances} {
		for i := range list {
			if err := add(&list[i], ""); err != nil {
				return nil, err
			}
		}
	}
	for _, code := range slices.Sorted(maps.Keys(b.History)) {
		i := b.History[code]
		if err := add(&i, code); err != nil {
			return nil, err
		}
	}
	for _, c := range b.Components {
		switch {
		case c.ID == "" || c.Name == "":
			return nil, hansei.Invalid("components", "a component needs an id and a name")
		case !c.Group: // a group has no incidents of its own
			out = append(out, hansei.Observation{
				Key:    hansei.Key{Kind: hansei.KindService, Source: s.Name, External: c.ID},
				Record: &hansei.Service{Name: c.Name, URL: s.URL}, At: c.Updated.UTC(),
			})
		}
	}
	if len(out) == 0 {
		return nil, source.Unused("neither an incident nor a component")
	}
	for i := range out {
		out[i].Line = i + 1
	}
	return out, nil
}
