package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/schema"
)

// ownValues checks what is set of the organization's own fields by their
// definitions, and writes it as the record keeps it.
func ownValues(ctx context.Context, tx *record.Tx, who auth.Scope, rec hansei.Record, sets []Set) ([]Set, error) {
	own := func(s Set) bool { return strings.HasPrefix(s.Field, hansei.CustomPrefix) }
	if !slices.ContainsFunc(sets, own) {
		return sets, nil
	}
	var rules hansei.RetroRules
	org, _, err := record.Get[*hansei.Organization](ctx, tx, who, hansei.OrganizationID)
	switch {
	case errors.Is(err, hansei.ErrNotFound):
	case err != nil:
		return nil, err
	default:
		rules = org.Retrospectives.Or(hansei.DefaultRetroRules)
	}
	out := slices.Clone(sets)
	for i, s := range out {
		if !own(s) {
			continue
		}
		value, err := schema.Value(rules, rec.Kind(), rec.Head(), strings.TrimPrefix(s.Field, hansei.CustomPrefix), s.Value)
		if err != nil {
			return nil, err
		}
		if out[i].Value = nil; value != "" {
			if out[i].Value, err = json.Marshal(value); err != nil {
				return nil, fmt.Errorf("keep %s: %w", s.Field, err)
			}
		}
	}
	return out, nil
}

// standingOwn puts a person's word about an own field in place of an earlier
// one; without a value the field is what the sources say.
func standingOwn(head *hansei.Header, s Set, e hansei.Edit) {
	head.Edits = slices.DeleteFunc(head.Edits, func(x hansei.Edit) bool { return x.Field == s.Field })
	if len(s.Value) > 0 {
		head.Edits = append(head.Edits, e)
		return
	}
	head.Custom = maps.Clone(head.Custom)
	delete(head.Custom, strings.TrimPrefix(s.Field, hansei.CustomPrefix))
}
