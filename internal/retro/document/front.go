package document

import (
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"hansei"
)

// frontName is the name under which the metadata stands in the head of a page.
const frontName = "hansei-front"

// front is the metadata at the head of a Markdown file, in the order in which
// it is written. Read understands it again, whole.
type front struct {
	Format          int            `yaml:"hansei"` // 1; says that we wrote it
	Title           string         `yaml:"title"`
	URL             string         `yaml:"url,omitempty"`
	State           string         `yaml:"state,omitempty"`
	Severity        string         `yaml:"severity,omitempty"`
	Incidents       []string       `yaml:"incidents,omitempty"`
	Services        []string       `yaml:"services,omitempty"`
	Teams           []string       `yaml:"teams,omitempty"`
	Owner           string         `yaml:"owner,omitempty"`
	Published       string         `yaml:"published_at,omitempty"`
	Functionality   []string       `yaml:"functionality,omitempty"`
	CustomersLow    *float64       `yaml:"customers_low,omitempty"`
	Customers       *float64       `yaml:"customers_affected,omitempty"`
	CustomersHigh   *float64       `yaml:"customers_high,omitempty"`
	CustomersMethod string         `yaml:"customers_method,omitempty"`
	Detection       string         `yaml:"detection,omitempty"`
	Trigger         string         `yaml:"trigger,omitempty"`
	Mitigation      string         `yaml:"mitigation,omitempty"`
	Factors         []string       `yaml:"factors,omitempty"`
	WentWell        []string       `yaml:"went_well,omitempty"`
	Lucky           []string       `yaml:"lucky,omitempty"`
	Surprises       []string       `yaml:"surprises,omitempty"`
	KnowledgeGaps   []string       `yaml:"knowledge_gaps,omitempty"`
	Lessons         []string       `yaml:"lessons,omitempty"`
	Custom          yaml.MapSlice  `yaml:"custom,omitempty"`
	Template        string         `yaml:"template,omitempty"`
	Sections        []frontSection `yaml:"sections,omitempty"`
	FollowUps       []frontFollow  `yaml:"follow_ups,omitempty"`
}

// frontSection says which heading is which section, and in which order.
type frontSection struct {
	ID    string `yaml:"id"`
	Title string `yaml:"title"`
}

// frontFollow is a follow-up, of which the text shows only a line.
type frontFollow struct {
	Title    string `yaml:"title"`
	Status   string `yaml:"status,omitempty"`
	Type     string `yaml:"type,omitempty"`
	Priority string `yaml:"priority,omitempty"`
	Due      string `yaml:"due,omitempty"`
	Factor   string `yaml:"factor,omitempty"`
	Verify   string `yaml:"verify,omitempty"`
	Reason   string `yaml:"reason,omitempty"`
}

// front is the document's metadata.
func (d Document) front() front {
	r := d.Retrospective
	out := front{Format: 1, Title: oneLine(r.Title), URL: r.URL, State: r.State, Severity: r.Severity, Services: d.names(hansei.KindService, r.Services), Teams: d.names(hansei.KindTeam, r.Teams),
		Functionality: r.Functionality, CustomersLow: r.CustomersLow, Customers: r.Customers, CustomersHigh: r.CustomersHigh, CustomersMethod: r.CustomersMethod,
		Detection: r.Detection, Trigger: r.Trigger, Mitigation: r.Mitigation, Factors: r.FactorNames, Template: r.Template,
		WentWell: r.WentWell, Lucky: r.Lucky, Surprises: r.Surprises, KnowledgeGaps: r.KnowledgeGaps, Lessons: r.Lessons}
	for _, id := range r.Incidents {
		out.Incidents = append(out.Incidents, string(id))
	}
	if r.Owner != "" {
		out.Owner = d.Name(hansei.KindPerson, r.Owner)
	}
	if !r.Published.IsZero() {
		out.Published = r.Published.Format(time.RFC3339)
	}
	for _, name := range sortedKeys(r.Custom) {
		out.Custom = append(out.Custom, yaml.MapItem{Key: name, Value: r.Custom[name]})
	}
	for _, s := range r.Sections {
		if strings.TrimSpace(s.Text) != "" {
			out.Sections = append(out.Sections, frontSection{s.ID, oneLine(s.Title)})
		}
	}
	for _, f := range d.FollowUps {
		due := ""
		if !f.Due.IsZero() {
			due = f.Due.Format(time.RFC3339)
		}
		out.FollowUps = append(out.FollowUps, frontFollow{oneLine(f.Title), f.Status, f.Type, f.Priority, due, f.Factor, f.Verify, f.Reason})
	}
	return out
}

// ours reads a document that we wrote: nothing in it is guessed.
func (x *reader) ours(f front, parts []part) {
	r := x.found.Retrospective
	r.Title, r.URL, r.Severity, r.Template = f.Title, f.URL, f.Severity, f.Template
	r.Functionality, r.CustomersLow, r.Customers, r.CustomersHigh, r.CustomersMethod = f.Functionality, f.CustomersLow, f.Customers, f.CustomersHigh, f.CustomersMethod
	r.Detection, r.Trigger, r.Mitigation = f.Detection, f.Trigger, f.Mitigation
	r.WentWell, r.Lucky, r.Surprises, r.KnowledgeGaps, r.Lessons = f.WentWell, f.Lucky, f.Surprises, f.KnowledgeGaps, f.Lessons
	x.found.Services, x.found.Teams = f.Services, f.Teams
	for _, id := range f.Incidents {
		x.found.Incidents = append(x.found.Incidents, hansei.ID(id))
	}
	if t, err := time.Parse(time.RFC3339, f.Published); err == nil {
		r.Published = t.UTC()
	}
	if len(f.Custom) > 0 {
		r.Custom = map[string]string{}
		for _, c := range f.Custom {
			if k, ok := c.Key.(string); ok {
				if v, ok := c.Value.(string); ok {
					r.Custom[k] = v
				}
			}
		}
	}
	x.known(f.Factors)
	for _, s := range x.rules.Sections {
		r.Sections = append(r.Sections, hansei.Section{ID: s.ID, Title: s.Title, Prompt: s.Prompt})
	}
	rest := x.ourSections(f.Sections, parts)
	for _, p := range rest {
		switch p.title {
		case evidenceTitle:
			readEvidence(r, p.text)
		case timelineTitle:
			r.Timeline = moments([]part{p}, time.Time{})
			readMarkers(r.Timeline)
		}
	}
	for _, g := range f.FollowUps {
		fu := hansei.FollowUp{Title: Cut(oneLine(g.Title), 300), Status: g.Status, Type: g.Type, Priority: g.Priority, Factor: g.Factor, Verify: g.Verify, Reason: g.Reason}
		if fu.Status == "" {
			fu.Status = hansei.FollowUpOpen
		}
		if t, err := time.Parse(time.RFC3339, g.Due); err == nil {
			fu.Due = t.UTC()
		}
		x.found.FollowUps = append(x.found.FollowUps, fu)
	}
}

// ourSections takes the sections off the parts, each by its heading, in their
// order, and returns the rest.
func (x *reader) ourSections(list []frontSection, parts []part) []part {
	r := x.found.Retrospective
	for _, s := range list {
		i := 0
		for i < len(parts) && parts[i].title != plainText(s.Title) {
			i++
		}
		if i == len(parts) {
			x.found.Notes = append(x.found.Notes, "the section \""+s.Title+"\" is named in front and not there")
			continue
		}
		text := Cut(strings.TrimSpace(parts[i].text), hansei.MaxSection-10)
		parts = parts[i+1:]
		if have := r.Section(s.ID); have != nil {
			have.Title, have.Text = s.Title, text
		} else {
			r.Sections = append(r.Sections, hansei.Section{ID: s.ID, Title: s.Title, Text: text})
		}
	}
	return parts
}

func readEvidence(r *hansei.Retrospective, text string) {
	for line := range strings.Lines(text) {
		name, evidence, ok := strings.Cut(strings.TrimSpace(line), "**: ")
		name = strings.TrimLeft(name, "-* ")
		for i := range r.Factors {
			if ok && r.Factors[i].Name == name {
				r.Factors[i].Evidence = strings.TrimSpace(evidence)
			}
		}
	}
}

// readMarkers takes the part of the story that an entry tells, and a person's
// note behind it, off its text again.
func readMarkers(list []hansei.Moment) {
	for i := range list {
		for _, m := range hansei.Markers {
			if text, note, ok := strings.Cut(list[i].Text, " ⟨"+m+"⟩"); ok {
				list[i].Text, list[i].Marker = text, m
				list[i].Note = strings.TrimSpace(strings.TrimPrefix(note, ":"))
			}
		}
	}
}
