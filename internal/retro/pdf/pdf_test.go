package pdf

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const everything = `
## What happened — Что случилось — Τι συνέβη

The **write path** of ` + "`checkout`" + ` was ~~slow~~ *stuck*. See [the runbook](https://example.org/runbook) or <https://example.org/a>.
A [script](javascript:alert(1)) is no link. 🚒

### Smaller

- ☑ one
- two, with **bold** text that is long enough to go over the end of a line and stand under itself, not under the mark
  1. inner first
  2. inner second
- [ ] three

> A quote of somebody.

` + "```sql\nSELECT *\nFROM orders -- кириллица\n```" + `

| Time (UTC) | What happened |
|---|---|
| 2026-03-01 10:00:00 | Alert \| fired |
| 2026-03-01 10:04:00 | A long entry that tells what people saw and did at that time and goes over more than one line of the table |

<script>x</script>
`

func set(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	err := Write(&b, Paper{Title: "Checkout отказал Ω", At: time.Unix(0, 0).UTC(), Text: text,
		Rows: []Row{{"State", []string{"published"}}, {"Lessons", []string{"One lesson", "Another lesson"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAPaperCanBeReadAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.pdf")
	paper := set(t, everything)
	if bytes.Contains(paper, []byte("javascript:")) || !bytes.Contains(paper, []byte("https://example.org/runbook")) {
		t.Error("links of the web are kept, and only they")
	}
	if keep := os.Getenv("HANSEI_PDF"); keep != "" {
		if err := os.WriteFile(keep, paper, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, paper, 0o600); err != nil {
		t.Fatal(err)
	}
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		const why = "there is no pdftotext to read it back with: install the package poppler-utils"
		if os.Getenv("CI") != "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	out, err := exec.Command(tool, "-layout", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Checkout отказал Ω", "Что случилось", "Τι συνέβη", "published", "Another lesson", "inner second", "кириллица", "Alert | fired", "1/1"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

// TestTheSamePaperIsTheSameFile: the first of a process, later ones, and two
// at once.
func TestTheSamePaperIsTheSameFile(t *testing.T) {
	fonts := [][]byte{bytes.Clone(regular), bytes.Clone(bold), bytes.Clone(mono)}
	papers := make([][]byte, 4)
	for i := range papers[:2] {
		papers[i] = set(t, everything)
	}
	var wg sync.WaitGroup
	for i := range papers[2:] {
		wg.Go(func() { papers[2+i] = set(t, everything) })
	}
	wg.Wait()
	for _, p := range papers[1:] {
		if !bytes.Equal(papers[0], p) {
			t.Error("two files of one paper differ")
		}
	}
	for i, font := range [][]byte{regular, bold, mono} {
		if !bytes.Equal(font, fonts[i]) {
			t.Errorf("font %d was written into", i)
		}
	}
}

func TestHostileTextIsSet(t *testing.T) {
	for name, text := range map[string]string{
		"deep lists":    strings.Repeat("- ", 80) + "x",
		"deep quotes":   strings.Repeat("> ", 80) + "x",
		"a long word":   strings.Repeat("w", 5000),
		"not UTF-8":     "a\xff\x00b",
		"a tall row":    "| a | b |\n|---|---|\n| " + strings.Repeat("word ", 4000) + " | y |",
		"many columns":  strings.Repeat("| a ", 60) + "|\n" + strings.Repeat("|---", 60) + "|\n" + strings.Repeat("| long text ", 60) + "|",
		"a word in one": "| a | b |\n|---|---|\n| " + strings.Repeat("w", 3000) + " | y |",
		"emoji":         "👩‍🚒 `🚒` | 汉字",
		"empty":         "",
	} {
		t.Run(name, func(t *testing.T) {
			if !bytes.HasPrefix(set(t, text), []byte("%PDF-")) {
				t.Error("no PDF")
			}
		})
	}
}
