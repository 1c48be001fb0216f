package connect

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/source"
)

// more is what a change of settings adds to what is to be read.
type more int

const (
	nothing more = iota
	some         // things are listed that were not: their history
	all          // the tool is at another place: everything
)

// given are settings as a person gave them.
type given struct{ open, secret map[string]string }

func (g given) of(x source.Setting) string {
	if x.Secret {
		return g.secret[x.Name]
	}
	return cmp.Or(g.open[x.Name], x.Default)
}

// meant says whether payloads mean something else with settings than with others.
func meant(kind source.Kind, was, is given) bool {
	return slices.ContainsFunc(kind.Settings, func(x source.Setting) bool { return x.Means && was.of(x) != is.of(x) })
}

// compare says what is to be read with settings that was not with others. A
// list that is empty may mean all there is.
func compare(kind source.Kind, was, is given) more {
	out := nothing
	for _, x := range kind.Settings {
		before, now := was.of(x), is.of(x)
		switch {
		case before == now, x.Place && strings.TrimSuffix(before, "/") == strings.TrimSuffix(now, "/"):
		case x.Place:
			return all
		case x.Lists:
			known := listed(before)
			if now == "" || slices.ContainsFunc(listed(now), func(s string) bool { return !slices.Contains(known, s) }) {
				out = some
			}
		}
	}
	return out
}

func listed(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
}

// notWhole notes that there is history which was not read. The streams know
// themselves of which things; their cursors stay.
func notWhole(tx *record.Tx, who auth.Scope, rec *hansei.Source) error {
	states, err := record.Pulls(context.Background(), tx, who, string(rec.ID))
	if err != nil {
		return err
	}
	for _, p := range states {
		p.Whole, p.Through, p.Back = false, time.Time{}, time.Time{}
		if err := tx.PutPull(p); err != nil {
			return err
		}
	}
	return nil
}
