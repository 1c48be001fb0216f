package reading

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/file"
	"hansei/internal/source/jq"
)

// Suggest makes first settings of a payload, for a person to go on from: where
// the things are, when they were so, and a mapping of the names that are
// recognised in the first of them. Names that are not end in a comment.
func Suggest(payload []byte, list bool) (map[string]string, error) {
	doc, err := jq.Decode(payload)
	if err != nil {
		return nil, hansei.Invalid("payload", "%s", source.Words(err))
	}
	where, thing := things(doc)
	if thing == nil {
		return nil, hansei.Invalid("payload", "it holds no JSON object to make a record of")
	}
	text, err := jq.Marshal(thing)
	if err != nil {
		return nil, err
	}
	text = append(text, '\n')
	plan, err := file.Inspect("payload.json", bytes.NewReader(text), file.Options{})
	if err != nil { // its names do not tell the kind
		plan, err = file.Inspect("payload.json", bytes.NewReader(text), file.Options{Kind: hansei.KindIncident})
	}
	if err != nil {
		return nil, err
	}
	out := map[string]string{"items": where}
	if list {
		out["items"], out["list_items"] = "", where
	}
	for _, name := range []string{"updated_at", "changed_at", "modified_at", "updatedAt", "changedAt", "modifiedAt", "updated", "modified"} {
		if _, ok := thing[name].(string); ok {
			out["at"] = "." + name
			break
		}
	}
	m, others := recognised(plan, thing, out["at"])
	mapping, err := m.YAML()
	if err != nil {
		return nil, err
	}
	out["mapping"] = string(mapping) + unused(others)
	return out, nil
}

// recognised is the mapping of what a plan knows by name, and the names of the
// rest that hold something; at is the expression for the time.
func recognised(plan *file.Plan, thing map[string]any, at string) (*file.Mapping, []string) {
	m := &file.Mapping{Kind: plan.Kind, ID: plan.Key}
	if m.ID == "" {
		m.ID = nameOf(thing)
	}
	var others []string
	for _, c := range plan.Columns {
		switch {
		case c.Name == m.ID || c.JQ != "":
		case c.How == file.HowName:
			m.Fields = append(m.Fields, file.FieldMapping{Column: c.Name, Field: c.Field})
		case len(c.Samples) > 0 && "."+c.Name != at && !strings.ContainsAny(c.Name, "\r\n"):
			others = append(others, c.Name)
		}
	}
	return m, others
}

// unused says in a comment which names a person may have a use for.
func unused(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "# Not recognised, and kept as fields of your own: " + strings.Join(names, ", ") + ".\n" +
		"# To make one a field, write it under fields, too, with the name of the field that\n" +
		"# it is, such as title, services or severity, in place of FIELD:\n" +
		"#   - column: " + names[0] + "\n#     field: FIELD\n"
}

// deepest is how far inside a document things are looked for.
const deepest = 4

// things finds the things in a document: the expression that gives them, and
// the first of them. What stands deeper than the first level is one only if it
// says more of itself than the document does.
func things(doc any) (string, map[string]any) {
	if list, ok := doc.([]any); ok {
		return ".[]", firstOf(list)
	}
	object, _ := doc.(map[string]any)
	if object == nil || nameOf(object) != "" {
		return ".", object
	}
	where, is := []string{""}, []map[string]any{object}
	for depth := 0; depth < deepest && len(is) > 0; depth++ {
		var inside []string
		var those []map[string]any
		for i, outer := range is {
			for _, name := range slices.Sorted(maps.Keys(outer)) {
				if inner, ok := outer[name].(map[string]any); ok {
					inside, those = append(inside, where[i]+step(name)), append(those, inner)
				}
			}
		}
		thing := func(x map[string]any) bool {
			return nameOf(x) != "" && (depth == 0 || tells(x) > tells(object))
		}
		if i := slices.IndexFunc(those, thing); i >= 0 {
			return inside[i], those[i]
		}
		for i, outer := range is {
			for _, name := range slices.Sorted(maps.Keys(outer)) {
				if list, ok := outer[name].([]any); ok && firstOf(list) != nil && (depth == 0 || thing(firstOf(list))) {
					return where[i] + step(name) + "[]", firstOf(list)
				}
			}
		}
		where, is = inside, those
	}
	return ".", object
}

// tells counts what an object says of itself that a thing does.
func tells(object map[string]any) (n int) {
	for _, name := range []string{"title", "summary", "name", "subject", "status", "state", "url", "created_at", "createdAt", "severity", "priority"} {
		if _, ok := object[name].(string); ok {
			n++
		}
	}
	return n
}

func firstOf(list []any) map[string]any {
	if len(list) == 0 {
		return nil
	}
	object, _ := list[0].(map[string]any)
	return object
}

// nameOf is the name under which an object says what it is called.
func nameOf(object map[string]any) string {
	for _, name := range []string{"id", "ID", "key", "ref", "reference", "number", "uuid", "identifier"} {
		switch object[name].(type) {
		case nil, map[string]any, []any, bool:
		default:
			return name
		}
	}
	return ""
}

// plain are the names that jq takes without quotes.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// step is the expression for what an object holds under a name.
func step(name string) string {
	if plain.MatchString(name) {
		return "." + name
	}
	return "." + strconv.Quote(name)
}
