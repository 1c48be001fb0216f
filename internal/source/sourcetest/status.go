package sourcetest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/source"
)

// Status is a payload that tells how something stands, with {status} in place
// of the word for it.
type Status struct {
	Name  string // of the delivery
	Body  string
	Known string // a word that the tool uses
}

// statuses holds that a word for how something stands that this version does
// not know is an error that names it: nothing is guessed, and a person looks.
func statuses(t *testing.T, s Sample) {
	if (len(s.Statuses) == 0) != (s.None != "") {
		t.Fatal("expected payloads that tell a status, or why the tool has none")
	}
	src := opened(t, s)
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, x := range s.Statuses {
		say := func(word string) ([]hansei.Observation, error) {
			return src.Normalize(source.Delivery{Name: x.Name, Body: []byte(strings.ReplaceAll(x.Body, "{status}", word)), Received: at})
		}
		if said, err := say(x.Known); err != nil || len(said) == 0 {
			t.Errorf("%s: with %q it tells %v, %v", x.Name, x.Known, said, err)
		}
		const odd = "never-heard-of"
		said, err := say(odd)
		var bad *hansei.InvalidError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), odd) {
			t.Errorf("%s: with a status nobody knows it tells %v, %v", x.Name, said, err)
		}
	}
}

// cursor holds that a source that is pulled is put to Survives, or, where it
// makes no calls, to Tells, in its own tests, which know its server.
func cursor(t *testing.T, s Sample) {
	if p, ok := opened(t, s).(source.Puller); !ok || len(p.Streams()) == 0 {
		return
	}
	rule := "sourcetest.Survives("
	if calls(t, s) == 0 {
		rule = "sourcetest.Tells("
	}
	held := false
	err := filepath.WalkDir(s.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		held = held || strings.Contains(string(text), rule)
		return err
	})
	if err != nil || !held {
		t.Errorf("no test in %s calls %s…), %v", s.Dir, rule, err)
	}
}
