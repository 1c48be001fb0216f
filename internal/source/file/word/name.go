package word

import (
	"strings"
	"unicode"
)

// Snake writes a name in lower case with _ between its words, whichever way
// the source wrote it: createdAt, "Created at", CREATED-AT, HTMLUrl, "Issue #".
func Snake(s string) string {
	var b strings.Builder
	runes := []rune(strings.ReplaceAll(s, "#", " number "))
	gap := false
	for i, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = true
			continue
		}
		if unicode.IsUpper(r) && i > 0 {
			after := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if before := runes[i-1]; unicode.IsLower(before) || unicode.IsDigit(before) || unicode.IsUpper(before) && after {
				gap = true
			}
		}
		if gap && b.Len() > 0 {
			b.WriteByte('_')
		}
		gap = false
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// wrappers are objects that only wrap a record's own fields.
var wrappers = map[string]bool{
	"fields": true, "attributes": true, "data": true, "node": true, "properties": true, "record": true,
	"source": true, "payload": true, "item": true,
}

// titles are the keys under which an object keeps its own name.
var titles = map[string]bool{
	"name": true, "value": true, "summary": true, "display_name": true, "label": true, "title": true, "display_value": true,
	"category": true, "login": true, "full_name": true, "username": true, "slug": true,
}

// Alias is a way to name a column, for looking it up.
type Alias struct {
	path  []string // the column's name cut at dots, each in snake form
	Depth int      // how deep the value lies below the record
}

// AliasOf names a column of a file of things that noun names.
func AliasOf(column, noun string) Alias {
	parts := strings.Split(column, ".")
	for i := range parts {
		parts[i] = Snake(parts[i])
	}
	for len(parts) > 1 && (wrappers[parts[0]] || parts[0] == noun) {
		parts = parts[1:]
	}
	return Alias{path: parts, Depth: len(parts) - 1}
}

// Flat is the whole name.
func (a Alias) Flat() string { return strings.Join(a.path, "_") }

// Owner is the name of the object whose title this is, or the whole name.
func (a Alias) Owner() string {
	last := len(a.path) - 1
	if last > 0 && titles[a.path[last]] {
		return strings.Join(a.path[:last], "_")
	}
	return a.Flat()
}

// Stem is the name of a time without the words that only say that it is one:
// created_at, date_created, creation_time are all "created".
func Stem(name string) (string, bool) {
	marked := false
	for again := true; again; {
		again = false
		for _, suffix := range []string{"_at", "_on", "_date", "_time", "_datetime", "_timestamp", "_ts", "_utc", "_gmt", "_dt", "_local", "_ms", "_epoch"} {
			if s, ok := strings.CutSuffix(name, suffix); ok && s != "" {
				name, marked, again = s, true, true
			}
		}
		for _, prefix := range []string{"date_", "time_", "timestamp_", "datetime_"} {
			if s, ok := strings.CutPrefix(name, prefix); ok && s != "" {
				name, marked, again = s, true, true
			}
		}
	}
	if noun, ok := verbs[name]; ok {
		name = noun
	}
	return name, marked
}

// verbs maps other forms of a time's name to the one in the table.
var verbs = map[string]string{
	"create": "created", "creation": "created", "open": "opened", "opening": "opened", "start": "started", "begin": "began", "beginning": "began",
	"end": "ended", "finish": "finished", "resolve": "resolved", "resolution": "resolved", "close": "closed", "closing": "closed", "closure": "closed",
	"acknowledge": "acknowledged", "ack": "acknowledged", "acked": "acknowledged", "acknowledgement": "acknowledged", "acknowledgment": "acknowledged", "first_ack": "acknowledged", "first_acknowledged": "acknowledged",
	"detect": "detected", "detection": "detected", "mitigate": "mitigated", "mitigation": "mitigated", "trigger": "triggered", "alert": "alerted",
	"declare": "declared", "report": "reported", "merge": "merged", "deploy": "deployed", "deployment": "deployed", "complete": "completed", "completion": "completed",
	"identify": "identified", "cancel": "canceled", "cancelled": "canceled", "first_response": "responded", "impact_start": "impact_started", "impact_begin": "impact_started",
	"first_commit_authored": "first_commit", "first_reviewed": "first_review", "resolutiondate": "resolved", "restore": "restored", "solve": "solved",
}
