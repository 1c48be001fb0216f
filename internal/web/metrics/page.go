// Package metrics is the catalogue as a reference: what each metric means, and
// what it comes to.
package metrics

import (
	"hansei/internal/chart"
	"hansei/internal/web/ui"
)

// Catalogue is the list of all metrics, in sections.
type Catalogue struct{ Sections []Section }

// Section is a group of metrics under a heading.
type Section struct {
	Title string
	Table ui.Table
}

// Metric is the page of one metric.
type Metric struct {
	Card       ui.Card
	Meaning    []ui.Item
	Example    []ui.Item // the worked example; empty for an organization's own
	Statistics []ui.Link // the figure by another statistic
	By         []ui.Link // the figure by a dimension
	Every      []ui.Link // the trend by another period
	LeftOut    []ui.LeftOut
	Whole      bool         // there are records; with nothing in LeftOut, all count
	Trend      *chart.Chart // nil without a course
	Curve      *chart.Chart // by age, of what is watched until it ends; nil without
	Groups     *chart.Chart // by the chosen dimension; nil when none can be shown
	API        string       // the address of the same figures
}

// Records is a page of the records behind a figure.
type Records struct {
	Classes []ui.Link
	Table   ui.Table
	Back    ui.Link
}
