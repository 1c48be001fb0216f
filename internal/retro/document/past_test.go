package document

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hansei"
)

// postmortems reads the public postmortems that are kept beside the project.
// They are somebody else's, under another licence, and are read from there.
func postmortems(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../../../shared/data/postmortems/*.md")
	if err != nil || len(files) == 0 {
		t.Skip("the postmortems are not here")
	}
	out := map[string]string{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(name)] = string(text)
	}
	return out
}

// TestRealPostmortems reads public postmortems as they are: what of their
// metadata is there, how much of it stands in front and how much was guessed.
func TestRealPostmortems(t *testing.T) {
	files := postmortems(t)
	n := map[string]int{}
	for name, text := range files {
		f, err := Read(name, []byte(text), hansei.DefaultRetroRules)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r := f.Retrospective
		for what, is := range map[string]bool{
			"title":   r.Title != "" && !strings.HasPrefix(name, r.Title),
			"began":   !f.Began.IsZero(),
			"ended":   !f.Ended.IsZero(),
			"service": len(f.Services) > 0,
			"factor":  len(r.Factors) > 0,
			"prose":   r.Section("what-happened").Text != "" || r.Section("summary").Text != "",
			"URL":     r.URL != "",
			"noticed": r.Detection != "",
		} {
			if is {
				n[what]++
			}
		}
		if slices.Contains(f.Guessed, "began") {
			n["began, guessed"]++
		}
		if !f.Ended.IsZero() && f.Ended.Before(f.Began) {
			t.Errorf("%s ends %v before it begins %v", name, f.Ended, f.Began)
		}
	}
	t.Logf("of %d: %v", len(files), n)
	for what, least := range map[string]int{"title": 121, "began": 88, "ended": 80, "service": 121, "factor": 110, "prose": 121, "URL": 121, "noticed": 40} {
		if n[what] < least {
			t.Errorf("%d of %d have %s; want at least %d", n[what], len(files), what, least)
		}
	}
}

// TestDatesAgree hides when an incident began from the head of each document
// and compares what the prose says with it.
func TestDatesAgree(t *testing.T) {
	var told, guessed, right int
	for name, text := range postmortems(t) {
		f, err := Read(name, []byte(text), hansei.DefaultRetroRules)
		if err != nil || f.Began.IsZero() || slices.Contains(f.Guessed, "began") {
			continue
		}
		told++
		hidden := regexp.MustCompile(`(?m)^(start|end)_time:.*\n`).ReplaceAllString(text, "")
		g, err := Read(name, []byte(hidden), hansei.DefaultRetroRules)
		if err != nil || g.Began.IsZero() {
			continue
		}
		guessed++
		if d := g.Began.Sub(f.Began); d > -36*time.Hour && d < 36*time.Hour {
			right++
		}
	}
	t.Logf("%d say when they began; the prose of %d names a day, and that of %d the right one (within 36 hours)", told, guessed, right)
	if guessed*2 < told || right*10 < guessed*8 {
		t.Errorf("of %d, %d were guessed and %d right", told, guessed, right)
	}
}

// TestFactorsAgree compares what the text suggests with the categories that
// people gave the same documents, where a category means a factor of ours. The
// categories are coarse ("security" stands at outages that no attack caused), so
// they are a reference and no truth, and the rules were not made to fit them.
func TestFactorsAgree(t *testing.T) {
	means := map[string][]string{"config-change": {"configuration change", "deployment process"}, "security": {"security"}, "cascading-failure": {"missing isolation"}, "hardware": {"hardware or cloud provider"}}
	type cell struct{ both, ours, theirs int }
	got := map[string]*cell{}
	for name, text := range postmortems(t) {
		head, _, _ := strings.Cut(strings.TrimPrefix(text, "---\n"), "\n---")
		_, list, _ := strings.Cut(head, "categories:\n")
		f, err := Read(name, []byte(text), hansei.DefaultRetroRules)
		if err != nil {
			t.Fatal(err)
		}
		var given []string
		for line := range strings.Lines(list) {
			c, ok := strings.CutPrefix(strings.TrimSpace(line), "- ")
			if !ok {
				break
			}
			given = append(given, c)
		}
		for category, factors := range means {
			if got[category] == nil {
				got[category] = &cell{}
			}
			a, b := slices.Contains(given, category), slices.ContainsFunc(factorNames(f.Retrospective), func(n string) bool { return slices.Contains(factors, n) })
			if a {
				got[category].theirs++
			}
			if b {
				got[category].ours++
			}
			if a && b {
				got[category].both++
			}
		}
	}
	// What was measured, less a few.
	least := map[string]float64{"config-change": 0.55, "security": 0.15, "cascading-failure": 0.45, "hardware": 0.6}
	for category, c := range got {
		recall, precision := float64(c.both)/float64(c.theirs), float64(c.both)/float64(max(1, c.ours))
		t.Logf("%-18s %3d given, %3d suggested, %3d both: recall %.2f, precision %.2f", category, c.theirs, c.ours, c.both, recall, precision)
		if recall < least[category] {
			t.Errorf("%s: recall %.2f, want at least %.2f", category, recall, least[category])
		}
	}
}
