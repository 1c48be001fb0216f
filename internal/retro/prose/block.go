package prose

import (
	"strings"

	"github.com/yuin/goldmark/ast"
)

// fence is the language of a fenced code block that is a live block.
const fence = "hansei"

// blocks are the directives in a fenced block: one behind the fence, and one a
// line.
func blocks(n *ast.FencedCodeBlock, source []byte) []string {
	if n.Info == nil {
		return nil
	}
	name, rest, _ := strings.Cut(strings.TrimSpace(string(n.Info.Segment.Value(source))), " ")
	if name != fence {
		return nil
	}
	var out []string
	add := func(line string) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			out = append(out, line)
		}
	}
	add(rest)
	for i := range n.Lines().Len() {
		at := n.Lines().At(i)
		add(string(at.Value(source)))
	}
	return out
}

// extent is where a fenced block stands, with its fences.
func extent(n *ast.FencedCodeBlock, source []byte) (lo, hi int) {
	lo = n.Info.Segment.Start
	for lo > 0 && source[lo-1] != '\n' {
		lo--
	}
	hi = lineEnd(source, n.Info.Segment.Stop)
	if k := n.Lines().Len(); k > 0 {
		hi = n.Lines().At(k - 1).Stop
	}
	// The closing fence, which is no line of the block.
	if end := lineEnd(source, hi); strings.HasPrefix(strings.TrimSpace(string(source[hi:end])), "```") || strings.HasPrefix(strings.TrimSpace(string(source[hi:end])), "~~~") {
		hi = end
	}
	return lo, hi
}

func lineEnd(source []byte, at int) int {
	for at < len(source) && source[at] != '\n' {
		at++
	}
	return min(at+1, len(source))
}
