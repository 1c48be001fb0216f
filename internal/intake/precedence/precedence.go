// Package precedence checks the rules that say whose word leads.
package precedence

import (
	"context"
	"slices"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// Check wants one rule for a kind or a field of it, in which each source stands
// once, and sources that are there or told something. A name that stood in the
// rules before may stay: its source may be gone since.
func Check(ctx context.Context, tx *record.Tx, who auth.Scope, before, rules []hansei.SourceOrder) error {
	if err := once(rules); err != nil {
		return err
	}
	return known(ctx, tx, who, before, rules)
}

func once(rules []hansei.SourceOrder) error {
	for i, r := range rules {
		for k, name := range r.Sources {
			if slices.Contains(r.Sources[:k], name) {
				return hansei.Invalid("source_order", "“%s” names %s twice; expected each source once", r, name)
			}
		}
		same := func(x hansei.SourceOrder) bool { return x.Kind == r.Kind && x.Field == r.Field }
		if k := slices.IndexFunc(rules[:i], same); k >= 0 {
			return hansei.Invalid("source_order", "“%s” and “%s” are about the same; expected one line", rules[k], r)
		}
	}
	return nil
}

func known(ctx context.Context, tx *record.Tx, who auth.Scope, before, rules []hansei.SourceOrder) error {
	seen := map[string]bool{}
	for _, r := range before {
		for _, name := range r.Sources {
			seen[name] = true
		}
	}
	for _, r := range rules {
		for _, name := range r.Sources {
			if seen[name] {
				continue
			}
			ok, err := isSource(ctx, tx, who, name)
			if err != nil {
				return err
			}
			if !ok {
				return hansei.Invalid("source_order", "“%s”: there is no source %q; expected the names of sources, as they are listed under Sources", r, name)
			}
			seen[name] = true
		}
	}
	return nil
}

// isSource says whether a source is there, or something that one of that name
// told: one that was removed, or files.
func isSource(ctx context.Context, tx *record.Tx, who auth.Scope, name string) (bool, error) {
	found, err := record.Load(ctx, tx, who, hansei.KindSource, []hansei.ID{hansei.ID(name)})
	if s, ok := found[hansei.ID(name)]; err != nil || ok && !s.Record.Head().Deleted {
		return err == nil, err
	}
	told, _, err := record.OfSource(ctx, tx, who, name, "", 1)
	if err != nil || len(told) > 0 {
		return err == nil, err
	}
	return record.Delivered(ctx, tx, who, name)
}
