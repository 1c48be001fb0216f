package ui

import (
	"math"
	"strings"
	"testing"
	"time"

	"hansei/internal/chart"
)

func TestBounds(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		unit      chart.Unit
		want      string
	}{
		{3060, 4800, chart.Seconds, "51 m to 1 h 20 m"}, {21.6, 27.2, chart.Per30d, "22 to 27 per 30 d"}, {0.05, 0.11, chart.Ratio, "5 % to 11 %"},
		{math.Inf(-1), 60, chart.Seconds, "at most 1 m"}, {60, math.Inf(1), chart.Seconds, "at least 1 m"},
	} {
		if got := Bounds(chart.Interval{Low: c.low, High: c.high}, c.unit); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestTimes(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2025, 3, 4, 13, 5, 9, 0, time.UTC)
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, berlin) }
	for _, c := range []struct{ got, want string }{
		{Clock(at, berlin), "4 Mar 2025 14:05 CET"}, {Clock(at, nil), "4 Mar 2025 13:05 UTC"}, {UTC(at), "2025-03-04 13:05:09 UTC"},
		{Window(day(2025, 1, 1), day(2026, 1, 1), berlin), "1 Jan to 31 Dec 2025"}, {Window(day(2024, 7, 1), day(2025, 7, 1), berlin), "1 Jul 2024 to 30 Jun 2025"},
		{Window(day(2025, 1, 1), day(2025, 1, 2), berlin), "1 Jan 2025"},
		{Ago(at, at.Add(67*time.Minute)), "1 h 7 m ago"}, {Bytes(1234567), "1.2 MB"}, {Bytes(999), "999 B"}, {Plural(1, "row", "rows"), "1 row"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// TestAbsentFiguresShowNoNumber renders each state without a value.
func TestAbsentFiguresShowNoNumber(t *testing.T) {
	for state, words := range stateWords {
		var b strings.Builder
		if err := FigureCard(Card{ID: "x", Title: "T", State: state, Reason: "why", Value: 0, Unit: chart.Seconds}).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "hs-value") || strings.Contains(b.String(), "n = ") || !strings.Contains(b.String(), words.Title) {
			t.Errorf("%s: %s", state, b.String())
		}
	}
}
