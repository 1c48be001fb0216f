package intake

import (
	"slices"

	"hansei"
	"hansei/internal/intake/fold"
	"hansei/internal/intake/parts"
)

// Origin is one field of a record, and where its value comes from.
type Origin struct {
	Field hansei.Field
	Edit  *hansei.Edit // the person's word that stands, if one does
	Said  []Said       // by the sources that say anything of it, in the order of Header.From
}

// Said is what one source says of a field.
type Said struct {
	Source   string
	External string // what the source calls the record
	Value    any    // of the field's type
	Stands   bool   // it is the record's value
	Out      string // why the source's word does not count, as in hansei.Observed
}

// Origins tells of each field that anybody says anything of whose word stands
// and what the others say. A value stands for the first source that counts and
// says just that. own are fields of the organization's own to be told of, too.
func Origins(rec hansei.Record, own ...hansei.Field) ([]Origin, error) {
	versions, err := parts.Of(rec)
	if err != nil {
		return nil, err
	}
	head := rec.Head()
	in := parts.Counting(head)
	var out []Origin
	for _, f := range slices.Concat(hansei.FieldsOf(rec.Kind()), own) {
		o := Origin{Field: f}
		if e, ok := head.EditOf(f.Name); ok {
			o.Edit = &e
		}
		value, _ := f.Get(rec)
		found := o.Edit != nil
		for i, v := range versions {
			said, ok := f.Get(v)
			if !ok {
				continue
			}
			s := Said{Source: head.From[i].Source, External: head.From[i].External, Value: said, Out: head.From[i].Out}
			if !found && slices.Contains(in, i) && fold.Same(said, value) {
				s.Stands, found = true, true
			}
			o.Said = append(o.Said, s)
		}
		if o.Edit != nil || len(o.Said) > 0 {
			out = append(out, o)
		}
	}
	return out, nil
}

// Stands is the source whose word stands, "" when none's does.
func (o Origin) Stands() string {
	for _, s := range o.Said {
		if s.Stands {
			return s.Source
		}
	}
	return ""
}

// Disputed says that not everybody says the same of the field: two sources
// differ, or a person set it to something else than a source says.
func (o Origin) Disputed() bool {
	if o.Edit != nil {
		return len(o.Said) > 0
	}
	return slices.ContainsFunc(o.Said, func(s Said) bool { return !fold.Same(s.Value, o.Said[0].Value) })
}
