package forget

import (
	"strings"
	"testing"

	"hansei"
)

// TestScripts: names in scripts without spaces are found beside any letters,
// others as whole words only, however short either is.
func TestScripts(t *testing.T) {
	w := newWords([]string{"李明", "王 小明", "マリー", "สมชาย", "김민수", "明", "Bob Jones", "Al", "Ola Å"}, nil)
	for in, want := range map[string]string{
		"李明 was paged":             Former + " was paged",
		"李明被呼叫":                    Former + "被呼叫",
		"先に王　小明さんが対応":              "先に" + Former + "さんが対応",
		"担当はマリーです":                 "担当は" + Former + "です",
		"คุณสมชายตอบ":              "คุณ" + Former + "ตอบ",
		"김민수가 호출됨":                 Former + "가 호출됨",
		"Bob Jonesが対応":             Former + "が対応",
		"明日は明るい、明 が":               "明日は明るい、" + Former + " が",
		"Al, Alarm, Alps":          "Al, Alarm, Alps",
		"Bob Jonesy, KBob Jones":   "Bob Jonesy, KBob Jones",
		"ola å, Bob\u00a0\nJones.": Former + ", " + Former + ".",
	} {
		if got := w.text(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		if got := w.in([]byte(in)); !got && want != in {
			t.Errorf("%q is passed over", in)
		}
	}
	if w.in([]byte("Alarm, 明日")) {
		t.Error("a short name is found within words")
	}
	if got := w.person("Al"); got != Former {
		t.Errorf("where a person is named: got %q", got)
	}
}

// TestMembers: names of members lose the person, too, but not those that are
// words of the document itself.
func TestMembers(t *testing.T) {
	w := newWords([]string{"Owner"}, map[string]string{"owner": "former-1", "bob-jones": "former-2"}, "bjones", "4711")
	for in, want := range map[string]string{
		`{"from":[{"stamps":{"responders/bob-jones":"2026-03-01T10:00:00Z","responders/bob":"x","services/bob-jones":"x","title":"x"}}]}`: `{"from":[{"stamps":{"responders/former-2":"2026-03-01T10:00:00Z","responders/bob":"x","services/bob-jones":"x","title":"x"}}]}`,
		`{"owner":"owner","custom":{"owner":"owner","team":"Owner"},"bob-jones":1}`:                                                       `{"owner":"former-1","custom":{"former-1":"former-1","team":"a former colleague"},"former-2":1}`,
		`{"by":"bjones","title":"bjones and @bjones, @bjones-2","edits":[{"value":"bjones"},{"value":["bob-jones"]}]}`:                    `{"by":"a former colleague","title":"bjones and a former colleague, @bjones-2","edits":[{"value":"bjones"},{"value":["former-2"]}]}`,
		`{"by":"bob-jones","title":"@bob-jones. And @bob-jones.x, 4711","edits":[{"value":"4711"}]}`:                                      `{"by":"former-2","title":"@former-2. And @bob-jones.x, 4711","edits":[{"value":"4711"}]}`,
		`{"title":"Zo\u00eb","edits":[{"value":"\u004fwner"}]}`:                                                                           `{"title":"Zoë","edits":[{"value":"a former colleague"}]}`,
	} {
		got, changed, err := w.doc([]byte(in))
		if err != nil || !changed || string(got) != want {
			t.Errorf("%s:\ngot  %s, %v, %v\nwant %s", in, got, changed, err, want)
		}
	}
}

// TestPayloads: what is searched for in payloads, and what is not enough.
func TestPayloads(t *testing.T) {
	w := newWords([]string{"Zoë Müller", "陳大文", "😀 Zyx"}, map[string]string{"pd:zoe": "former-1"},
		"zmueller", "al", "42", "583231", "https://x.example/users/7")
	for text, want := range map[string]bool{
		`{"a":"Zo\u00eb M\u00fcller was paged"}`:                            true,
		`{"a":"ZO\u00CB"}`:                                                  true,
		`{"Message":"{\"a\":\"Zo\\u00eb\"}"}`:                               true,
		`{"Message":"{\"a\":\"{\\\"b\\\":\\\"Zo\\\\u00EB M\\\"}\"}"}`:       true,
		`{"a":"\u9673\u5927\u6587\u88ab\u547c\u53eb"}`:                      true,
		`{"a":"\ud83d\ude00 zyx"}`:                                          true,
		`{"a":"https:\/\/x.example\/users\/7"}`:                             true,
		`{"a":"https:\/\/x.example\/users\/71"}`:                            false,
		`name,login` + "\n" + `x,zmueller`:                                  true,
		`{"assignee":{"login":"ZMueller"}}`:                                 true,
		`{"assignee":{"login":"zmueller2"}}`:                                false,
		`{"login":"al"}`:                                                    true,
		`{"text":"thanks @al!"}`:                                            true,
		`{"text":"et al. said so, @alarm"}`:                                 false,
		`{"user":583231}`:                                                   true,
		`{"users":[1, "583231"]}`:                                           true,
		`{"Message":"{\"user\":\"583231\"}"}`:                               true,
		`{"text":"583231 requests","n":15832310,"at":583231.5,"v":-583231}`: false,
		`{"user_id" : 42}`:                                                  true,
		`{"user":{"id":"42"}}`:                                              true,
		`{"priority":42,"ids":[42],"text":"\"id\": 42 of them"}`:            false,
		`C:\users\new` + "\n" + `\ud83d \u12 \`:                             false,
	} {
		if got := w.in([]byte(text)); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
	if got := unescaped(`a\n\"\\u00eb\ud83dx\ud83d\ude00\`); got != "a\n\"\\u00eb\ufffdx😀\\" {
		t.Errorf("got %q", got)
	}
}

// TestWithMerged: merges lead on, and may go in a circle.
func TestWithMerged(t *testing.T) {
	into := map[hansei.ID][]hansei.ID{"c": {"b", "d"}, "b": {"a"}, "a": {"c"}, "x": {"y"}}
	var got []string
	for _, id := range withMerged("c", into) {
		got = append(got, string(id))
	}
	if strings.Join(got, " ") != "c b d a" {
		t.Errorf("got %v", got)
	}
}
