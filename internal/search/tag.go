package search

import (
	"cmp"
	"slices"
	"strings"

	"hansei"
)

// TagNames are what can be narrowed down by, beside time.
var TagNames = []string{"kind", "service", "team", "factor", "severity", "status"}

// Tags reads filters such as "service:checkout" or "severity:sev1".
func Tags(list []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, s := range list {
		name, value, ok := strings.Cut(s, ":")
		if name == "severity" {
			value = strings.ToLower(value)
		}
		if !ok || value == "" || !slices.Contains(TagNames, name) {
			return nil, hansei.Invalid("tag", "%q: expected %s, a colon and a value", s, strings.Join(TagNames, ", "))
		}
		out[name] = append(out[name], value)
	}
	return out, nil
}

// ParseKind reads a kind that can be searched, as a person writes it.
func ParseKind(name string) (hansei.Kind, error) {
	if s := strings.ToLower(name); s == "lesson" || s == "lessons" {
		return Lesson, nil
	}
	return hansei.ParseKind(name)
}

// Facet is how many of what was found have a value. Those that another value
// of the same name excludes are among them: it is how many there would be.
type Facet struct {
	Value string `json:"value"`
	Name  string `json:"name"` // what people call the value
	N     int    `json:"n"`
}

// mostFacets bounds the values that are shown of one name.
const mostFacets = 12

// tag is a name and one of its values.
type tag struct {
	name  uint8 // in TagNames
	value string
}

// tagSpace numbers tags, so that documents hold small numbers.
type tagSpace struct {
	ids  map[tag]uint32
	list []tag
}

func newTagSpace() tagSpace { return tagSpace{ids: map[tag]uint32{}} }

func (s *tagSpace) id(t tag) uint32 {
	id, ok := s.ids[t]
	if !ok {
		id = uint32(len(s.list))
		s.ids[t], s.list = id, append(s.list, t)
	}
	return id
}

// all are the tags of a document, its kind first.
func (s *tagSpace) all(d Doc) []uint32 {
	out := []uint32{s.id(tag{0, string(d.Kind)})}
	for i, name := range TagNames[1:] {
		for _, v := range d.Tags[name] {
			if id := s.id(tag{uint8(i + 1), v}); !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// named are tags by name, without the kind.
func (s *tagSpace) named(ids []uint32) map[string][]string {
	out := map[string][]string{}
	for _, id := range ids {
		if t := s.list[id]; t.name != 0 {
			out[TagNames[t.name]] = append(out[TagNames[t.name]], t.value)
		}
	}
	return out
}

// sieve lets documents through that have one of the values asked for of every
// name, and counts facets on the way.
type sieve struct {
	asked  uint8   // a bit for each name that is asked for
	fits   []uint8 // of each tag: the bit of its name if it is asked for
	bit    []uint8 // of each tag: the bit of its name
	counts []int32 // of each tag
}

func (x *Index) sieve(q Query) *sieve {
	s := &sieve{fits: make([]uint8, len(x.tags.list)), bit: make([]uint8, len(x.tags.list)), counts: make([]int32, len(x.tags.list))}
	for id, t := range x.tags.list {
		s.bit[id] = 1 << t.name
	}
	ask := func(name uint8, value string) {
		s.asked |= 1 << name
		if id, ok := x.tags.ids[tag{name, value}]; ok {
			s.fits[id] = 1 << name
		}
	}
	for _, k := range q.Kinds {
		ask(0, string(k))
	}
	for i, name := range TagNames {
		for _, v := range q.Tags[name] {
			ask(uint8(i), v)
		}
	}
	return s
}

// passes says whether a document passes; it is counted with the values that
// would let it through.
func (s *sieve) passes(tags []uint32) bool {
	var has uint8
	for _, t := range tags {
		has |= s.fits[t]
	}
	lacks := s.asked &^ has
	if lacks&(lacks-1) != 0 {
		return false // two names or more
	}
	for _, t := range tags {
		if lacks == 0 || s.bit[t] == lacks {
			s.counts[t]++
		}
	}
	return lacks == 0
}

// facets are the commonest values of each name.
func (x *Index) facets(s *sieve) map[string][]Facet {
	out := map[string][]Facet{}
	for id, n := range s.counts {
		if n == 0 && s.fits[id] == 0 {
			continue
		}
		t := x.tags.list[id]
		f := Facet{Value: t.value, Name: x.called(TagNames[t.name], t.value), N: int(n)}
		out[TagNames[t.name]] = append(out[TagNames[t.name]], f)
	}
	for name, list := range out {
		slices.SortFunc(list, func(a, b Facet) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value)) })
		// What is asked for stays, however rare it is.
		kept := slices.Clone(list[:min(len(list), mostFacets)])
		for _, f := range list[len(kept):] {
			if s.fits[x.tags.ids[tag{uint8(slices.Index(TagNames, name)), f.Value}]] != 0 {
				kept = append(kept, f)
			}
		}
		out[name] = kept
	}
	return out
}
