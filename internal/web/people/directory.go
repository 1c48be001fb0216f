package people

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// Named is a person and what they are called.
type Named struct {
	ID   hansei.ID
	Name string
	Team hansei.ID
	hay  string // in lower case: the name, other names and the id
}

// Directory are the people of the record, read again only when one changed.
type Directory struct {
	Records *record.Store

	mu   sync.Mutex
	read bool
	seq  record.Seq
	all  []Named
	by   map[hansei.ID]string
}

// known are all people in the order of their names, and the names by id.
func (d *Directory) known(ctx context.Context, who auth.Scope) ([]Named, map[hansei.ID]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	seq, err := record.LastChange(ctx, d.Records, who, hansei.KindPerson)
	if err != nil || d.read && seq == d.seq {
		return d.all, d.by, err
	}
	const batch = 1000
	var all []Named
	by := map[hansei.ID]string{}
	for after := hansei.ID(""); ; {
		page, err := d.Records.List(ctx, who, hansei.KindPerson, after, batch)
		if err != nil {
			return nil, nil, err
		}
		for _, x := range page {
			p := x.Record.(*hansei.Person)
			after = p.ID
			if p.Deleted {
				continue
			}
			if by[p.ID] = p.Name; p.MergedInto == "" {
				all = append(all, Named{p.ID, p.Name, p.Team, strings.ToLower(p.Name + " " + strings.Join(p.Aliases, " ") + " " + string(p.ID))})
			}
		}
		if len(page) < batch {
			break
		}
	}
	slices.SortFunc(all, func(a, b Named) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	d.read, d.seq, d.all, d.by = true, seq, all, by
	return all, by, nil
}

// Names are what people are called, by their ids.
func (d *Directory) Names(ctx context.Context, who auth.Scope) (map[hansei.ID]string, error) {
	_, by, err := d.known(ctx, who)
	return by, err
}

// Find are at most n people in whose names all words of text begin a word,
// and how many there are.
func (d *Directory) Find(ctx context.Context, who auth.Scope, text string, n int) ([]Named, int, error) {
	all, _, err := d.known(ctx, who)
	if err != nil {
		return nil, 0, err
	}
	var out []Named
	total := 0
	for _, p := range all {
		if begins(p.hay, strings.ToLower(text)) {
			if total++; len(out) < n {
				out = append(out, p)
			}
		}
	}
	return out, total, nil
}

func begins(hay, text string) bool {
	for w := range strings.FieldsSeq(text) {
		if !strings.HasPrefix(hay, w) && !strings.Contains(hay, " "+w) && !strings.Contains(hay, "-"+w) {
			return false
		}
	}
	return true
}
