// Package overview is the first page: the figures a director asks first.
package overview

import (
	"hansei/internal/chart"
	"hansei/internal/web/ui"
)

// Overview is what the page shows.
type Overview struct {
	Cards   []ui.Card
	Years   ui.Table
	Trends  [2]chart.Chart // how often, how long
	Mix     *chart.Chart   // by severity; nil without incidents
	Most    *chart.Chart   // services with the most incidents; nil without services
	Away    []string       // figures whose records do not have the field of a filter
	Missing []Missing
}

// Missing is a figure that the data does not hold yet.
type Missing struct{ Title, Needs, URL string }
