package file

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
)

func TestParseMappingErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"kind: incidnt\n", "line 1, kind: "},
		{"kind: incident\nzone: Mars/Base\n", "line 2, zone: "},
		{"kind: incident\nfeilds: []\n", "line 2: "},
		{"kind: incident\nfields:\n  - column: a\n    field: severty\n", "line 4, fields[0].field: "},
		{"kind: incident\nfields:\n  - column: a\n    field: severity\n  - column: a\n    field: title\n", "line 5, fields[1].column: "},
		{"fields:\n  - field: title\n", "line 2, fields[0]: "},
		{"fields:\n  - column: a\n", "line 2, fields[0]: "},
		{"fields:\n  - column: a\n    jq: .a\n    field: title\n", "line 3, fields[0].jq: "},
		{"fields:\n  - jq: '.a | nope('\n    field: title\n", "line 2, fields[0].jq: "},
		{"fields:\n  - column: a\n    field: began_at\n    time: HH:mm\n", "line 4, fields[0].time: "},
		{"fields:\n  - column: a\n    field: began_at\n    zone: Here\n", "line 4, fields[0].zone: "},
		{"id: '.a ('\n", "line 1, id: "},
		{"kind: [\n", "line "},
		{"fields: 7\n", "line 1: "},
	} {
		_, err := ParseMapping([]byte(c.text))
		var invalid *hansei.InvalidError
		if !errors.As(err, &invalid) || !strings.HasPrefix(invalid.Reason, c.want) {
			t.Errorf("%q: got %v; want a message that begins with %q", c.text, err, c.want)
		}
	}
}

func TestMapping(t *testing.T) {
	m, err := ParseMapping([]byte(`
kind: incidents
source: desk
zone: Europe/Berlin
id: .nr
fields:
  - column: prio
    field: severity
    values: {P1: sev1, P2: sev2}
  - column: von
    field: began_at
    time: DD.MM.YYYY HH:mm
  - column: bis
    field: resolved_at
    zone: America/New_York
  - jq: .what + " / " + .prio
    field: title
  - jq: .sys | split("+")
    field: services
  - column: secret
    ignore: true
  - column: note
    field: custom.remark
`))
	if err != nil {
		t.Fatal(err)
	}
	body := "nr;prio;von;bis;what;sys;secret;note;impact\n1;P1;03.04.2024 10:00;2024-04-03 05:00;Slow;shop+web;x;y;2 - Medium\n2;P9;03.04.2024 10:00;;Slow;;;;\n3;P2;2024;;Slow;;;;\n"
	p, rows, rejects := readAll(t, "x.csv", []byte(body), Options{Mapping: m})
	if p.Kind != hansei.KindIncident || p.Source != "desk" || p.Key != ".nr" {
		t.Errorf("kind %s, source %s, key %s", p.Kind, p.Source, p.Key)
	}
	if len(rows) != 2 || len(rejects) != 1 || rejects[0].Line != 4 || rejects[0].Column != "von" || rejects[0].Value != "2024" {
		t.Fatalf("got %d rows, rejects %v", len(rows), rejects)
	}
	in := rows[0].Record.(*hansei.Incident)
	began, _ := in.Milestones.At(hansei.RoleBegan)
	resolved, _ := in.Milestones.At(hansei.RoleResolved)
	want := &hansei.Incident{
		Header: hansei.Header{Custom: map[string]string{"remark": "y", "impact": "2 - Medium", "what": "Slow", "sys": "shop+web"}},
		Title:  "Slow / P1", Status: "resolved", Severity: "sev1", Services: []hansei.ID{"shop", "web"}, Milestones: in.Milestones,
	}
	if diff := cmp.Diff(want, in); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !began.Equal(time.Date(2024, 4, 3, 8, 0, 0, 0, time.UTC)) || !resolved.Equal(time.Date(2024, 4, 3, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("from %v to %v; want 08:00 to 09:00 UTC", began, resolved)
	}
	if got := rows[1].Record.(*hansei.Incident).Severity; got != "p9" && got != "P9" {
		t.Errorf("a word outside the mapping became severity %q", got)
	}
}

// A plan written as a mapping and read again gives the same records.
func TestMappingOfPlan(t *testing.T) {
	for _, name := range []string{"testdata/servicenow.csv", "testdata/statuspage.jsonl"} {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, want, _ := readAll(t, name, body, Options{Kind: hansei.KindIncident})
		text, err := p.Mapping().YAML()
		if err != nil {
			t.Fatal(err)
		}
		m, err := ParseMapping(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		_, got, rejects := readAll(t, "other", body, Options{Mapping: m})
		if diff := cmp.Diff(want, got); diff != "" || len(rejects) > 0 {
			t.Errorf("%s: rejects %v, -want +got\n%s", name, rejects, diff)
		}
	}
}

func TestMappingThatDoesNotFit(t *testing.T) {
	for _, m := range []*Mapping{
		{Kind: hansei.KindIncident, Fields: []FieldMapping{{Column: "nowhere", Field: "title"}}},
		{Kind: hansei.KindIncident, Fields: []FieldMapping{{Column: "a", Field: "commit"}}},
		{Kind: hansei.KindIncident, ID: "nowhere"},
		{Kind: hansei.KindMetric},
	} {
		_, err := Inspect("x.csv", strings.NewReader("id,a\n1,2\n"), Options{Mapping: m})
		var invalid *hansei.InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%+v: got %v, want an InvalidError", m, err)
		}
	}
}

func TestJQIsBounded(t *testing.T) {
	m := &Mapping{Kind: hansei.KindIncident, Fields: []FieldMapping{{JQ: "last(range(1e18))", Field: "title"}}}
	_, rows, rejects := readAll(t, "x.csv", []byte("id,started_at\n1,2024-01-01\n"), Options{Mapping: m})
	if len(rows) != 0 || len(rejects) != 1 {
		t.Errorf("got %d rows and rejects %v; want the row rejected", len(rows), rejects)
	}
}

func FuzzParseMapping(f *testing.F) {
	f.Add("kind: incident\nfields:\n  - column: a\n    field: severity\n    values: {P1: sev1}\n")
	f.Add("id: .a\nfields: [{jq: .b, field: custom.c, time: DD.MM.YYYY, zone: Europe/Berlin}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMapping([]byte(text))
		if err != nil {
			return
		}
		out, err := m.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseMapping(out)
		if err != nil {
			t.Fatalf("what YAML wrote cannot be read: %v\n%s", err, out)
		}
		if diff := cmp.Diff(m, again); diff != "" {
			t.Fatalf("changed by writing and reading\n%s", diff)
		}
	})
}
