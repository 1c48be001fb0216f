package file

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hansei"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// readAll inspects and observes a file held in memory.
func readAll(t *testing.T, name string, body []byte, o Options) (*Plan, []hansei.Observation, []Reject) {
	t.Helper()
	p, err := Inspect(name, bytes.NewReader(body), o)
	if err != nil {
		t.Fatalf("Inspect %s: %v", name, err)
	}
	rows, rejects, err := observeAll(bytes.NewReader(body), p)
	if err != nil {
		t.Fatalf("Observe %s: %v", name, err)
	}
	return p, rows, rejects
}

func observeAll(body io.Reader, p *Plan) (rows []hansei.Observation, rejects []Reject, err error) {
	err = Observe(body, p, func(o hansei.Observation) error {
		rows = append(rows, o)
		return nil
	}, func(r Reject) error {
		rejects = append(rejects, r)
		return nil
	})
	return rows, rejects, err
}

// golden compares a value as JSON with a file of testdata.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs from what is read (-want +got); run with -update if it is meant:\n%s", path, diff)
	}
}

func TestStatusPage(t *testing.T) {
	body, err := os.ReadFile("testdata/statuspage.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	p, rows, rejects := readAll(t, "statuspage.jsonl", body, Options{Kind: hansei.KindIncident})
	golden(t, "statuspage.plan.json", p)
	golden(t, "statuspage.rows.json", rows)
	if want := bytes.Count(body, []byte("\n")); len(rows) != want || len(rejects) != 0 {
		t.Errorf("got %d rows and rejects %v; want %d and none", len(rows), rejects, want)
	}
	severities := map[string]string{"critical": "sev1", "major": "sev2", "minor": "sev3", "none": "sev4"}
	for i, line := range strings.Split(strings.TrimSpace(string(body)), "\n") {
		var source struct {
			Impact    string
			StartedAt string `json:"started_at"`
			Updates   []json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &source); err != nil {
			t.Fatal(err)
		}
		in := rows[i].Record.(*hansei.Incident)
		if in.Severity != severities[source.Impact] || (in.Type == hansei.IncidentMaintenance) != (source.Impact == "maintenance") {
			t.Errorf("line %d: impact %s became severity %q, type %q", i+1, source.Impact, in.Severity, in.Type)
		}
		if len(in.Updates) != len(source.Updates) {
			t.Errorf("line %d: got %d updates, want %d", i+1, len(in.Updates), len(source.Updates))
		}
		start, _ := in.Start()
		if got := start.Format("2006-01-02T15:04:05Z"); got != source.StartedAt {
			t.Errorf("line %d: starts %s, want %s", i+1, got, source.StartedAt)
		}
	}
}

func TestEventLog(t *testing.T) {
	body, err := os.ReadFile("testdata/servicenow.csv")
	if err != nil {
		t.Fatal(err)
	}
	p, rows, rejects := readAll(t, "servicenow.csv", body, Options{Kind: hansei.KindIncident})
	golden(t, "servicenow.plan.json", p)
	golden(t, "servicenow.rows.json", rows)
	if want := bytes.Count(body, []byte("\n")) - 1; len(rows) != want || len(rejects) != 0 {
		t.Errorf("got %d rows and rejects %v; want %d and none", len(rows), rejects, want)
	}
	if !p.EventLog {
		t.Error("the plan does not say that this is an event log")
	}
	first, last := rows[0].Record.(*hansei.Incident), rows[3].Record.(*hansei.Incident)
	if first.Status != "open" || last.Status != "closed" || rows[0].Key != rows[3].Key {
		t.Errorf("got %s %s and %s %s; want one incident, first open, then closed", rows[0].Key.External, first.Status, rows[3].Key.External, last.Status)
	}
}
