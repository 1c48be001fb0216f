package metric

import (
	"fmt"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/fact"
)

// dimension is one field that records can be grouped or filtered by. In its
// SQL {g} stands for the alias of its join, {in} for a list of values in lower
// case.
type dimension struct {
	name  string
	expr  string // the value of row r, with its join
	join  string // what brings the value in; "" when it stands in row r
	own   bool   // one of the organization's own fields
	match string // whether row r has one of the values, without the join
	none  string // whether row r has no value, without the join
}

// scalar is a dimension that stands in row r.
func scalar(name, expr string) dimension {
	return dimension{name: name, expr: expr, match: "coalesce(lower(" + expr + ") IN ({in}), false)", none: expr + " IS NULL"}
}

// bridged is a dimension with several values per record: a relation (id, v),
// whose values may also be named by a second column.
func bridged(name, values, also string) dimension {
	d := dimension{name: name, expr: "{g}.v", join: "LEFT JOIN " + values + " {g} ON {g}.id = r.id",
		none: "r.id NOT IN (SELECT id FROM " + values + ")"}
	hit := "lower(v) IN ({in})"
	if also != "" {
		hit += " OR lower(" + also + ") IN ({in})"
	}
	d.match = "r.id IN (SELECT id FROM " + values + " WHERE " + hit + ")"
	return d
}

// referred is a dimension that row r refers to by id: a relation (id, name).
func referred(name, column, named string) dimension {
	return dimension{name: name, expr: "{g}.name", join: "LEFT JOIN " + named + " {g} ON {g}.id = " + column,
		match: "coalesce(" + column + " IN (SELECT id FROM " + named + " WHERE lower(name) IN ({in}) OR lower(id) IN ({in})), false)",
		none:  column + " IS NULL"}
}

// builtin are the columns of a fact table that are not fields of the kind.
var builtin = []string{"source", "start_role"}

// catalogued are the kinds that are not about services.
var catalogued = []hansei.Kind{hansei.KindService, hansei.KindTeam, hansei.KindPerson, hansei.KindOrganization}

// dimensionOf finds the dimension of a name: a field of the population's
// kind (singular or plural), a column, team or tier through the service, or
// else a custom field.
func dimensionOf(p Population, name string, holds func(string) string) (dimension, error) {
	if slices.Contains(builtin, name) {
		return scalar(name, col(name)), nil
	}
	for _, f := range hansei.FieldsOf(p.Kind) {
		if f.Name == name || strings.TrimSuffix(f.Name, "s") == name {
			return fieldDimension(p, f, name, holds)
		}
	}
	if name == "team" || name == "tier" {
		if slices.Contains(catalogued, p.Kind) {
			return dimension{}, hansei.Invalid("by", "a %s has no %s", p.Kind, name)
		}
		return serviceDimension(p, name, holds), nil
	}
	if name == "severity" && p.Kind == hansei.KindFollowUp {
		return bridged(name, worst(holds), ""), nil
	}
	if !named(name, 80, "_. -") {
		return dimension{}, hansei.Invalid("by", "%q is not the name of a field", name)
	}
	kind, own := ownOf(p, name)
	if hansei.AboutPeople(own) {
		return dimension{}, person(name)
	}
	values := fmt.Sprintf("SELECT x.record AS id, x.value AS v FROM history.custom_field x WHERE %s AND x.kind = %s AND x.name = %s", holds("x"), fact.Literal(string(kind)), fact.Literal(own))
	switch {
	case kind == p.Kind:
	case p.Kind == hansei.KindFollowUp:
		values = fmt.Sprintf("SELECT DISTINCT f.id, o.v FROM history.follow_up f JOIN (%s) o ON o.id = f.retrospective WHERE %s", values, holds("f"))
	default:
		values = fmt.Sprintf("SELECT DISTINCT b.incident AS id, o.v FROM history.retrospective_incident b JOIN (%s) o ON o.id = b.retrospective WHERE %s", values, holds("b"))
	}
	d := bridged(name, "("+values+")", "")
	d.own = true
	return d, nil
}

// ownOf is the kind and the name of an own field: of the records themselves, or
// of their retrospectives ("retrospective.blast_radius").
func ownOf(p Population, name string) (hansei.Kind, string) {
	if of, ok := strings.CutPrefix(name, string(hansei.KindRetrospective)+"."); ok && (p.Kind == hansei.KindIncident || p.Kind == hansei.KindFollowUp) {
		return hansei.KindRetrospective, of
	}
	return p.Kind, strings.TrimPrefix(name, hansei.CustomPrefix)
}

// groupable lists the fields that records can be grouped by.
func groupable(p Population) []string {
	out := slices.Clone(builtin)
	for _, f := range hansei.FieldsOf(p.Kind) {
		if f.Of == hansei.KindPerson || f.Type == hansei.Time || f.Type == hansei.Number || f.Name == "url" || f.Name == "title" || f.Name == "description" {
			continue
		}
		out = append(out, singular(f.Name))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func person(name string) error {
	return hansei.Invalid("by", "%q names people; figures are about groups and never about a single person", name)
}

func fieldDimension(p Population, f hansei.Field, name string, holds func(string) string) (dimension, error) {
	own, value := fact.TableOf(p.Kind), strings.TrimSuffix(f.Name, "s")
	switch {
	case f.Of == hansei.KindPerson:
		return dimension{}, person(name)
	case f.Type == hansei.Time || f.Type == hansei.Number:
		return dimension{}, hansei.Invalid("by", "%q is a %s; group by a field with a few values", name, f.Type)
	case f.Of == hansei.KindTeam && (p.Kind == hansei.KindService || p.Kind == hansei.KindPerson):
		return referred(name, "r."+f.Name, names("team", holds)), nil
	case f.Of == hansei.KindTeam:
		return serviceDimension(p, name, holds), nil
	case p.Kind == hansei.KindIncident && f.Name == "factors":
		return bridged(name, confirmed(holds), ""), nil
	case p.Kind == hansei.KindFollowUp && f.Name == "services":
		return bridged(name, fmt.Sprintf("(SELECT DISTINCT x.id, n.name AS v, n.id AS also FROM %s x JOIN %s n ON n.id = x.service)", improved(holds), names("service", holds)), "also"), nil
	case f.Type == hansei.Ref && f.Of == hansei.KindService:
		return referred(name, "r."+f.Name, names("service", holds)), nil
	case f.Type == hansei.Refs && f.Of == hansei.KindService:
		return bridged(name, fmt.Sprintf("(SELECT DISTINCT x.%s AS id, n.name AS v, n.id AS also FROM history.%s_%s x JOIN %s n ON n.id = x.%s WHERE %s)",
			own, own, value, names("service", holds), value, holds("x")), "also"), nil
	case f.Type == hansei.List || f.Type == hansei.Refs:
		return bridged(name, fmt.Sprintf("(SELECT x.%s AS id, x.%s AS v FROM history.%s_%s x WHERE %s)", own, value, own, value, holds("x")), ""), nil
	case f.Type == hansei.Bool:
		return scalar(name, fmt.Sprintf("CASE WHEN %s THEN 'yes' WHEN NOT %s THEN 'no' END", col(f.Name), col(f.Name))), nil
	case p.Kind == hansei.KindIncident && f.Name == "type":
		return scalar(name, "coalesce(r.type, 'real')"), nil
	}
	return scalar(name, col(f.Name)), nil
}

// serviceDimension is the team or tier of a record: its own team where it
// names one, else that of its services.
func serviceDimension(p Population, name string, holds func(string) string) dimension {
	services := names("service", holds)
	// (id of a service, name of its team or tier)
	of := fmt.Sprintf("(SELECT s.id, t.name FROM %s s JOIN %s t ON t.id = s.team)", services, names("team", holds))
	if name == "tier" {
		of = fmt.Sprintf("(SELECT s.id, s.tier AS name FROM %s s WHERE s.tier IS NOT NULL)", services)
	}
	own := fact.TableOf(p.Kind)
	if single(p.Kind) {
		d := referred(name, "r.service", of)
		if name == "tier" || p.Kind != hansei.KindDeployment {
			return d
		}
		mine := referred(name, "r.team", names("team", holds))
		d.join = strings.ReplaceAll(mine.join, "{g}", "{g}t") + " " + d.join
		d.expr = "coalesce({g}t.name, {g}.name)"
		d.match = "(" + mine.match + " OR (r.team IS NULL AND " + d.match + "))"
		d.none = "(r.team IS NULL AND r.service NOT IN (SELECT id FROM " + of + "))"
		return d
	}
	covered := fmt.Sprintf("SELECT x.%s AS id, x.service FROM history.%s_service x WHERE %s", own, own, holds("x"))
	if p.Kind == hansei.KindFollowUp {
		covered = improved(holds)
	}
	through := fmt.Sprintf("SELECT c.id, o.name AS v FROM (%s) c JOIN %s o ON o.id = c.service", covered, of)
	mine := teamsOf(p.Kind, holds)
	if name == "tier" || mine == "" {
		return bridged(name, "(SELECT DISTINCT id, v FROM ("+through+"))", "")
	}
	return bridged(name, fmt.Sprintf("(SELECT x.id, n.name AS v FROM (%[1]s) x JOIN %[2]s n ON n.id = x.team UNION SELECT id, v FROM (%[3]s) WHERE id NOT IN (SELECT x.id FROM (%[1]s) x))",
		mine, names("team", holds), through), "")
}

// teamsOf is the relation (id, team) of the teams that records name
// themselves; "" for a kind that names none.
func teamsOf(kind hansei.Kind, holds func(string) string) string {
	own := fact.TableOf(kind)
	for _, f := range hansei.FieldsOf(kind) {
		switch {
		case f.Of != hansei.KindTeam:
		case f.Type == hansei.Ref:
			return fmt.Sprintf("SELECT x.id, x.%s AS team FROM history.%s x WHERE x.%s IS NOT NULL AND %s", f.Name, own, f.Name, holds("x"))
		default:
			return fmt.Sprintf("SELECT x.%s AS id, x.team FROM history.%s_team x WHERE %s", own, own, holds("x"))
		}
	}
	return ""
}

// worst is the relation (id, v) of the severity of what a follow-up follows:
// its retrospective's, else the worst of its incidents'.
func worst(holds func(string) string) string {
	return fmt.Sprintf(`(SELECT f.id, coalesce(p.severity, (SELECT min(i.severity) FROM history.follow_up_incident x JOIN history.incident i ON i.id = x.incident AND %s WHERE x.follow_up = f.id AND %s)) AS v
  FROM history.follow_up f LEFT JOIN history.retrospective p ON p.id = f.retrospective AND %s WHERE %s)`, holds("i"), holds("x"), holds("p"), holds("f"))
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

// names is the relation (id, name, team, tier) of services, or (id, name) of
// teams, under the name of what they were merged into, up to three steps away.
func names(kind string, holds func(string) string) string {
	last := func(column string) string {
		return fmt.Sprintf("coalesce(d.%s, c.%s, b.%s, a.%s) AS %s", column, column, column, column, column)
	}
	cols := last("name")
	if kind == "service" {
		cols += ", " + last("team") + ", " + last("tier")
	}
	return fmt.Sprintf("(SELECT a.id, %[2]s FROM history.%[1]s a LEFT JOIN history.%[1]s b ON b.id = a.merged_into AND %[3]s LEFT JOIN history.%[1]s c ON c.id = b.merged_into AND %[4]s LEFT JOIN history.%[1]s d ON d.id = c.merged_into AND %[5]s WHERE %[6]s)",
		kind, cols, holds("b"), holds("c"), holds("d"), holds("a"))
}

// filter is the condition on row r of a filter.
func (d dimension) filter(f Filter) string {
	var lowered, parts []string
	none := false
	for _, v := range f.Values {
		if v == None || v == "" {
			none = true
			continue
		}
		lowered = append(lowered, fact.Literal(strings.ToLower(v)))
	}
	if len(lowered) > 0 {
		parts = append(parts, strings.ReplaceAll(d.match, "{in}", strings.Join(lowered, ", ")))
	}
	if none {
		parts = append(parts, d.none)
	}
	sql := "(" + strings.Join(parts, " OR ") + ")"
	if f.Not {
		return "NOT " + sql
	}
	return sql
}

// singular is a field's name for one of its values.
func singular(name string) string {
	if name == "status" {
		return name
	}
	return strings.TrimSuffix(name, "s")
}
