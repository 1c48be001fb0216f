package retro

import (
	"context"
	"errors"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/schema"
)

// Retemplate gives a retrospective another template. No answer is lost by it:
// see hansei.Retrospective.Use. The template that it has brings it up to date
// with what the template is today.
func (d *Desk) Retemplate(ctx context.Context, who auth.Actor, id hansei.ID, name string) (record.Seq, error) {
	return d.change(ctx, who, id, func(tx *record.Tx, r *hansei.Retrospective) error {
		rules, err := Rules(ctx, tx, who.Scope())
		if err != nil {
			return err
		}
		t, ok := rules.Template(name)
		if !ok {
			return hansei.Invalid("template", "there is no template %q", name)
		}
		r.Use(t)
		revised(r)
		return nil
	})
}

// Fitting is the template that a retrospective would get today: its worst
// severity and the type of its first incident decide. They may have changed
// since it was drafted.
func (d *Desk) Fitting(ctx context.Context, who auth.Scope, r *hansei.Retrospective, rules hansei.RetroRules) (string, error) {
	severity, kind := r.Severity, ""
	if len(r.Incidents) > 0 {
		in, _, err := record.Get[*hansei.Incident](ctx, d.Records, who, r.Incidents[0])
		switch {
		case errors.Is(err, hansei.ErrNotFound):
		case err != nil:
			return "", err
		default:
			kind = in.Type
		}
	}
	return rules.TemplateFor(severity, kind).Name, nil
}

// Renew gives the factors of a retrospective the names that the taxonomy has
// for them today; seq is 0 when nothing changed. It is no revision of what was
// written.
func (d *Desk) Renew(ctx context.Context, who auth.Actor, id hansei.ID) (record.Seq, error) {
	seq, err := d.change(ctx, who, id, func(tx *record.Tx, r *hansei.Retrospective) error {
		rules, err := Rules(ctx, tx, who.Scope())
		if err != nil {
			return err
		}
		if !schema.Renew(r, rules.Taxonomy) {
			return errUnchanged
		}
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return 0, nil
	}
	return seq, err
}
