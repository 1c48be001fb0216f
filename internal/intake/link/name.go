// Package link says what records are called and what they mention, and whether
// two that several tools tell of are one. It is pure: package record keeps the
// names, package intake joins.
package link

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"hansei"
)

// Things are linked by what they are called: one record's text holds another's
// URL or key, or its source says outright that the other belongs to it. So
// that either may arrive first, both what a record is called and what it
// mentions are noted (package record), in one canonical form.

// Links are what a record is called and what it mentions, both sorted.
type Links struct{ Called, Mentions []string }

// Of are the links of a record. One that was merged into another has none:
// what it is called leads to the other record now. Only one that people made is
// called a part of it, for no source of the other knows it.
func Of(rec hansei.Record) *Links {
	switch {
	case rec == nil:
		return &Links{}
	case rec.Head().MergedInto == "":
		own := called(rec)
		return &Links{own, mentions(rec, own)}
	case len(rec.Head().From) > 0:
		return &Links{}
	}
	return &Links{Called: []string{PartOf(rec.Kind(), rec.Head().MergedInto)}}
}

// PartOf is what records that people made are called once they were merged into
// another. No source and no text can mention it.
func PartOf(kind hansei.Kind, into hansei.ID) string {
	return "part of " + string(kind) + " " + string(into)
}

// Add adds the links of another record, or another revision.
func (l *Links) Add(more *Links) {
	for _, n := range more.Called {
		l.Called = Insert(l.Called, n)
	}
	for _, n := range more.Mentions {
		l.Mentions = Insert(l.Mentions, n)
	}
}

// IDs are the ids by which the sources of a record know it, in their order.
func IDs(rec hansei.Record) (out []hansei.ID) {
	for _, o := range rec.Head().From {
		out = append(out, hansei.Key{Kind: rec.Kind(), Source: o.Source, External: o.External}.ID())
	}
	return out
}

// Live says whether a record is there and stands for itself.
func Live(rec hansei.Record) bool {
	return rec != nil && !rec.Head().Deleted && rec.Head().MergedInto == ""
}

// canonical is the one form of a name. URLs lose their scheme; keys such as OPS-12, channels such as #inc-7, commits and
// owner/repo#12 stand for themselves; anything else means something only
// within its source.
func canonical(source, name string) string {
	name = strings.TrimSpace(name)
	switch {
	case name == "" || len(name) > maxName:
		return ""
	case strings.HasPrefix(name, "http://") || strings.HasPrefix(name, "https://"):
		return canonicalURL(name)
	case strings.Contains(name, "-") && wholeKey.MatchString(name):
		return strings.ToUpper(name)
	case isRef(name), isCommit(name), strings.HasPrefix(name, "#"):
		return strings.ToLower(name)
	case source != "" && strings.HasPrefix(name, source+":"):
		return name
	}
	return source + ":" + name
}

// maxName bounds a name, in bytes; maxNames how many one record has of each sort.
const (
	maxName  = 300
	maxNames = 200
)

func canonicalURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return ""
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	if u.RawQuery != "" { // it may be all that tells two things apart
		path += "?" + u.RawQuery
	}
	if u.Fragment != "" {
		path += "#" + u.EscapedFragment()
	}
	if path == "" {
		return "" // a whole site is no name of a thing
	}
	if path[0] != '/' {
		path = "/" + path
	}
	return strings.TrimPrefix(strings.ToLower(u.Host), "www.") + path
}

// meant are the names that a mention may be of: a URL as it stands there, and
// without what says only where on a page to look, or whence one came.
func meant(source, name string) []string {
	full := canonical(source, name)
	if i := strings.IndexAny(full, "?#"); i > 0 && anyURL.MatchString(full) {
		if page := strings.TrimSuffix(full[:i], "/"); anyURL.MatchString(page) {
			return []string{full, page}
		}
	}
	return []string{full}
}

var (
	wholeKey    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{1,9}-[0-9]{1,7}$`)
	capitalKey  = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,9}-[0-9]{1,7}$`)
	wholeRef    = regexp.MustCompile(`^[\w.-]+/[\w.-]+#[0-9]{1,9}$`)
	wholeCommit = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)
)

// Most names are neither, and a regular expression takes long to say so.
func isCommit(s string) bool { return len(s) == 40 && wholeCommit.MatchString(s) }
func isRef(s string) bool    { return strings.Contains(s, "#") && wholeRef.MatchString(s) }

// called are the names of a record: what its sources call it, and its URLs.
func called(rec hansei.Record) []string {
	var out []string
	ids := IDs(rec)
	for i, o := range rec.Head().From {
		out = Insert(out, string(ids[i]))
		out = Insert(out, canonical(o.Source, o.External))
		for _, n := range o.Names {
			out = Insert(out, canonical(o.Source, n))
		}
	}
	if f, err := hansei.FieldNamed(rec.Kind(), "url"); err == nil {
		if v, ok := f.Get(rec); ok {
			out = Insert(out, canonicalURL(v.(string)))
		}
	}
	switch r := rec.(type) {
	case *hansei.PullRequest:
		if isCommit(r.MergeCommit) {
			out = Insert(out, strings.ToLower(r.MergeCommit))
		}
	case *hansei.Change:
		if r.Type == "commit" && isCommit(r.Commit) {
			out = Insert(out, strings.ToLower(r.Commit))
		}
	case *hansei.Deployment:
		for _, n := range deploymentNames(r) {
			out = Insert(out, n)
		}
	}
	return out[:min(len(out), maxNames)]
}

// mentions are the names found in a record that are not its own.
func mentions(rec hansei.Record, own []string) []string {
	var out []string
	source := ""
	add := func(source string, names []string) {
		for _, n := range names {
			for _, n := range meant(source, n) {
				out = Insert(out, n)
			}
		}
	}
	for _, o := range rec.Head().From {
		source = o.Source
		add(source, o.Mentions)
	}
	add(source, referred(rec))
	for _, t := range texts(rec) {
		add("", namesIn(t))
	}
	out = slices.DeleteFunc(out, func(n string) bool { return slices.Contains(own, n) })
	return out[:min(len(out), maxNames)]
}

// referred are the names of other records in fields made for that.
func referred(rec hansei.Record) []string {
	switch r := rec.(type) {
	case *hansei.Incident:
		return slices.Concat(r.CausedBy, r.FixedBy)
	case *hansei.Alert:
		return []string{r.Incident}
	case *hansei.Ticket:
		return []string{r.Incident}
	case *hansei.WorkItem:
		return []string{r.Parent}
	case *hansei.Deployment:
		return []string{r.Commit}
	}
	return nil
}

// texts are the free texts of a record.
func texts(rec hansei.Record) []string {
	switch r := rec.(type) {
	case *hansei.Incident:
		out := []string{r.Title, r.Description}
		for _, u := range r.Updates {
			out = append(out, u.Text)
		}
		return out
	case *hansei.Alert:
		return []string{r.Title}
	case *hansei.Ticket:
		return append([]string{r.Title, r.Description}, r.Labels...)
	case *hansei.WorkItem:
		return []string{r.Title, r.Description}
	case *hansei.PullRequest:
		return []string{r.Title}
	case *hansei.Change:
		return []string{r.Title}
	case *hansei.Deployment:
		return []string{r.Title}
	}
	return nil
}

// WithURL adds the address of what a source tells to the names it goes by there.
func WithURL(names []string, rec hansei.Record) []string {
	if f, err := hansei.FieldNamed(rec.Kind(), "url"); err == nil {
		if u, ok := f.Get(rec); ok {
			return Insert(names, u.(string))
		}
	}
	return names
}

// Insert puts a text into a sorted list that holds each once, unless it is
// empty.
func Insert(list []string, s string) []string {
	i, known := slices.BinarySearch(list, s)
	if known || s == "" {
		return list
	}
	return slices.Insert(slices.Clip(list), i, s)
}

// Without are the elements of a sorted list that another lacks.
func Without(a, b []string) []string {
	var out []string
	for _, s := range a {
		if _, has := slices.BinarySearch(b, s); !has {
			out = append(out, s)
		}
	}
	return out
}
