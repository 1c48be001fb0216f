package followup

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/tracker"
)

// draft is a follow-up as an issue to be created.
func (d *Desk) draft(ctx context.Context, who auth.Scope, f *hansei.FollowUp, zone *time.Location) (tracker.Draft, error) {
	values := ours(f, zone).Values
	out := tracker.Draft{Title: values[tracker.Title], Marker: f.Tracker.Marker, Due: values[tracker.Due], Priority: values[tracker.Priority]}
	if f.Type != "" {
		out.Labels = []string{f.Type}
	}
	var err error
	if out.Owner, err = d.person(ctx, who, f.Owner); err != nil {
		return out, err
	}
	out.Body, err = d.body(ctx, who, f)
	return out, err
}

// person is somebody as a tracker may know them.
func (d *Desk) person(ctx context.Context, who auth.Scope, id hansei.ID) (tracker.Person, error) {
	if id == "" {
		return tracker.Person{}, nil
	}
	found, err := record.Load(ctx, d.Records, who, hansei.KindPerson, []hansei.ID{id})
	if err != nil {
		return tracker.Person{}, err
	}
	out := tracker.Person{Names: []string{string(id)}}
	if x, ok := found[id]; ok {
		p := x.Record.(*hansei.Person)
		out.Names = append([]string{p.Name}, p.Aliases...)
		if string(id) != p.Name {
			out.Names = append(out.Names, string(id))
		}
		out.Email = p.Email
	}
	return out, nil
}

// body is what an issue says: what is to be done, what it is about, and the
// way back. No names of people.
func (d *Desk) body(ctx context.Context, who auth.Scope, f *hansei.FollowUp) (string, error) {
	var b strings.Builder
	if f.Description != "" {
		b.WriteString(f.Description + "\n\n")
	}
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "- %s: %s\n", label, text)
		}
	}
	line("Kind", f.Type)
	line("Priority", f.Priority)
	if !f.Due.IsZero() {
		line("Due", f.Due.Format(time.DateOnly))
	}
	line("Addresses the contributing factor", f.Factor)
	line("How its effect will be seen", f.Verify)
	found, err := record.Load(ctx, d.Records, who, hansei.KindIncident, f.Incidents[:min(len(f.Incidents), 20)])
	if err != nil {
		return "", err
	}
	for _, id := range f.Incidents {
		if x, ok := found[id]; ok {
			title := strings.NewReplacer("[", "(", "]", ")").Replace(x.Record.(*hansei.Incident).Title)
			line("Incident", fmt.Sprintf("[%s](%s)", title, d.link("incidents", id)))
		}
	}
	fmt.Fprintf(&b, "\n[This follow-up in Hansei](%s): its title, state, owner and due date are kept in step with this issue.", d.link("follow-ups", f.ID))
	return b.String(), nil
}

func (d *Desk) link(under string, id hansei.ID) string {
	return strings.TrimSuffix(d.Base, "/") + "/" + under + "/" + url.PathEscape(string(id))
}
