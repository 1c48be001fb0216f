package pdf

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// deepest is how far lists and quotes move to the right, in millimetres.
const deepest = 60.0

func (s *setter) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		s.block(n)
	}
}

func (s *setter) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		size := []float64{16, 14, 11.5, 10.5, 10, 10}[min(max(n.Level, 1), 6)-1]
		s.room(22)
		s.Ln(2.5)
		s.line(n, style{bold: true, size: size})
		s.Ln(1)
	case *ast.Paragraph:
		s.line(n, style{size: normal})
		s.Ln(1.8)
	case *ast.TextBlock:
		s.line(n, style{size: normal})
	case *ast.List:
		s.list(n)
	case *ast.Blockquote:
		s.within(6, func() { s.blocks(n) })
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		s.code(lines(n, s.source))
	case *ast.HTMLBlock: // HTML is not set: what it holds is shown as it was written
		s.code(lines(n, s.source))
	case *ast.ThematicBreak:
		s.room(6)
		s.rule(s.GetY() + 2)
		s.Ln(5)
	case *east.Table:
		s.table(s.cells(n), true)
	default:
		s.blocks(n)
	}
}

// line sets the text within a block and ends the line.
func (s *setter) line(n ast.Node, st style) {
	s.SetX(margin + s.indent)
	s.inline(n, st)
	s.Ln(st.height())
}

// within sets something further to the right.
func (s *setter) within(by float64, set func()) {
	before := s.indent
	s.indent = min(before+by, deepest)
	s.SetLeftMargin(margin + s.indent)
	set()
	s.indent = before
	s.SetLeftMargin(margin + before)
	s.SetX(margin + before)
}

func (s *setter) list(n *ast.List) {
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "•"
		if n.IsOrdered() {
			mark = fmt.Sprintf("%d.", number)
			number++
		}
		s.room(leading)
		s.SetFont("sans", "", normal)
		s.SetX(margin + s.indent)
		s.CellFormat(6, leading, mark, "", 0, "L", false, 0, "")
		s.within(6, func() { s.blocks(item) })
	}
	s.Ln(1.5)
}

func lines(n ast.Node, source []byte) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		at := n.Lines().At(i)
		b.Write(at.Value(source))
	}
	return strings.TrimRight(b.String(), "\n")
}

func (s *setter) code(text string) {
	s.SetFont("mono", "", 8.5)
	s.SetFillColor(243, 244, 246)
	s.SetX(margin + s.indent)
	s.MultiCell(width-s.indent, 4.4, plain(strings.ReplaceAll(text, "\t", "    ")), "", "L", true)
	s.Ln(2.5)
}

func (s *setter) rule(y float64) {
	s.SetDrawColor(208, 213, 220)
	s.SetLineWidth(0.2)
	s.Line(margin+s.indent, y, margin+width, y)
}
