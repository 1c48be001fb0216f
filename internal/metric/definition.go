package metric

import (
	"slices"

	"hansei"
)

// Unit is what a value is counted in.
type Unit string

// The units. Durations are seconds everywhere.
const (
	Seconds         Unit = "s"
	One             Unit = "1"
	Per30d          Unit = "per_30d"
	Ratio           Unit = "ratio"
	CustomerMinutes Unit = "customer_min"
	Customers       Unit = "customers"
	Minutes         Unit = "min"
)

// Direction is which way a value should move.
type Direction string

// The directions.
const (
	Lower   Direction = "lower"
	Higher  Direction = "higher"
	Neither Direction = "neither"
)

// Definition is one metric: the definition, the help text and the test
// subject at once. A change of meaning is a new Version.
type Definition struct {
	ID      string    `json:"id"`
	Version int       `json:"version"`
	Title   string    `json:"title"`
	Asks    string    `json:"asks"` // the question it answers
	Unit    Unit      `json:"unit"`
	Better  Direction `json:"better"`
	Formula string    `json:"formula"` // how one record is measured, in words
	Caveats string    `json:"caveats"`
	Source  string    `json:"source"` // where in the literature it comes from
	Custom  bool      `json:"custom,omitempty"`

	Of      Population    `json:"-"`
	Where   []Filter      `json:"where,omitempty"` // part of the definition (custom metrics)
	Measure Measure       `json:"-"`
	Default StatisticName `json:"statistic"`
}

// StatisticName is how the measured values become one: p1 … p99, mean, sum,
// rate or ratio.
type StatisticName string

// The statistics that are not quantiles.
const (
	Mean  StatisticName = "mean"
	Sum   StatisticName = "sum"
	Rate  StatisticName = "rate"
	Share StatisticName = "ratio"
	P50   StatisticName = "p50"
	P90   StatisticName = "p90"
)

// Population is the set of records a metric counts.
type Population struct {
	Kind  hansei.Kind
	Noun  string // plural, for people
	Table string // in schema history
	At    string // the column of the time that places a record in a window
	Rules []Rule // who is left out, in order; the first that applies names the reason
}

// Rule leaves records out of a population, for a reason that people see.
type Rule struct {
	Reason string // e.g. "maintenance"
	When   Cond
	Unless string // a field: a filter on it lifts the rule
}

// The populations.
var (
	Incidents = Population{
		Kind: hansei.KindIncident, Noun: "incidents", Table: "incident", At: "start_at",
		Rules: []Rule{
			{Reason: hansei.IncidentMaintenance, When: Is("type", hansei.IncidentMaintenance), Unless: "type"},
			{Reason: hansei.IncidentNearMiss, When: Is("type", hansei.IncidentNearMiss), Unless: "type"},
			{Reason: hansei.IncidentDrill, When: Is("type", hansei.IncidentDrill), Unless: "type"},
			{Reason: hansei.IncidentTest, When: Is("type", hansei.IncidentTest), Unless: "type"},
			{Reason: hansei.IncidentBackfilled, When: Is("type", hansei.IncidentBackfilled), Unless: "type"},
			{Reason: hansei.StatusCanceled, When: Is("status", hansei.StatusCanceled), Unless: "status"},
		},
	}
	Deployments = Population{
		Kind: hansei.KindDeployment, Noun: "deployments", Table: "deployment", At: "coalesce(r.finished_at, r.started_at)",
		Rules: []Rule{
			{Reason: "not_production", When: And(Known("environment"), Not(Is("environment", hansei.Production))), Unless: "environment"},
			{Reason: "canceled", When: Is("result", hansei.ResultCanceled), Unless: "result"},
			{Reason: "not_finished", When: Is("result", hansei.ResultRunning), Unless: "result"},
			{Reason: "did_not_reach_production", When: Is("result", hansei.ResultFailure), Unless: "result"},
		},
	}
	PullRequests = Population{
		Kind: hansei.KindPullRequest, Noun: "pull requests", Table: "change_lead",
		At: "coalesce(r.merged_at, r.created_at, r.first_commit_at)",
	}
	WorkItems = Population{
		Kind: hansei.KindWorkItem, Noun: "work items", Table: "work_item", At: "coalesce(r.resolved_at, r.started_at, r.created_at)",
		Rules: []Rule{
			{Reason: "project_or_epic", When: Or(Is("type", "project"), Is("type", "epic")), Unless: "type"},
			{Reason: "given_up", When: Is("outcome", hansei.FollowUpDeclined), Unless: "outcome"},
		},
	}
)

// Learning says that a metric is about what is learned from incidents.
func (d Definition) Learning() bool {
	return slices.ContainsFunc(learningMetrics, func(x Definition) bool { return x.ID == d.ID })
}

// Groups says whether the records of a metric can be grouped by a field that
// is not one of the organization's own.
func Groups(def Definition, field string) bool {
	d, err := dimensionOf(def.Of, field, holdsNow)
	return err == nil && !d.own
}

// Statistics lists what may be asked of a metric's values, the most useful
// first.
func Statistics(def Definition) []StatisticName { return def.Measure.statistics() }
