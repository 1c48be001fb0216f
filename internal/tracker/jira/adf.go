package jira

import (
	"regexp"
	"strings"
)

// document is Markdown as an Atlassian document (ADF, version 1), as far as
// this product writes it: paragraphs, lists of one level, links.
func document(markdown string) map[string]any {
	var blocks []any
	var items []any
	end := func() {
		if len(items) > 0 {
			blocks, items = append(blocks, node("bulletList", items)), nil
		}
	}
	for line := range strings.SplitSeq(markdown, "\n") {
		line = strings.TrimRight(line, " \r")
		if item, ok := strings.CutPrefix(line, "- "); ok {
			items = append(items, node("listItem", []any{node("paragraph", inline(item))}))
			continue
		}
		end()
		if line != "" {
			blocks = append(blocks, node("paragraph", inline(line)))
		}
	}
	end()
	return map[string]any{"type": "doc", "version": 1, "content": blocks}
}

func node(kind string, content []any) map[string]any {
	return map[string]any{"type": kind, "content": content}
}

var link = regexp.MustCompile(`\[([^\]\n]+)\]\((https?://[^)\s]+)\)`)

func inline(line string) []any {
	var out []any
	text := func(s string) {
		if s != "" {
			out = append(out, map[string]any{"type": "text", "text": s})
		}
	}
	from := 0
	for _, m := range link.FindAllStringSubmatchIndex(line, -1) {
		text(line[from:m[0]])
		out = append(out, map[string]any{"type": "text", "text": line[m[2]:m[3]],
			"marks": []any{map[string]any{"type": "link", "attrs": map[string]any{"href": line[m[4]:m[5]]}}}})
		from = m[1]
	}
	text(line[from:])
	return out
}

// wiki is Markdown in the markup of Jira Data Center.
func wiki(markdown string) string {
	lines := strings.Split(link.ReplaceAllString(markdown, "[$1|$2]"), "\n")
	for i, l := range lines {
		if item, ok := strings.CutPrefix(l, "- "); ok {
			lines[i] = "* " + item
		}
	}
	return strings.Join(lines, "\n")
}
