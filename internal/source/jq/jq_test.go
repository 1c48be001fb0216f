package jq

import (
	"strings"
	"testing"
	"time"
)

func TestBounds(t *testing.T) {
	t.Setenv("HANSEI_TEST_SECRET", "s3cret")
	for expression, says := range map[string]string{
		"def f: f; f":            "longer than",
		"[range(1e12)] | length": "longer than",
		"range(20000)":           "more than",
		".a.b.c | nope":          "nope",
		".a |":                   "unexpected",
		`"x" | .y`:               "expected an object",
	} {
		began := time.Now()
		p, err := Compile(expression)
		if err == nil {
			_, err = p.All(map[string]any{"a": 1})
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", expression, err, says)
		}
		if took := time.Since(began); took > 20*Time {
			t.Errorf("%s took %s", expression, took)
		}
	}
	for _, leak := range []string{"env", "$ENV", "$__prog_args", "input", "inputs"} {
		p, err := Compile("[" + leak + "] | tostring")
		if err != nil {
			continue
		}
		if v, err := p.First(nil); err == nil && strings.Contains(v.(string), "s3cret") {
			t.Errorf("%s tells the environment", leak)
		}
	}
}

func TestResults(t *testing.T) {
	doc, err := Decode([]byte(`{"a":[1,2],"ok":true}`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(".a[]")
	if err != nil {
		t.Fatal(err)
	}
	if all, err := p.All(doc); err != nil || len(all) != 2 {
		t.Errorf("got %v, %v", all, err)
	}
	if ok, err := p.True(doc); err == nil {
		t.Errorf("a number passed for %v", ok)
	}
	if p, err = Compile(".ok"); err != nil {
		t.Fatal(err)
	}
	if ok, err := p.True(doc); err != nil || !ok {
		t.Errorf("got %v, %v", ok, err)
	}
	if _, err := Decode([]byte("{")); err == nil {
		t.Error("half a document passed")
	}
}
