// Package services shows what can break and who owns it.
package services

import (
	"github.com/a-h/templ"

	"hansei/internal/chart"
	"hansei/internal/web/ui"
)

// List is all services and teams with their figures.
type List struct {
	Search   string
	Keep     []ui.Option // name and value of what the search keeps of the URL
	Services ui.Table
	Teams    ui.Table
}

// Service is the page of one service.
type Service struct {
	Facts     []ui.Item
	Cards     []ui.Card
	Trend     *chart.Chart
	Incidents ui.Table
	Taught    templ.Component // its lessons and open follow-ups
	All       string          // where all its incidents are
	Merged    []ui.Link       // what was merged into it
	MergeURL  string
	Others    []ui.Option // what it may be merged into
	Unmerge   string      // set when it was merged away
}
