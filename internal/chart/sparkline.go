package chart

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Size of the small pictures in their own units; CSS scales them.
const (
	sparkWidth, sparkHeight       = 300.0, 36.0
	intervalWidth, intervalHeight = 160.0, 16.0
)

// Sparkline is a trend without axes as inline SVG: the line, its control
// limits as a band, signals as diamonds, and the last point as a dot (hollow
// when its period is not over). Durations go on a log scale. The alt text says
// in words what the picture shows. Colours come from CSS by class; there are no
// style attributes.
func Sparkline(points []Point, limits *Limits, u Unit, alt string) string {
	s := newScale(u, u == Seconds, false, trendValues([]Line{{Points: bare(points)}}, limits))
	y := func(v float64) float64 {
		return 3 + (sparkHeight-6)*(1-(s.clamp(v)-s.min)/(s.max-s.min))
	}
	step := (sparkWidth - 8) / math.Max(1, float64(len(points)-1))
	x := func(i int) float64 { return 4 + step*float64(i) }

	var b strings.Builder
	open(&b, "hs-spark", sparkWidth, sparkHeight, alt)
	if limits != nil && !math.IsNaN(limits.High) {
		low := limits.Low
		if math.IsNaN(low) {
			low = math.Inf(-1)
		}
		top, bottom := y(limits.High), y(low)
		fmt.Fprintf(&b, `<rect class="hs-spark-band" x="0" y="%.1f" width="%g" height="%.1f"/>`, top, sparkWidth, math.Max(0.5, bottom-top))
	}
	if limits != nil && !math.IsNaN(limits.Center) {
		fmt.Fprintf(&b, `<path class="hs-spark-center" d="M0 %.1fH%g"/>`, y(limits.Center), sparkWidth)
	}
	fmt.Fprintf(&b, `<path class="hs-spark-line" d="%s"/>`, path(points, x, y))
	for i, p := range points {
		if !p.Known() {
			continue
		}
		switch {
		case p.Signal != "":
			fmt.Fprintf(&b, `<path class="hs-spark-signal" d="M%.1f %.1fl3.5 3.5l-3.5 3.5l-3.5-3.5z"><title>%s</title></path>`,
				x(i), y(p.Value)-3.5, html.EscapeString(p.text(u)))
		case i == len(points)-1:
			class := "hs-spark-last"
			if p.Partial {
				class = "hs-spark-partial"
			}
			fmt.Fprintf(&b, `<circle class="%s" cx="%.1f" cy="%.1f" r="2.5"/>`, class, x(i), y(p.Value))
		}
	}
	b.WriteString(`</svg>`)
	return b.String()
}

// bare drops intervals, which a sparkline does not draw and must not scale to.
func bare(points []Point) []Point {
	out := make([]Point, len(points))
	for i, p := range points {
		p.Interval = nil
		out[i] = p
	}
	return out
}

// path joins known points; a period without a value is a gap, and a point
// between two gaps is a short dash so that it can be seen.
func path(points []Point, x func(int) float64, y func(float64) float64) string {
	var b strings.Builder
	pen := "M"
	for i, p := range points {
		if !p.Known() {
			pen = "M"
			continue
		}
		fmt.Fprintf(&b, "%s%.1f %.1f", pen, x(i), y(p.Value))
		if pen == "M" && (i+1 == len(points) || !points[i+1].Known()) {
			b.WriteString("h0.1")
		}
		pen = "L"
	}
	return b.String()
}

func open(b *strings.Builder, class string, w, h float64, alt string) {
	fmt.Fprintf(b, `<svg class="%s" viewBox="0 0 %g %g" width="%g" height="%g" role="img" aria-label="%s" focusable="false">`,
		class, w, h, w, h, html.EscapeString(alt))
}

// IntervalBar is an interval drawn to scale between low and high of axis as
// inline SVG, with the value as a dot. An infinite bound runs off the edge as
// an arrow. Durations go on a log scale.
func IntervalBar(value float64, in Interval, axis [2]float64, u Unit, alt string) string {
	log := u == Seconds && axis[0] > 0
	s := scale{unit: u, log: log, min: axis[0], max: axis[1]}
	if log {
		s.min, s.max = math.Log10(axis[0]), math.Log10(axis[1])
	}
	if s.max <= s.min {
		s.max = s.min + 1
	}
	x := func(v float64) float64 { return 6 + (intervalWidth-12)*(s.clamp(v)-s.min)/(s.max-s.min) }
	mid := intervalHeight / 2

	var b strings.Builder
	open(&b, "hs-interval", intervalWidth, intervalHeight, alt)
	fmt.Fprintf(&b, `<path class="hs-interval-axis" d="M0 %gH%g"/>`, mid, intervalWidth)
	low, high := x(in.Low), x(in.High)
	fmt.Fprintf(&b, `<path class="hs-interval-bar" d="M%.1f %gH%.1f"/>`, low, mid, high)
	fmt.Fprintf(&b, `<path class="hs-interval-end" d="%s%s"/>`, end(low, mid, math.IsInf(in.Low, -1), 1), end(high, mid, math.IsInf(in.High, 1), -1))
	if !math.IsNaN(value) {
		fmt.Fprintf(&b, `<circle class="hs-interval-dot" cx="%.1f" cy="%g" r="3.5"/>`, x(value), mid)
	}
	b.WriteString(`</svg>`)
	return b.String()
}

// end is a bar across, or an arrow head when there is no bound on that side.
func end(x, mid float64, open bool, inward float64) string {
	if open {
		return fmt.Sprintf("M%.1f %gl%g -4M%.1f %gl%g 4", x, mid, 4*inward, x, mid, 4*inward)
	}
	return fmt.Sprintf("M%.1f %gv8", x, mid-4)
}
