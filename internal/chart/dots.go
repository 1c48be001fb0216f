package chart

import (
	"fmt"
	"slices"
)

// DotSpec compares groups: one row per group, a dot for its value and a
// whisker for its interval.
type DotSpec struct {
	ID, Title, Caption string
	First              string // heads the first column of the table: "service"
	Unit               Unit
	Points             []Point  // in the order in which they should be read, top first
	Reference          *float64 // a line to compare with, such as all together
	ReferenceName      string
	Linear             bool
}

// maxRows is how many groups a picture shows; the table has them all.
const maxRows = 24

// Dots draws groups as dots with whiskers. A group without a value keeps its
// row, and the row says why.
func Dots(d DotSpec) Chart {
	c := Chart{ID: d.ID, Title: d.Title, Caption: d.Caption, Table: Table{Columns: columns(d.First, d.Unit)}}
	for _, p := range d.Points {
		c.Table.Rows = append(c.Table.Rows, p.row(d.Unit))
	}
	points := d.Points
	if len(points) > maxRows {
		points = points[:maxRows]
		c.Caption += fmt.Sprintf(" The first %d of %d are drawn; all are in the table.", maxRows, len(d.Points))
	}
	values := trendValues([]Line{{Points: points}}, nil)
	if d.Reference != nil {
		values = append(values, *d.Reference)
	}
	s := newScale(d.Unit, d.Unit == Seconds && !d.Linear, d.Unit != Seconds, values)
	points = slices.Clone(points)
	slices.Reverse(points) // ECharts counts rows from the bottom
	var labels []string
	var dots, whiskers, notes []any
	for i, p := range points {
		labels = append(labels, p.Label)
		if !p.Known() {
			notes = append(notes, map[string]any{"value": []any{s.min, i}, "tip": p.text(d.Unit),
				"label": map[string]any{"show": true, "formatter": p.Note, "position": "right", "color": "@muted", "fontSize": 11}})
			continue
		}
		dots = append(dots, map[string]any{"value": []any{s.at(p.Value), i}, "tip": p.text(d.Unit), "href": p.Href})
		if p.Interval != nil {
			whiskers = append(whiskers, map[string]any{"value": []float64{float64(i), s.clamp(p.Interval.Low), s.clamp(p.Interval.High)}})
		}
	}
	main := map[string]any{"type": "scatter", "data": dots, "symbolSize": 9, "z": 5, "itemStyle": map[string]any{"color": "@s1", "opacity": 1}}
	if d.Reference != nil && s.at(*d.Reference) != nil {
		main["markLine"] = map[string]any{"silent": true, "symbol": "none", "data": []any{map[string]any{
			"xAxis": s.at(*d.Reference), "lineStyle": map[string]any{"color": "@limit", "type": "dashed", "width": 1},
			"label": map[string]any{"formatter": d.ReferenceName, "position": "end", "color": "@muted", "fontSize": 11},
		}}}
	}
	c.Height = 64 + 26*len(points)
	c.Option = frame(32, "item")
	c.Option["xAxis"] = s.axis()
	y := categories(labels)
	y["axisLabel"] = map[string]any{"color": "@ink", "fontSize": 12, "width": 180, "overflow": "truncate", "interval": 0}
	c.Option["yAxis"] = y
	c.Option["series"] = []any{
		whiskerSeries(whiskers, "@s1", true), main,
		map[string]any{"type": "scatter", "data": notes, "symbolSize": 0.1, "z": 5, "itemStyle": map[string]any{"opacity": 1}},
	}
	return c
}
