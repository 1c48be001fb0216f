package document

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hansei"
)

var bits = []string{"The queue grew.", "Nobody saw **the alert**.", "- one\n- two", "### Detail\n\nMore of it.", "`max = 10`", "> said a customer", "Ünïcödé 値 Ж", "1. first\n2. second",
	"```sh\n## no heading\necho done\n```", "[the graph](https://example.org/g)", "A | pipe, a [bracket] and 5 < 6."}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func words(r *rand.Rand, most int) (out []string) {
	for range r.IntN(most + 1) {
		out = append(out, pick(r, []string{"alpha", "beta: gamma", "délta", "\"quoted\"", "- dash", "値段", "a, b", "yes", "12"}))
	}
	return out
}

// anyDocument makes a document of what people may have written.
func anyDocument(r *rand.Rand) Document {
	at := time.Date(2026, 2, 27, 20, 0, 0, 0, time.UTC)
	x := &hansei.Retrospective{Header: hansei.Header{ID: "retro:x"}, State: hansei.RetroDraft, Title: pick(r, []string{"Checkout down", "Größe: 値 # 3", "A \"b\" c"}), Severity: pick(r, []string{"", "sev1", "sev3"}),
		Services: []hansei.ID{"checkout", "pay"}, Functionality: words(r, 2), Detection: pick(r, []string{"", "customer"}), Trigger: pick(r, []string{"", "a: flag"}), Mitigation: pick(r, []string{"", "rolled back"}),
		WentWell: words(r, 3), Lucky: words(r, 2), Surprises: words(r, 2), KnowledgeGaps: words(r, 2), Lessons: words(r, 4)}
	if r.IntN(2) == 0 {
		n := float64(r.IntN(100000))
		x.Customers, x.CustomersMethod = &n, "logs"
		x.Custom = map[string]string{"region": "eu: west", "cost": "12"}
	}
	if r.IntN(2) == 0 {
		x.Published = at
	}
	for _, name := range []string{"capacity", "network", "testing gap"}[:r.IntN(4)] {
		x.Factors, x.FactorNames = append(x.Factors, hansei.Factor{Name: name, Evidence: pick(r, []string{"", "It said: so."})}), append(x.FactorNames, name)
	}
	for _, s := range hansei.DefaultRetroRules.Sections {
		s.Prompt = ""
		var texts []string
		for _, i := range r.Perm(len(bits))[:r.IntN(4)] {
			texts = append(texts, bits[i])
		}
		s.Text = strings.Join(texts, "\n\n")
		x.Sections = append(x.Sections, s)
	}
	x.Sections = append(x.Sections, hansei.Section{ID: "next-steps", Title: "Next steps", Text: "- not a follow-up"}, hansei.Section{ID: "own", Title: "Timeline", Text: "10:00 is no entry"})
	clock := at
	for i := range r.IntN(6) {
		clock = clock.Add(time.Duration(r.IntN(400)) * time.Minute)
		x.Timeline = append(x.Timeline, hansei.Moment{ID: fmt.Sprint(i), At: clock, What: "note", Text: pick(r, []string{"deployed v2", "値が高い", "rolled back"}), Marker: pick(r, append([]string{""}, hansei.Markers...))})
	}
	d := Document{Retrospective: x, Name: func(_ hansei.Kind, id hansei.ID) string { return string(id) }}
	for i := range r.IntN(4) {
		f := &hansei.FollowUp{Title: fmt.Sprintf("Do %d (soon)", i), Status: pick(r, []string{"open", "done", "declined"}), Type: pick(r, hansei.FollowUpTypes), Priority: "high"}
		if f.Status == "declined" {
			f.Reason = "no use: too dear"
		}
		if f.Status == "open" {
			f.Due = at
		}
		d.FollowUps = append(d.FollowUps, f)
	}
	return d
}

// TestRoundTrip: what is written as Markdown and as HTML is read as it was.
func TestRoundTrip(t *testing.T) {
	for seed := range uint64(60) {
		d := anyDocument(rand.New(rand.NewPCG(seed, 7)))
		for _, format := range []string{"markdown", "html", "word", "docs"} {
			text, _, ending, err := d.As(format)
			if err != nil {
				t.Fatal(err)
			}
			f, err := Read("x"+ending, []byte(text), hansei.DefaultRetroRules)
			if err != nil {
				t.Fatalf("seed %d, %s: %v\n%s", seed, format, err, text)
			}
			got, want := f.Retrospective, d.Retrospective
			ignore := cmpopts.IgnoreFields(hansei.Retrospective{}, "Header", "Sections", "Timeline", "Services", "Teams", "FactorNames", "State", "Completeness")
			if diff := cmp.Diff(want, got, ignore, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("seed %d, %s: metadata\n%s\n%s", seed, format, diff, text)
			}
			if diff := cmp.Diff(want.Custom, got.Custom, cmpopts.EquateEmpty()); diff != "" || !cmp.Equal(f.Services, []string{"checkout", "pay"}) {
				t.Fatalf("seed %d, %s: own fields, services %v\n%s", seed, format, f.Services, diff)
			}
			for _, s := range want.Sections {
				other := got.Section(s.ID)
				if have := other; s.Text != "" && (have == nil || have.Title != s.Title || (format == "markdown" && have.Text != s.Text) || squeezed(have.Text) != squeezed(s.Text)) {
					t.Fatalf("seed %d, %s: section %s is\n%+v\nnot\n%q", seed, format, s.ID, have, s.Text)
				}
			}
			if len(got.Timeline) != len(want.Timeline) {
				t.Fatalf("seed %d, %s: %d entries of the timeline, not %d\n%s", seed, format, len(got.Timeline), len(want.Timeline), text)
			}
			for i, m := range want.Timeline {
				if g := got.Timeline[i]; !g.At.Equal(m.At) || g.Text != m.Text || g.Marker != m.Marker {
					t.Fatalf("seed %d, %s: entry %+v, not %+v", seed, format, g, m)
				}
			}
			if len(f.FollowUps) != len(d.FollowUps) {
				t.Fatalf("seed %d, %s: follow-ups %+v", seed, format, f.FollowUps)
			}
			for i, w := range d.FollowUps {
				if diff := cmp.Diff(*w, f.FollowUps[i]); diff != "" {
					t.Fatalf("seed %d, %s: follow-up\n%s", seed, format, diff)
				}
			}
		}
	}
}

// squeezed is a text without what HTML does not keep of Markdown: blank lines
// and backslashes.
func squeezed(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("\\", "", "\n", " ").Replace(s)), " ")
}
