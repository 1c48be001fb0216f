package document

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// foreign is HTML of other tools on its way to Markdown: what a page of a
// Confluence export, its storage format, or Word's HTML says without what
// stands around it.
type foreign struct {
	title string
	front string // our own metadata, where we wrote the page
	notes []string
	lost  map[string]bool // macros that have no text of their own
}

// decode makes UTF-8 of a page by its byte order mark or what its head says;
// Word writes windows-1252 and says so.
func decode(text []byte) string {
	r, err := charset.NewReader(bytes.NewReader(text), "text/html")
	if err != nil {
		return string(text)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		return string(text)
	}
	return string(out)
}

var (
	cdata    = regexp.MustCompile(`(?s)<!\[CDATA\[(.*?)\]\]>`)
	emptyTag = regexp.MustCompile(`<((?:ac|ri):[a-z-]+|time)((?:\s[^<>]*)?)/>`)
)

// markdownOf turns a page into Markdown.
func (f *foreign) markdownOf(source string) (string, error) {
	// What is legal in Confluence's XML and not in HTML: unparsed text, and
	// elements that end where they begin.
	source = cdata.ReplaceAllStringFunc(source, func(s string) string { return html.EscapeString(cdata.FindStringSubmatch(s)[1]) })
	source = emptyTag.ReplaceAllString(source, "<$1$2></$1>")
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return "", err
	}
	f.head(root)
	body := root
	if main := find(root, func(n *html.Node) bool { return attr(n, "id") == "main-content" }); main != nil {
		if find(root, func(n *html.Node) bool { return hasClass(n, "page-metadata") }) != nil {
			f.notes = append(f.notes, "a page of a Confluence export; what stands around its text was left out")
		}
		body = main
	}
	f.clean(body)
	var out strings.Builder
	if err := html.Render(&out, body); err != nil {
		return "", err
	}
	return toMarkdown(clean().Sanitize(out.String()))
}

// head takes the title and what we wrote into the head ourselves.
func (f *foreign) head(root *html.Node) {
	if t := find(root, func(n *html.Node) bool { return attr(n, "id") == "title-text" }); t != nil {
		f.title = oneLine(textOf(t))
		// "Space : Page", as the export has it.
		if _, page, ok := strings.Cut(f.title, " : "); ok {
			f.title = page
		}
	} else if t := find(root, func(n *html.Node) bool { return n.DataAtom == atom.P && attr(n, "class") == "MsoTitle" }); t != nil {
		f.title = oneLine(textOf(t))
		t.Parent.RemoveChild(t)
	} else if t := find(root, func(n *html.Node) bool { return n.DataAtom == atom.Title }); t != nil {
		f.title = oneLine(textOf(t))
	}
	if m := find(root, func(n *html.Node) bool { return n.DataAtom == atom.Meta && attr(n, "name") == frontName }); m != nil {
		f.front = attr(m, "content")
	}
}

// around are elements that hold no text of a document.
var around = []string{"script", "style", "nav", "footer", "iframe", "object", "form", "ac:parameter", "ac:emoticon", "ac:placeholder"}

// clean changes a tree in place, the leaves first.
func (f *foreign) clean(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		f.clean(c)
		c = next
	}
	if n.Type != html.ElementNode || n.Parent == nil {
		return
	}
	switch {
	case slices.Contains(around, n.Data) || attr(n, "id") == "breadcrumb-section" || hasClass(n, "page-metadata") || hasClass(n, "toc-macro"):
		if n.Data != "ac:parameter" { // its macro reads it
			n.Parent.RemoveChild(n)
		}
	case n.Data == "time":
		if at := attr(n, "datetime"); at != "" {
			replace(n, textNode(at))
		}
	case n.Data == "ac:structured-macro" || n.Data == "ac:macro":
		f.macro(n)
	case n.Data == "ac:link":
		replace(n, textNode(linkText(n)))
	case n.Data == "ac:image":
		f.image(n)
	case n.Data == "ac:task":
		f.task(n)
	case n.Data == "ac:task-list":
		list := element("ul")
		adopt(list, n)
		replace(n, list)
	case n.DataAtom == atom.Li && (hasClass(n, "checked") || n.Parent != nil && hasClass(n.Parent, "inline-task-list")):
		box := "☐ "
		if hasClass(n, "checked") {
			box = "☑ "
		}
		n.InsertBefore(textNode(box), n.FirstChild)
	case n.DataAtom == atom.P && strings.HasPrefix(attr(n, "class"), "MsoListParagraph"):
		listItem(n)
	case strings.HasPrefix(n.Data, "ac:layout") || n.Data == "ac:rich-text-body" || n.Data == "ac:task-body" || strings.HasPrefix(n.Data, "o:"):
		unwrap(n)
	}
}

// macro puts the text of a macro where it stood.
func (f *foreign) macro(n *html.Node) {
	name := attr(n, "ac:name")
	parameter := func(want string) string {
		p := find(n, func(x *html.Node) bool { return x.Data == "ac:parameter" && attr(x, "ac:name") == want })
		if p == nil {
			return ""
		}
		return oneLine(textOf(p))
	}
	plain := find(n, func(x *html.Node) bool { return x.Data == "ac:plain-text-body" })
	switch {
	case name == "code" || name == "noformat":
		pre, code := element("pre"), element("code")
		if lang := parameter("language"); lang != "" {
			code.Attr = []html.Attribute{{Key: "class", Val: "language-" + lang}}
		}
		if plain != nil {
			code.AppendChild(textNode(textOf(plain)))
		}
		pre.AppendChild(code)
		replace(n, pre)
	case name == "status":
		replace(n, textNode(parameter("title")))
	case name == "jira":
		replace(n, textNode(parameter("key")))
	case slices.Contains([]string{"toc", "children", "pagetree", "attachments", "recently-updated", "contributors"}, name):
		n.Parent.RemoveChild(n)
	default:
		box := element("div")
		if t := parameter("title"); t != "" {
			p, b := element("p"), element("strong")
			b.AppendChild(textNode(t))
			p.AppendChild(b)
			box.AppendChild(p)
		}
		for c := n.FirstChild; c != nil; c = n.FirstChild {
			n.RemoveChild(c)
			if c.Data != "ac:parameter" {
				box.AppendChild(c)
			}
		}
		if oneLine(textOf(box)) == "" && !f.lost[name] {
			f.lost[name] = true
			f.notes = append(f.notes, fmt.Sprintf("the macro %q holds no text and was left out", name))
		}
		replace(n, box)
	}
}

// linkText is what a link to a page, a file or a person of Confluence reads as.
func linkText(n *html.Node) string {
	for _, body := range []string{"ac:plain-text-link-body", "ac:link-body"} {
		if b := find(n, func(x *html.Node) bool { return x.Data == body }); b != nil {
			return textOf(b)
		}
	}
	if t := oneLine(textOf(n)); t != "" { // its body was unwrapped
		return t
	}
	for _, key := range []string{"ri:content-title", "ri:filename", "ri:value", "ri:username"} {
		if x := find(n, func(x *html.Node) bool { return attr(x, key) != "" }); x != nil {
			return attr(x, key)
		}
	}
	return "a colleague" // ri:user bears a key that only Confluence can read
}

func (f *foreign) image(n *html.Node) {
	if u := find(n, func(x *html.Node) bool { return x.Data == "ri:url" }); u != nil {
		img := element("img")
		img.Attr = []html.Attribute{{Key: "src", Val: attr(u, "ri:value")}, {Key: "alt", Val: attr(n, "ac:alt")}}
		replace(n, img)
		return
	}
	name := "image"
	if a := find(n, func(x *html.Node) bool { return attr(x, "ri:filename") != "" }); a != nil {
		name = attr(a, "ri:filename")
	}
	f.notes = append(f.notes, fmt.Sprintf("the image %q is an attachment and is not in the document", name))
	replace(n, textNode("(image: "+name+")"))
}

func (f *foreign) task(n *html.Node) {
	box := "☐ "
	if s := find(n, func(x *html.Node) bool { return x.Data == "ac:task-status" }); s != nil {
		if oneLine(textOf(s)) == "complete" {
			box = "☑ "
		}
		s.Parent.RemoveChild(s)
	}
	if id := find(n, func(x *html.Node) bool { return x.Data == "ac:task-id" }); id != nil {
		id.Parent.RemoveChild(id)
	}
	li := element("li")
	li.AppendChild(textNode(box))
	adopt(li, n)
	replace(n, li)
}

// mark is what Word draws in front of an entry of a list.
var mark = regexp.MustCompile(`^[\s\x{00a0}]*(?:[·•o§¨▪–-]|\d+[.)]|[a-z][.)])[\s\x{00a0}]+`)

// listItem makes an entry of a list of a paragraph that Word only draws as one.
func listItem(n *html.Node) {
	text := mark.ReplaceAllString(textOf(n), "")
	ul, li := element("ul"), element("li")
	li.AppendChild(textNode(oneLine(text)))
	ul.AppendChild(li)
	if before := n.PrevSibling; before != nil {
		for before != nil && before.Type != html.ElementNode {
			before = before.PrevSibling
		}
		if before != nil && before.DataAtom == atom.Ul && attr(before, "data-word") != "" {
			before.AppendChild(detach(li))
			n.Parent.RemoveChild(n)
			return
		}
	}
	ul.Attr = []html.Attribute{{Key: "data-word", Val: "1"}}
	replace(n, ul)
}

func detach(n *html.Node) *html.Node {
	if n.Parent != nil {
		n.Parent.RemoveChild(n)
	}
	return n
}

func element(name string) *html.Node {
	return &html.Node{Type: html.ElementNode, Data: name, DataAtom: atom.Lookup([]byte(name))}
}

func textNode(s string) *html.Node { return &html.Node{Type: html.TextNode, Data: s} }

func replace(old, with *html.Node) {
	old.Parent.InsertBefore(with, old)
	old.Parent.RemoveChild(old)
}

// adopt moves the children of one element behind those of another.
func adopt(to, from *html.Node) {
	for c := from.FirstChild; c != nil; c = from.FirstChild {
		from.RemoveChild(c)
		to.AppendChild(c)
	}
}

func unwrap(n *html.Node) {
	for c := n.FirstChild; c != nil; c = n.FirstChild {
		n.RemoveChild(c)
		n.Parent.InsertBefore(c, n)
	}
	n.Parent.RemoveChild(n)
}

func find(n *html.Node, want func(*html.Node) bool) *html.Node {
	for x := range n.Descendants() {
		if x.Type == html.ElementNode && want(x) {
			return x
		}
	}
	return nil
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for x := range n.Descendants() {
		if x.Type == html.TextNode {
			b.WriteString(x.Data)
		}
	}
	return b.String()
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasClass(n *html.Node, class string) bool {
	return slices.Contains(strings.Fields(attr(n, "class")), class)
}
