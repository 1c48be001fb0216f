package joins

import (
	"context"
	"slices"
	"strconv"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/web/records"
	"hansei/internal/web/ui"
)

// Panel is who told what of one incident.
type Panel struct {
	ID        hansei.ID
	Tellers   []teller
	Fields    []field // of which not everybody says the same
	Agreed    int     // fields that several sources say the same of
	Linked    []group
	Suggested []pair
	Joined    []pair
	View      view // zone and where forms lead back to
}

// teller is a source that tells of the incident.
type teller struct {
	Source, URL string
	External    string
	Tool        string // where it stands there
	Out         string // why its word does not count
}

// field is one field with what everybody says of it.
type field struct {
	Label string
	Said  []word
}

type word struct {
	Who    string
	Text   string
	Stands bool
	Out    string
}

// group are linked records of one kind.
type group struct {
	Title string
	Links []ui.Link
	More  int
}

// outs say why the word of a source does not count.
var outs = map[string]string{hansei.OutDeleted: "deleted there", hansei.OutFiltered: "does not count as an incident", hansei.OutIncomplete: "not whole yet",
	hansei.OutRemoved: "removed with its source"}

const linkedShown = 12 // of each kind

// Of gathers who told what of an incident; text writes a field's value.
func (p *Pages) Of(ctx context.Context, who auth.Scope, in *hansei.Incident, text func(any) string) (Panel, error) {
	v := Panel{ID: in.ID, View: view{Back: records.URL(in.Kind(), in.ID)}}
	origins, err := intake.Origins(in)
	if err != nil {
		return v, err
	}
	if err := p.tellers(ctx, who, in, origins, &v); err != nil {
		return v, err
	}
	v.fields(origins, text)
	if v.View.Zone, err = p.Zone(ctx, who); err != nil {
		return v, err
	}
	if v.Linked, err = p.linked(ctx, who, in); err != nil {
		return v, err
	}
	return v, p.pairs(ctx, who, in, &v)
}

// tellers are the sources of an incident. What came in a file has no page.
func (p *Pages) tellers(ctx context.Context, who auth.Scope, in *hansei.Incident, origins []intake.Origin, v *Panel) error {
	var names []hansei.ID
	for _, o := range in.From {
		names = append(names, hansei.ID(o.Source))
	}
	known, err := record.Load(ctx, p.Records, who, hansei.KindSource, names)
	if err != nil {
		return err
	}
	tools := map[[2]string]string{}
	for _, o := range origins {
		for _, s := range o.Said {
			if u, ok := s.Value.(string); ok && o.Field.Name == "url" {
				tools[[2]string{s.Source, s.External}] = u
			}
		}
	}
	for _, o := range in.From {
		t := teller{Source: o.Source, External: o.External, Tool: tools[[2]string{o.Source, o.External}], Out: outs[o.Out]}
		if s, ok := known[hansei.ID(o.Source)]; ok && !s.Record.Head().Deleted {
			t.URL = "/sources/" + o.Source
		}
		v.Tellers = append(v.Tellers, t)
	}
	return nil
}

func (v *Panel) fields(origins []intake.Origin, text func(any) string) {
	for _, o := range origins {
		if !o.Disputed() {
			if len(o.Said) > 1 {
				v.Agreed++
			}
			continue
		}
		f := field{Label: o.Field.Label}
		if o.Edit != nil {
			f.Said = append(f.Said, word{Who: o.Edit.By, Text: "", Stands: true})
			if value, err := intake.ParseValue(o.Field, o.Edit.Value); err == nil && value != nil {
				f.Said[0].Text = text(value)
			}
		}
		for _, s := range o.Said {
			f.Said = append(f.Said, word{Who: s.Source, Text: text(s.Value), Stands: s.Stands, Out: outs[s.Out]})
		}
		v.Fields = append(v.Fields, f)
	}
}

// linked are the records that name the incident or that it names, by kind.
func (p *Pages) linked(ctx context.Context, who auth.Scope, in *hansei.Incident) ([]group, error) {
	refs, err := record.Linked(ctx, p.Records, who, record.Ref{Kind: in.Kind(), ID: in.ID})
	if err != nil {
		return nil, err
	}
	var out []group
	for _, k := range hansei.Kinds {
		var ids []hansei.ID
		for _, r := range refs {
			if r.Kind == k {
				ids = append(ids, r.ID)
			}
		}
		if len(ids) == 0 || k.Configured() {
			continue
		}
		found, err := record.Load(ctx, p.Records, who, k, ids)
		if err != nil {
			return nil, err
		}
		g := group{Title: records.Noun(k)}
		for _, id := range ids {
			x, ok := found[id]
			switch {
			case !ok || x.Record.Head().Deleted || x.Record.Head().MergedInto != "":
			case len(g.Links) == linkedShown:
				g.More++
			default:
				g.Links = append(g.Links, ui.Link{Text: records.Title(x.Record), URL: records.URL(k, id)})
			}
		}
		if len(g.Links) > 0 {
			out = append(out, g)
		}
	}
	return out, nil
}

// pairs are the joins that an incident is part of.
func (p *Pages) pairs(ctx context.Context, who auth.Scope, in *hansei.Incident, v *Panel) error {
	_, held, err := p.known(ctx, who)
	if err != nil {
		return err
	}
	ids := []hansei.ID{in.ID}
	for _, o := range in.From {
		ids = append(ids, hansei.Key{Kind: in.Kind(), Source: o.Source, External: o.External}.ID())
	}
	var list []*hansei.Join
	for _, id := range ids {
		for _, j := range held[id] {
			if !slices.Contains(list, j) {
				list = append(list, j)
			}
		}
	}
	sides, err := p.sides(ctx, who, list)
	if err != nil {
		return err
	}
	for _, j := range list {
		switch x := pairOf(j, sides); {
		case j.Verdict == hansei.JoinSuggested && x.open():
			v.Suggested = append(v.Suggested, x)
		case j.Verdict == hansei.JoinConfirmed, j.Verdict == hansei.JoinExplicit:
			v.Joined = append(v.Joined, x)
		}
	}
	return nil
}

// other is the half of a pair that is not this incident.
func (v Panel) other(x pair) side {
	if x.A.ID == v.ID {
		return x.B
	}
	return x.A
}

func size(f field) string { return strconv.Itoa(len(f.Said)) }
