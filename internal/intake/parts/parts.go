// Package parts knows a record as what each source said of it, in what order, and
// what people said: it takes a record apart and puts it together. It is pure.
package parts

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/intake/fold"
	"hansei/internal/intake/link"
)

// Merge puts what a source now says of a thing into its record. The record's
// fields are, in this order: a person's edit, what the first source says,
// what the next one says where the first is silent.
func Merge(existing hansei.Record, said hansei.Record, key hansei.Key, order Order) (hansei.Record, error) {
	head := said.Head()
	if existing == nil {
		head.From = []hansei.Observed{{Source: key.Source, External: key.External}}
		return said, nil
	}
	old := existing.Head()
	old.Made = Made(existing)
	versions, err := Of(existing)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(old.From, func(o hansei.Observed) bool {
		return o.Source == key.Source && o.External == key.External
	})
	if i < 0 {
		old.From = append(old.From, hansei.Observed{Source: key.Source, External: key.External})
		versions = append(versions, said)
	} else { // what it told live keeps its times, names and mentions
		versions[i] = said
		switch old.From[i].Out {
		case hansei.OutFiltered:
		case hansei.OutRemoved: // nothing of what it told before stands
			old.From[i] = hansei.Observed{Source: key.Source, External: key.External}
		default:
			old.From[i].Out = ""
		}
	}
	return Assemble(existing, versions, order)
}

// Of reads what each source last said. With a single source and no
// edits that is the record itself, and nothing more was stored.
func Of(rec hansei.Record) ([]hansei.Record, error) {
	head := rec.Head()
	out := make([]hansei.Record, len(head.From))
	for i, o := range head.From {
		v, err := hansei.New(rec.Kind())
		if err != nil {
			return nil, err
		}
		if len(o.Record) == 0 {
			Copy(v, rec)
		} else if err := json.Unmarshal(o.Record, v); err != nil {
			return nil, fmt.Errorf("what %s said of %s %s: %w", o.Source, rec.Kind(), head.ID, err)
		}
		out[i] = v
	}
	return out, nil
}

// Assemble builds the record anew from its versions (in the order of
// head.From) and the edits in its header. Versions of sources that are out
// count only when all are. The versions are its own from then on.
func Assemble(rec hansei.Record, versions []hansei.Record, order Order) (hansei.Record, error) {
	if old := rec.Head(); len(versions) == 1 && len(old.Edits) == 0 && old.Counted == nil && (!old.Made || old.From[0].Out == "") {
		return alone(rec, versions[0]), nil
	}
	out, err := hansei.New(rec.Kind())
	if err != nil {
		return nil, err
	}
	*out.Head() = *rec.Head()
	head := out.Head()
	head.Custom = nil
	head.From = slices.Clone(head.From)
	if len(versions) == 0 {
		// A record that people made: its fields are its own.
		Copy(out, rec)
		Uncount(out)
	}
	order.fill(out, versions)
	tracked(out, rec)
	for i, v := range versions {
		head.From[i].Names = link.WithURL(head.From[i].Names, v)
		*v.Head() = hansei.Header{Custom: v.Head().Custom}
		if head.From[i].Record, err = json.Marshal(v); err != nil {
			return nil, fmt.Errorf("keep what %s said: %w", head.From[i].Source, err)
		}
	}
	for _, e := range head.Edits {
		if err := applyEdit(out, e); err != nil {
			return nil, err
		}
	}
	count(out)
	return out, nil
}

// alone is a record of which a single source tells: it is that source's version.
func alone(rec, version hansei.Record) hansei.Record {
	head := version.Head()
	own := head.Custom
	*head = *rec.Head()
	head.Custom, head.From = own, slices.Clone(head.From)
	head.From[0].Record = nil
	tracked(version, rec)
	return version
}

// tracked keeps how a follow-up stands in the tracker: no source tells that.
func tracked(out, rec hansei.Record) {
	if f, ok := rec.(*hansei.FollowUp); ok {
		out.(*hansei.FollowUp).Tracker = f.Tracker
	}
}

// Copy copies every field, and what has no field in the table, into an
// empty record.
func Copy(to, from hansei.Record) {
	if in, ok := to.(*hansei.Incident); ok { // all at once, for each that is set sorts them
		in.Milestones = slices.Clone(from.(*hansei.Incident).Milestones)
	}
	fields := hansei.FieldsOf(to.Kind())
	for i := range fields {
		fields[i].Fill(to, from)
	}
	fillRest(to, from)
	to.Head().Custom = maps.Clone(from.Head().Custom)
}

// fillRest fills what stands in no table of fields.
func fillRest(to, from hansei.Record) {
	switch a := to.(type) {
	case *hansei.Incident:
		fillIncident(a, from.(*hansei.Incident))
	case *hansei.FollowUp:
		a.Tracker = from.(*hansei.FollowUp).Tracker
	case *hansei.Organization:
		b := from.(*hansei.Organization)
		a.SourceOrder, a.Joining, a.KeepPayloads, a.Retrospectives, a.Notices = b.SourceOrder, b.Joining, b.KeepPayloads, b.Retrospectives, b.Notices
	}
	for k, v := range from.Head().Custom {
		if to.Head().Custom == nil {
			to.Head().Custom = map[string]string{}
		}
		if _, has := to.Head().Custom[k]; !has {
			to.Head().Custom[k] = v
		}
	}
}

// fillIncident fills what an incident has beside its table of fields: the
// organization's own milestones, impact windows, updates, and who set a
// milestone.
func fillIncident(to, from *hansei.Incident) {
	for _, m := range from.Milestones {
		if at, ok := to.Milestones.At(m.Role); !ok {
			to.Milestones.Set(m.Role, m.At)
		} else if !at.Equal(m.At) {
			continue
		}
		i := slices.IndexFunc(to.Milestones, func(x hansei.Milestone) bool { return x.Role == m.Role })
		to.Milestones[i].Source, to.Milestones[i].Moved = m.Source, m.Moved
	}
	if len(to.Impacts) == 0 {
		to.Impacts = from.Impacts
	}
	to.Updates = fold.Updates(to.Updates, from.Updates)
}

// applyEdit puts a person's word over a field. A milestone remembers what it
// was moved from and by whom.
func applyEdit(rec hansei.Record, e hansei.Edit) error {
	if strings.HasPrefix(e.Field, hansei.CustomPrefix) {
		return applyOwn(rec.Head(), e)
	}
	f, err := hansei.FieldNamed(rec.Kind(), e.Field)
	if err != nil {
		return err
	}
	was, had := f.Get(rec)
	v, err := ParseValue(f, e.Value)
	if err != nil {
		return err
	}
	if err := f.Set(rec, v); err != nil {
		return err
	}
	in, ok := rec.(*hansei.Incident)
	if !ok || f.Role == "" || v == nil {
		return nil
	}
	i := slices.IndexFunc(in.Milestones, func(m hansei.Milestone) bool { return m.Role == f.Role })
	in.Milestones[i].Source = e.By
	if at, ok := was.(time.Time); ok && had {
		in.Milestones[i].Moved = &at
	}
	return nil
}

// Emptied is a record with what of another no source told, and no sources.
func Emptied(rec hansei.Record) hansei.Record {
	out, err := hansei.New(rec.Kind())
	if err != nil {
		return rec // it was made of that kind
	}
	*out.Head() = *rec.Head()
	out.Head().From = nil
	tracked(out, rec)
	return out
}

// Made says whether people made a record, before any source told of it.
func Made(rec hansei.Record) bool {
	head := rec.Head()
	return head.Made || len(head.From) == 0 && len(head.Edits) > 0
}

// Out says whether there are sources of a record and each of them is out, and no
// person made it.
func Out(head *hansei.Header) bool {
	return !head.Made && len(head.From) > 0 && !slices.ContainsFunc(head.From, func(o hansei.Observed) bool { return o.Out == "" })
}
