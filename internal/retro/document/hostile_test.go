package document

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"hansei"
)

// TestHostile: what is made to be slow or deep is read, or refused, in time:
// the processor's, for other tests may hold it meanwhile.
func TestHostile(t *testing.T) {
	n := 200_000
	if testing.Short() {
		n = 20_000 // the race detector makes all of it twenty times slower
	}
	for name, text := range map[string]string{
		"deep.html":    strings.Repeat("<div>", n) + "x",
		"macros.xml":   strings.Repeat(`<ac:structured-macro ac:name="info"><ac:rich-text-body>`, n/20) + "x",
		"flat.xml":     strings.Repeat(`<ac:structured-macro ac:name="info"></ac:structured-macro>`, n/10),
		"list.html":    strings.Repeat("<ul><li>", n/20) + "x",
		"stars.md":     strings.Repeat("*", n),
		"brackets.md":  "## Timeline\n" + strings.Repeat("[", n),
		"table.md":     "## Action items\n" + strings.Repeat("|a|b|\n", n/5),
		"heads.md":     strings.Repeat("# a\n", n/4),
		"cdata.xml":    strings.Repeat("<![CDATA[", n/10),
		"sentences.md": strings.Repeat("due to a config change. ", n/24),
		"long.md":      strings.Repeat("customers reported ", n/19),
		"word.html":    strings.Repeat("<p class=MsoListParagraph>· a</p>", n/40),
	} {
		began := processorTime(t)
		f, err := Read(name, []byte(text), hansei.DefaultRetroRules)
		took := processorTime(t) - began
		if took > 4*time.Second {
			t.Errorf("%s took %v", name, took)
		}
		if err == nil && f.Retrospective.Title == "" {
			t.Errorf("%s: no title", name)
		}
		t.Logf("%-13s %6d ms %v", name, took.Milliseconds(), err)
	}
}

// processorTime is what this process has used.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
