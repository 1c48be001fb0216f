package prose

import (
	"bytes"
	"fmt"
	"html"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// marked is a part of a text that somebody said something about.
type marked struct {
	ast.BaseInline
	passage Passage
}

var markKind = ast.NewNodeKind("Marked")

// Kind implements ast.Node.
func (*marked) Kind() ast.NodeKind { return markKind }

// Dump implements ast.Node.
func (m *marked) Dump(source []byte, level int) { ast.DumpHelper(m, source, level, nil, nil) }

func (w *writer) mark(b util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	n := node.(*marked)
	var err error
	if entering {
		_, err = fmt.Fprintf(b, `<mark class="hs-mark hs-mark-%s" title="%s">`, n.passage.Class, html.EscapeString(n.passage.Help))
	} else {
		_, err = b.WriteString("</mark>")
	}
	return ast.WalkContinue, err
}

// mark wraps the parts of passages in the tree. A passage is marked where it
// first stands, in as many pieces as the Markdown in it makes.
func mark(root ast.Node, source []byte, passages []Passage) {
	for _, p := range passages {
		lo := bytes.Index(source, []byte(p.Text))
		if lo < 0 || p.Text == "" {
			continue
		}
		hi := lo + len(p.Text)
		var inside []*ast.Text
		t := Text{source, root}
		t.walk(func(n ast.Node) {
			x, ok := n.(*ast.Text)
			if !ok || x.Segment.Start >= hi || x.Segment.Stop <= lo {
				return
			}
			switch x.Parent().Kind() {
			case ast.KindCodeSpan, ast.KindImage, markKind:
			default:
				inside = append(inside, x)
			}
		})
		for _, x := range inside {
			wrap(x, max(lo, x.Segment.Start), min(hi, x.Segment.Stop), p)
		}
	}
}

// wrap cuts a piece of text in three and marks the middle.
func wrap(x *ast.Text, lo, hi int, p Passage) {
	parent, end := x.Parent(), x.Segment.Stop
	m := &marked{passage: p}
	if lo > x.Segment.Start {
		parent.InsertBefore(parent, x, ast.NewTextSegment(text.NewSegment(x.Segment.Start, lo)))
	}
	parent.InsertBefore(parent, x, m)
	m.AppendChild(m, ast.NewTextSegment(text.NewSegment(lo, hi)))
	// What is left keeps the node, and with it the break of the line after it.
	x.Segment = text.NewSegment(hi, end)
}
