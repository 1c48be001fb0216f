package model

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"hansei/internal/retro/document"
)

// Refusal is a sentence that was not written, and why.
type Refusal struct {
	Section  string `json:"section"`
	Sentence string `json:"sentence"`
	Why      string `json:"why"`
}

// Why a sentence is refused.
const (
	WhyUncited  = "no entry of the timeline is cited"
	WhyUnknown  = "an entry is cited that is not there"
	WhyStranger = "somebody is named who does not appear"
	WhyAddress  = "an address of the web stands in it"
	WhyLong     = "it is too long"
	WhyEmpty    = "it says nothing"
	WhySection  = "the section was not asked for"
)

const (
	maxSentence  = 800 // bytes
	maxSentences = 40  // of one section
)

// reply is the answer that the task asks for.
type reply struct {
	Sections  []part     `json:"sections"`
	Sentences []sentence `json:"sentences"` // of the only section that was asked for
}

type part struct {
	ID        string     `json:"id"`
	Sentences []sentence `json:"sentences"`
}

type sentence struct {
	Text  string `json:"text"`
	Cites cites  `json:"cites"`
}

// cites are ids of entries. A model may give one where a list is expected, or
// something else: that cites nothing that is there.
type cites []string

// UnmarshalJSON implements json.Unmarshaler.
func (c *cites) UnmarshalJSON(text []byte) error {
	var list []any
	if json.Unmarshal(text, &list) != nil {
		var one any
		if err := json.Unmarshal(text, &one); err != nil {
			return err
		}
		list = []any{one}
	}
	*c = nil
	for _, x := range list {
		if x != nil {
			*c = append(*c, strings.Trim(fmt.Sprint(x), "[]^ "))
		}
	}
	return nil
}

type decoder interface{ Decode(any) error }

// object finds the JSON object in a text: models think aloud before it, and put
// it into a fence. try decodes it and says whether it is the right one.
func object(text string, try func(decoder) bool) bool {
	if i := strings.LastIndex(text, "</think>"); i >= 0 {
		text = text[i:]
	}
	for range 20 {
		i := strings.IndexByte(text, '{')
		if i < 0 {
			return false
		}
		if try(json.NewDecoder(strings.NewReader(text[i:]))) {
			return true
		}
		text = text[i+1:]
	}
	return false
}

// understand reads the reply in an answer.
func understand(text string, asked []string) (reply, error) {
	var r reply
	if !object(text, func(dec decoder) bool {
		r = reply{}
		return dec.Decode(&r) == nil && len(r.Sections)+len(r.Sentences) > 0
	}) {
		return r, failed("its answer is not the JSON that it was asked for, with sentences and what they cite; a larger model may do better")
	}
	if len(r.Sections) == 0 && len(asked) == 1 {
		r.Sections = []part{{asked[0], r.Sentences}}
	}
	return r, nil
}

// checked is the text of each section that holds, and what was refused.
func (s *sheet) checked(r reply, m *mask, asked []string) (texts map[string]string, refused []Refusal) {
	texts, lines := map[string]string{}, map[string][]string{}
	for _, p := range r.Sections {
		for _, x := range p.Sentences {
			if len(lines[p.ID]) >= maxSentences {
				break
			}
			text, why := s.sentence(x, m)
			if !slices.Contains(asked, p.ID) {
				why = WhySection
			}
			if why != "" {
				said, _ := m.names(document.Cut(flat(x.Text), 200))
				refused = append(refused, Refusal{p.ID, said, why})
				continue
			}
			lines[p.ID] = append(lines[p.ID], text)
		}
	}
	for id, list := range lines {
		texts[id] = strings.Join(list, " ") + "\n"
	}
	return texts, refused
}

var (
	inline  = regexp.MustCompile(`\[\^?T\d+\](?:\([^)]*\))?`)
	address = regexp.MustCompile(`(?i)\b(?:[a-z][a-z0-9+.-]*://|www\.|mailto:)`)
	closing = regexp.MustCompile(`[.!?…]*$`)
)

// sentence is one item as it is written: plain text with its citations before
// the full stop. Where it holds several sentences each carries the citations.
func (s *sheet) sentence(x sentence, m *mask) (text, why string) {
	var marks []string
	for _, c := range x.Cites {
		id, ok := s.ids[c]
		if !ok {
			return "", WhyUnknown
		}
		if mark := "[^" + id + "]"; !slices.Contains(marks, mark) {
			marks = append(marks, mark)
		}
	}
	if len(x.Text) > maxSentence {
		return "", WhyLong
	}
	switch _, known := m.names(x.Text); {
	case len(marks) == 0:
		return "", WhyUncited
	case !known:
		return "", WhyStranger
	case address.MatchString(x.Text):
		return "", WhyAddress
	}
	var out []string
	for _, one := range document.Sentences(flat(x.Text)) {
		end := closing.FindString(one)
		body := strings.TrimRight(strings.TrimSuffix(one, end), " ")
		if strings.ContainsFunc(body, inWord) {
			body, _ = m.names(body) // whole: a full stop in a name ends no sentence
			out = append(out, body+" "+strings.Join(marks, " ")+(end + ".")[:max(len(end), 1)])
		}
	}
	if len(out) == 0 {
		return "", WhyEmpty
	}
	return strings.Join(out, " "), ""
}

// flat is a text as one line without Markdown: no fence, heading, picture, link
// or citation can stand in what a model wrote.
func flat(s string) string {
	s = inline.ReplaceAllString(s, "")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		case r == '*', r == '`', r == '|', r == '[', r == ']', r == '<', r == '>', r == '#', r == '~':
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	return strings.TrimLeft(s, "-+=_! ")
}
