package chart

import (
	"fmt"
	"math"
)

// Line is one series of a trend.
type Line struct {
	Name   string
	Points []Point
}

// Limits are the control limits of a trend; NaN where there is none.
type Limits struct{ Low, Center, High float64 }

// Mark is a moment worth words: a release, a freeze, "we adopted X", a change
// point.
type Mark struct{ Label, Text string } // Label is that of a point

// TrendSpec is a value over time. All lines have points with the same labels.
type TrendSpec struct {
	ID, Title, Caption string
	Unit               Unit
	Lines              []Line  // the first is the one that limits and signals belong to
	Limits             *Limits // nil for none
	Marks              []Mark
	Linear             bool // durations on a linear axis instead of a log one
}

// Trend draws lines over time, each with its interval as a band. Lines beyond
// the sixth are only in the table, and the caption says so.
func Trend(t TrendSpec) Chart {
	c := Chart{ID: t.ID, Title: t.Title, Caption: t.Caption, Height: 280}
	drawn := t.Lines
	if len(drawn) > maxSeries {
		drawn = drawn[:maxSeries]
		c.Caption += fmt.Sprintf(" The first %d of %d are drawn; all are in the table.", maxSeries, len(t.Lines))
	}
	c.Table = trendTable(t)
	if len(drawn) == 0 {
		drawn = []Line{{}}
	}
	s := newScale(t.Unit, t.Unit == Seconds && !t.Linear, false, trendValues(drawn, t.Limits))
	labels := make([]string, len(drawn[0].Points))
	for i, p := range drawn[0].Points {
		labels[i] = p.Label
	}
	series := []any{hatch(drawn[0].Points)}
	for i, line := range drawn {
		series = append(series, band(line, i, s, len(drawn) > 1)...)
	}
	for i, line := range drawn {
		series = append(series, trendLine(t, line, i, s, len(drawn) > 1))
	}
	right := 24
	if len(drawn) > 1 {
		right = 120
	} else if t.Limits != nil {
		right = 84
	}
	c.Option = frame(right, "axis")
	c.Option["xAxis"] = categories(labels)
	c.Option["yAxis"] = []any{s.axis(), map[string]any{"type": "value", "show": false, "min": 0, "max": 1}}
	c.Option["series"] = series
	return c
}

// frame is what all options share: no animation (pictures must be the same
// every time), a text tooltip that needs no HTML, and a tight grid.
func frame(right int, trigger string) Option {
	return Option{
		"animation":       false,
		"backgroundColor": "transparent",
		"textStyle":       map[string]any{"color": "@ink", "fontFamily": "system-ui, sans-serif", "fontSize": 12},
		"grid":            map[string]any{"left": 8, "right": right, "top": 20, "bottom": 8, "containLabel": true},
		"tooltip": map[string]any{
			"trigger": trigger, "renderMode": "richText", "confine": true,
			"backgroundColor": "@surface", "borderColor": "@line", "borderWidth": 1, "padding": []int{8, 10},
			"textStyle":   map[string]any{"color": "@ink", "fontSize": 12, "lineHeight": 18},
			"axisPointer": map[string]any{"lineStyle": map[string]any{"color": "@line"}, "shadowStyle": map[string]any{"color": "@grid", "opacity": 0.5}},
			"formatter":   map[string]any{"$": "tip"},
		},
	}
}

func trendLine(t TrendSpec, line Line, i int, s scale, many bool) map[string]any {
	data := make([]any, len(line.Points))
	for k, p := range line.Points {
		tip := p.text(t.Unit)
		if many {
			tip = line.Name + " · " + tip
		}
		d := map[string]any{"value": s.at(p.Value), "tip": tip, "href": p.Href}
		switch {
		case p.Signal != "" && p.Known():
			d["symbol"], d["symbolSize"] = "diamond", 11
			d["itemStyle"] = map[string]any{"color": "@signal"}
		case p.Partial:
			d["itemStyle"] = map[string]any{"color": "@surface", "borderColor": seriesTokens[i], "borderWidth": 1.5}
		}
		data[k] = d
	}
	out := map[string]any{
		"type": "line", "name": line.Name, "data": data, "z": 5, "showSymbol": true, "symbol": "circle", "symbolSize": 6,
		"lineStyle": map[string]any{"color": seriesTokens[i], "width": 1.75},
		"itemStyle": map[string]any{"color": seriesTokens[i]},
	}
	if many {
		out["endLabel"] = map[string]any{"show": true, "formatter": line.Name, "color": seriesTokens[i], "fontSize": 11}
	}
	if i == 0 {
		if m := trendMarks(t, s); len(m) > 0 {
			out["markLine"] = map[string]any{"silent": true, "symbol": "none", "data": m}
		}
	}
	return out
}

func trendMarks(t TrendSpec, s scale) []any {
	var data []any
	level := func(v float64, name, dash string) {
		if s.at(v) == nil {
			return
		}
		data = append(data, map[string]any{
			"yAxis":     s.at(v),
			"lineStyle": map[string]any{"color": "@limit", "type": dash, "width": 1},
			"label":     map[string]any{"formatter": name, "position": "end", "color": "@muted", "fontSize": 11},
		})
	}
	if t.Limits != nil {
		level(t.Limits.High, "upper limit", "dashed")
		level(t.Limits.Center, "usual", "solid")
		level(t.Limits.Low, "lower limit", "dashed")
	}
	for _, m := range t.Marks {
		data = append(data, map[string]any{
			"xAxis":     m.Label,
			"lineStyle": map[string]any{"color": "@muted", "type": "dotted", "width": 1.5},
			"label":     map[string]any{"formatter": m.Text, "position": "end", "color": "@ink", "fontSize": 11},
		})
	}
	return data
}

// band is the interval of a line: an invisible line at the lower bounds and an
// area stacked on it.
func band(line Line, i int, s scale, many bool) []any {
	low, width := make([]any, len(line.Points)), make([]any, len(line.Points))
	found := false
	for k, p := range line.Points {
		if p.Interval == nil || !p.Known() {
			continue
		}
		a, b := s.clamp(p.Interval.Low), s.clamp(p.Interval.High)
		low[k], width[k], found = a, b-a, true
	}
	if !found {
		return nil
	}
	area := map[string]any{"color": "@band", "opacity": 1}
	if many {
		area = map[string]any{"color": seriesTokens[i], "opacity": 0.12}
	}
	one := func(data []any, area map[string]any) map[string]any {
		return map[string]any{
			"type": "line", "data": data, "stack": fmt.Sprintf("band %d", i), "stackStrategy": "all", "silent": true,
			"symbol": "none", "lineStyle": map[string]any{"opacity": 0}, "areaStyle": area, "z": 2,
			"tooltip": map[string]any{"show": false},
		}
	}
	return []any{one(low, map[string]any{"opacity": 0}), one(width, area)}
}

// hatch shades the periods that are not over. It has a scale of its own, from
// nothing to the full height, that nobody reads.
func hatch(points []Point) map[string]any {
	data := make([]any, len(points))
	for i, p := range points {
		if p.Partial {
			data[i] = 1
		}
	}
	return map[string]any{
		"type": "bar", "yAxisIndex": 1, "data": data, "barWidth": "96%", "silent": true, "z": 1,
		"tooltip": map[string]any{"show": false}, "itemStyle": hatched("transparent", "@hatch"),
	}
}

func hatched(fill, stroke string) map[string]any {
	return map[string]any{"color": fill, "decal": map[string]any{
		"symbol": "rect", "color": stroke, "dashArrayX": []int{1, 0}, "dashArrayY": []int{2, 5}, "rotation": -math.Pi / 4,
	}}
}

func trendValues(lines []Line, limits *Limits) []float64 {
	var vs []float64
	for _, l := range lines {
		for _, p := range l.Points {
			if !p.Known() {
				continue
			}
			vs = append(vs, p.Value)
			if p.Interval != nil {
				vs = append(vs, p.Interval.Low, p.Interval.High)
			}
		}
	}
	if limits != nil {
		vs = append(vs, limits.Low, limits.Center, limits.High)
	}
	return vs
}

func trendTable(t TrendSpec) Table {
	cols := columns("period", t.Unit)
	many := len(t.Lines) > 1
	if many {
		cols = append([]Cell{{Text: "series"}}, cols...)
	}
	out := Table{Columns: cols}
	for _, l := range t.Lines {
		for _, p := range l.Points {
			row := p.row(t.Unit)
			if many {
				row = append([]Cell{{Text: l.Name}}, row...)
			}
			out.Rows = append(out.Rows, row)
		}
	}
	return out
}
