package file

import (
	"bytes"
	"hash/maphash"
	"regexp"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source/file/clock"
	"hansei/internal/source/file/table"
	"hansei/internal/source/file/word"
)

// survey is what the first rows of a file show of each column.
type survey struct {
	columns  []*evidence
	rows     int
	complete bool // those were all rows
	seed     maphash.Seed
}

func newSurvey() *survey { return &survey{seed: maphash.MakeSeed()} }

// evidence is what one column holds.
type evidence struct {
	name    string
	alias   word.Alias
	filled  int // rows with a value
	lists   int
	objects int // lists whose first element is an object
	times   int
	numbers int
	flags   int
	impacts int // words with which status pages grade incidents
	types   int // words for kinds of incident
	order   clock.Order
	samples []string
	hashes  []uint64 // of the values, in the first columns
}

const maxSamples = 5

// maxHashed is in how many columns repeated values are looked for.
const maxHashed = 200

func (s *survey) see(r table.Row, names []string) {
	s.rows++
	for len(s.columns) < len(names) {
		s.columns = append(s.columns, &evidence{name: names[len(s.columns)]})
	}
	for i, c := range r.Cells {
		s.columns[i].see(c)
		if i < maxHashed && len(c.Text) > 0 {
			s.columns[i].hashes = append(s.columns[i].hashes, maphash.Bytes(s.seed, c.Text))
		}
	}
}

// openDates lists the columns of times in whose dates day and month cannot be
// told apart; none, once the dates of one column can.
func (s *survey) openDates() []int {
	var open []int
	for i, e := range s.columns {
		switch {
		case e.filled == 0 || !e.most(e.times) || !e.order.Any():
		case e.order.Clear():
			return nil
		default:
			open = append(open, i)
		}
	}
	return open
}

// name looks at the columns' names once the kind of the rows is known.
func (s *survey) name(kind hansei.Kind) {
	noun := nounOf(kind)
	seen := map[string]bool{}
	for _, e := range s.columns {
		name := e.name
		if m := counted.FindStringSubmatch(name); m != nil && seen[m[1]] {
			name = m[1] // another column of the same name
		}
		seen[name] = true
		e.alias = word.AliasOf(name, noun)
	}
}

// counted is the name that a repeated column got.
var counted = regexp.MustCompile(`^(.*) \(\d+\)$`)

// repeated says whether a value stands in several rows.
func (e *evidence) repeated() bool {
	seen := make(map[uint64]bool, len(e.hashes))
	for _, h := range e.hashes {
		if seen[h] {
			return true
		}
		seen[h] = true
	}
	return false
}

func (e *evidence) see(c table.Cell) {
	if c.List != nil {
		e.filled++
		e.lists++
		if list := bytes.TrimLeft(c.List[1:], " \t\r\n"); len(list) > 0 && list[0] == '{' {
			e.objects++
		}
		e.sample(c.List)
		return
	}
	text := bytes.TrimSpace(c.Text)
	if len(text) == 0 || word.Unknown(string(text[:min(len(text), word.LongestUnknown+1)])) && !bytes.EqualFold(text, []byte("none")) {
		return
	}
	e.filled++
	e.sample(text)
	const longestWord = 64
	if len(text) > longestWord {
		return
	}
	low := strings.ToLower(string(text))
	if _, ok := (clock.Style{Zone: time.UTC}).Parse(text); ok {
		e.times++
	} else if _, ok := (clock.Style{Zone: time.UTC, DayFirst: true}).Parse(text); ok {
		e.times++
	}
	e.order.See(text)
	if _, ok := word.Number(low); ok {
		e.numbers++
	}
	if _, ok := word.Boolean(low); ok {
		e.flags++
	}
	if word.Impacts[low] {
		e.impacts++
	}
	if _, ok := word.IncidentType(low); ok {
		e.types++
	}
}

func (e *evidence) sample(text []byte) {
	if len(e.samples) >= maxSamples {
		return
	}
	const most = 80
	s := table.Shorten(text[:min(len(text), most)])
	if !slices.Contains(e.samples, s) {
		e.samples = append(e.samples, s)
	}
}

// most says whether at least half of the values are of a sort. A column
// without values is given the benefit of the doubt.
func (e *evidence) most(n int) bool { return 2*n >= e.filled }
