package prose

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"hansei"
)

// Text is a section's Markdown, understood.
type Text struct {
	source []byte
	root   ast.Node
}

// Parse understands Markdown. Whatever is written is Markdown: there is no
// error.
func Parse(markdown string) *Text {
	source := []byte(markdown)
	return &Text{source, parsing().Parse(text.NewReader(source))}
}

func parsing() parser.Parser {
	return goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(
		parser.WithInlineParsers(util.Prioritized(reader{}, 150)))).Parser() // before links, which begin with [ too
}

// Refs are what texts refer to.
type Refs struct {
	People    []hansei.ID
	Incidents []hansei.ID
	Moments   []string
	Blocks    []string // the directives of live blocks
}

// Refs adds what the text refers to.
func (t *Text) Refs(into *Refs) {
	t.walk(func(n ast.Node) {
		switch n := n.(type) {
		case *reference:
			switch n.mark {
			case '@':
				into.People = with(into.People, hansei.ID(n.id))
			case '#':
				into.Incidents = with(into.Incidents, hansei.ID(n.id))
			case '^':
				into.Moments = with(into.Moments, n.id)
			}
		case *ast.FencedCodeBlock:
			for _, b := range blocks(n, t.source) {
				into.Blocks = with(into.Blocks, b)
			}
		}
	})
}

func with[T comparable](list []T, x T) []T {
	if slices.Contains(list, x) {
		return list
	}
	return append(list, x)
}

func (t *Text) walk(fn func(ast.Node)) {
	err := ast.Walk(t.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			fn(n)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		panic("a walk that cannot fail failed: " + err.Error())
	}
}

// Blocks are the directives of the live blocks in a text.
func Blocks(markdown string) []string {
	var r Refs
	Parse(markdown).Refs(&r)
	return r.Blocks
}

// Link is what a reference leads to.
type Link struct {
	Text string // "Ann Lee", "Checkout was slow"
	URL  string
	Help string // on hover
}

// Resolved says what the references of a text are. A nil function, or one that
// says no, leaves the reference as it was written.
type Resolved struct {
	Person   func(hansei.ID) (Link, bool)
	Incident func(hansei.ID) (Link, bool)
	Moment   func(string) (Link, bool)
	// Block is the HTML of a live block, which is shown as it is.
	Block func(directive string) string
	Image func(hash string) string // the address of a picture
	// Marked are passages that are to be marked, each with what to say on hover.
	Marked []Passage
}

// Passage is a part of a text that somebody said something about.
type Passage struct {
	Text, Class, Help string
}

// HTML writes the text as HTML that is safe to show.
func (t *Text) HTML(r Resolved) (string, error) {
	// The marks change the tree, so each writing has its own.
	root := t.root
	if len(r.Marked) > 0 {
		root = parsing().Parse(text.NewReader(t.source))
		mark(root, t.source, r.Marked)
	}
	w := &writer{Resolved: r, nonce: nonce()}
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	md.Renderer().AddOptions(renderer.WithNodeRenderers(util.Prioritized(w, 100)))
	var out bytes.Buffer
	if err := md.Renderer().Render(&out, t.source, root); err != nil {
		return "", fmt.Errorf("markdown: %w", err)
	}
	return w.placed(clean().Sanitize(out.String())), nil
}

// Plain is the text with references replaced by what they are called, as
// Markdown that any tool understands.
func (t *Text) Plain(r Resolved, base string, block func(directive string) string) string {
	type cut struct {
		lo, hi int
		text   string
	}
	var cuts []cut
	t.walk(func(n ast.Node) {
		switch n := n.(type) {
		case *reference:
			link, ok := r.link(n)
			if !ok {
				return
			}
			name := link.Text
			if n.mark == '@' {
				name = "@" + name
			}
			if link.URL != "" && n.mark != '@' {
				name = "[" + escaped.Replace(name) + "](" + base + link.URL + ")"
			}
			cuts = append(cuts, cut{n.lo, n.hi, name})
		case *ast.FencedCodeBlock:
			list := blocks(n, t.source)
			if len(list) == 0 {
				return
			}
			lo, hi := extent(n, t.source)
			var all []string
			for _, b := range list {
				all = append(all, block(b))
			}
			cuts = append(cuts, cut{lo, hi, strings.Join(all, "\n\n") + "\n"})
		}
	})
	slices.SortFunc(cuts, func(a, b cut) int { return a.lo - b.lo })
	var out strings.Builder
	at := 0
	for _, c := range cuts {
		if c.lo < at {
			continue
		}
		out.Write(t.source[at:c.lo])
		out.WriteString(c.text)
		at = c.hi
	}
	out.Write(t.source[at:])
	return out.String()
}

var escaped = strings.NewReplacer("[", `\[`, "]", `\]`)
