package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hansei"
	"hansei/client"
)

// history prints every revision of a record: for programs the whole documents,
// for people what each one changed.
func (p *program) history(ctx context.Context, c *client.Client, kind hansei.Kind, id string) error {
	versions, err := c.History(ctx, string(kind), id)
	if err != nil {
		return err
	}
	head := []string{"revision", "seq", "at", "who", "changes"}
	if p.format == asCSV {
		head[4] = "record"
	}
	before := map[int64]json.RawMessage{}
	for _, v := range versions {
		before[v.Revision+1] = v.Record
	}
	return p.objects(encoded(values(versions)), head, func(o json.RawMessage) ([]string, error) {
		var v client.Version
		if err := json.Unmarshal(o, &v); err != nil {
			return nil, err
		}
		last := string(compact(v.Record))
		if p.format == asTable {
			var err error
			if last, err = changes(kind, before[v.Revision], v.Record); err != nil {
				return nil, err
			}
		}
		return []string{fmt.Sprint(v.Revision), fmt.Sprint(v.Seq), v.At.UTC().Format(time.RFC3339), v.Who, last}, nil
	})
}

// changes says which fields differ between two revisions, and how.
func changes(kind hansei.Kind, before, after json.RawMessage) (string, error) {
	if before == nil {
		return "created", nil
	}
	old, _, err := decoded(kind, before)
	if err != nil {
		return "", err
	}
	rec, _, err := decoded(kind, after)
	if err != nil {
		return "", err
	}
	var out []string
	add := func(name, was, is string) {
		if was != is {
			out = append(out, fmt.Sprintf("%s: %s → %s", name, orNothing(was), orNothing(is)))
		}
	}
	for _, f := range hansei.FieldsOf(kind) {
		add(f.Name, shown(f, old), shown(f, rec))
	}
	a, b := old.Head(), rec.Head()
	for _, name := range sorted(b.Custom) {
		add("custom."+name, a.Custom[name], b.Custom[name])
	}
	add("merged_into", string(a.MergedInto), string(b.MergedInto))
	add("deleted", fmt.Sprint(a.Deleted), fmt.Sprint(b.Deleted))
	if len(out) == 0 {
		return "where it comes from", nil
	}
	return strings.Join(out, ", "), nil
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}
