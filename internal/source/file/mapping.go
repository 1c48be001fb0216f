package file

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"hansei"
	"hansei/internal/source/file/clock"
	"hansei/internal/source/jq"
)

// Mapping is a person's word on how to read a file. What it does not mention
// is recognised as without it.
//
//	kind: incident
//	source: pagerduty
//	zone: Europe/Berlin
//	id: Number                 # a column, or a jq expression that begins with .
//	fields:
//	  - column: Priority
//	    field: severity
//	    values: {P1: sev1, P2: sev2}
//	  - column: Opened
//	    field: declared_at
//	    time: DD.MM.YYYY HH:mm
//	  - jq: .service.summary
//	    field: services
//	  - column: Internal note
//	    ignore: true
type Mapping struct {
	Kind   hansei.Kind    `yaml:"kind,omitempty" json:"kind,omitempty"`
	Source string         `yaml:"source,omitempty" json:"source,omitempty"`
	Zone   string         `yaml:"zone,omitempty" json:"zone,omitempty"`
	ID     string         `yaml:"id,omitempty" json:"id,omitempty"`
	Fields []FieldMapping `yaml:"fields,omitempty" json:"fields,omitempty"`
}

// FieldMapping says what one column or jq expression becomes.
type FieldMapping struct {
	Column string            `yaml:"column,omitempty" json:"column,omitempty"`
	JQ     string            `yaml:"jq,omitempty" json:"jq,omitempty"`
	Field  string            `yaml:"field,omitempty" json:"field,omitempty"` // a field of the kind, or custom.NAME
	Time   string            `yaml:"time,omitempty" json:"time,omitempty"`   // see styleOf
	Zone   string            `yaml:"zone,omitempty" json:"zone,omitempty"`
	Values map[string]string `yaml:"values,omitempty" json:"values,omitempty"` // the source's word → ours
	Ignore bool              `yaml:"ignore,omitempty" json:"ignore,omitempty"`
}

// maxMapping bounds a mapping file, in bytes.
const maxMapping = 1 << 20

// ParseMapping reads a mapping file. Its errors name the line and the key.
func ParseMapping(text []byte) (*Mapping, error) {
	if len(text) > maxMapping {
		return nil, hansei.Invalid("mapping", "it has %d bytes; expected at most %d", len(text), maxMapping)
	}
	m, err := decodeYAML(text)
	if err != nil {
		return nil, err
	}
	if err := m.check(); err != nil {
		var at *placed
		if errors.As(err, &at) {
			return nil, hansei.Invalid("mapping", "%s%s: %s", lineOf(text, at.path), at.key(), at.reason)
		}
		return nil, err
	}
	return m, nil
}

// decodeYAML reads a mapping's text. The parser panics on some malformed
// texts, which must not take the server with them.
func decodeYAML(text []byte) (m *Mapping, err error) {
	defer func() {
		if p := recover(); p != nil {
			m, err = nil, hansei.Invalid("mapping", "it is not YAML that can be read: %v", p)
		}
	}()
	m = &Mapping{}
	if err := yaml.UnmarshalWithOptions(text, m, yaml.Strict()); err != nil {
		return nil, yamlError(err)
	}
	return m, nil
}

// yamlError puts the line before what the YAML parser says.
func yamlError(err error) error {
	var e yaml.Error
	if errors.As(err, &e) && e.GetToken() != nil {
		return hansei.Invalid("mapping", "line %d: %s", e.GetToken().Position.Line, e.GetMessage())
	}
	return hansei.Invalid("mapping", "%s", strings.TrimSpace(err.Error()))
}

// placed is an error at a place in the mapping, as a YAML path.
type placed struct{ path, reason string }

func (p *placed) Error() string { return p.key() + ": " + p.reason }

func (p *placed) key() string { return strings.TrimPrefix(p.path, "$.") }

// lineOf finds the line of a YAML path; "" when it has none.
func lineOf(text []byte, path string) string {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return ""
	}
	p, err := yaml.PathString(path)
	if err != nil {
		return ""
	}
	var node ast.Node
	if node, err = p.FilterFile(file); err != nil || node == nil || node.GetToken() == nil {
		return ""
	}
	return fmt.Sprintf("line %d, ", node.GetToken().Position.Line)
}

func (m *Mapping) check() error {
	if m.Kind != "" {
		k, err := hansei.ParseKind(string(m.Kind))
		if err != nil {
			return &placed{"$.kind", strings.TrimPrefix(err.Error(), "kind: ")}
		}
		m.Kind = k
	}
	if err := checkZone(m.Zone, "$.zone"); err != nil {
		return err
	}
	if isJQ(m.ID) {
		if _, err := jq.Compile(m.ID); err != nil {
			return &placed{"$.id", err.Error()}
		}
	}
	seen := map[string]bool{}
	for i := range m.Fields {
		f := &m.Fields[i]
		if err := f.check(m.Kind, fmt.Sprintf("$.fields[%d]", i)); err != nil {
			return err
		}
		if f.Column != "" && seen[f.Column] {
			return &placed{fmt.Sprintf("$.fields[%d].column", i), fmt.Sprintf("column %q has an entry already", f.Column)}
		}
		seen[f.Column] = true
	}
	return nil
}

func (f *FieldMapping) check(kind hansei.Kind, path string) error {
	switch {
	case f.Column == "" && f.JQ == "":
		return &placed{path, "an entry needs a column or a jq expression"}
	case f.Column != "" && f.JQ != "":
		return &placed{path + ".jq", "an entry has either a column or a jq expression"}
	case f.Field == "" && !f.Ignore:
		return &placed{path, "an entry needs a field, or ignore: true"}
	}
	if f.JQ != "" {
		if _, err := jq.Compile(f.JQ); err != nil {
			return &placed{path + ".jq", err.Error()}
		}
	}
	if f.Field != "" && kind != "" {
		if _, ok := typeOf(kind, f.Field); !ok {
			return &placed{path + ".field", fmt.Sprintf("%q is not a field of %s; expected custom.NAME or one of %s", f.Field, kind, fieldNames(kind))}
		}
	}
	if _, err := clock.StyleOf(f.Time, time.UTC); err != nil {
		return &placed{path + ".time", reason(err)}
	}
	return checkZone(f.Zone, path+".zone")
}

func reason(err error) string {
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		return invalid.Reason
	}
	return err.Error()
}

func checkZone(name, path string) error {
	if _, err := time.LoadLocation(name); err != nil {
		return &placed{path, fmt.Sprintf("%q is not a time zone; expected a name such as Europe/Berlin", name)}
	}
	return nil
}

func fieldNames(kind hansei.Kind) string {
	var names []string
	for _, f := range hansei.FieldsOf(kind) {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// YAML writes the mapping as ParseMapping reads it.
func (m *Mapping) YAML() ([]byte, error) {
	text, err := yaml.MarshalWithOptions(m, yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("write a mapping: %w", err)
	}
	return text, nil
}
