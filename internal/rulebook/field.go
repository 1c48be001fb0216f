package rulebook

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/fact/duck"
	"hansei/internal/record"
	"hansei/internal/retro"
)

// PutField adds a field of the organization's own, or changes the one of that
// kind and name. Its type can change while no record has a value.
func (b *Book) PutField(ctx context.Context, who auth.Actor, read record.Revision, f hansei.OwnField) (Change, error) {
	f.Label, f.Help = strings.TrimSpace(f.Label), strings.TrimSpace(f.Help)
	if err := f.Validate(); err != nil {
		return Change{}, err
	}
	filled, err := b.Filled(ctx, f.Kind)
	if err != nil {
		return Change{}, err
	}
	return b.Change(ctx, who, read, putting(f, filled[f.Name]))
}

// TryField says what PutField would mean for the retrospectives that are there.
func (b *Book) TryField(ctx context.Context, who auth.Scope, f hansei.OwnField) ([]Lack, error) {
	return b.WhatIf(ctx, who, putting(f, 0))
}

func putting(f hansei.OwnField, filled int) func(*hansei.RetroRules, hansei.RetroRules) error {
	return func(own *hansei.RetroRules, now hansei.RetroRules) error {
		own.Fields = slices.Clone(now.Fields)
		i := slices.IndexFunc(own.Fields, func(x hansei.OwnField) bool { return x.Kind == f.Kind && x.Name == f.Name })
		if i < 0 {
			own.Fields = append(own.Fields, f)
			return nil
		}
		if filled > 0 && own.Fields[i].Type != f.Type {
			return hansei.Invalid("type", "%d records have a %s here; retire this field and add another", filled, own.Fields[i].Type)
		}
		own.Fields[i] = f
		return nil
	}
}

// RetireField stops asking for a field, or asks for it again. What was written
// stays where it is.
func (b *Book) RetireField(ctx context.Context, who auth.Actor, read record.Revision, kind hansei.Kind, name string, retired bool) (Change, error) {
	return b.Change(ctx, who, read, func(own *hansei.RetroRules, now hansei.RetroRules) error {
		own.Fields = slices.Clone(now.Fields)
		i := slices.IndexFunc(own.Fields, func(x hansei.OwnField) bool { return x.Kind == kind && x.Name == name })
		if i < 0 {
			return hansei.Invalid("name", "a %s has no field %q of yours", kind, name)
		}
		own.Fields[i].Retired = retired
		return nil
	})
}

// Filled counts the records of a kind that have a value in each own field,
// also in those that sources bring.
func (b *Book) Filled(ctx context.Context, kind hansei.Kind) (map[string]int, error) {
	out := map[string]int{}
	err := b.Facts.Read(ctx, fmt.Sprintf("SELECT name, count(DISTINCT record) FROM custom_field WHERE kind = %s GROUP BY name", fact.Literal(string(kind))), func(r *duck.Result) error {
		names, counts := r.Strings(0), r.Int64s(1)
		for i := range names {
			out[names[i]] = int(counts[i])
		}
		return nil
	})
	return out, err
}

// PutTemplate adds a template or changes the one of that name; the standard one
// is its parts. before is the name it had, when it is renamed.
func (b *Book) PutTemplate(ctx context.Context, who auth.Actor, read record.Revision, before string, t hansei.Template) (Change, error) {
	t.Name = strings.TrimSpace(t.Name)
	return b.Change(ctx, who, read, func(own *hansei.RetroRules, now hansei.RetroRules) error {
		if strings.EqualFold(t.Name, hansei.StandardTemplate) || strings.EqualFold(before, hansei.StandardTemplate) {
			switch {
			case before != "" && !strings.EqualFold(before, t.Name):
				return hansei.Invalid("name", "the standard template keeps its name, and no other has it")
			case len(t.Severities)+len(t.Types)+len(t.Required) > 0:
				return hansei.Invalid("severities", "the standard template is for every incident that no other fits")
			case len(t.Sections) == 0:
				return hansei.Invalid("sections", "a template needs a part")
			}
			own.Sections = t.Sections
			return nil
		}
		own.Templates = slices.Clone(now.Templates)
		i := slices.IndexFunc(own.Templates, func(x hansei.Template) bool {
			return strings.EqualFold(x.Name, before) || before == "" && strings.EqualFold(x.Name, t.Name)
		})
		switch {
		case i >= 0:
			own.Templates[i] = t
		case before != "":
			return fmt.Errorf("template %q: %w", before, hansei.ErrNotFound)
		default:
			own.Templates = append(own.Templates, t)
		}
		return nil
	})
}

// RemoveTemplate takes a template away. Retrospectives that have it keep their
// parts and its name.
func (b *Book) RemoveTemplate(ctx context.Context, who auth.Actor, read record.Revision, name string) (Change, error) {
	return b.Change(ctx, who, read, func(own *hansei.RetroRules, now hansei.RetroRules) error {
		own.Templates = slices.DeleteFunc(slices.Clone(now.Templates), func(t hansei.Template) bool { return strings.EqualFold(t.Name, name) })
		if len(own.Templates) == len(now.Templates) {
			return fmt.Errorf("template %q: %w", name, hansei.ErrNotFound)
		}
		return nil
	})
}

// Lack is a field that retrospectives would lack under other rules, and do not
// lack under those of today.
type Lack struct {
	Field     string `json:"field"`
	Label     string `json:"label"`
	Published int    `json:"published"` // they stay published
	Drafts    int    `json:"drafts"`    // they are not published without it
}

// WhatIf says what a change of the rules would mean for the retrospectives that
// are there.
func (b *Book) WhatIf(ctx context.Context, who auth.Scope, fn func(own *hansei.RetroRules, now hansei.RetroRules) error) ([]Lack, error) {
	org, _, err := stored(ctx, b.Records, who)
	if err != nil {
		return nil, err
	}
	own, err := copied(org.Retrospectives)
	if err != nil {
		return nil, err
	}
	now := own.Or(hansei.DefaultRetroRules)
	if err := fn(own, now); err != nil {
		return nil, err
	}
	if err := own.Validate(); err != nil {
		return nil, err
	}
	then := own.Or(hansei.DefaultRetroRules)
	out := []Lack{}
	err = b.each(ctx, who, func(r *hansei.Retrospective) {
		if r.State == hansei.RetroNotRequired {
			return
		}
		_, had := retro.Completeness(r, now)
		_, has := retro.Completeness(r, then)
		for _, g := range has {
			if !g.Required || slices.ContainsFunc(had, func(x retro.Gap) bool { return x.Field == g.Field && x.Required }) {
				continue
			}
			i := slices.IndexFunc(out, func(l Lack) bool { return l.Field == g.Field })
			if i < 0 {
				out, i = append(out, Lack{Field: g.Field, Label: g.Label}), len(out)
			}
			if r.Done() {
				out[i].Published++
			} else {
				out[i].Drafts++
			}
		}
	})
	return out, err
}

// Says is the lack in a sentence.
func (l Lack) Says() string {
	var parts []string
	say := func(n int, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
	}
	say(l.Published, "published retrospective lacks it and stays published", "published retrospectives lack it and stay published")
	say(l.Drafts, "draft needs it before it is published", "drafts need it before they are published")
	return l.Label + ": " + strings.Join(parts, "; ") + "."
}
