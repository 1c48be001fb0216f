package app_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hansei/internal/app"
	"hansei/internal/cli"
)

// run runs the command line on a data directory and returns what it printed.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	args = append(args, "--data", dir, "-o", "json")
	if code := cli.Main(t.Context(), args, strings.NewReader(""), &out, &errs); code != 0 {
		t.Fatalf("hansei %s: exit code %d: %s", strings.Join(args, " "), code, &errs)
	}
	return out.String()
}

// row is a figure as the command line prints it.
type row struct {
	Group            map[string]string
	Value, Low, High *float64
	N, Censored      int
	Excluded         map[string]int
}

// reference is one window of the independent program's figures.
type reference struct {
	Since, Until    string
	N               int
	P50, P90, Mean  float64
	P50Low          *float64 `json:"p50_low"`
	P50High         *float64 `json:"p50_high"`
	Rate            float64  `json:"rate_per_30d"`
	RateLow         float64  `json:"rate_low"`
	RateHigh        float64  `json:"rate_high"`
	name, dimension string
}

// loaded makes a data directory with GitHub's public incident history.
func loaded(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	a, err := app.New(t.Context(), app.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Demo(t.Context()); err != nil {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func referenceFile(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("demo", "testdata", "reference.json"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func references(t *testing.T) []reference {
	t.Helper()
	var doc struct {
		All      []reference
		Severity map[string]reference `json:"by_severity_2025"`
	}
	if err := json.Unmarshal(referenceFile(t), &doc); err != nil {
		t.Fatal(err)
	}
	list := doc.All
	for name, r := range doc.Severity {
		r.name, r.dimension = name, "severity"
		list = append(list, r)
	}
	if len(list) != 7 {
		t.Fatalf("got %d references, want 3 windows and 4 severities", len(list))
	}
	return list
}

// TestReferenceByService compares how many incidents of 2025 hit each service.
func TestReferenceByService(t *testing.T) {
	dir := loaded(t)
	var doc struct {
		Service map[string]int `json:"by_service_2025"`
	}
	if err := json.Unmarshal(referenceFile(t), &doc); err != nil {
		t.Fatal(err)
	}
	var rows []row
	if err := json.Unmarshal([]byte(run(t, dir, "figure", "incident_rate", "--since", "2025-01-01", "--until", "2026-01-01", "--by", "service")), &rows); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, r := range rows {
		got[r.Group["service"]] = r.N
	}
	if len(doc.Service) == 0 {
		t.Fatal("the reference names no services")
	}
	for name, want := range doc.Service {
		if got[name] != want {
			t.Errorf("%s: got %d incidents, want %d", name, got[name], want)
		}
	}
}

// TestReference compares the figures on the command line with those that an
// independent program (scipy) computed from the same file.
func TestReference(t *testing.T) {
	dir := loaded(t)
	for _, ref := range references(t) {
		ask := func(metric, statistic string) row {
			t.Helper()
			args := []string{"figure", metric, "--since", ref.Since, "--until", ref.Until, "--statistic", statistic}
			if ref.dimension != "" {
				args = append(args, "--by", ref.dimension)
			}
			var rows []row
			if err := json.Unmarshal([]byte(run(t, dir, args...)), &rows); err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				if r.Group[ref.dimension] == ref.name {
					return r
				}
			}
			t.Fatalf("no row of %s %s", ref.dimension, ref.name)
			return row{}
		}
		p50, rate := ask("time_to_resolve", "p50"), ask("incident_rate", "rate")
		for _, c := range []struct {
			what string
			got  *float64
			want *float64
		}{
			{"p50", p50.Value, &ref.P50},
			{"p50_low", p50.Low, ref.P50Low},
			{"p50_high", p50.High, ref.P50High},
			{"p90", ask("time_to_resolve", "p90").Value, &ref.P90},
			{"mean", ask("time_to_resolve", "mean").Value, &ref.Mean},
			{"rate", rate.Value, &ref.Rate},
			{"rate_low", rate.Low, &ref.RateLow},
			{"rate_high", rate.High, &ref.RateHigh},
		} {
			if !same(c.got, c.want) {
				t.Errorf("%s %s..%s %s: got %s, want %s", ref.name, ref.Since, ref.Until, c.what, text(c.got), text(c.want))
			}
		}
		if p50.N != ref.N || rate.N != ref.N {
			t.Errorf("%s %s..%s: got n %d and %d, want %d", ref.name, ref.Since, ref.Until, p50.N, rate.N, ref.N)
		}
	}
}

// same compares to rounding; an interval that the reference leaves out must be
// left out here too.
func same(got, want *float64) bool {
	if got == nil || want == nil {
		return got == want
	}
	return math.Abs(*got-*want) <= 1e-9*math.Max(1, math.Abs(*want))
}

func text(f *float64) string {
	out, err := json.Marshal(f)
	if err != nil {
		return err.Error()
	}
	return string(out)
}
