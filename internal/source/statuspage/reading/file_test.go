package reading

import (
	"bytes"
	"encoding/json"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/file"
)

// line is a line of the collected history of githubstatus.com that the file
// source is tested with.
type line struct {
	Title, URL, Impact string
	Started            string          `json:"started_at"`
	Resolved           *string         `json:"resolved_at"`
	Window             json.RawMessage `json:"impact_window"`
	Components         []string
	Updates            []struct{ At, Status, Message string }
}

// answer is what the status page itself says of that incident.
func (l line) answer() ([]byte, error) {
	var updates, components []map[string]any
	status := "investigating"
	for _, u := range l.Updates {
		state := strings.ReplaceAll(strings.ToLower(u.Status), " ", "_")
		if state != "update" {
			status = state
		}
		updates = append(updates, map[string]any{"id": u.At + u.Status, "status": state, "body": u.Message, "created_at": u.At, "display_at": u.At})
	}
	if l.Resolved != nil && status != "completed" {
		status = "resolved"
	}
	for _, c := range l.Components {
		components = append(components, map[string]any{"id": c, "name": c})
	}
	return json.Marshal(map[string]any{"incident": map[string]any{
		"id": path.Base(l.URL), "name": l.Title, "status": status, "impact": l.Impact, "started_at": l.Started, "resolved_at": l.Resolved, "incident_updates": updates, "components": components,
	}})
}

// TestTheFileSourceReadsTheSame compares with the file source, record by
// record. They differ in three things: a file of collected incidents has no
// ids of updates, may know of an impact from elsewhere, and takes the
// announcement of a maintenance for its beginning.
func TestTheFileSourceReadsTheSame(t *testing.T) {
	name := "../../file/testdata/statuspage.jsonl"
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := file.Inspect("incidents.jsonl", bytes.NewReader(body), file.Options{Kind: hansei.KindIncident})
	if err != nil {
		t.Fatal(err)
	}
	var fromFile []*hansei.Incident
	err = file.Observe(bytes.NewReader(body), plan, func(o hansei.Observation) error {
		fromFile = append(fromFile, o.Record.(*hansei.Incident))
		return nil
	}, func(r file.Reject) error { return &r })
	if err != nil {
		t.Fatal(err)
	}
	s := page("https://www.githubstatus.com")
	for i, text := range strings.Split(strings.TrimSpace(string(body)), "\n") {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		said, err := l.answer()
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Normalize(source.Delivery{Body: said})
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v, %v", l.URL, got, err)
		}
		in, want := got[0].Record.(*hansei.Incident), fromFile[i]
		want.Custom = nil
		if len(l.Window) > 0 {
			want.Impacts = nil
		}
		for j := range in.Updates {
			in.Updates[j].ID, in.Updates[j].Status = "", want.Updates[j].Status
		}
		if want.Type == hansei.IncidentMaintenance {
			want.Milestones, in.Milestones = nil, nil
		}
		if d := cmp.Diff(want, in); d != "" {
			t.Errorf("%s (-file +status page):\n%s", l.URL, d)
		}
	}
}
