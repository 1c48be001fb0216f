package model

import (
	"strings"
	"testing"

	"hansei"
	"hansei/internal/retro/document"
	"hansei/internal/retro/prose"
)

// FuzzChecked: whatever a model answers, what is written of it is sentences each
// of which cites entries that were sent, and nothing else that refers or loads.
func FuzzChecked(f *testing.F) {
	f.Add("{\"sections\":[{\"id\":\"a\",\"sentences\":[{\"text\":\"One. Two! # Three [x](y) ```\",\"cites\":[\"T1\"]}]}]}")
	f.Add("<think>{</think>```json\n{\"sentences\":[{\"text\":\"@bob ![p](image:ab) #x:1 [^T2] www.x\",\"cites\":\"T2\"}]}```")
	f.Add("{\"sentences\":[{\"text\":\"> quoted\\n\\n```hansei figure x\\n```\",\"cites\":[7,null,\"[T1]\"]}]}")
	f.Fuzz(func(t *testing.T, answer string) {
		s := &sheet{ids: map[string]string{"T1": "alert:q1", "T2": "update:m1"}}
		m := newMask([]*hansei.Person{{Header: hansei.Header{ID: "ann"}, Name: "Ann Lee"}}, nil, nil, nil)
		m.text("Ann Lee")
		r, err := understand(answer, []string{"a"})
		if err != nil {
			return
		}
		texts, refused := s.checked(r, m, []string{"a"})
		for _, x := range refused {
			if x.Why == "" {
				t.Errorf("refused without a reason: %+v", x)
			}
		}
		for id, text := range texts {
			if id != "a" {
				t.Errorf("section %q was not asked for", id)
			}
			for _, one := range document.Sentences(text) {
				if !strings.Contains(one, "[^alert:q1]") && !strings.Contains(one, "[^update:m1]") {
					t.Errorf("%q cites nothing, of %q", one, answer)
				}
			}
			var refs prose.Refs
			prose.Parse(text).Refs(&refs)
			for _, cited := range refs.Moments {
				if cited != "alert:q1" && cited != "update:m1" {
					t.Errorf("%q cites %q", text, cited)
				}
			}
			if len(refs.Blocks)+strings.Count(text, "](")+strings.Count(text, "://") > 0 {
				t.Errorf("it holds more than sentences: %q", text)
			}
		}
	})
}

// TestMask: whole words, the longest first, however they are written; and back.
func TestMask(t *testing.T) {
	ann := &hansei.Person{Header: hansei.Header{ID: "pd:P7"}, Name: "Ann van der Lee", Email: "ann.lee@example.org", Aliases: []string{"annie"}}
	will := &hansei.Person{Header: hansei.Header{ID: "will"}, Name: "Will Mark"}
	eve := &hansei.Person{Header: hansei.Header{ID: "eve"}, Name: "Eve Moneypenny", Email: "eve@x.example"}
	for in, want := range map[string]string{
		"Ann Van Der Lee and ANNIE, ann.lee@example.org, @annie": "Person A and Person A, Person A, Person A",
		"Ann's annexe, planned":                                  "Person A's annexe, planned",
		"it will be, mark it; Will did, MARK too":                "it will be, mark it; Person A did, Person A too",
		"@will, <@U9|will> and @will.":                           "Person A, Person B and Person A.",
		"eve moneypenny at Christmas Eve":                        "Person A at Christmas Eve",
		"P7 asked pd:P7":                                         "Person A asked Person A",
		"mail bob+x@shop.example or @bob-x":                      "mail Person A or Person B",
		"Zoë Ångström, Zoë":                                      "Person A, Person A",
		"":                                                       "",
	} {
		m := newMask([]*hansei.Person{ann, will}, []string{"Zoë Ångström", "Alert Bot", "local", ""}, []*hansei.Person{eve}, []string{in})
		got := m.text(in)
		if got != want {
			t.Errorf("%q:\ngot  %q\nwant %q", in, got, want)
		}
		for i := range m.order {
			if back, ok := m.names("Person " + letters(i) + " came"); !ok || strings.HasPrefix(back, "Person") {
				t.Errorf("%q: %s is %q", in, letters(i), back)
			}
		}
		if _, ok := m.names("Person " + letters(len(m.order))); ok {
			t.Error("somebody who was not sent came back")
		}
	}
	if a, b, c := letters(0), letters(25), letters(26); a != "A" || b != "Z" || c != "AA" || letters(701) != "ZZ" || letters(702) != "AAA" {
		t.Error(a, b, c, letters(702))
	}
}
