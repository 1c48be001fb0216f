// Package adf reads the Atlassian Document Format, in which Jira Cloud keeps
// texts. It is pure.
package adf

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"hansei/internal/source"
)

// Text is the plain text of a description: text as it is, or the texts of a
// document in Atlassian's format, a paragraph a line.
func Text(raw jsontext.Value) string {
	var s string
	if len(raw) == 0 || source.Decode(raw, &s) == nil {
		return s
	}
	var doc node
	if source.Decode(raw, &doc) != nil {
		return ""
	}
	var b strings.Builder
	doc.write(&b, 0)
	return strings.TrimSpace(b.String())
}

type node struct {
	Type    string `json:"type"`
	Text    string `json:"text"`
	Content []node `json:"content"`
	Attrs   struct {
		URL  string `json:"url"`
		Text string `json:"text"`
	} `json:"attrs"`
	Marks []struct {
		Attrs struct {
			Href string `json:"href"`
		} `json:"attrs"`
	} `json:"marks"`
}

const deepest = 50 // how far documents nest that are read

func (n node) write(b *strings.Builder, depth int) {
	if depth > deepest {
		return
	}
	b.WriteString(n.Text)
	switch n.Type {
	case "mention", "emoji", "status":
		b.WriteString(n.Attrs.Text)
	case "inlineCard", "blockCard", "embedCard":
		b.WriteString(n.Attrs.URL)
	case "hardBreak":
		b.WriteString("\n")
	}
	for _, m := range n.Marks {
		if m.Attrs.Href != "" && m.Attrs.Href != n.Text {
			b.WriteString(" (" + m.Attrs.Href + ")")
		}
	}
	for _, c := range n.Content {
		c.write(b, depth+1)
	}
	switch n.Type {
	case "paragraph", "heading", "codeBlock", "tableRow", "rule":
		b.WriteString("\n")
	}
}
