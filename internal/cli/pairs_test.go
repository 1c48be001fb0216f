package cli

import (
	"encoding/json"
	"testing"
)

func TestFlatten(t *testing.T) {
	rows, err := flatten("", json.RawMessage(`{"a":"x","b":{"c":1.50,"d":null},"e":["p","q"],"f":[{"g":true}],"h":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"a", "x"}, {"b.c", "1.50"}, {"b.d", ""}, {"e", "p, q"}, {"f.1.g", "true"}}
	if len(rows) != len(want) {
		t.Fatalf("got %q, want %q", rows, want)
	}
	for i := range want {
		if rows[i][0] != want[i][0] || rows[i][1] != want[i][1] {
			t.Errorf("row %d: got %q, want %q", i, rows[i], want[i])
		}
	}
}
