package chart

// BarSpec is a count per period or group.
type BarSpec struct {
	ID, Title, Caption string
	First              string // heads the first column of the table: "month", "service"
	Unit               Unit
	Points             []Point
	Limits             *Limits
	Marks              []Mark
}

// Bars draws counts from zero, with intervals as whiskers; periods that are
// not over are hatched.
func Bars(b BarSpec) Chart {
	values := []float64{0}
	values = append(values, trendValues([]Line{{Points: b.Points}}, b.Limits)...)
	s := newScale(b.Unit, false, true, values)
	c := Chart{ID: b.ID, Title: b.Title, Caption: b.Caption, Height: 280, Table: Table{Columns: columns(b.First, b.Unit)}}
	var labels []string
	var bars, whiskers []any
	for i, p := range b.Points {
		labels = append(labels, p.Label)
		bar := map[string]any{"value": s.at(p.Value), "tip": p.text(b.Unit), "href": p.Href}
		switch {
		case p.Partial:
			bar["itemStyle"] = hatched("@band", "@s1")
		case p.Signal != "":
			bar["itemStyle"] = map[string]any{"color": "@signal"}
		}
		bars = append(bars, bar)
		if p.Interval != nil && p.Known() {
			whiskers = append(whiskers, map[string]any{"value": []float64{float64(i), s.clamp(p.Interval.Low), s.clamp(p.Interval.High)}})
		}
		c.Table.Rows = append(c.Table.Rows, p.row(b.Unit))
	}
	main := map[string]any{
		"type": "bar", "data": bars, "barMaxWidth": 36, "barCategoryGap": "35%", "z": 3,
		"itemStyle": map[string]any{"color": "@s1"},
	}
	if m := trendMarks(TrendSpec{Limits: b.Limits, Marks: b.Marks}, s); len(m) > 0 {
		main["markLine"] = map[string]any{"silent": true, "symbol": "none", "data": m}
	}
	right := 24
	if b.Limits != nil {
		right = 84
	}
	c.Option = frame(right, "axis")
	c.Option["xAxis"] = categories(labels)
	c.Option["yAxis"] = s.axis()
	c.Option["series"] = []any{main, whiskerSeries(whiskers, "@ink", false)}
	return c
}

// whiskerSeries draws intervals: each datum is place, low, high in axis
// coordinates.
func whiskerSeries(data []any, color string, lying bool) map[string]any {
	return map[string]any{
		"type": "custom", "data": data, "silent": true, "z": 4, "clip": true,
		"tooltip":    map[string]any{"show": false},
		"renderItem": map[string]any{"$": "whisker", "color": color, "lying": lying},
	}
}
