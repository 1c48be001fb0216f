package search

import (
	"slices"
	"strings"

	"hansei"
)

// tagNames are what records can be narrowed down by.
var tagNames = []string{"service", "team", "factor", "severity", "status"}

// Tags reads filters such as "service:checkout" or "severity:sev1".
func Tags(list []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, s := range list {
		name, value, ok := strings.Cut(s, ":")
		if !ok || value == "" || !slices.Contains(tagNames, name) {
			return nil, hansei.Invalid("tag", "%q: expected %s, a colon and a value", s, strings.Join(tagNames, ", "))
		}
		out[name] = append(out[name], value)
	}
	return out, nil
}
