package retros

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"hansei"
	"hansei/internal/retro"
	"hansei/internal/retro/prose"
)

// section is one part of the document with all that stands around it.
type section struct {
	*hansei.Section
	Retro   hansei.ID
	Zone    *time.Location
	Hash    string // of everything that is shown of it
	HTML    string
	Editing bool
	Ask     bool // the language model may draft it
	Others  []other
	Remarks []retro.Remark
	Threads []thread
	Closed  int // threads that are settled
	URL     string
}

// other is a text that stands beside the section's own.
type other struct {
	By   string
	At   time.Time
	Text string
	Diff []retro.Piece // from the section's text to it
}

// thread is a comment, or a suggestion, with its answers.
type thread struct {
	hansei.Comment
	Who     string
	Closer  string
	Diff    []retro.Piece // of a suggestion
	Stale   bool          // its words are not there any more
	Answers []answer
}

// answer is an answer in a thread.
type answer struct {
	hansei.Comment
	Who string
}

// section makes the view of a section.
func (k *knowledge) section(s *hansei.Section) (section, error) {
	out := section{Section: s, Retro: k.Retro.ID, Zone: k.Zone, Ask: k.asks(s), URL: k.URL("") + "/sections/" + s.ID}
	var marks []prose.Passage
	for _, m := range k.remarks {
		if m.Section == s.ID {
			out.Remarks = append(out.Remarks, m)
			marks = append(marks, prose.Passage{Text: m.Sentence, Class: "blame", Help: m.Why + " " + m.Instead})
		}
	}
	for _, o := range s.Others {
		out.Others = append(out.Others, other{k.Person(o.By), o.At, o.Text, retro.Difference(s.Text, o.Text)})
	}
	for _, c := range k.Retro.Comments {
		if c.Section != s.ID || c.Of != "" {
			continue
		}
		t := k.thread(c, s)
		if t.Resolved {
			out.Closed++
		} else if t.Passage != "" && t.Instead == nil {
			marks = append(marks, prose.Passage{Text: t.Passage, Class: "comment", Help: t.Who + ": " + t.Text})
		}
		out.Threads = append(out.Threads, t)
	}
	// What is open comes first.
	slices.SortStableFunc(out.Threads, func(a, b thread) int {
		switch {
		case a.Resolved == b.Resolved:
			return 0
		case b.Resolved:
			return -1
		}
		return 1
	})
	var err error
	if out.HTML, err = k.html(s.Text, marks); err != nil {
		return out, err
	}
	out.Hash, err = hashOf(s, out)
	return out, err
}

func (k *knowledge) thread(c hansei.Comment, s *hansei.Section) thread {
	t := thread{Comment: c, Who: k.Person(c.By), Closer: k.Person(c.ClosedBy)}
	if c.Instead != nil {
		t.Diff = retro.Difference(c.Passage, *c.Instead)
		t.Stale = c.Verdict == "" && !containsPassage(s.Text, c.Passage)
	}
	for _, a := range k.Retro.Comments {
		if a.Of == c.ID {
			t.Answers = append(t.Answers, answer{a, k.Person(a.By)})
		}
	}
	return t
}

// hashOf tells whether what a browser shows of a section is what there is.
func hashOf(s *hansei.Section, v section) (string, error) {
	text, err := json.Marshal([]any{s, v.Threads, v.Remarks, v.HTML, v.Ask})
	if err != nil {
		return "", err
	}
	h := fnv.New64a()
	_, err = h.Write(text)
	return fmt.Sprintf("%016x", h.Sum64()), err
}
