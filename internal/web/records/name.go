package records

import (
	"fmt"
	"net/url"
	"strings"

	"hansei"
)

// URL is the page of a record.
func URL(kind hansei.Kind, id hansei.ID) string {
	if kind == hansei.KindIncident {
		return "/incidents/" + url.PathEscape(string(id))
	}
	return "/records/" + string(kind) + "/" + url.PathEscape(string(id))
}

// Noun is a kind as people write it.
func Noun(kind hansei.Kind) string { return strings.ReplaceAll(string(kind), "-", " ") }

// Title is what people call a record: its name, its title, or what its source
// calls it.
func Title(rec hansei.Record) string {
	for _, name := range []string{"name", "title", "number"} {
		if f, err := hansei.FieldNamed(rec.Kind(), name); err == nil {
			if v, ok := f.Get(rec); ok {
				return fmt.Sprint(v)
			}
		}
	}
	if from := rec.Head().From; len(from) > 0 {
		return from[0].External
	}
	return string(rec.Head().ID)
}
