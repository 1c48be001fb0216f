package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei/internal/cli/quantity"
)

// figureTable prints figures for people: one row each, then what to know
// before using them.
func (p *program) figureTable(figures []figureAnswer, z *time.Location) error {
	if len(figures) == 0 {
		return p.printf("no figures: no record is in the window and the filters\n")
	}
	f := figures[0]
	by := dimensions(figures)
	spans := map[string]bool{}
	compared, censored, excluded := false, false, false
	for _, f := range figures {
		spans[f.Since+f.Until] = true
		compared = compared || f.Compare != nil
		censored = censored || f.Censored != "0"
		excluded = excluded || len(f.Excluded) > 0
	}
	title := strings.ReplaceAll(f.Metric, "_", " ") + statistic(f.Statistic)
	if len(spans) == 1 {
		title += ", " + quantity.Span(f.Since, f.Until, z)
	}
	if err := p.printf("%s\n\n", title); err != nil {
		return err
	}
	head := slices.Clone(by)
	if len(spans) > 1 {
		head = append(head, "period")
	}
	head = append(head, "value", fmt.Sprintf("%s interval", quantity.Percent(f.Level.String())), "n")
	if censored {
		head = append(head, "still open")
	}
	if excluded {
		head = append(head, "left out")
	}
	if compared {
		head = append(head, "compared")
	}
	t := table{head: head}
	for _, f := range figures {
		var row []string
		for _, d := range by {
			row = append(row, f.Group[d])
		}
		if len(spans) > 1 {
			row = append(row, quantity.Span(f.Since, f.Until, z))
		}
		row = append(row, quantity.Of(f.Value, f.Unit), interval(f), f.N.String())
		if censored {
			row = append(row, f.Censored.String())
		}
		if excluded {
			row = append(row, leftOut(f.Excluded, " ", ", "))
		}
		if compared {
			row = append(row, f.verdict(len(figures) > 1))
		}
		t.rows = append(t.rows, row)
	}
	if err := t.print(p); err != nil {
		return err
	}
	return p.notes(figures)
}

// verdict is the comparison's word, or its sentence where there is no room for
// one under the table.
func (f figureAnswer) verdict(sentence bool) string {
	switch {
	case f.Compare == nil:
		return ""
	case sentence:
		return strings.TrimSuffix(f.Compare.Says, ".")
	}
	return f.Compare.Verdict
}

// notes prints the verdict of a single figure as its sentence, and each
// warning once, under the table.
func (p *program) notes(figures []figureAnswer) error {
	var says []string
	times := map[string]int{}
	add := func(s string) {
		if times[s]++; times[s] == 1 && s != "" {
			says = append(says, s)
		}
	}
	if f := figures[0]; len(figures) == 1 && f.Compare != nil {
		add(f.Compare.Says)
	}
	for _, f := range figures {
		for _, w := range f.Warnings {
			add(w.Says)
		}
	}
	if len(says) == 0 {
		return nil
	}
	if err := p.printf("\n"); err != nil {
		return err
	}
	for _, s := range says {
		if n := times[s]; n > 1 {
			s += fmt.Sprintf(" (%d of %d figures)", n, len(figures))
		}
		if err := p.printf("%s\n", s); err != nil {
			return err
		}
	}
	return nil
}

func interval(f figureAnswer) string {
	if f.Unit != "s" && f.Unit != "ratio" {
		f.Unit = "" // the value beside it names the unit
	}
	switch {
	case f.Low == nil && f.High == nil:
		return "–"
	case f.Low == nil:
		return "up to " + quantity.Of(f.High, f.Unit)
	case f.High == nil:
		return quantity.Of(f.Low, f.Unit) + " or more"
	}
	return quantity.Of(f.Low, f.Unit) + " – " + quantity.Of(f.High, f.Unit)
}

// statistic is what a title adds to the metric's name.
func statistic(s string) string {
	switch {
	case s == "p50":
		return ", median"
	case s == "rate" || s == "ratio":
		return "" // the metric's name says so
	}
	return ", " + s
}
