package app_test

import (
	"encoding/json"
	"path/filepath"
	"testing"
)

// TestEventLog imports an IT department's log of incidents, one row per
// update, without a mapping: the last row of an incident is how it stands,
// the rows before are its history, and the figures are those known of it.
func TestEventLog(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join("testdata", "servicenow", "incident_event_log.csv.gz")
	var sums []struct{ Created, Updated, Unchanged, Rejected int }
	if err := json.Unmarshal([]byte(run(t, dir, "import", file)), &sums); err != nil {
		t.Fatal(err)
	}
	if s := sums[0]; s.Created != 890 || s.Created+s.Updated+s.Unchanged != 5998 || s.Rejected != 0 {
		t.Errorf("imported %+v, want 890 incidents from 5,998 rows", s)
	}
	whole := figures(t, dir)
	if f := whole[""]; f.N != 861 || *f.Value != 196_080 || f.Excluded["no_resolved_at"] != 29 {
		t.Errorf("got %+v, want a median of 196,080 s over 861, 29 without a resolved time", f)
	}
	by := figures(t, dir, "--by", "priority")
	for priority, want := range map[string]struct {
		n      int
		median float64
	}{"1 - Critical": {15, 1_265_460}, "2 - High": {33, 96_420}, "3 - Moderate": {729, 193_620}, "4 - Low": {84, 614_580}} {
		if f, ok := by[priority]; !ok || f.N != want.n || *f.Value != want.median {
			t.Errorf("priority %s: got %+v, want %+v", priority, f, want)
		}
	}
	var history []map[string]any
	if err := json.Unmarshal([]byte(run(t, dir, "get", "incident", "INC0000045", "--history")), &history); err != nil {
		t.Fatal(err)
	}
	if len(history) < 3 {
		t.Errorf("INC0000045 has %d versions; its rows are its history", len(history))
	}
}

// figures asks for the time to resolve, by the value of one dimension.
func figures(t *testing.T, dir string, args ...string) map[string]row {
	t.Helper()
	var rows []row
	if err := json.Unmarshal([]byte(run(t, dir, append([]string{"figure", "time_to_resolve"}, args...)...)), &rows); err != nil {
		t.Fatal(err)
	}
	out := map[string]row{}
	for _, r := range rows {
		key := ""
		for _, v := range r.Group {
			key = v
		}
		out[key] = r
	}
	return out
}
