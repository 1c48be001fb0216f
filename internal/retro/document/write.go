package document

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"hansei"
)

// Document is a retrospective with what a reader of it alone needs.
type Document struct {
	Retrospective *hansei.Retrospective
	FollowUps     []*hansei.FollowUp
	Name          func(hansei.Kind, hansei.ID) string // what a service, team or person is called
}

// Markdown writes the document as Markdown with its metadata in front.
func (d Document) Markdown() (string, error) {
	meta, err := yaml.Marshal(d.front())
	if err != nil {
		return "", fmt.Errorf("metadata of %s: %w", d.Retrospective.ID, err)
	}
	return "---\n" + string(meta) + "---\n\n" + "# " + oneLine(d.Retrospective.Title) + "\n" + d.body("[x]", "[ ]"), nil
}

// body is the document without its metadata. done and open are what stands in
// front of a follow-up.
func (d Document) body(done, open string) string { return d.written(done, open, d.moments) }

func (d Document) written(done, open string, timeline func(*strings.Builder)) string {
	r := d.Retrospective
	var b strings.Builder
	for _, s := range r.Sections {
		if strings.TrimSpace(s.Text) != "" {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", oneLine(s.Title), strings.TrimSpace(lowered(s.Text)))
		}
	}
	d.factors(&b)
	timeline(&b)
	if len(d.FollowUps) > 0 {
		b.WriteString("\n## Follow-ups\n\n")
		for _, f := range d.FollowUps {
			box := open
			if f.Status == hansei.FollowUpDone {
				box = done
			}
			b.WriteString("- " + box + " " + followLine(f) + "\n")
		}
	}
	return b.String()
}

// followLine is a follow-up in a line.
func followLine(f *hansei.FollowUp) string {
	line := oneLine(f.Title)
	switch {
	case f.Status == hansei.FollowUpDeclined:
		return line + " (declined: " + oneLine(f.Reason) + ")"
	case f.Status == hansei.FollowUpOpen && !f.Due.IsZero():
		return line + " (due " + f.Due.Format(time.DateOnly) + ")"
	}
	return line
}

func (d Document) factors(b *strings.Builder) {
	var lines []string
	for _, f := range d.Retrospective.Factors {
		if f.Evidence != "" {
			lines = append(lines, "- **"+oneLine(f.Name)+"**: "+oneLine(f.Evidence))
		}
	}
	if len(lines) > 0 {
		b.WriteString("\n## " + evidenceTitle + "\n\n" + strings.Join(lines, "\n") + "\n")
	}
}

func (d Document) moments(b *strings.Builder) {
	day := ""
	for _, m := range d.Retrospective.Timeline {
		if m.Dropped {
			continue
		}
		if day == "" {
			b.WriteString("\n## " + timelineTitle + "\n\nTimes in UTC.\n")
		}
		if at := m.At.UTC().Format(time.DateOnly); at != day {
			day = at
			fmt.Fprintf(b, "\n### %s\n\n", day)
		}
		b.WriteString("- " + m.At.UTC().Format("15:04:05") + " " + momentLine(m) + "\n")
	}
}

// momentLine is what happened at a moment, in a line.
func momentLine(m hansei.Moment) string {
	line := oneLine(m.Text)
	if m.Count > 1 {
		line += fmt.Sprintf(" (%d times)", m.Count)
	}
	if m.By != "" {
		line += " (" + oneLine(m.By) + ")"
	}
	if m.Marker != "" {
		line += " ⟨" + m.Marker + "⟩"
	}
	if m.Note != "" {
		line += ": " + oneLine(m.Note)
	}
	return line
}

// lowered makes headings within a section smaller than the section's own, so
// that they stay within it.
func lowered(text string) string {
	fence := false
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fence = !fence
		}
		if m := topHeading.FindString(line); m != "" && !fence {
			lines[i] = "### " + strings.TrimPrefix(line, m)
		}
	}
	return strings.Join(lines, "\n")
}

var topHeading = regexp.MustCompile(`^#{1,2}\s+`)

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func (d Document) names(kind hansei.Kind, ids []hansei.ID) (out []string) {
	for _, id := range ids {
		out = append(out, cmp.Or(d.Name(kind, id), string(id)))
	}
	return out
}
