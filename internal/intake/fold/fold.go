// Package fold puts what one source tells of a thing, piece by piece and in any
// order, into that source's version of the record. It is pure.
package fold

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/intake/link"
)

// Into puts an observation into what its source said of a thing so far, so
// that any order of the same observations gives the same: each field holds
// what was told with the newest time (the greater value when two times are
// equal), a First time the earliest ever told, and a list what the newest
// whole list held and what was added to it since. Telling twice changes
// nothing. A First time counts only while nothing newer was told of its field in
// another way: what a source may take back again is no First.
//
// v is the source's own version of the record and seen its entry in the
// record's header, whose times Into keeps. Every entry of seen.Stamps is newer
// than seen.At, or is the time of a list's element.
//
// again is nil but when a delivery is understood anew. Then the first word
// told at the very time a field has replaces what an earlier understanding of
// the same delivery had put there; of a list told in parts see stillAdded.
func Into(v hansei.Record, seen *hansei.Observed, o hansei.Observation, at time.Time, again *Again) error {
	f := folding{v: v, seen: seen, o: o, at: at.UTC(), again: again}
	fields := hansei.FieldsOf(v.Kind())
	for i := range fields {
		if err := f.field(&fields[i]); err != nil {
			return err
		}
	}
	f.custom()
	f.deleted()
	if to, ok := v.(*hansei.Incident); ok {
		f.incident(to, o.Record.(*hansei.Incident))
	}
	for _, n := range o.Names {
		seen.Names = link.Insert(seen.Names, n)
	}
	seen.Names = link.WithURL(seen.Names, o.Record)
	for _, n := range o.Mentions {
		seen.Mentions = link.Insert(seen.Mentions, n)
	}
	f.settle()
	return nil
}

type folding struct {
	v    hansei.Record
	seen *hansei.Observed
	o    hansei.Observation
	at   time.Time

	again *Again
}

// Again are the fields of one record that a replay has told already.
type Again struct {
	fields uint64   // as bits, in the order of their table
	others []string // what is in no table, and elements of lists, each with its time
}

// first says whether a replay tells a field for the first time.
func (f *folding) first(key string) bool {
	if f.again == nil {
		return false
	}
	i := slices.IndexFunc(hansei.FieldsOf(f.v.Kind()), func(x hansei.Field) bool { return x.Name == key })
	if i < 0 || i >= 64 {
		if slices.Contains(f.again.others, key) {
			return false
		}
		f.again.others = append(slices.Clip(f.again.others), key)
		return true
	}
	was := f.again.fields&(1<<i) != 0
	f.again.fields |= 1 << i
	return !was
}

// stamp is how new a field is.
func (f *folding) stamp(key string) time.Time {
	if t, ok := f.seen.Stamps[key]; ok {
		return t
	}
	return f.seen.At
}

// mark notes how new a field is, if it is newer than the whole is then.
func (f *folding) mark(key string) {
	if !f.o.Partial || !f.at.After(f.seen.At) {
		return
	}
	if f.seen.Stamps == nil {
		f.seen.Stamps = map[string]time.Time{}
	}
	f.seen.Stamps[key] = f.at
}

// wins says whether a value told now stands above the one that is there.
func (f *folding) wins(key string, values func() (told, was any)) bool {
	if c := f.at.Compare(f.stamp(key)); c != 0 {
		return c > 0
	}
	if f.first(key) {
		return true
	}
	told, was := values()
	return !Same(told, was) && rank(told) > rank(was)
}

// ends says whether what is told no more ends what was told under a name that
// is in no table of fields.
func (f *folding) ends(key string) bool {
	c := f.at.Compare(f.stamp(key))
	return c > 0 || c == 0 && f.first(key)
}

// rank orders values that were told at the same time. The empty one is least.
func rank(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case hansei.ID:
		return string(x)
	case time.Time:
		return x.UTC().Format("2006-01-02T15:04:05.000000000")
	}
	return fmt.Sprintf("%v", v)
}

// settle notes that a whole thing was told: all of it is as new as that.
func (f *folding) settle() {
	if f.o.Partial || f.at.Before(f.seen.At) {
		return
	}
	f.seen.At = f.at
	for key, t := range f.seen.Stamps {
		if !t.After(f.at) {
			delete(f.seen.Stamps, key)
		}
	}
	if len(f.seen.Stamps) == 0 {
		f.seen.Stamps = nil
	}
}

func (f *folding) field(field *hansei.Field) error {
	has := field.Has(f.o.Record)
	cleared := f.o.Partial && slices.Contains(f.o.Clear, field.Name)
	if f.o.Partial && !has && !cleared {
		return nil
	}
	values := func() (told, was any) {
		told, _ = field.Get(f.o.Record)
		was, _ = field.Get(f.v)
		return told, was
	}
	switch {
	case slices.Contains(f.o.First, field.Name):
		if f.at.Before(f.seen.Stamps[field.Name]) {
			return nil
		}
		told, was := values()
		t, ok := told.(time.Time)
		if was, had := was.(time.Time); ok && (!had || t.Before(was)) {
			return field.Set(f.v, t)
		}
	case field.Type == hansei.List:
		fillList[string](f, field, cleared)
	case field.Type == hansei.Refs:
		fillList[hansei.ID](f, field, cleared)
	case f.wins(field.Name, values):
		f.mark(field.Name)
		field.Copy(f.v, f.o.Record)
	}
	return nil
}

// fillList folds a list, which is taken for a set: base elements come from the
// newest whole list (from all that were told at that time), others were added
// one by one and carry the time of that in the stamps.
func fillList[T ~string](f *folding, field *hansei.Field, cleared bool) {
	told, list := *hansei.ListIn[T](field, f.o.Record), hansei.ListIn[T](field, f.v)
	key := field.Name + "/"
	var added []T
	for k := range f.seen.Stamps {
		if e, ok := strings.CutPrefix(k, key); ok {
			added = append(added, T(e))
		}
	}
	base := slices.DeleteFunc(slices.Clone(*list), func(e T) bool { return slices.Contains(added, e) })
	c := f.at.Compare(f.stamp(field.Name))
	switch {
	case f.o.Partial && !cleared:
		if c > 0 && f.again != nil {
			added = stillAdded(f, key, told, added)
		}
		for _, e := range told {
			if c > 0 && f.at.After(f.seen.Stamps[key+string(e)]) {
				f.mark(key + string(e))
				added = append(added, e)
			}
		}
	case c == 0 && !f.first(field.Name):
		base = append(base, told...)
	case c >= 0:
		base = slices.Clone(told)
		f.mark(field.Name)
		added = slices.DeleteFunc(added, func(e T) bool {
			past := !f.seen.Stamps[key+string(e)].After(f.at)
			if past {
				delete(f.seen.Stamps, key+string(e))
			}
			return past
		})
	}
	if base = append(base, added...); len(base) == 0 {
		base = nil
	}
	slices.Sort(base)
	*list = slices.Compact(base)
}

// stillAdded are the added elements of a list without those that an earlier
// understanding had added at this very time. That there were such shows an
// element that is told anew then: all go that the replay did not tell as well. One
// that tells only what is there takes nothing away, for other deliveries of that
// time may not be told again.
func stillAdded[T ~string](f *folding, key string, told, added []T) []T {
	then := func(e T) string { return key + string(e) + " " + f.at.Format(time.RFC3339Nano) }
	differs := false
	for _, e := range told {
		if c := f.at.Compare(f.seen.Stamps[key+string(e)]); c >= 0 {
			f.first(then(e))
			differs = differs || c > 0
		}
	}
	return slices.DeleteFunc(added, func(e T) bool {
		past := differs && f.seen.Stamps[key+string(e)].Equal(f.at) && !slices.Contains(f.again.others, then(e))
		if past {
			delete(f.seen.Stamps, key+string(e))
		}
		return past
	})
}

// custom folds the organization's own fields, each by its name.
func (f *folding) custom() {
	head, told := f.v.Head(), f.o.Record.Head().Custom
	for k, v := range told {
		if !f.wins("custom/"+k, func() (told, was any) { return v, head.Custom[k] }) {
			continue
		}
		if head.Custom == nil {
			head.Custom = map[string]string{}
		}
		head.Custom[k] = v
		f.mark("custom/" + k)
	}
	if f.o.Partial {
		return
	}
	for k := range head.Custom {
		if _, still := told[k]; !still && f.ends("custom/"+k) {
			delete(head.Custom, k)
		}
	}
}

// incident folds what an incident has beside its table of fields.
func (f *folding) incident(to, said *hansei.Incident) {
	f.milestones(to, said)
	if len(said.Impacts) > 0 || !f.o.Partial {
		if f.wins("impacts", func() (told, was any) { return text(said.Impacts), text(to.Impacts) }) {
			to.Impacts = said.Impacts
			f.mark("impacts")
		}
	}
	if f.again != nil {
		to.Updates = slices.DeleteFunc(slices.Clone(to.Updates), func(u hansei.Update) bool {
			return slices.ContainsFunc(said.Updates, func(x hansei.Update) bool { return x.ID != "" && x.ID == u.ID && x.Edited.Equal(u.Edited) })
		})
	}
	to.Updates = Updates(to.Updates, said.Updates)
}

// milestones folds the organization's own roles, which are in no table, and
// who set the known ones.
func (f *folding) milestones(to, said *hansei.Incident) {
	for _, m := range said.Milestones {
		key := "milestone/" + string(m.Role)
		have, had := to.Milestones.At(m.Role)
		switch {
		case !slices.Contains(hansei.Roles, m.Role):
			values := func() (told, was any) {
				if had {
					was = have
				}
				return m.At, was
			}
			if f.wins(key, values) {
				to.Milestones.Set(m.Role, m.At)
				f.mark(key)
			}
		case had && have.Equal(m.At):
			i := slices.IndexFunc(to.Milestones, func(x hansei.Milestone) bool { return x.Role == m.Role })
			to.Milestones[i].Source = max(to.Milestones[i].Source, m.Source)
		}
	}
	if f.o.Partial {
		return
	}
	for _, m := range slices.Clone(to.Milestones) {
		if _, still := said.Milestones.At(m.Role); !still && !slices.Contains(hansei.Roles, m.Role) && f.ends("milestone/"+string(m.Role)) {
			to.Milestones.Set(m.Role, time.Time{})
		}
	}
}

func text(w []hansei.Window) any {
	if len(w) == 0 {
		return nil
	}
	b, err := json.Marshal(w)
	if err != nil {
		return nil // times outside the years 0 to 9999, which Validate refuses
	}
	return string(b)
}

// Updates puts two lists of updates together in the order of time. Of one update
// in two wordings the one edited later stays.
func Updates(a, b []hansei.Update) []hansei.Update {
	if len(b) == 0 {
		return a
	}
	type key struct {
		id   string
		at   int64
		text string
	}
	keyOf := func(u hansei.Update) key {
		if u.ID != "" {
			return key{id: u.ID}
		}
		return key{at: u.At.UnixMicro(), text: u.Text}
	}
	at := make(map[key]int, len(a))
	out := slices.Clone(a)
	for i, u := range out {
		at[keyOf(u)] = i
	}
	for _, u := range b {
		i, known := at[keyOf(u)]
		if !known {
			at[keyOf(u)] = len(out)
			out = append(out, u)
		} else if c := u.Edited.Compare(out[i].Edited); c > 0 || (c == 0 && rank(u) > rank(out[i])) {
			out[i] = u
		}
	}
	slices.SortStableFunc(out, func(x, y hansei.Update) int {
		if c := x.At.Compare(y.At); c != 0 {
			return c
		}
		return cmp.Compare(x.ID+x.Text, y.ID+y.Text)
	})
	return out
}
