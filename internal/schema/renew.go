package schema

import (
	"cmp"
	"slices"

	"hansei"
)

// Renew gives the factors of a retrospective the names that they have today,
// and says whether anything changed. The name that a person chose is kept
// beside (Factor.As), so that a merge can be taken back; where two became one,
// both stand there with their own evidence.
func Renew(r *hansei.Retrospective, t hansei.Taxonomy) bool {
	changed := false
	r.Factors = slices.Clone(r.Factors)
	for i := range r.Factors {
		f := &r.Factors[i]
		chosen := cmp.Or(f.As, f.Name)
		now := t.Now(chosen)
		as := chosen
		if now == chosen {
			as = ""
		}
		if now != f.Name || as != f.As {
			f.Name, f.As, changed = now, as, true
		}
	}
	r.Codings = slices.Clone(r.Codings)
	for i := range r.Codings {
		c := &r.Codings[i]
		chosen := c.As
		if chosen == nil {
			chosen = c.Factors
		}
		now := Names(chosen, t)
		as := chosen
		if slices.Equal(now, chosen) {
			as = nil
		}
		if !slices.Equal(now, c.Factors) || !slices.Equal(as, c.As) {
			c.Factors, c.As, changed = now, as, true
		}
	}
	return changed
}

// Names are the names that factors have today, each once.
func Names(names []string, t hansei.Taxonomy) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		if now := t.Now(n); !slices.Contains(out, now) {
			out = append(out, now)
		}
	}
	return out
}

// Moved are the names that stand for another factor by one taxonomy than by
// the other, with what they stood for: records that bear one of them are to be
// renewed.
func Moved(was, now hansei.Taxonomy) []string {
	var out []string
	add := func(n string) {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	for _, f := range slices.Concat(was, now) {
		if a, b := was.Now(f.Name), now.Now(f.Name); a != b {
			add(f.Name)
			add(a)
		}
	}
	return out
}
