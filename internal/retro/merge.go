package retro

import "strings"

// Merge brings two texts together that both began from base, line by line. ok
// is false when both changed the same lines, or lines that touch: nobody but a
// person can say then what is meant.
func Merge(base, ours, theirs string) (merged string, ok bool) {
	switch {
	case ours == theirs, theirs == base:
		return ours, true
	case ours == base:
		return theirs, true
	}
	b, o, t := strings.SplitAfter(base, "\n"), strings.SplitAfter(ours, "\n"), strings.SplitAfter(theirs, "\n")
	if len(b)*max(len(o), len(t)) > maxMatrix {
		return "", false // both are kept, which costs nothing
	}
	co, ct := changesOf(b, o), changesOf(b, t)
	var out strings.Builder
	at := 0
	for len(co) > 0 || len(ct) > 0 {
		next, from := &co, o
		if len(co) == 0 || len(ct) > 0 && ct[0].lo < co[0].lo {
			next, from = &ct, t
		}
		if len(co) > 0 && len(ct) > 0 && touch(co[0], ct[0]) {
			return "", false
		}
		c := (*next)[0]
		*next = (*next)[1:]
		out.WriteString(strings.Join(b[at:c.lo], ""))
		out.WriteString(strings.Join(from[c.newLo:c.newHi], ""))
		at = c.hi
	}
	out.WriteString(strings.Join(b[at:], ""))
	return out.String(), true
}

// maxMatrix bounds the work of a comparison, in pairs of lines.
const maxMatrix = 4_000_000

// hunk says that lines [lo, hi) of the base became [newLo, newHi).
type hunk struct{ lo, hi, newLo, newHi int }

func touch(a, b hunk) bool { return a.lo <= b.hi && b.lo <= a.hi }

// changesOf lists what differs, by the longest common subsequence of lines.
func changesOf(a, b []string) []hunk {
	best := make([][]int32, len(a)+1)
	for i := range best {
		best[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				best[i][j] = best[i+1][j+1] + 1
			} else {
				best[i][j] = max(best[i+1][j], best[i][j+1])
			}
		}
	}
	var out []hunk
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		if i < len(a) && j < len(b) && a[i] == b[j] {
			i, j = i+1, j+1
			continue
		}
		h := hunk{lo: i, newLo: j}
		for i < len(a) || j < len(b) {
			if i < len(a) && j < len(b) && a[i] == b[j] {
				break
			}
			if j >= len(b) || i < len(a) && best[i+1][j] >= best[i][j+1] {
				i++
			} else {
				j++
			}
		}
		h.hi, h.newHi = i, j
		out = append(out, h)
	}
	return out
}

// Piece is a part of a comparison of two texts.
type Piece struct {
	Text string `json:"text"`
	Op   string `json:"op"` // "same", "added" or "removed"
}

// Difference compares two texts word by word. Texts too long for that are
// compared line by line.
func Difference(before, after string) []Piece {
	a, b := words(before), words(after)
	if len(a)*len(b) > maxMatrix {
		a, b = strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
		if len(a)*len(b) > maxMatrix {
			return []Piece{{before, "removed"}, {after, "added"}}
		}
	}
	var out []Piece
	add := func(op string, list []string) {
		if text := strings.Join(list, ""); text != "" {
			out = append(out, Piece{text, op})
		}
	}
	at := 0
	for _, h := range changesOf(a, b) {
		add("same", a[at:h.lo])
		add("removed", a[h.lo:h.hi])
		add("added", b[h.newLo:h.newHi])
		at = h.hi
	}
	add("same", a[at:])
	return out
}

// words cuts a text after each run of space.
func words(text string) []string {
	var out []string
	start, space := 0, false
	for i, r := range text {
		isSpace := r == ' ' || r == '\n' || r == '\t'
		if space && !isSpace {
			out = append(out, text[start:i])
			start = i
		}
		space = isSpace
	}
	if start < len(text) {
		out = append(out, text[start:])
	}
	return out
}
