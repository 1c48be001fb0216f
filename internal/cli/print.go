package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// objects prints a list of JSON objects: as they are (json), as a YAML list,
// or as rows (csv and table) that cells makes of each.
func (p *program) objects(list iter.Seq2[json.RawMessage, error], head []string, cells func(json.RawMessage) ([]string, error)) error {
	switch p.format {
	case asJSON:
		return p.jsonList(list)
	case asYAML:
		return p.yamlList(list)
	}
	sheet, end := p.sheet(head)
	for o, err := range list {
		if err != nil {
			return err
		}
		row, err := cells(o)
		if err != nil {
			return fmt.Errorf("an answer of the server is not what was expected: %w", err)
		}
		if err := sheet(row); err != nil {
			return err
		}
	}
	return end()
}

// jsonList prints one object per line between [ and ].
func (p *program) jsonList(list iter.Seq2[json.RawMessage, error]) error {
	before := "[\n"
	for o, err := range list {
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(p.out, "%s%s", before, compact(o)); err != nil {
			return err
		}
		before = ",\n"
	}
	if before == "[\n" {
		return p.printf("[]\n")
	}
	return p.printf("\n]\n")
}

func compact(o json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, o) != nil {
		return o // it was decoded as JSON, so this is only for completeness
	}
	return b.Bytes()
}

func (p *program) yamlList(list iter.Seq2[json.RawMessage, error]) error {
	none := true
	for o, err := range list {
		if err != nil {
			return err
		}
		none = false
		text, err := yaml.JSONToYAML(append(append([]byte("["), o...), ']'))
		if err != nil {
			return fmt.Errorf("write YAML: %w", err)
		}
		if _, err := p.out.Write(text); err != nil {
			return err
		}
	}
	if none {
		return p.printf("[]\n")
	}
	return nil
}

// object prints one JSON object; people see what table makes of it, or its
// fields one per line.
func (p *program) object(o json.RawMessage, head []string, rows [][]string) error {
	switch p.format {
	case asJSON:
		var b bytes.Buffer
		if err := json.Indent(&b, bytes.TrimSpace(o), "", "  "); err != nil {
			return fmt.Errorf("write JSON: %w", err)
		}
		return p.printf("%s\n", b.Bytes())
	case asYAML:
		text, err := yaml.JSONToYAML(o)
		if err != nil {
			return fmt.Errorf("write YAML: %w", err)
		}
		_, err = p.out.Write(text)
		return err
	}
	if p.format == asTable {
		t := table{head: head, rows: rows}
		return t.print(p)
	}
	sheet, end := p.sheet(head)
	for _, r := range rows {
		if err := sheet(r); err != nil {
			return err
		}
	}
	return end()
}

func (p *program) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(p.out, format, args...)
	return err
}

// sheet prints rows as CSV while they come, or as an aligned table once all
// have come.
func (p *program) sheet(head []string) (row func([]string) error, end func() error) {
	if p.format == asCSV {
		w := csv.NewWriter(p.out)
		first := true
		return func(r []string) error {
				if first {
					first = false
					if err := w.Write(head); err != nil {
						return err
					}
				}
				return w.Write(r)
			}, func() error {
				if first {
					if err := w.Write(head); err != nil {
						return err
					}
				}
				w.Flush()
				return w.Error()
			}
	}
	t := table{head: head, longest: maxCell}
	return func(r []string) error { t.rows = append(t.rows, r); return nil }, func() error { return t.print(p) }
}

// table is text in aligned columns. Columns that hold only numbers and the
// like stand to the right.
type table struct {
	head    []string
	rows    [][]string
	longest int // characters of a cell that are shown; 0: all
}

// maxCell is how many characters of a cell a table shows.
const maxCell = 80

func (t table) print(p *program) error {
	wide := make([]int, len(t.head))
	right := make([]bool, len(t.head))
	for i, h := range t.head {
		wide[i], right[i] = utf8.RuneCountInString(h), len(t.rows) > 0
	}
	for _, r := range t.rows {
		for i := range r {
			r[i] = cell(r[i], t.longest)
			wide[i] = max(wide[i], utf8.RuneCountInString(r[i]))
			right[i] = right[i] && numeric(r[i])
		}
	}
	for _, r := range append([][]string{t.head}, t.rows...) {
		var b strings.Builder
		for i, c := range r {
			gap := strings.Repeat(" ", wide[i]-utf8.RuneCountInString(c))
			if right[i] {
				c = gap + c
			} else {
				c += gap
			}
			b.WriteString(c + "  ")
		}
		if err := p.printf("%s\n", strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

func cell(s string, longest int) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "�")), " ")
	if longest > 0 && utf8.RuneCountInString(s) > longest {
		s = string([]rune(s)[:longest-1]) + "…"
	}
	return s
}

// numeric says whether a cell reads best from the right.
func numeric(s string) bool {
	return s == "" || s == "–" || strings.ContainsAny(s[:1], "0123456789-") && !strings.ContainsAny(s[1:], "-:_")
}
