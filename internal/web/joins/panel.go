package joins

import (
	"context"
	"slices"
	"strconv"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/intake/link"
	"hansei/internal/intake/parts"
	"hansei/internal/record"
	"hansei/internal/web/records"
	"hansei/internal/web/ui"
)

// Panel is who told what of one record.
type Panel struct {
	ID        hansei.ID
	Noun      string
	Tellers   []teller
	Fields    []field // of which not everybody says the same
	Agreed    int     // fields that several sources say the same of
	Linked    []group
	Suggested []pair
	Joined    []pair
	Part      bool // it was merged into another, which stands
	Apart     []pair
	Beside    bool // it stands beside the fields, not below all
	View      view // zone and where forms lead back to
}

// teller is a source that tells of the record.
type teller struct {
	Source, URL string
	External    string
	Tool        string // where it stands there
	Out         string // why its word does not count
	Apart       pair   // what it tells taken apart from the record, where its join is no pair of its own
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
var outs = map[string]string{hansei.OutDeleted: "deleted there", hansei.OutOther: "something else there", hansei.OutFiltered: "does not count as an incident", hansei.OutIncomplete: "not whole yet",
	hansei.OutRemoved: "removed with its source"}

const linkedShown = 12 // of each kind

// Of gathers who told what of a record; text writes a field's value.
func (p *Pages) Of(ctx context.Context, who auth.Scope, rec hansei.Record, text func(any) string) (Panel, error) {
	at := record.Ref{Kind: rec.Kind(), ID: rec.Head().ID}
	v := Panel{ID: at.ID, Noun: records.Noun(at.Kind), Part: rec.Head().MergedInto != "", View: view{Back: records.URL(at.Kind, at.ID)}}
	origins, err := intake.Origins(rec)
	if err != nil {
		return v, err
	}
	if err := p.tellers(ctx, who, rec, origins, &v); err != nil {
		return v, err
	}
	v.fields(origins, text)
	if v.View.Zone, err = p.Zone(ctx, who); err != nil {
		return v, err
	}
	if v.Linked, err = p.linked(ctx, who, rec); err != nil {
		return v, err
	}
	return v, p.pairs(ctx, who, rec, &v)
}

// tellers are the sources of a record. What came in a file has no page.
func (p *Pages) tellers(ctx context.Context, who auth.Scope, rec hansei.Record, origins []intake.Origin, v *Panel) error {
	var names []hansei.ID
	head := rec.Head()
	for _, o := range head.From {
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
	for _, o := range head.From {
		t := teller{Source: o.Source, External: o.External, Tool: tools[[2]string{o.Source, o.External}], Out: outs[o.Out]}
		if s, ok := known[hansei.ID(o.Source)]; ok && !s.Record.Head().Deleted {
			t.URL = "/sources/" + o.Source
		}
		own := hansei.Key{Kind: rec.Kind(), Source: o.Source, External: o.External}.ID()
		if rec.Kind() != hansei.KindIncident && slices.Contains(link.Joined, rec.Kind()) && own != head.ID {
			t.Apart = pair{Of: rec.Kind(), A: side{ID: head.ID}, B: side{ID: own}}
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
			if value, err := parts.ParseValue(o.Field, o.Edit.Value); err == nil && value != nil {
				f.Said[0].Text = text(value)
			}
		}
		for _, s := range o.Said {
			f.Said = append(f.Said, word{Who: s.Source, Text: text(s.Value), Stands: s.Stands, Out: outs[s.Out]})
		}
		v.Fields = append(v.Fields, f)
	}
}

// linked are the records that name one or that it names, by kind.
func (p *Pages) linked(ctx context.Context, who auth.Scope, rec hansei.Record) ([]group, error) {
	refs, err := intake.Linked(ctx, p.Records, who, rec, record.Ref{})
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

// pairs are the joins that a record is part of.
func (p *Pages) pairs(ctx context.Context, who auth.Scope, rec hansei.Record, v *Panel) error {
	_, held, err := p.known(ctx, who)
	if err != nil {
		return err
	}
	ids := []hansei.ID{v.ID}
	for _, o := range rec.Head().From {
		ids = append(ids, hansei.Key{Kind: rec.Kind(), Source: o.Source, External: o.External}.ID())
	}
	var list []*hansei.Join
	for _, id := range ids {
		for _, j := range held[record.Ref{Kind: rec.Kind(), ID: id}] {
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
		case j.Verdict == hansei.JoinRejected:
			v.Apart = append(v.Apart, x)
		}
	}
	return nil
}

// other is the half of a pair that is not this record.
func (v Panel) other(x pair) side {
	if x.A.ID == v.ID {
		return x.B
	}
	return x.A
}

func size(f field) string { return strconv.Itoa(len(f.Said)) }
