package retros

import (
	"context"
	"net/url"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/retro/prose"
	"hansei/internal/web/records"
)

// knowledge is what is needed to show the prose of a retrospective.
type knowledge struct {
	*one
	remarks   []retro.Remark
	incidents map[hansei.ID]string
	moments   map[string]hansei.Moment
	blocks    map[string]string // HTML of live blocks, by directive
}

// knows looks up, at once, all that the texts of a retrospective refer to; or
// what a text that is not saved does.
func (p *Pages) knows(ctx context.Context, who auth.Actor, o *one, draft *string) (*knowledge, error) {
	k := &knowledge{one: o, incidents: map[hansei.ID]string{}, moments: map[string]hansei.Moment{}, blocks: map[string]string{}}
	var refs prose.Refs
	if draft != nil {
		prose.Parse(*draft).Refs(&refs)
	} else {
		for _, s := range o.Retro.Sections {
			prose.Parse(s.Text).Refs(&refs)
		}
		present, err := p.Desk.Present(ctx, who.Scope(), o.Retro)
		if err != nil {
			return nil, err
		}
		k.remarks = retro.Blame(o.Retro, present)
	}
	found, err := record.Load(ctx, p.Records, who.Scope(), hansei.KindIncident, refs.Incidents)
	if err != nil {
		return nil, err
	}
	for id, s := range found {
		if !s.Record.Head().Deleted {
			k.incidents[id] = records.Title(s.Record)
		}
	}
	for _, m := range o.Retro.Timeline {
		k.moments[m.ID] = m
	}
	for _, b := range refs.Blocks[:min(len(refs.Blocks), maxBlocks)] {
		if k.blocks[b], err = p.block(ctx, who.Scope(), o, b); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// maxBlocks bounds how many live blocks one document computes.
const maxBlocks = 20

func (k *knowledge) html(text string, marks []prose.Passage) (string, error) {
	r := k.resolved()
	r.Marked = marks
	return prose.Parse(text).HTML(r)
}

// resolved says what references are.
func (k *knowledge) resolved() prose.Resolved {
	return prose.Resolved{
		Person: func(id hansei.ID) (prose.Link, bool) {
			name, ok := k.people[id]
			return prose.Link{Text: name, URL: records.URL(hansei.KindPerson, id)}, ok
		},
		Incident: func(id hansei.ID) (prose.Link, bool) {
			title, ok := k.incidents[id]
			return prose.Link{Text: title, URL: records.URL(hansei.KindIncident, id), Help: "Incident " + string(id)}, ok
		},
		Moment: func(id string) (prose.Link, bool) {
			m, ok := k.moments[id]
			return prose.Link{Text: m.At.In(k.Zone).Format("15:04"), URL: k.URL("timeline") + "#" + momentAnchor(id),
				Help: m.At.In(k.Zone).Format("2 Jan 15:04 MST") + ": " + m.Text}, ok
		},
		Block: func(directive string) string { return k.blocks[directive] },
		Image: func(hash string) string { return "/pictures/" + hash },
	}
}

// momentAnchor is where an entry stands on the page of the timeline.
func momentAnchor(id string) string { return "moment-" + url.PathEscape(id) }

func containsPassage(text, passage string) bool { return strings.Contains(text, passage) }
