package chart

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

func TestTableHoldsEveryPointAndSaysWhatIsMissing(t *testing.T) {
	for _, c := range samples() {
		if _, err := c.JSON(); err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
		got, err := c.Table.CSV()
		if err != nil {
			t.Fatal(err)
		}
		if c.ID == "dots" && !strings.Contains(string(got), "Mar 2025,,,,22,too few: n = 2\r\n") {
			t.Errorf("a point without a value: got\n%s", got)
		}
		if c.ID == "trend" && !strings.Contains(string(got), "not a whole period") {
			t.Errorf("an unfinished period: got\n%s", got)
		}
		if strings.Contains(string(got), "NaN") {
			t.Errorf("%s: got\n%s", c.ID, got)
		}
	}
}

func TestMoreThanSixLinesStayInTheTable(t *testing.T) {
	var lines []Line
	for range 9 {
		lines = append(lines, Line{Name: "x", Points: []Point{{Label: "a", Value: 1, N: 9}}})
	}
	c := Trend(TrendSpec{ID: "many", Unit: One, Lines: lines})
	drawn := 0
	for _, s := range c.Option["series"].([]any) {
		if m := s.(map[string]any); m["type"] == "line" && m["name"] == "x" {
			drawn++
		}
	}
	if drawn != maxSeries || len(c.Table.Rows) != 9 || !strings.Contains(c.Caption, "6 of 9") {
		t.Errorf("got %d lines, %d rows, caption %q", drawn, len(c.Table.Rows), c.Caption)
	}
}

func TestSmallPicturesAreWellFormedAndHoldNoStyle(t *testing.T) {
	points := []Point{{Label: "a", Value: 60}, {Label: "b", Value: math.NaN()}, {Label: "<c>", Value: 600, Signal: "above & beyond"}, {Label: "d", Value: 90, Partial: true}}
	for name, svg := range map[string]string{
		"sparkline":       Sparkline(points, &Limits{Low: math.NaN(), Center: 100, High: 500}, Seconds, `times "R" <&>`),
		"empty sparkline": Sparkline(nil, nil, One, "nothing"),
		"one point":       Sparkline(points[:1], nil, One, "one"),
		"interval":        IntervalBar(60, Interval{Low: 30, High: 120}, [2]float64{20, 200}, Seconds, "x"),
		"no bound":        IntervalBar(3, Interval{Low: math.Inf(-1), High: 5}, [2]float64{0, 10}, One, "x"),
		"no axis":         IntervalBar(3, Interval{Low: 3, High: 3}, [2]float64{}, One, "x"),
	} {
		d := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, svg)
			}
		}
		for _, bad := range []string{"NaN", "Inf", "style=", "%!"} {
			if strings.Contains(svg, bad) {
				t.Errorf("%s has %s: %s", name, bad, svg)
			}
		}
	}
}

func TestPalettesHaveTheSameTokens(t *testing.T) {
	for name := range Light {
		if Dark[name] == "" {
			t.Errorf("the dark palette lacks %s", name)
		}
	}
	if len(Light) != len(Dark) {
		t.Errorf("got %d light and %d dark tokens", len(Light), len(Dark))
	}
}
