package document

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	render "github.com/yuin/goldmark/renderer/html"

	"hansei"
)

// Document is a retrospective with what a reader of it alone needs.
type Document struct {
	Retrospective *hansei.Retrospective
	FollowUps     []*hansei.FollowUp
	Name          func(hansei.Kind, hansei.ID) string // what a service, team or person is called
}

// front is the metadata at the head of a Markdown file, in the order in which
// it is written. Read understands it again.
type front struct {
	Title           string   `yaml:"title"`
	URL             string   `yaml:"url,omitempty"`
	State           string   `yaml:"state,omitempty"`
	Severity        string   `yaml:"severity,omitempty"`
	Incidents       []string `yaml:"incidents,omitempty"`
	Services        []string `yaml:"services,omitempty"`
	Teams           []string `yaml:"teams,omitempty"`
	Owner           string   `yaml:"owner,omitempty"`
	Published       string   `yaml:"published_at,omitempty"`
	Functionality   []string `yaml:"functionality,omitempty"`
	CustomersLow    *float64 `yaml:"customers_low,omitempty"`
	Customers       *float64 `yaml:"customers_affected,omitempty"`
	CustomersHigh   *float64 `yaml:"customers_high,omitempty"`
	CustomersMethod string   `yaml:"customers_method,omitempty"`
	Detection       string   `yaml:"detection,omitempty"`
	Trigger         string   `yaml:"trigger,omitempty"`
	Mitigation      string   `yaml:"mitigation,omitempty"`
	Factors         []string `yaml:"factors,omitempty"`
	WentWell        []string `yaml:"went_well,omitempty"`
	Lucky           []string `yaml:"lucky,omitempty"`
	Surprises       []string `yaml:"surprises,omitempty"`
	KnowledgeGaps   []string `yaml:"knowledge_gaps,omitempty"`
	Lessons         []string `yaml:"lessons,omitempty"`
}

// Markdown writes the document as Markdown with its metadata in front.
func (d Document) Markdown() (string, error) {
	r := d.Retrospective
	head := front{Title: r.Title, URL: r.URL, State: r.State, Severity: r.Severity, Services: d.names(hansei.KindService, r.Services), Teams: d.names(hansei.KindTeam, r.Teams),
		Functionality: r.Functionality, CustomersLow: r.CustomersLow, Customers: r.Customers, CustomersHigh: r.CustomersHigh, CustomersMethod: r.CustomersMethod,
		Detection: r.Detection, Trigger: r.Trigger, Mitigation: r.Mitigation, Factors: r.FactorNames,
		WentWell: r.WentWell, Lucky: r.Lucky, Surprises: r.Surprises, KnowledgeGaps: r.KnowledgeGaps, Lessons: r.Lessons}
	for _, id := range r.Incidents {
		head.Incidents = append(head.Incidents, string(id))
	}
	if r.Owner != "" {
		head.Owner = d.Name(hansei.KindPerson, r.Owner)
	}
	if !r.Published.IsZero() {
		head.Published = r.Published.Format(time.RFC3339)
	}
	meta, err := yaml.Marshal(head)
	if err != nil {
		return "", fmt.Errorf("metadata of %s: %w", r.ID, err)
	}
	return "---\n" + string(meta) + "---\n\n" + d.body(), nil
}

// body is the document without its metadata.
func (d Document) body() string {
	r := d.Retrospective
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", oneLine(r.Title))
	for _, s := range r.Sections {
		if strings.TrimSpace(s.Text) != "" {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", oneLine(s.Title), strings.TrimSpace(s.Text))
		}
	}
	d.factors(&b)
	d.moments(&b)
	if len(d.FollowUps) > 0 {
		b.WriteString("\n## Follow-ups\n\n")
		for _, f := range d.FollowUps {
			box := " "
			if f.Status == hansei.FollowUpDone {
				box = "x"
			}
			line := fmt.Sprintf("- [%s] %s", box, oneLine(f.Title))
			if f.Status == hansei.FollowUpDeclined {
				line += " (declined: " + oneLine(f.Reason) + ")"
			} else if f.Status == hansei.FollowUpOpen && !f.Due.IsZero() {
				line += " (due " + f.Due.Format(time.DateOnly) + ")"
			}
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func (d Document) factors(b *strings.Builder) {
	var lines []string
	for _, f := range d.Retrospective.Factors {
		if f.Evidence != "" {
			lines = append(lines, "- **"+oneLine(f.Name)+"**: "+oneLine(f.Evidence))
		}
	}
	if len(lines) > 0 {
		b.WriteString("\n## Evidence of the contributing factors\n\n" + strings.Join(lines, "\n") + "\n")
	}
}

func (d Document) moments(b *strings.Builder) {
	day := ""
	for _, m := range d.Retrospective.Timeline {
		if m.Dropped {
			continue
		}
		if day == "" {
			b.WriteString("\n## Timeline\n\nTimes in UTC.\n")
		}
		if at := m.At.UTC().Format(time.DateOnly); at != day {
			day = at
			fmt.Fprintf(b, "\n### %s\n\n", day)
		}
		line := "- " + m.At.UTC().Format("15:04:05") + " " + oneLine(m.Text)
		if m.Count > 1 {
			line += fmt.Sprintf(" (%d times)", m.Count)
		}
		if m.By != "" {
			line += " (" + oneLine(m.By) + ")"
		}
		if m.Marker != "" {
			line += " **" + m.Marker + "**"
		}
		if m.Note != "" {
			line += ": " + oneLine(m.Note)
		}
		b.WriteString(line + "\n")
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func (d Document) names(kind hansei.Kind, ids []hansei.ID) (out []string) {
	for _, id := range ids {
		out = append(out, cmp.Or(d.Name(kind, id), string(id)))
	}
	return out
}

// clean is what HTML of people may hold: no scripts, no styles, no frames.
var clean = bluemonday.UGCPolicy()

// Prose turns a section's Markdown into HTML that is safe to show.
func Prose(markdown string) (string, error) { return prose(markdown, false) }

func prose(markdown string, xhtml bool) (string, error) {
	options := []goldmark.Option{goldmark.WithExtensions(extension.GFM)}
	if xhtml {
		options = append(options, goldmark.WithRendererOptions(render.WithXHTML()))
	}
	var out bytes.Buffer
	if err := goldmark.New(options...).Convert([]byte(markdown), &out); err != nil {
		return "", fmt.Errorf("markdown: %w", err)
	}
	return string(clean.SanitizeBytes(out.Bytes())), nil
}

// page stands around an exported document. The style is inline so that
// Google Docs and Word keep it.
const page = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>%[1]s</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}dt{font-weight:600}table{border-collapse:collapse}td,th{border:1px solid #999;padding:.2rem .5rem}</style>
</head><body>
%[2]s
</body></html>
`

// HTML writes the document as one page that stands alone. Word opens it, and
// so does Google Docs.
func (d Document) HTML() (string, error) {
	body, err := prose(d.body()+d.table(), false)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(page, html.EscapeString(d.Retrospective.Title), body), nil
}

// Confluence writes the document in Confluence's storage format: XHTML without
// a page around it.
func (d Document) Confluence() (string, error) { return prose(d.body()+d.table(), true) }

// table is the metadata for people, where there is no YAML in front.
func (d Document) table() string {
	r := d.Retrospective
	var b strings.Builder
	row := func(name string, values ...string) {
		if text := strings.Join(values, ", "); strings.TrimSpace(text) != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", name, strings.ReplaceAll(oneLine(text), "|", "\\|"))
		}
	}
	row("State", strings.ReplaceAll(r.State, "_", " "))
	row("Severity", r.Severity)
	row("Services", d.names(hansei.KindService, r.Services)...)
	row("Functionality", r.Functionality...)
	if r.Customers != nil {
		row("Customers affected", strconv.FormatFloat(*r.Customers, 'f', 0, 64))
	}
	row("Detection", r.Detection)
	row("Trigger", r.Trigger)
	row("Contributing factors", r.FactorNames...)
	row("Mitigation", r.Mitigation)
	row("Lessons", r.Lessons...)
	if b.Len() == 0 {
		return ""
	}
	return "\n## In short\n\n| | |\n|---|---|\n" + b.String()
}
