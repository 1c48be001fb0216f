package document

import (
	"bytes"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"hansei"
	"hansei/internal/source/file/clock"
)

// Found is what a document of the past says: a retrospective whose metadata a
// person should confirm, and what else is named in it.
type Found struct {
	ID            string                `json:"id,omitempty"` // its own, where it has one
	Retrospective *hansei.Retrospective `json:"retrospective"`
	Incidents     []hansei.ID           `json:"incidents,omitempty"` // that it names itself
	Services      []string              `json:"services,omitempty"`  // by name
	Teams         []string              `json:"teams,omitempty"`     // by name
	Began         time.Time             `json:"began,omitzero"`
	Ended         time.Time             `json:"ended,omitzero"`
	FollowUps     []hansei.FollowUp     `json:"follow_ups,omitempty"`
	Guessed       []string              `json:"guessed,omitempty"` // names of fields that were read out of the prose
	Notes         []string              `json:"notes,omitempty"`   // what was guessed and from what, for people
}

// Max bounds a document, in bytes.
const Max = 5 << 20

// FirstYear is from when on an incident can be a record.
const FirstYear = 1970

// Read understands a document: Markdown, with its metadata in front or without,
// or HTML, also as Confluence exports it. name is the file's; its ending says
// which.
func Read(name string, text []byte, rules hansei.RetroRules) (*Found, error) {
	if len(text) > Max {
		return nil, hansei.Invalid(name, "%d bytes are too many for a retrospective; at most %d", len(text), Max)
	}
	r := &reader{rules: rules, meta: map[string]any{}, name: name, found: &Found{Retrospective: &hansei.Retrospective{State: hansei.RetroDraft}}}
	source, err := r.markdown(name, text)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(source) == "" && len(r.meta) == 0 {
		return nil, hansei.Invalid(name, "the document is empty")
	}
	r.read(source)
	if r.found.Retrospective.Title = Cut(r.found.Retrospective.Title, 300); r.found.Retrospective.Title == "" {
		r.found.Retrospective.Title = "Retrospective"
	}
	return r.found, nil
}

// markdown brings a file into the form that is understood, and takes what
// stands in front of it.
func (x *reader) markdown(name string, text []byte) (source string, err error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	ext, begin := strings.ToLower(path.Ext(name)), strings.ToLower(string(text[:min(len(text), 600)]))
	switch {
	case bytes.HasPrefix(text, []byte("\xd0\xcf\x11\xe0")) || ext == ".docx":
		return "", hansei.Invalid(name, "this is a file of Word; save it there as a web page (HTML) and import that")
	case ext == ".html" || ext == ".htm" || ext == ".xhtml" || ext == ".xml" || ext == ".doc" || strings.HasPrefix(strings.TrimSpace(begin), "<!doctype html"):
		if strings.Contains(begin, "<entities") || strings.Contains(begin, "<hibernate-generic") {
			return "", hansei.Invalid(name, "this is a backup of a Confluence space; export the space as HTML and import that")
		}
		return x.html(name, decode(text))
	case ext == ".md" || ext == ".markdown" || ext == ".txt" || ext == "":
		source = strings.ToValidUTF8(strings.ReplaceAll(string(text), "\r\n", "\n"), "\uFFFD")
		x.meta, source, err = frontOf(name, source)
		return source, err
	}
	return "", hansei.Invalid(name, "expected Markdown (.md) or HTML (.html, .xml), not %s", ext)
}

func (x *reader) html(name, text string) (string, error) {
	f := &foreign{lost: map[string]bool{}}
	source, err := f.markdownOf(text)
	if err != nil {
		return "", hansei.Invalid(name, "the HTML cannot be read: %v", err)
	}
	if exportIndex.MatchString(text) {
		return "", hansei.Invalid(name, "this is the list of pages of an export, not a document")
	}
	x.found.Notes = append(x.found.Notes, f.notes...)
	if f.front != "" {
		if x.meta, _, err = frontOf(name, "---\n"+f.front+"\n---\n"); err != nil {
			return "", err
		}
	}
	if f.title != "" && x.meta["title"] == nil {
		x.meta["title"] = f.title
	}
	return strings.ToValidUTF8(source, "\uFFFD"), nil
}

// exportIndex is what only the index of a Confluence export says.
var exportIndex = regexp.MustCompile(`(?s)<h[12][^>]*>\s*(?:Space Details:|Available Pages:)`)

// frontOf takes the YAML between two lines of hyphens off a Markdown file.
func frontOf(name, source string) (map[string]any, string, error) {
	rest, ok := strings.CutPrefix(source, "---\n")
	if !ok {
		return map[string]any{}, source, nil
	}
	head, body, ok := strings.Cut(rest, "\n---")
	if !ok {
		return map[string]any{}, source, nil // a rule at the top, nothing more
	}
	meta := map[string]any{}
	if err := yaml.Unmarshal([]byte(head), &meta); err != nil {
		return nil, "", hansei.Invalid(name, "the YAML in front cannot be read: %s", strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	_, body, _ = strings.Cut(body, "\n")
	if meta["hansei"] != nil {
		var f front
		if err := yaml.Unmarshal([]byte(head), &f); err == nil {
			meta[frontName] = f
		}
	}
	return meta, body, nil
}

type reader struct {
	rules hansei.RetroRules
	meta  map[string]any
	name  string
	found *Found
}

func (x *reader) read(body string) {
	r := x.found.Retrospective
	title, parts := split(body, x.text("title", "name") == "" || strings.Count("\n"+body, "\n# ") == 1)
	if f, ok := x.meta[frontName].(front); ok {
		x.ours(f, parts)
		return
	}
	x.tableFields(parts)
	r.Title = firstOf(x.text("title", "name"), title, Cut(plainText(x.text("summary", "description")), 90), opening(parts), strings.TrimSuffix(path.Base(x.name), path.Ext(x.name)))
	r.URL = x.text("url", "link", "source")
	x.found.ID = Cut(x.text("uuid", "id"), 200)
	r.Severity = severityOf(x.text("severity", "sev", "priority", "impact_level"))
	x.found.Services = x.list("services", "service", "product", "products", "components", "component", "systems", "system")
	if len(x.found.Services) == 0 {
		x.found.Services = x.list("company")
	}
	x.found.Began, x.found.Ended = x.time("start_time", "started_at", "start", "began_at", "impact_start", "incident_start", "date"), x.time("end_time", "ended_at", "end", "resolved_at", "impact_end", "incident_end")
	r.Published = x.time("published_at", "published", "source_published_at")
	x.describe(r)
	x.dates(r, parts)
	x.sections(r, parts)
	whole := r.Title + "\n" + x.text("summary") + "\n" + body
	x.guess(r, whole)
	r.Timeline = moments(parts, x.found.Began)
}

// describe takes the fields that stand in front by their own names.
func (x *reader) describe(r *hansei.Retrospective) {
	r.Functionality, r.WentWell, r.Lucky = x.list("functionality"), x.list("went_well"), x.list("lucky")
	r.Surprises, r.KnowledgeGaps, r.Lessons = x.list("surprises"), x.list("knowledge_gaps"), x.list("lessons", "lessons_learned")
	r.Detection, r.Trigger, r.Mitigation = x.text("detection", "detection_method"), x.text("trigger"), x.text("mitigation", "resolution")
	r.Customers, r.CustomersLow, r.CustomersHigh = x.number("customers_affected", "customers", "users_affected"), x.number("customers_low"), x.number("customers_high")
	r.CustomersMethod = x.text("customers_method")
	x.known(x.list("factors", "contributing_factors", "root_causes", "causes"))
}

// known takes factors that the document names itself.
func (x *reader) known(names []string) {
	r := x.found.Retrospective
	for _, name := range names {
		if f, ok := x.rules.Factor(name); ok {
			r.Factors = append(r.Factors, hansei.Factor{Name: f.Name})
		} else {
			x.found.Notes = append(x.found.Notes, fmt.Sprintf("factor %q is not in the taxonomy", name))
		}
	}
}

// guess fills what is missing from the words of the text, and says so.
func (x *reader) guess(r *hansei.Retrospective, whole string) {
	note := func(field, format string, args ...any) {
		x.found.Guessed = append(x.found.Guessed, field)
		x.found.Notes = append(x.found.Notes, fmt.Sprintf(format, args...))
	}
	if len(r.Factors) == 0 {
		if r.Factors = suggested(whole, x.rules); len(r.Factors) > 0 {
			note("factors", "%d contributing factors were guessed from the text; each shows its sentence", len(r.Factors))
		}
	}
	if r.Detection == "" {
		if r.Detection = detectionIn(whole); r.Detection != "" {
			note("detection", "detection by %s was guessed from the text", r.Detection)
		}
	}
	if r.Customers == nil {
		if m := affected.FindStringSubmatch(whole); m != nil {
			if n, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimRight(m[1], ".,"), ",", ""), 64); err == nil && n > 0 {
				switch strings.ToLower(m[2]) {
				case "million", "m":
					n *= 1e6
				case "thousand", "k":
					n *= 1e3
				}
				r.Customers, r.CustomersMethod = &n, "the text: "+oneLine(m[0])
				note("customers", "the number of customers was taken from %q", oneLine(m[0]))
			}
		}
	}
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s = oneLine(s); s != "" {
			return s
		}
	}
	return "Retrospective"
}

func (x *reader) text(names ...string) string {
	for _, n := range names {
		if v, ok := x.meta[n]; ok && v != nil {
			if s, ok := v.(string); ok && strings.TrimSpace(s) != "" {
				return strings.TrimSpace(s)
			}
			if list, ok := v.([]any); ok && len(list) > 0 {
				return fmt.Sprint(list[0])
			}
		}
	}
	return ""
}

func (x *reader) list(names ...string) (out []string) {
	for _, n := range names {
		switch v := x.meta[n].(type) {
		case string:
			if strings.TrimSpace(v) != "" {
				out = append(out, strings.TrimSpace(v))
			}
		case []any:
			for _, e := range v {
				if s := strings.TrimSpace(fmt.Sprint(e)); s != "" {
					out = append(out, s)
				}
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

func (x *reader) number(names ...string) *float64 {
	for _, n := range names {
		if v, ok := x.meta[n]; ok {
			if f, err := strconv.ParseFloat(strings.ReplaceAll(fmt.Sprint(v), ",", ""), 64); err == nil && f >= 0 {
				return &f
			}
		}
	}
	return nil
}

func (x *reader) time(names ...string) time.Time {
	for _, n := range names {
		switch v := x.meta[n].(type) {
		case time.Time:
			return v.UTC()
		case string:
			if t, ok := (clock.Style{Zone: time.UTC}).Parse([]byte(v)); ok {
				return t
			}
		}
	}
	return time.Time{}
}

var severityDigit = regexp.MustCompile(`(?i)^\s*(?:sev(?:erity)?|p|s)?[\s-]*([1-5])\s*$`)

// severityOf is a severity in our words, or what was said where it is none.
func severityOf(s string) string {
	if m := severityDigit.FindStringSubmatch(s); m != nil {
		return "sev" + m[1]
	}
	return strings.ToLower(s)
}

// part is a heading and what stands under it.
type part struct{ title, text string }

var heading = regexp.MustCompile(`^(#{1,4})\s+(.*?)\s*#*$`)

// split cuts Markdown at its headings. The first of the top level is the title
// where titled says that one of them is: Word's sections are of that level too.
func split(body string, titled bool) (title string, parts []part) {
	parts = []part{{}}
	fence, from, at := false, 0, 0 // of the part's text in body
	end := func() { parts[len(parts)-1].text = body[from:at] }
	for line := range strings.Lines(body) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fence = !fence
		}
		m := heading.FindStringSubmatch(strings.TrimRight(line, "\n"))
		inner := m == nil || fence || len(m[1]) > 2 && parts[len(parts)-1].title != "" // a part of a part
		if !inner {
			end()
			next := part{title: plainText(m[2])}
			if m[1] == "#" && title == "" && titled {
				title, next = next.title, part{}
			}
			parts, from = append(parts, next), at+len(line)
		}
		at += len(line)
	}
	end()
	return title, slices.DeleteFunc(parts, func(p part) bool { return strings.TrimSpace(p.title+p.text) == "" })
}

// opening is how the text begins, for one that has no title.
func opening(parts []part) string {
	for _, p := range parts {
		if list := Sentences(p.text); len(list) > 0 {
			return Cut(plainText(list[0]), 90)
		}
	}
	return ""
}

var markup = regexp.MustCompile("[*_`]|\\[([^\\]]*)\\]\\([^)]*\\)")

func plainText(s string) string { return oneLine(markup.ReplaceAllString(s, "$1")) }

// Origin is what tells a document from others, for the record's id: its own id,
// else where it stood before, else its name.
func Origin(f *Found, name string) string {
	if f.ID != "" {
		return f.ID
	}
	if u, err := url.Parse(f.Retrospective.URL); err == nil && u.Host != "" {
		return u.Host + u.Path
	}
	return name
}
