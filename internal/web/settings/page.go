package settings

import "hansei/internal/web/ui"

// Settings is the page.
type Settings struct {
	Name, Zone, Customers ui.Field
	Revision              int64 // of the organization; 0 when nobody said anything yet
	Metrics               []Metric
	Journal               []ui.Item
	Notices               bool     // there is a page of them
	Zones                 []string // offered for Zone
}

// Metric is one of the organization's own.
type Metric struct {
	ID, Title, Asks, Formula string
	URL, Edit, Remove        string
}

// MetricForm adds or changes one.
type MetricForm struct {
	Action     string
	Definition ui.Field
	Revision   int64
	Sample     string
}
