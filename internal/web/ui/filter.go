package ui

import (
	"net/url"
	"slices"
	"strings"
)

// Query is the part of a page's URL that all pages share: the window, what it
// is compared with, the filters and the grouping, as a person wrote them.
// Pages parse the values; Query only carries them from URL to URL.
type Query struct {
	Path    string
	Since   string // "2025-01-01"; "" for the page's default
	Until   string // exclusive
	Compare string // "", "none", "previous", "year-ago" or "SINCE..UNTIL"
	Where   []string
	By      string
	Rest    url.Values // what only this page knows: sort, q, cursor …
}

// ReadQuery takes the shared values out of a URL.
func ReadQuery(u *url.URL) Query {
	v := u.Query()
	q := Query{
		Path: u.Path, Since: v.Get("since"), Until: v.Get("until"), Compare: v.Get("compare"), By: v.Get("by"), Rest: url.Values{},
	}
	if from := v.Get("compare-since"); q.Compare == "custom" {
		q.Compare = ""
		if to := v.Get("compare-until"); from != "" && to != "" {
			q.Compare = from + ".." + to
		}
	}
	for _, w := range v["where"] {
		if w = strings.TrimSpace(w); w != "" && !slices.Contains(q.Where, w) {
			q.Where = append(q.Where, w)
		}
	}
	for k, vs := range v {
		switch k {
		case "since", "until", "compare", "compare-since", "compare-until", "by", "where":
		default:
			q.Rest[k] = vs
		}
	}
	return q
}

// URL is the address of the query; empty values are left out.
func (q Query) URL() string {
	v := url.Values{}
	for k, vs := range q.Rest {
		v[k] = vs
	}
	for k, s := range map[string]string{"since": q.Since, "until": q.Until, "compare": q.Compare, "by": q.By} {
		if s != "" {
			v.Set(k, s)
		}
	}
	if len(q.Where) > 0 {
		v["where"] = q.Where
	}
	if len(v) == 0 {
		return q.Path
	}
	return q.Path + "?" + v.Encode()
}

// To is the same window and filters on another page.
func (q Query) To(path string) Query {
	q.Path, q.Rest = path, nil
	return q
}

// Between is the query with another window; the place in a list is forgotten.
func (q Query) Between(since, until string) Query {
	q.Since, q.Until = since, until
	return q.start()
}

// With adds a filter, replacing one on the same field.
func (q Query) With(field, value string) Query {
	q.Where = slices.DeleteFunc(slices.Clone(q.Where), func(w string) bool { return strings.HasPrefix(w, field+"=") })
	q.Where = append(q.Where, field+"="+value)
	return q.start()
}

// Without drops a filter.
func (q Query) Without(where string) Query {
	q.Where = slices.DeleteFunc(slices.Clone(q.Where), func(w string) bool { return w == where })
	return q.start()
}

// Set changes a value that only this page knows; "" removes it.
func (q Query) Set(name, value string) Query {
	rest := url.Values{}
	for k, vs := range q.Rest {
		rest[k] = vs
	}
	if rest.Del(name); value != "" {
		rest.Set(name, value)
	}
	q.Rest = rest
	return q
}

func (q Query) start() Query { return q.Set("cursor", "") }

// Option is one choice of a field of the filter bar.
type Option struct {
	Value, Text string
}

// FilterField is a field that the bar offers as a list of choices, such as
// service, team or severity.
type FilterField struct {
	Name, Label string
	Options     []Option
}

// FilterBar is the bar under the top bar, shared by all pages.
type FilterBar struct {
	Query   Query
	Window  string // the window in words: "1 Jan 2025 to 1 Jan 2026"
	Presets []Link // "30 days", "This quarter" …, made with Query.Between
	Fields  []FilterField
	Names   []Option // every field that may be filtered on, for "any field"
	Groups  []Option // what the page can group by; empty hides the choice
	Compare bool     // whether the page compares periods
}

// chosen is the value that a field is filtered on now, if it is one of the
// field's choices.
func (b FilterBar) chosen(f FilterField) string {
	for _, w := range b.Query.Where {
		if v, ok := strings.CutPrefix(w, f.Name+"="); ok && slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == v }) {
			return v
		}
	}
	return ""
}

// others are the filters that no choice of the bar shows.
func (b FilterBar) others() []string {
	var out []string
	for _, w := range b.Query.Where {
		field, _, _ := strings.Cut(w, "=")
		shown := slices.ContainsFunc(b.Fields, func(f FilterField) bool { return f.Name == field && b.chosen(f) != "" })
		if !shown {
			out = append(out, w)
		}
	}
	return out
}

// active is how many filters are on, for the folded bar.
func (b FilterBar) active() int { return len(b.Query.Where) }

var comparisons = []Option{
	{"previous", "Previous period"}, {"year-ago", "Year before"}, {"custom", "Other dates"}, {"none", "No comparison"},
}

// comparison is the choice of comparisons that the query stands for, the
// previous period when it names none, and its dates when they are its own.
func (b FilterBar) comparison() (choice, since, until string) {
	if from, to, ok := strings.Cut(b.Query.Compare, ".."); ok {
		return "custom", from, to
	}
	if b.Query.Compare == "" {
		return comparisons[0].Value, "", ""
	}
	return b.Query.Compare, "", ""
}

// cleared is the page without filters.
func (b FilterBar) cleared() string {
	q := b.Query
	q.Where = nil
	return q.start().URL()
}
