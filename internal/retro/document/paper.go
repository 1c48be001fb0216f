package document

import (
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/retro/pdf"
)

// PDF writes the document as pages of A4, dated by when it was published or,
// before that, drafted.
func (d Document) PDF() (string, error) {
	at := d.Retrospective.Published
	if at.IsZero() {
		at = d.Retrospective.Drafted
	}
	var b strings.Builder
	err := pdf.Write(&b, pdf.Paper{Title: oneLine(d.Retrospective.Title), Rows: d.rows(), Text: d.written("☑", "☐", d.momentTable), At: at})
	return b.String(), err
}

// momentTable is the timeline as a table.
func (d Document) momentTable(b *strings.Builder) {
	var rows strings.Builder
	for _, m := range d.Retrospective.Timeline {
		if !m.Dropped {
			rows.WriteString("| " + m.At.UTC().Format(time.DateTime) + " | " + strings.ReplaceAll(momentLine(m), "|", `\|`) + " |\n")
		}
	}
	if rows.Len() > 0 {
		b.WriteString("\n## " + timelineTitle + "\n\n| Time (UTC) | What happened |\n|---|---|\n" + rows.String())
	}
}

// rows are the metadata for people.
func (d Document) rows() (out []pdf.Row) {
	r := d.Retrospective
	row := func(name string, values ...string) {
		var cells []string
		for _, v := range values {
			if v = oneLine(v); v != "" {
				cells = append(cells, v)
			}
		}
		if len(cells) > 0 {
			out = append(out, pdf.Row{Name: name, Values: cells})
		}
	}
	row("State", strings.ReplaceAll(r.State, "_", " "))
	row("Severity", r.Severity)
	row("Services", d.names(hansei.KindService, r.Services)...)
	row("Functionality", r.Functionality...)
	if r.Customers != nil {
		row("Customers affected", strconv.FormatFloat(*r.Customers, 'f', -1, 64))
	}
	row("Detection", r.Detection)
	row("Trigger", r.Trigger)
	row("Contributing factors", r.FactorNames...)
	row("Mitigation", r.Mitigation)
	row("Went well", r.WentWell...)
	row("Lucky", r.Lucky...)
	row("Surprises", r.Surprises...)
	row("Knowledge gaps", r.KnowledgeGaps...)
	row("Lessons", r.Lessons...)
	return out
}
