package document

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strings"
	"sync"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"github.com/goccy/go-yaml"
	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	render "github.com/yuin/goldmark/renderer/html"
	parsed "golang.org/x/net/html"

	"hansei"
)

// clean is what HTML of people may hold: no scripts, no styles, no frames.
// Like the other patterns here that only documents need, it is made when the
// first is read, and not whenever the program starts.
var clean = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^language-[A-Za-z0-9+#-]+$`)).OnElements("code")
	return p
})

// toMarkdown turns clean HTML into Markdown, tables too.
func toMarkdown(text string) (string, error) {
	c := converter.NewConverter(converter.WithPlugins(base.NewBasePlugin(), commonmark.NewCommonmarkPlugin(commonmark.WithListEndComment(false)),
		table.NewTablePlugin(table.WithNewlineBehavior(table.NewlineBehaviorPreserve), table.WithHeaderPromotion(true), table.WithSkipEmptyRows(true))))
	out, err := c.ConvertString(text)
	return harmless.ReplaceAllString(out, "<$1"), err
}

// harmless is a sign that begins no element and need not be escaped.
var harmless = regexp.MustCompile(`&lt;([^A-Za-z/!?])`)

// Prose turns a section's Markdown into HTML that is safe to show.
func Prose(markdown string) (string, error) { return prose(markdown, false) }

func prose(markdown string, xhtml bool) (string, error) {
	options := []goldmark.Option{goldmark.WithExtensions(extension.GFM)}
	if xhtml {
		options = append(options, goldmark.WithRendererOptions(render.WithXHTML()))
	}
	var out bytes.Buffer
	if err := goldmark.New(options...).Convert([]byte(markdown), &out); err != nil {
		return "", fmt.Errorf("markdown: %w", err)
	}
	return string(clean().SanitizeBytes(out.Bytes())), nil
}

const (
	sheet = `body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1a1f26}h1{line-height:1.2}h2{margin-top:2rem}table{border-collapse:collapse}td,th{border:1px solid #b8bec7;padding:.3rem .6rem;text-align:left;vertical-align:top}pre{background:#f3f4f6;padding:.75rem;overflow-x:auto}blockquote{margin-left:0;padding-left:1rem;border-left:3px solid #b8bec7}@media print{body{max-width:none}h2,h3{break-after:avoid}}`

	page = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>%[1]s</title>
<meta name="` + frontName + `" content="%[2]s">
<style>` + sheet + `</style>
</head><body>
%[3]s
</body></html>
`

	// wordPage is HTML as Word saves it itself: it opens with A4 pages, margins
	// and Word's own styles of headings, and the navigation pane has them.
	wordPage = `<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40">
<head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><title>%[1]s</title>
<meta name="` + frontName + `" content="%[2]s">
<meta name="ProgId" content="Word.Document">
<!--[if gte mso 9]><xml><w:WordDocument><w:View>Print</w:View><w:Zoom>100</w:Zoom></w:WordDocument></xml><![endif]-->
<style>@page WordSection1{size:595.3pt 841.9pt;margin:2cm}div.WordSection1{page:WordSection1}body{font-family:Calibri,Arial,sans-serif;font-size:11pt}h1{font-size:20pt}h2{font-size:15pt}h3{font-size:12pt}table{border-collapse:collapse}td,th{border:1pt solid #999999;padding:3pt 6pt;text-align:left;vertical-align:top}pre{font-family:Consolas,monospace;font-size:9.5pt;background:#f3f4f6}</style>
</head><body><div class="WordSection1">
%[3]s
</div></body></html>
`
)

// HTML writes the document as one page that stands alone. Its metadata stands
// in its head too, so that Read has it again.
func (d Document) HTML() (string, error) { return d.paged(page) }

// Word writes the document as HTML that Word opens as its own.
func (d Document) Word() (string, error) { return d.paged(wordPage) }

func (d Document) paged(page string) (string, error) {
	body, err := d.content(false)
	if err != nil {
		return "", err
	}
	meta, err := yaml.Marshal(d.front())
	if err != nil {
		return "", fmt.Errorf("metadata of %s: %w", d.Retrospective.ID, err)
	}
	return fmt.Sprintf(page, html.EscapeString(d.Retrospective.Title), html.EscapeString(string(meta)), body), nil
}

// content is what stands in the body of a page.
func (d Document) content(xhtml bool) (string, error) {
	body, err := prose(d.body("☑", "☐"), xhtml)
	if err != nil {
		return "", err
	}
	return "<h1>" + html.EscapeString(oneLine(d.Retrospective.Title)) + "</h1>\n" + d.table(xhtml) + body, nil
}

// inline are the styles that Google Docs keeps when it opens a page: those on
// the elements themselves.
var inline = map[string]string{
	"h1": "font-family:Arial;font-size:20pt", "h2": "font-family:Arial;font-size:16pt;margin-top:18pt", "h3": "font-family:Arial;font-size:13pt",
	"p": "font-family:Arial;font-size:11pt;line-height:1.4", "li": "font-family:Arial;font-size:11pt;line-height:1.4",
	"table": "border-collapse:collapse;width:100%", "td": "border:1px solid #b8bec7;padding:4pt 6pt;vertical-align:top;font-family:Arial;font-size:10pt",
	"th":  "border:1px solid #b8bec7;padding:4pt 6pt;vertical-align:top;text-align:left;background-color:#f3f4f6;font-family:Arial;font-size:10pt",
	"pre": "font-family:'Courier New';font-size:9pt;background-color:#f3f4f6;padding:6pt", "code": "font-family:'Courier New'", "blockquote": "margin-left:24pt;color:#555555",
}

// Docs writes the document as HTML for Google Docs, which drops style sheets
// and keeps styles on elements, headings, lists, tables and links.
func (d Document) Docs() (string, error) {
	text, err := d.HTML()
	if err != nil {
		return "", err
	}
	root, err := parsed.Parse(strings.NewReader(text))
	if err != nil {
		return "", err
	}
	var sheets []*parsed.Node
	for n := range root.Descendants() {
		if n.Type != parsed.ElementNode {
			continue
		}
		if n.Data == "style" {
			sheets = append(sheets, n)
		}
		if style := inline[n.Data]; style != "" {
			n.Attr = append(n.Attr, parsed.Attribute{Key: "style", Val: style})
		}
	}
	for _, n := range sheets {
		n.Parent.RemoveChild(n)
	}
	var out strings.Builder
	err = parsed.Render(&out, root)
	return out.String(), err
}

var codeBlock = regexp.MustCompile(`(?s)<pre><code(?: class="language-([^"]*)")?>(.*?)</code></pre>`)

// Confluence writes the document in Confluence's storage format: XHTML without
// a page around it, code and follow-ups in Confluence's own elements.
func (d Document) Confluence() (string, error) {
	follow := d.FollowUps
	d.FollowUps = nil
	text, err := d.content(true)
	if err != nil {
		return "", err
	}
	text = codeBlock.ReplaceAllStringFunc(text, func(s string) string {
		m := codeBlock.FindStringSubmatch(s)
		lang := ""
		if m[1] != "" {
			lang = `<ac:parameter ac:name="language">` + m[1] + `</ac:parameter>`
		}
		code := strings.ReplaceAll(html.UnescapeString(m[2]), "]]>", "]]]]><![CDATA[>")
		return `<ac:structured-macro ac:name="code">` + lang + `<ac:plain-text-body><![CDATA[` + code + `]]></ac:plain-text-body></ac:structured-macro>`
	})
	if len(follow) == 0 {
		return text, nil
	}
	var b strings.Builder
	b.WriteString(text + "\n<h2>Follow-ups</h2>\n<ac:task-list>\n")
	for i, f := range follow {
		status := "incomplete"
		if f.Status != hansei.FollowUpOpen {
			status = "complete"
		}
		fmt.Fprintf(&b, "<ac:task><ac:task-id>%d</ac:task-id><ac:task-status>%s</ac:task-status><ac:task-body>%s</ac:task-body></ac:task>\n", i+1, status, html.EscapeString(followLine(f)))
	}
	return b.String() + "</ac:task-list>\n", nil
}

// table is the metadata for people, where there is no YAML in front. It stands
// under the title, as the properties of a page do in Confluence.
func (d Document) table(xhtml bool) string {
	var b strings.Builder
	next := "<br>"
	if xhtml {
		next = "<br />"
	}
	for _, row := range d.rows() {
		cells := make([]string, len(row.Values))
		for i, v := range row.Values {
			cells[i] = html.EscapeString(v)
		}
		fmt.Fprintf(&b, "<tr><th>%s</th><td>%s</td></tr>\n", row.Name, strings.Join(cells, next))
	}
	if b.Len() == 0 {
		return ""
	}
	return "<table><tbody>\n" + b.String() + "</tbody></table>\n"
}
