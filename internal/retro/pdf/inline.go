package pdf

import (
	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

// style is how letters look.
type style struct {
	bold, mono, struck bool
	link               string
	size               float64 // points
}

func (st style) height() float64 { return leading * st.size / normal }

func (s *setter) write(text string, st style) {
	family, how := "sans", ""
	if st.mono {
		family = "mono"
	} else if st.bold {
		how = "B"
	}
	if st.struck {
		how += "S"
	}
	s.SetFont(family, how, st.size)
	if st.link == "" {
		s.Write(st.height(), plain(text))
		return
	}
	s.SetTextColor(28, 92, 184)
	s.WriteLinkString(st.height(), plain(text), st.link)
	s.SetTextColor(26, 31, 38)
}

// said is a text as it is meant: without the backslashes and entities that
// Markdown needs. Code is meant as it is written.
func (s *setter) said(n *ast.Text) string {
	text := n.Segment.Value(s.source)
	if _, code := n.Parent().(*ast.CodeSpan); code || n.IsRaw() {
		return string(text)
	}
	return string(util.UnescapePunctuations(util.ResolveEntityNames(util.ResolveNumericReferences(text))))
}

// inline sets what stands within a line.
func (s *setter) inline(parent ast.Node, st style) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			s.write(s.said(n), st)
			switch {
			case n.HardLineBreak():
				s.Ln(st.height())
			case n.SoftLineBreak():
				s.write(" ", st)
			}
		case *ast.String:
			s.write(string(n.Value), st)
		case *ast.CodeSpan:
			in := st
			in.mono, in.size = true, st.size*0.92
			s.inline(n, in)
		case *ast.Emphasis: // one weight stands for both: there is no slanted font
			in := st
			in.bold = true
			s.inline(n, in)
		case *east.Strikethrough:
			in := st
			in.struck = true
			s.inline(n, in)
		case *ast.Link:
			in := st
			in.link = outward(string(n.Destination))
			s.inline(n, in)
		case *ast.AutoLink:
			in := st
			in.link = outward(string(n.URL(s.source)))
			s.write(string(n.Label(s.source)), in)
		case *east.TaskCheckBox:
			s.write(map[bool]string{true: "☑ ", false: "☐ "}[n.IsChecked], st)
		case *ast.RawHTML:
			for i := range n.Segments.Len() {
				at := n.Segments.At(i)
				s.write(string(at.Value(s.source)), st)
			}
		default: // an image is its description
			s.inline(n, st)
		}
	}
}
