package deliveries

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/source"
	"hansei/internal/web/records"
	"hansei/internal/web/ui"
)

// told is what a delivery told.
type told struct {
	Records []ui.Link
	More    int    // records that are not named
	Unused  string // why it told nothing of interest
}

// How many records are named in a row of the list, and on a delivery's page.
const (
	inRow  = 3
	inPage = 20
)

// told reads what deliveries told of, and what people call those records.
func (p *Pages) told(ctx context.Context, who auth.Scope, list []record.Delivery, most int) ([]told, error) {
	out, refs := make([]told, len(list)), make([][]record.Ref, len(list))
	wanted := map[hansei.Kind]map[hansei.ID]bool{}
	for i, d := range list {
		if d.Summary == "" {
			continue
		}
		var sum intake.Touched
		if err := json.Unmarshal([]byte(d.Summary), &sum); err != nil {
			return nil, fmt.Errorf("summary of delivery %s: %w", d.ID, err)
		}
		out[i].Unused = strings.TrimPrefix(sum.Unused, source.ErrUnused.Error()+": ")
		refs[i] = sum.Records[:min(most, len(sum.Records))]
		out[i].More = len(sum.Records) - len(refs[i]) + sum.More
		for _, ref := range refs[i] {
			if wanted[ref.Kind] == nil {
				wanted[ref.Kind] = map[hansei.ID]bool{}
			}
			wanted[ref.Kind][ref.ID] = true
		}
	}
	titles, err := p.titles(ctx, who, wanted)
	if err != nil {
		return nil, err
	}
	for i := range list {
		for _, ref := range refs[i] {
			name := cmp.Or(titles[ref], string(ref.ID))
			out[i].Records = append(out[i].Records, ui.Link{Text: records.Noun(ref.Kind) + ": " + name, URL: records.URL(ref.Kind, ref.ID)})
		}
	}
	return out, nil
}

// titles are what people call records, and whether no list and no figure counts
// them.
func (p *Pages) titles(ctx context.Context, who auth.Scope, wanted map[hansei.Kind]map[hansei.ID]bool) (map[record.Ref]string, error) {
	out := map[record.Ref]string{}
	for kind, ids := range wanted {
		found, err := record.Load(ctx, p.Records, who, kind, slices.Collect(maps.Keys(ids)))
		if err != nil {
			return nil, err
		}
		for id, x := range found {
			title := cmp.Or(short(records.Title(x.Record)), string(id))
			if head := x.Record.Head(); head.Deleted && head.MergedInto == "" {
				title += " (left out)"
			}
			out[record.Ref{Kind: kind, ID: id}] = title
		}
	}
	return out, nil
}

// short is the beginning of a title, which whoever sends webhooks may have
// made as long as they like.
func short(title string) string {
	const most = 90
	if r := []rune(title); len(r) > most {
		return string(r[:most]) + "…"
	}
	return title
}
