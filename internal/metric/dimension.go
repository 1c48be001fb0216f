package metric

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/fact"
)

// dimension is one field that records can be grouped or filtered by.
type dimension struct {
	name string
	// expr is the value on row r, when it has at most one.
	expr string
	// values is a relation (id, v) of the record's values, when it has several.
	values string
	// also is a second column of values that a filter may match: an id beside a name.
	also string
}

// aboutPeople matches custom fields that name a person. No figure is ever
// about one (blameless by construction).
var aboutPeople = regexp.MustCompile(`(^|_)(by|author|assignee|assigned_to|caller|caller_id|owner|user|reporter|responder|engineer|commander|email)$`)

// builtin are the columns of a fact table that are not fields of the kind.
var builtin = []string{"source", "start_role"}

// dimensionOf finds the dimension of a name: a field of the population's
// kind (singular or plural), a column, team or tier through the service, or
// else a custom field.
func dimensionOf(p Population, name string, holds func(string) string) (dimension, error) {
	d := dimension{name: name}
	if slices.Contains(builtin, name) {
		d.expr = col(name)
		return d, nil
	}
	for _, f := range hansei.FieldsOf(p.Kind) {
		if f.Name != name && strings.TrimSuffix(f.Name, "s") != name {
			continue
		}
		return fieldDimension(p, f, d, holds)
	}
	switch name {
	case "team", "tier":
		return serviceDimension(p, d, holds)
	}
	if aboutPeople.MatchString(name) {
		return d, person(name)
	}
	if !regexp.MustCompile(`^[\p{L}\p{N}_. -]{1,80}$`).MatchString(name) {
		return d, hansei.Invalid("by", "%q is not the name of a field", name)
	}
	d.values = fmt.Sprintf("(SELECT x.record AS id, x.value AS v FROM history.custom_field x WHERE %s AND x.kind = %s AND x.name = %s)",
		holds("x"), fact.Literal(string(p.Kind)), fact.Literal(name))
	return d, nil
}

func person(name string) error {
	return hansei.Invalid("by", "%q names people; figures are about groups and never about a single person", name)
}

func fieldDimension(p Population, f hansei.Field, d dimension, holds func(string) string) (dimension, error) {
	own := fact.TableOf(p.Kind)
	switch {
	case f.Of == hansei.KindPerson:
		return d, person(d.name)
	case f.Type == hansei.Time || f.Type == hansei.Number:
		return d, hansei.Invalid("by", "%q is a %s; group by a field with a few values", d.name, f.Type)
	case f.Name == "teams" || f.Name == "team":
		return serviceDimension(p, d, holds)
	case f.Type == hansei.Ref && f.Of == hansei.KindService:
		// One service per record: a view of names, joined.
		d.values = fmt.Sprintf("(SELECT x.id, n.name AS v, n.id AS also FROM %s x JOIN %s n ON n.id = x.service %s)",
			table(p, holds), names("service", holds), whereHolds(p, "x", holds))
		d.also = "also"
		d.expr = ""
		return d, nil
	case f.Type == hansei.Refs && f.Of == hansei.KindService:
		d.values = fmt.Sprintf("(SELECT DISTINCT x.%s AS id, n.name AS v, n.id AS also FROM history.%s_service x JOIN %s n ON n.id = x.service WHERE %s)",
			own, own, names("service", holds), holds("x"))
		d.also = "also"
		return d, nil
	case f.Type == hansei.List || f.Type == hansei.Refs:
		bridge := own + "_" + strings.TrimSuffix(f.Name, "s")
		d.values = fmt.Sprintf("(SELECT x.%s AS id, x.%s AS v FROM history.%s x WHERE %s)",
			own, strings.TrimSuffix(f.Name, "s"), bridge, holds("x"))
		return d, nil
	case f.Type == hansei.Bool:
		d.expr = fmt.Sprintf("CASE WHEN %s THEN 'yes' WHEN NOT %s THEN 'no' END", col(f.Name), col(f.Name))
		return d, nil
	}
	d.expr = col(f.Name)
	if p.Kind == hansei.KindIncident && f.Name == "type" {
		d.expr = "coalesce(r.type, 'real')"
	}
	return d, nil
}

// serviceDimension is the team or tier of a record: its own team where it
// names one, else that of its services.
func serviceDimension(p Population, d dimension, holds func(string) string) (dimension, error) {
	own := fact.TableOf(p.Kind)
	attr := "team"
	if d.name == "tier" {
		attr = "tier"
	}
	services := fmt.Sprintf("SELECT x.%s AS id, n.%s AS ref FROM history.%s_service x JOIN %s n ON n.id = x.service WHERE %s", own, attr, own, names("service", holds), holds("x"))
	if single(p.Kind) {
		services = fmt.Sprintf("SELECT x.id, n.%s AS ref FROM %s x JOIN %s n ON n.id = x.service %s", attr, table(p, holds), names("service", holds), whereHolds(p, "x", holds))
	}
	if attr == "tier" {
		d.values = fmt.Sprintf("(SELECT DISTINCT id, ref AS v FROM (%s) WHERE ref IS NOT NULL)", services)
		return d, nil
	}
	all := services
	switch p.Kind {
	case hansei.KindIncident:
		mine := fmt.Sprintf("SELECT x.incident AS id, x.team AS ref FROM history.incident_team x WHERE %s", holds("x"))
		all = fmt.Sprintf("%s UNION %s AND x.incident NOT IN (SELECT x.incident FROM history.incident_team x WHERE %s)", mine, services, holds("x"))
	case hansei.KindDeployment:
		all = fmt.Sprintf("SELECT x.id, coalesce(x.team, n.team) AS ref FROM %s x LEFT JOIN %s n ON n.id = x.service %s", table(p, holds), names("service", holds), whereHolds(p, "x", holds))
	}
	d.values = fmt.Sprintf("(SELECT DISTINCT t.id, n.name AS v, n.id AS also FROM (%s) t JOIN %s n ON n.id = t.ref)", all, names("team", holds))
	d.also = "also"
	return d, nil
}

// single says that records of a kind have at most one service.
func single(k hansei.Kind) bool { return k == hansei.KindDeployment || k == hansei.KindPullRequest }

// table is the relation of a population: its history table, or change_lead.
func table(p Population, holds func(string) string) string {
	if p.Table == fact.LeadTable && holds("x") != fact.Holds(0)("x") && holds("x") != holdsNow("x") {
		return "(" + fact.LeadSelect(holds, "") + ")"
	}
	return "history." + p.Table
}

// whereHolds is the WHERE clause for rows that hold; change_lead has no past.
func whereHolds(p Population, alias string, holds func(string) string) string {
	if p.Table == fact.LeadTable {
		return ""
	}
	return "WHERE " + holds(alias)
}

// names is the relation (id, name, team, tier) of services or teams, under
// the name of the one they were merged into.
func names(kind string, holds func(string) string) string {
	if kind == "team" {
		return fmt.Sprintf("(SELECT a.id, coalesce(b.name, a.name) AS name FROM history.team a LEFT JOIN history.team b ON b.id = a.merged_into AND %s WHERE %s)", holds("b"), holds("a"))
	}
	return fmt.Sprintf("(SELECT a.id, coalesce(b.name, a.name) AS name, coalesce(b.team, a.team) AS team, coalesce(b.tier, a.tier) AS tier FROM history.service a LEFT JOIN history.service b ON b.id = a.merged_into AND %s WHERE %s)", holds("b"), holds("a"))
}

// filter is the condition on row r of a filter.
func (d dimension) filter(f Filter) string {
	var lowered []string
	none := false
	for _, v := range f.Values {
		if v == None || v == "" {
			none = true
			continue
		}
		lowered = append(lowered, fact.Literal(strings.ToLower(v)))
	}
	in := strings.Join(lowered, ", ")
	var parts []string
	switch {
	case d.values == "":
		if in != "" {
			parts = append(parts, fmt.Sprintf("coalesce(lower(%s) IN (%s), false)", d.expr, in))
		}
		if none {
			parts = append(parts, d.expr+" IS NULL")
		}
	default:
		if in != "" {
			match := fmt.Sprintf("lower(v) IN (%s)", in)
			if d.also != "" {
				match = fmt.Sprintf("(%s OR lower(%s) IN (%s))", match, d.also, in)
			}
			parts = append(parts, fmt.Sprintf("r.id IN (SELECT id FROM %s WHERE %s)", d.values, match))
		}
		if none {
			parts = append(parts, fmt.Sprintf("r.id NOT IN (SELECT id FROM %s)", d.values))
		}
	}
	sql := "(" + strings.Join(parts, " OR ") + ")"
	if f.Not {
		return "NOT " + sql
	}
	return sql
}
