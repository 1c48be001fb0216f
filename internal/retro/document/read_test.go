package document

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
)

const markdown = `---
title: Checkout down
severity: SEV-1
services: [checkout, payments]
start_time: 2026-03-01T22:50:00Z
end_time: 2026-03-02T00:20:00Z
---
# Ignored, for there is a title in front

An expired certificate took the payment gateway offline. Customers reported failing payments; about 1,200 customers were affected.

## Root causes

The certificate had expired, and no alert told us.

## Timeline

- 22:50 UTC: first failures
- 23:05: customers write
- 00:20 fixed

## Action items

- [x] Renew the certificate
- [ ] Alert thirty days before expiry

## Weather

It rained.
`

func TestReadMarkdown(t *testing.T) {
	f, err := Read("postmortem.md", []byte(markdown), hansei.DefaultRetroRules)
	if err != nil {
		t.Fatal(err)
	}
	r := f.Retrospective
	if r.Title != "Checkout down" || r.Severity != "sev1" || r.Detection != "customer" || r.Customers == nil || *r.Customers != 1200 {
		t.Errorf("got %q, %q, %q, %v", r.Title, r.Severity, r.Detection, r.Customers)
	}
	if diff := cmp.Diff([]string{"checkout", "payments"}, f.Services); diff != "" {
		t.Error(diff)
	}
	if len(r.Factors) == 0 || r.Factors[0].Name != "expired certificate or credential" || !strings.Contains(r.Factors[0].Evidence, "expired") {
		t.Errorf("got factors %+v", r.Factors)
	}
	var times []string
	for _, m := range r.Timeline {
		times = append(times, m.At.Format(time.RFC3339)+" "+m.Text)
	}
	want := []string{"2026-03-01T22:50:00Z first failures", "2026-03-01T23:05:00Z customers write", "2026-03-02T00:20:00Z fixed"}
	if diff := cmp.Diff(want, times); diff != "" {
		t.Error(diff)
	}
	if len(f.FollowUps) != 2 || f.FollowUps[0].Status != hansei.FollowUpDone || f.FollowUps[1].Title != "Alert thirty days before expiry" {
		t.Errorf("got follow-ups %+v", f.FollowUps)
	}
	if s := r.Section("factors"); s == nil || !strings.Contains(s.Text, "no alert told us") {
		t.Errorf("got %+v", s)
	}
	if s := r.Section("weather"); s == nil || s.Text != "It rained." {
		t.Errorf("a part without a place is lost: %+v", r.Sections)
	}
}

// TestReadAgain: what Markdown writes, Read understands.
func TestReadAgain(t *testing.T) {
	f, err := Read("postmortem.md", []byte(markdown), hansei.DefaultRetroRules)
	if err != nil {
		t.Fatal(err)
	}
	f.Retrospective.ID = "retro:x"
	f.Retrospective.FactorNames = factorNames(f.Retrospective)
	var follow []*hansei.FollowUp
	for i := range f.FollowUps {
		follow = append(follow, &f.FollowUps[i])
	}
	doc := Document{Retrospective: f.Retrospective, FollowUps: follow, Name: func(_ hansei.Kind, id hansei.ID) string { return string(id) }}
	text, err := doc.Markdown()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Read("export.md", []byte(text), hansei.DefaultRetroRules)
	if err != nil {
		t.Fatal(err)
	}
	a, b := f.Retrospective, again.Retrospective
	if a.Title != b.Title || a.Severity != b.Severity || len(a.Timeline) != len(b.Timeline) || !cmp.Equal(a.FactorNames, factorNames(b)) || len(again.FollowUps) != 2 {
		t.Errorf("got %q %q %d %v %d follow-ups from\n%s", b.Title, b.Severity, len(b.Timeline), factorNames(b), len(again.FollowUps), text)
	}
	for _, s := range a.Sections {
		if other := b.Section(s.ID); strings.TrimSpace(s.Text) != "" && (other == nil || strings.TrimSpace(other.Text) != strings.TrimSpace(s.Text)) {
			t.Errorf("section %s: got %+v, want %q", s.ID, other, s.Text)
		}
	}
}

func factorNames(r *hansei.Retrospective) (out []string) {
	for _, f := range r.Factors {
		out = append(out, f.Name)
	}
	return out
}

func TestReadHTML(t *testing.T) {
	f, err := Read("page.html", []byte(`<!DOCTYPE html><html><head><title>Search was slow</title></head><body><h2>Summary</h2><p>Queries <b>timed out</b>.<script>alert(1)</script></p>
		<h2>Lessons learned</h2><ul><li>Watch the queue</li></ul></body></html>`), hansei.DefaultRetroRules)
	if err != nil {
		t.Fatal(err)
	}
	r := f.Retrospective
	if r.Title != "Search was slow" || r.Section("summary").Text != "Queries **timed out**." || !cmp.Equal(r.Lessons, []string{"Watch the queue"}) {
		t.Errorf("got %q, %q, %v", r.Title, r.Section("summary").Text, r.Lessons)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, text := range map[string]string{"a.pdf": "%PDF", "empty.md": " \n", "broken.md": "---\ntitle: [\n---\nx"} {
		_, err := Read(name, []byte(text), hansei.DefaultRetroRules)
		var invalid *hansei.InvalidError
		if !errors.As(err, &invalid) || invalid.Field != name {
			t.Errorf("%s: got %v, want an error that names the file", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a.md", markdown)
	f.Add("a.html", "<table><tr><td>10:00<td>x</table>")
	f.Add("a.md", "---\n- a\n---\n## Timeline\n99:99 x")
	f.Fuzz(func(t *testing.T, name, text string) {
		found, err := Read(name, []byte(text), hansei.DefaultRetroRules)
		if err == nil && found.Retrospective.Title == "" {
			t.Error("a retrospective without a title")
		}
	})
}
