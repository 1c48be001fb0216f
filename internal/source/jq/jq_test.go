package jq

import (
	"fmt"
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

// TestPure: what is read again, here or on another machine, says the same.
func TestPure(t *testing.T) {
	for expression, instead := range map[string]string{
		"now":                   "a time of the payload",
		".a // (now | todate)":  "a time of the payload",
		`"at \(now)"`:           "a time of the payload",
		"{a: 1, b: [now]}":      "a time of the payload",
		"{(now | tostring): 1}": "a time of the payload",
		"def f: now; .a":        "a time of the payload",
		"if .a then 1 elif now then 2 else 3 end": "a time of the payload",
		"reduce .a[] as $x (now; . + $x)":         "a time of the payload",
		"foreach .a[] as $x (0; now; .)":          "a time of the payload",
		"try now catch 1":                         "a time of the payload",
		". as {a: $x, (now | tostring): $y} | $x": "a time of the payload",
		".a[now:]":                              "a time of the payload",
		"-now":                                  "a time of the payload",
		"label $x | now":                        "a time of the payload",
		".a = now":                              "a time of the payload",
		`@text "\(now)"`:                        "a time of the payload",
		".a | localtime":                        "gmtime",
		`.a | strflocaltime("%H")`:              "strftime goes",
		`.a | strptime("%Y-%m-%d %Z") | mktime`: "%z for an offset",
		`.a | strptime("%Y" + " %Z")`:           "%z for an offset",
		`.a | strptime("%Y \("%Z")")`:           "%z for an offset",
	} {
		if _, err := Compile(expression); err == nil || !strings.Contains(err.Error(), instead) {
			t.Errorf("%s: got %v, want %q", expression, err, instead)
		}
	}
	for expression, want := range map[string]any{
		".now":                    "x",
		`."now"`:                  "x",
		"{now} | .now":            "x",
		"{now: 1} | .now":         1,
		". as {now: $now} | $now": "x",
		`"now"`:                   "now",
		`"2026-03-01T12:00:00Z" | fromdate | tostring`:                                 1772366400,
		`"2026-03-01 12:00 +0200" | strptime("%Y-%m-%d %H:%M %z") | mktime | tostring`: 1772359200,
		`"2026-03-01T12:00:00Z" | strptime("%Y-%m-%dT%H:%M:%SZ") | strftime("%H %Z")`:  "12 UTC",
	} {
		p, err := Compile(expression)
		if err != nil {
			t.Error(err)
			continue
		}
		if got, err := p.First(map[string]any{"now": "x"}); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, %v", expression, got, err)
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
