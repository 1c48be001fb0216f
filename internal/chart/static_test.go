package chart

import (
	"context"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var keep = flag.String("keep", "", "write the drawn SVGs to this directory, to look at them")

func samples() []Chart {
	var points []Point
	for i, m := range []string{"Jan 2025", "Feb 2025", "Mar 2025", "Apr 2025", "May 2025", "Jun 2025"} {
		v := 1800 + 1400*math.Sin(float64(i))
		points = append(points, Point{Label: m, Value: v, Interval: &Interval{Low: v / 2, High: v * 1.8, Level: .95}, N: 20 + i, Href: "/incidents?m=" + m})
	}
	points[2].Value, points[2].Interval, points[2].Note = math.NaN(), nil, "too few: n = 2"
	points[3].Signal = "above the upper limit"
	points[5].Partial = true
	counts := []Point{
		{Label: "api", Value: 31, Interval: &Interval{Low: 21, High: 44}, N: 31},
		{Label: "pages", Value: 12, Interval: &Interval{Low: 6, High: 21}, N: 12, Signal: "above the upper limit"},
		{Label: "actions", Value: 8, Interval: &Interval{Low: 3.5, High: 15.8}, N: 8, Partial: true},
	}
	all := 2000.0
	return []Chart{
		Trend(TrendSpec{ID: "trend", Caption: "One.", Unit: Seconds, Lines: []Line{{Name: "all", Points: points}},
			Limits: &Limits{Low: 300, Center: 1800, High: 9000}, Marks: []Mark{{"Feb 2025", "we adopted paging"}}}),
		Trend(TrendSpec{ID: "lines", Caption: "Two.", Unit: Seconds, Lines: []Line{{Name: "api", Points: points}, {Name: "pages", Points: points[:4]}}}),
		Bars(BarSpec{ID: "bars", Caption: "Three.", First: "service", Unit: One, Points: counts}),
		Dots(DotSpec{ID: "dots", Caption: "Four.", First: "month", Unit: Seconds, Points: points, Reference: &all, ReferenceName: "all"}),
	}
}

func TestStaticDrawsEveryChart(t *testing.T) {
	var s Static
	for _, c := range samples() {
		svg, err := s.SVG(t.Context(), c, Light, 720)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(svg, "<svg") || !strings.Contains(svg, Light["accent"]) {
			t.Errorf("%s: not a picture in the palette: %.200s", c.ID, svg)
		}
		for _, bad := range []string{"NaN", `"@`, "undefined"} {
			if strings.Contains(svg, bad) {
				t.Errorf("%s: SVG has %s", c.ID, bad)
			}
		}
		again, err := s.SVG(t.Context(), c, Light, 720)
		if err != nil {
			t.Fatal(err)
		}
		if again != svg {
			t.Errorf("%s: second drawing differs: %d and %d bytes", c.ID, len(svg), len(again))
		}
		if *keep != "" {
			if err := os.WriteFile(filepath.Join(*keep, c.ID+".svg"), []byte(svg), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestStaticStopsWithItsContext(t *testing.T) {
	var s Static
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := s.SVG(ctx, samples()[2], Dark, 400); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := s.SVG(ctx, samples()[2], Dark, 400); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a cancelled drawing", err)
	}
	if _, err := s.SVG(t.Context(), samples()[2], Dark, 400); err != nil {
		t.Errorf("after a cancelled drawing: %v", err)
	}
}

func BenchmarkStatic(b *testing.B) {
	var s Static
	c := samples()[0]
	if _, err := s.SVG(b.Context(), c, Light, 720); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.SVG(b.Context(), c, Light, 720); err != nil {
			b.Fatal(err)
		}
	}
}
