package prose

import (
	"crypto/rand"
	"fmt"
	"html"
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// imageScheme stands before the hash of a picture that was pasted.
const imageScheme = "image:"

// writer writes what plain Markdown has not.
type writer struct {
	Resolved
	nonce  string
	blocks []string // HTML that is put in its place after all else is cleaned
}

func nonce() string { return rand.Text() }

// RegisterFuncs implements renderer.NodeRenderer.
func (w *writer) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(referenceKind, w.reference)
	reg.Register(markKind, w.mark)
	reg.Register(ast.KindFencedCodeBlock, w.fenced)
	reg.Register(ast.KindImage, w.image)
	reg.Register(ast.KindRawHTML, w.rawHTML)
	reg.Register(ast.KindHTMLBlock, w.htmlBlock)
}

func (w *writer) reference(b util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	n := node.(*reference)
	if !entering {
		return ast.WalkContinue, nil
	}
	link, ok := w.link(n)
	if !ok {
		_, err := b.WriteString(html.EscapeString(string(source[n.lo:n.hi])))
		return ast.WalkContinue, err
	}
	class, text := "hs-ref", link.Text
	switch n.mark {
	case '@':
		class, text = "hs-ref hs-ref-person", "@"+text
	case '^':
		class = "hs-cite"
	}
	_, err := fmt.Fprintf(b, `<a class="%s" href="%s" title="%s">%s</a>`, class, html.EscapeString(link.URL), html.EscapeString(link.Help), html.EscapeString(text))
	return ast.WalkContinue, err
}

// fenced writes a block of code, or keeps the place of a live one.
func (w *writer) fenced(b util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	n := node.(*ast.FencedCodeBlock)
	if !entering {
		return ast.WalkContinue, nil
	}
	list := blocks(n, source)
	if len(list) == 0 || w.Block == nil {
		var code strings.Builder
		for i := range n.Lines().Len() {
			at := n.Lines().At(i)
			code.Write(at.Value(source))
		}
		_, err := fmt.Fprintf(b, "<pre><code>%s</code></pre>\n", html.EscapeString(code.String()))
		return ast.WalkContinue, err
	}
	for _, directive := range list {
		if _, err := fmt.Fprintf(b, "<p>%s-%d-</p>\n", w.nonce, len(w.blocks)); err != nil {
			return ast.WalkStop, err
		}
		w.blocks = append(w.blocks, w.Block(directive))
	}
	return ast.WalkContinue, nil
}

// rawHTML shows what somebody wrote as HTML as the text it is: tags that were
// let through could close ours.
func (w *writer) rawHTML(b util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	n := node.(*ast.RawHTML)
	if !entering {
		return ast.WalkContinue, nil
	}
	_, err := b.WriteString(html.EscapeString(string(n.Segments.Value(source))))
	return ast.WalkSkipChildren, err
}

func (w *writer) htmlBlock(b util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	n := node.(*ast.HTMLBlock)
	if !entering {
		return ast.WalkContinue, nil
	}
	text := string(n.Lines().Value(source))
	if n.HasClosure() {
		text += string(n.ClosureLine.Value(source))
	}
	_, err := fmt.Fprintf(b, "<p>%s</p>\n", html.EscapeString(strings.TrimSpace(text)))
	return ast.WalkContinue, err
}

// placed puts the live blocks where they stand. Their places carry a word that
// nobody could have written.
func (w *writer) placed(text string) string {
	for i, b := range w.blocks {
		text = strings.Replace(text, fmt.Sprintf("<p>%s-%d-</p>", w.nonce, i), b, 1)
	}
	return text
}

// hash is what the address of a picture that was pasted may be.
var hash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// image writes pictures that were pasted. One from elsewhere becomes a link:
// showing it would tell its server who reads.
func (w *writer) image(b util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	n := node.(*ast.Image)
	if !entering {
		return ast.WalkContinue, nil
	}
	alt := html.EscapeString(plainText(n, source))
	var err error
	if id, ok := strings.CutPrefix(string(n.Destination), imageScheme); ok && hash.MatchString(id) && w.Image != nil {
		_, err = fmt.Fprintf(b, `<img src="%s" alt="%s" loading="lazy">`, html.EscapeString(w.Image(id)), alt)
	} else {
		if alt == "" {
			alt = "a picture"
		}
		_, err = fmt.Fprintf(b, `<a href="%s">%s</a>`, html.EscapeString(string(util.URLEscape(n.Destination, true))), alt)
	}
	return ast.WalkSkipChildren, err
}

func plainText(n ast.Node, source []byte) string {
	var out strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			out.Write(t.Segment.Value(source))
		} else {
			out.WriteString(plainText(c, source))
		}
	}
	return out.String()
}

// clean is what may be shown: no scripts, no styles, no frames, no pictures
// from elsewhere, and no classes but ours.
var clean = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^hs-(ref|ref hs-ref-person|cite)$`)).OnElements("a")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^hs-mark( hs-mark-[a-z]+)?$`)).OnElements("mark")
	p.AllowAttrs("title").OnElements("a", "mark")
	p.AllowElements("mark", "input")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").OnElements("input")
	p.AllowAttrs("loading").Matching(regexp.MustCompile(`^lazy$`)).OnElements("img")
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|right|center)$`)).OnElements("td", "th")
	return p
})
