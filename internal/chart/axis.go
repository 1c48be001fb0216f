package chart

import (
	"math"
	"slices"
)

// tick is one labelled place on an axis, in the axis's own coordinates.
type tick struct {
	At    float64 `json:"at"`
	Label string  `json:"label"`
}

// scale maps values to an axis. Durations are drawn as log10(seconds) on a
// linear axis, so that ticks can stand at 1 m, 10 m, 1 h and 1 d, and so that
// bands can be stacked.
type scale struct {
	unit     Unit
	log      bool
	min, max float64 // in axis coordinates
	ticks    []tick
}

// Durations at which a log axis is labelled, in seconds: the coarse ones when
// the axis is long, the fine ones when it is short.
var (
	coarse = []float64{0.1, 1, 10, minute, 10 * minute, hour, 6 * hour, day, 7 * day, 30 * day, 365 * day, 3650 * day}
	fine   = []float64{
		1, 2, 5, 10, 20, 30, minute, 2 * minute, 5 * minute, 10 * minute, 20 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour,
		12 * hour, day, 2 * day, 4 * day, 7 * day, 14 * day, 30 * day, 60 * day, 120 * day,
	}
)

func (s *scale) label(seconds []float64) {
	s.ticks = nil
	for _, d := range seconds {
		if at := math.Log10(d); at >= s.min && at <= s.max {
			s.ticks = append(s.ticks, tick{at, Duration(d)})
		}
	}
}

// newScale fits an axis to values. A log axis begins at the smallest positive
// one; zeros stand at its edge, and without any positive value it is linear.
// With zero set, the axis starts there.
func newScale(u Unit, log, zero bool, values []float64) scale {
	low, high := extent(values)
	if log && low <= 0 {
		low, _ = extent(slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return v <= 0 }))
	}
	if log && low > 0 && high > 0 {
		return logScale(u, low, high)
	}
	if zero || low > 0 && low < high*0.4 {
		low = math.Min(low, 0)
	}
	if low == high {
		high = low + 1
	}
	step := niceStep((high - low) / 4)
	s := scale{unit: u, min: math.Floor(low/step) * step, max: math.Ceil(high/step) * step}
	for i := 0; ; i++ {
		at := s.min + float64(i)*step
		if at > s.max+step/2 {
			return s
		}
		s.ticks = append(s.ticks, tick{At: at, Label: tickLabel(at, step, u)})
	}
}

func logScale(u Unit, low, high float64) scale {
	s := scale{unit: u, log: true, min: math.Log10(low) - 0.1, max: math.Log10(high) + 0.1}
	if u == Seconds {
		if s.label(coarse); len(s.ticks) < 3 {
			s.label(fine)
		}
	} else {
		for e := math.Floor(s.min); e <= s.max; e++ {
			if e >= s.min {
				s.ticks = append(s.ticks, tick{e, Format(math.Pow(10, e), u)})
			}
		}
	}
	if len(s.ticks) < 2 { // a narrow range: label its ends instead
		s.ticks = []tick{{s.min, Format(math.Pow(10, s.min), u)}, {s.max, Format(math.Pow(10, s.max), u)}}
	}
	return s
}

// at maps a value to the axis; nil (drawn as a gap) where it has no place.
func (s scale) at(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) || s.log && v < 0 {
		return nil
	}
	if s.log && v == 0 {
		return s.min
	}
	if s.log {
		return math.Log10(v)
	}
	return v
}

// clamp maps a bound that may be infinite or outside to the edge of the axis.
func (s scale) clamp(v float64) float64 {
	switch {
	case math.IsNaN(v):
		return s.min
	case math.IsInf(v, 1):
		return s.max
	case math.IsInf(v, -1), s.log && v <= 0:
		return s.min
	case s.log:
		v = math.Log10(v)
	}
	return math.Max(s.min, math.Min(s.max, v))
}

// axis is the ECharts axis of the scale.
func (s scale) axis() map[string]any {
	at := make([]float64, len(s.ticks))
	for i, t := range s.ticks {
		at[i] = t.At
	}
	return map[string]any{
		"type": "value", "min": s.min, "max": s.max,
		"axisLabel": map[string]any{
			"color": "@muted", "fontSize": 11, "customValues": at,
			"formatter": map[string]any{"$": "ticks", "ticks": s.ticks},
		},
		"axisTick":  map[string]any{"show": false, "customValues": at},
		"splitLine": map[string]any{"lineStyle": map[string]any{"color": "@grid", "width": 1}},
		"axisLine":  map[string]any{"show": false},
	}
}

// categories is the ECharts axis of labels.
func categories(labels []string) map[string]any {
	return map[string]any{
		"type": "category", "data": labels,
		"axisLabel": map[string]any{"color": "@muted", "fontSize": 11, "hideOverlap": true},
		"axisTick":  map[string]any{"show": false},
		"axisLine":  map[string]any{"lineStyle": map[string]any{"color": "@line"}},
	}
}

func tickLabel(v, step float64, u Unit) string {
	if math.Abs(v) < step/1e6 {
		v = 0
	}
	switch u {
	case Seconds:
		return Duration(v)
	case Ratio:
		return trim(v*100) + " %"
	}
	return group(trim(v))
}

func niceStep(raw float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*p >= raw {
			return m * p
		}
	}
	return 10 * p
}

func extent(values []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high = math.Min(low, v), math.Max(high, v)
		}
	}
	if low > high {
		return 0, 1
	}
	return low, high
}
