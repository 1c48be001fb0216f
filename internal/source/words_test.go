package source

import (
	v1 "encoding/json"
	"errors"
	"fmt"
	"regexp"
	"testing"
	"time"

	"hansei"
)

type told struct {
	Event struct {
		At   time.Time `json:"at"`
		N    int       `json:"n"`
		Open bool      `json:"open"`
		Tags []string  `json:"tags"`
		Long float64   `json:"long"`
	} `json:"event"`
	Title string            `json:"title"`
	More  map[string]string `json:"more"`
	Own   own               `json:"own"`
}

// own reads itself, as some values of tools must.
type own struct{ N int }

func (o *own) UnmarshalJSON(b []byte) error { return Decode(b, &o.N) }

// TestWords: whichever package reads JSON, people are told the same, and
// nothing of Go.
func TestWords(t *testing.T) {
	const moment = "expected a time such as 2026-01-31T10:00:00Z, found "
	for body, want := range map[string][2]string{ // as this package reads it, and as the standard library does where that says something else
		``:                            {"it is empty"},
		`tha`:                         {"it is not JSON: byte 2 cannot stand there"},
		`<html>`:                      {"it is not JSON: byte 1 cannot stand there"},
		`{} x`:                        {"it is not JSON: byte 4 cannot stand there"},
		`{"title"`:                    {"it is not JSON: it breaks off after byte 8"},
		`[]`:                          {"expected an object, found a list"},
		`true`:                        {"expected an object, found true", "expected an object, found true or false"},
		`{"event":[]}`:                {"event: expected an object, found a list"},
		`{"event":{"n":"7"}}`:         {"event.n: expected a whole number, found a text"},
		`{"event":{"n":1e99}}`:        {"event.n: expected a whole number, found 1e99"},
		`{"event":{"long":{}}}`:       {"event.long: expected a number, found an object"},
		`{"event":{"open":"no"}}`:     {"event.open: expected true or false, found a text"},
		`{"event":{"tags":"a"}}`:      {"event.tags: expected a list, found a text"},
		`{"event":{"tags":[1]}}`:      {"event.tags.0: expected a text, found a number", "event.tags: expected a text, found a number"},
		`{"event":{"at":"today"}}`:    {"event.at: " + moment + `"today"`, moment + `"today"`},
		`{"title":7}`:                 {"title: expected a text, found a number"},
		`{"more":7}`:                  {"more: expected an object, found a number"},
		`{"own":"x"}`:                 {"own: expected a whole number, found a text", "expected a whole number, found a text"},
		"{\"title\":\"a\xff\"}":       {"it is not JSON: byte 12 cannot stand there", "-"},
		`{"event":{"at":1772362800}}`: {"event.at: " + moment + "a number", "-"},
	} {
		var x, y told
		err := Decode([]byte(body), &x)
		if err == nil || err.Error() != want[0] {
			t.Errorf("%s: got %v, want %s", body, err, want[0])
		}
		if want[1] == "-" {
			continue
		}
		if want[1] == "" {
			want[1] = want[0]
		}
		if err := v1.Unmarshal([]byte(body), &y); err == nil || Words(err) != want[1] {
			t.Errorf("%s, by the standard library: got %v, want %s", body, err, want[1])
		}
	}
	wrapped := errors.Join(fmt.Errorf("https://x/list: the answer: %w", v1.Unmarshal([]byte("<"), new(told))), hansei.ErrConflict)
	if got := Words(wrapped); !regexp.MustCompile(`^https://x/list: the answer: it is not JSON: byte 1 cannot stand there\n`).MatchString(got) {
		t.Errorf("got %s", got)
	}
	if got := Words(hansei.Invalid("a", "b")); got != "a: b" {
		t.Errorf("got %s", got)
	}
}
