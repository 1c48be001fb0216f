package retro

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/chart"
	"hansei/internal/record"
	"hansei/internal/retro/prose"
)

// plain puts what references are called, and what live blocks say, in their
// place: the document leaves for where nobody can look them up.
func (d *Desk) plain(ctx context.Context, who auth.Scope, r *hansei.Retrospective) error {
	var refs prose.Refs
	texts := make([]*prose.Text, len(r.Sections))
	for i, s := range r.Sections {
		texts[i] = prose.Parse(s.Text)
		texts[i].Refs(&refs)
	}
	people, err := record.Load(ctx, d.Records, who, hansei.KindPerson, refs.People)
	if err != nil {
		return err
	}
	incidents, err := record.Load(ctx, d.Records, who, hansei.KindIncident, refs.Incidents)
	if err != nil {
		return err
	}
	blocks := map[string]string{}
	for _, b := range refs.Blocks {
		if blocks[b], err = d.inWords(ctx, who, r, b); err != nil {
			return err
		}
	}
	known := prose.Resolved{
		Person: func(id hansei.ID) (prose.Link, bool) {
			s, ok := people[id]
			if !ok {
				return prose.Link{}, false
			}
			return prose.Link{Text: s.Record.(*hansei.Person).Name}, true
		},
		Incident: func(id hansei.ID) (prose.Link, bool) {
			s, ok := incidents[id]
			if !ok {
				return prose.Link{}, false
			}
			return prose.Link{Text: cmp.Or(s.Record.(*hansei.Incident).Title, string(id))}, true
		},
		Moment: func(id string) (prose.Link, bool) {
			i := slices.IndexFunc(r.Timeline, func(m hansei.Moment) bool { return m.ID == id })
			if i < 0 {
				return prose.Link{}, false
			}
			return prose.Link{Text: "(" + r.Timeline[i].At.UTC().Format("15:04") + " UTC)"}, true
		},
	}
	for i, t := range texts {
		r.Sections[i].Text = t.Plain(known, "", func(b string) string { return blocks[b] })
	}
	return nil
}

// inWords is a live block as a line of Markdown.
func (d *Desk) inWords(ctx context.Context, who auth.Scope, r *hansei.Retrospective, block string) (string, error) {
	if !freezes(block) {
		return "", nil // the document has the timeline anyway
	}
	i := slices.IndexFunc(r.Frozen, func(f hansei.Frozen) bool { return f.Block == block })
	var f hansei.Frozen
	switch {
	case i >= 0 && !r.Published.IsZero():
		f = r.Frozen[i]
	case d.Figure == nil:
		return "*" + block + "*", nil
	default:
		var err error
		f, err = d.Figure(ctx, who, block)
		if err != nil {
			return "*" + block + "*: it cannot be computed", ctx.Err()
		}
		f.At = d.Now().UTC()
	}
	unit := chart.Unit(f.Unit)
	if f.Value == nil {
		return fmt.Sprintf("**%s**: %s", f.Title, f.Says), nil
	}
	about := []string{strings.TrimSpace(strings.Replace(f.Statistic, "p50", "median", 1)), fmt.Sprintf("n = %d", f.N)}
	if f.Low != nil && f.High != nil {
		about = append(about, chart.Format(*f.Low, unit)+" to "+chart.Format(*f.High, unit))
	}
	about = append(about, "as of "+f.At.Format("2 January 2006"))
	return fmt.Sprintf("**%s: %s** (%s)", f.Title, chart.Format(*f.Value, unit), strings.Join(slices.DeleteFunc(about, func(s string) bool { return s == "" }), ", ")), nil
}
