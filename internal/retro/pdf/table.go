package pdf

import (
	"net/url"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

const (
	small = 9.0 // letters in a table, in points
	step  = 4.6 // from line to line in it
	pad   = 1.2
)

// outward is an address that a reader of a file may follow: of the web or mail.
func outward(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "mailto" {
		return ""
	}
	return address
}

// cells are the texts of a table.
func (s *setter) cells(t *east.Table) (out [][]string) {
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for c := row.FirstChild(); c != nil; c = c.NextSibling() {
			var b strings.Builder
			s.text(&b, c)
			cells = append(cells, plain(b.String()))
		}
		out = append(out, cells)
	}
	return out
}

func (s *setter) text(b *strings.Builder, parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			b.WriteString(s.said(n))
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(s.source))
		default:
			s.text(b, n)
		}
	}
}

// table sets rows line by line, so that a row may go over pages. The first
// row, or the first column, is in bold.
func (s *setter) table(rows [][]string, head bool) {
	if len(rows) == 0 {
		return
	}
	wide := s.columns(rows)
	for i, row := range rows {
		s.row(row, wide, func(column int) bool { return head && i == 0 || !head && column == 0 })
	}
	s.Ln(3)
}

func (s *setter) row(row []string, wide []float64, strong func(int) bool) {
	cells, most := make([][]string, len(wide)), 1
	for c := range min(len(row), len(wide)) {
		s.SetFont("sans", weight(strong(c)), small)
		cells[c] = s.SplitText(row[c], wide[c]-2)
		most = max(most, len(cells[c]))
	}
	s.room(step*float64(min(most, 4)) + 2*pad)
	s.rule(s.GetY())
	s.SetY(s.GetY() + pad)
	for l := range most {
		s.room(step)
		x := margin + s.indent
		y := s.GetY()
		for c, text := range cells {
			if l < len(text) {
				s.SetFont("sans", weight(strong(c)), small)
				s.SetXY(x, y)
				s.CellFormat(wide[c], step, text[l], "", 0, "L", false, 0, "")
			}
			x += wide[c]
		}
		s.SetXY(margin+s.indent, y+step)
	}
	s.SetY(s.GetY() + pad)
	s.rule(s.GetY())
}

func weight(strong bool) string {
	if strong {
		return "B"
	}
	return ""
}

// columns shares the width: a narrow column has what it needs, and the others
// share the rest in proportion to theirs.
func (s *setter) columns(rows [][]string) []float64 {
	var need []float64
	s.SetFont("sans", "B", small)
	for _, row := range rows {
		for c, text := range row {
			if c == len(need) {
				need = append(need, 10)
			}
			for _, line := range strings.Split(text, "\n") {
				need[c] = max(need[c], min(s.GetStringWidth(line)+5, 3*width))
			}
		}
	}
	all, left, open := width-s.indent, width-s.indent, 0.0
	fair := all / float64(len(need))
	for _, n := range need {
		if n <= fair {
			left -= n
		} else {
			open += n
		}
	}
	for c, n := range need {
		if n > fair {
			need[c] = left * n / open
		}
	}
	return need
}
