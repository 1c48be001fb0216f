package prose

import (
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"hansei"
)

// reference is @person, #incident or [^moment] in a text.
type reference struct {
	ast.BaseInline
	mark   byte // @, # or ^
	id     string
	lo, hi int // where it stands
}

var referenceKind = ast.NewNodeKind("Reference")

// Kind implements ast.Node.
func (*reference) Kind() ast.NodeKind { return referenceKind }

// Dump implements ast.Node.
func (r *reference) Dump(source []byte, level int) { ast.DumpHelper(r, source, level, nil, nil) }

// reader finds references.
type reader struct{}

// Trigger implements parser.InlineParser.
func (reader) Trigger() []byte { return []byte{'@', '#', '['} }

// maxID bounds the id in a reference, in bytes.
const maxID = 200

// Parse implements parser.InlineParser.
func (reader) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, at := block.PeekLine()
	r := &reference{mark: line[0], lo: at.Start}
	n := 0
	switch {
	case line[0] == '[':
		if len(line) < 4 || line[1] != '^' {
			return nil
		}
		end := 2
		for end < len(line) && line[end] != ']' && line[end] > ' ' && end < maxID {
			end++
		}
		if end == len(line) || line[end] != ']' || end == 2 {
			return nil
		}
		r.mark, r.id, n = '^', string(line[2:end]), end+1
	case begun(block.PrecendingCharacter()):
		end := 1 + idLength(line[1:])
		if end == 1 {
			return nil
		}
		r.id, n = string(line[1:end]), end
	default:
		return nil
	}
	r.hi = r.lo + n
	block.Advance(n)
	return r
}

// begun says that a reference can begin after a character: in the middle of a
// word, of a path or of an address of mail it cannot.
func begun(before rune) bool {
	return !unicode.IsLetter(before) && !unicode.IsDigit(before) && before != '/' && before != '.' && before != '@' && before != '#' && before != '&'
}

// idLength is how much of a line is an id: letters, digits and what sources
// put into ids, but no full stop or colon at its end.
func idLength(line []byte) int {
	end, at := 0, 0
	for at < len(line) && at < maxID {
		r, size := utf8.DecodeRune(line[at:])
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '~':
			at += size
			end = at
		case at > 0 && (r == '-' || r == '_' || r == '.' || r == ':' || r == '#' || r == '+' || r == '@'):
			at += size
		default:
			return end
		}
	}
	return end
}

// link is what a reference leads to.
func (r Resolved) link(n *reference) (Link, bool) {
	switch {
	case n.mark == '@' && r.Person != nil:
		return r.Person(hansei.ID(n.id))
	case n.mark == '#' && r.Incident != nil:
		return r.Incident(hansei.ID(n.id))
	case n.mark == '^' && r.Moment != nil:
		return r.Moment(n.id)
	}
	return Link{}, false
}
