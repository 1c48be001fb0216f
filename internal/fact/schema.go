package fact

import (
	"fmt"
	"slices"
	"strings"

	"hansei"
)

// schemaVersion is the shape of the tables. Another number in the file means
// that the facts are rebuilt from the journal; there are no migrations.
const schemaVersion = 9

// Forever is the upto of a row that still holds.
const Forever = 1<<63 - 1

// Column is one column of a fact table, as people read about it.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"` // VARCHAR, DOUBLE, BIGINT, BOOLEAN or TIMESTAMP (UTC)
	Help string `json:"help"`
}

// Table is one fact table. Each stands twice: in schema main as a view of
// what holds now, and in schema history with every past row, its first
// sequence (seq) and the sequence that ended it (upto).
type Table struct {
	Name    string   `json:"name"`
	Help    string   `json:"help"`
	Columns []Column `json:"columns"`
	owner   string   // the column that holds the record's id
}

// TableOf names the table of a kind.
func TableOf(k hansei.Kind) string { return strings.ReplaceAll(string(k), "-", "_") }

// factKinds are the kinds that become rows: what happened, and which pairs of
// it people judged.
var factKinds = slices.DeleteFunc(slices.Clone(hansei.Kinds), func(k hansei.Kind) bool { return k.Configured() && k != hansei.KindJudgement })

// tables lists every fact table, in the order in which people read of them.
func tables() []Table {
	var out []Table
	for _, k := range factKinds {
		out = append(out, tableOf(k))
		for _, f := range hansei.FieldsOf(k) {
			if b, ok := bridgeOf(k, f); ok {
				out = append(out, b)
			}
		}
	}
	return append(out, extraTables...)
}

// tableOf makes the main table of a kind: id, where it came from, then every
// scalar field.
func tableOf(k hansei.Kind) Table {
	t := Table{Name: TableOf(k), Help: "One row per " + strings.ReplaceAll(string(k), "-", " "), owner: "id", Columns: []Column{
		{"id", "VARCHAR", "The record's id"},
		{"source", "VARCHAR", "The source that brought it"},
		{"external", "VARCHAR", "What that source calls it"},
		{"merged_into", "VARCHAR", "The record that replaced it"},
	}}
	if k == hansei.KindIncident {
		t.Columns = append(t.Columns,
			Column{"start_at", "TIMESTAMP", "When it began: the first known of began, detected, alerted, declared"},
			Column{"start_role", "VARCHAR", "Which milestone start_at is"},
			Column{"impact_seconds", "DOUBLE", "How long customers felt it: the union of its impact windows, else start to mitigated or resolved"},
			Column{"customers_at_least", "BOOLEAN", "Its customers are those who wrote to support: at least so many were affected"},
		)
	}
	if k == hansei.KindFollowUp {
		t.Columns = append(t.Columns, Column{"recorded_at", "TIMESTAMP", "When this was written here; of its first row: since when it is watched"})
	}
	for _, f := range hansei.FieldsOf(k) {
		if typ := sqlType(f.Type); typ != "" {
			t.Columns = append(t.Columns, Column{f.Name, typ, f.Help})
		}
	}
	return t
}

// bridgeOf makes the table of a field that holds several values.
func bridgeOf(k hansei.Kind, f hansei.Field) (Table, bool) {
	if f.Type != hansei.List && f.Type != hansei.Refs {
		return Table{}, false
	}
	own, val := TableOf(k), singular(f.Name)
	if own == val {
		val = "other_" + val
	}
	return Table{Name: own + "_" + val, owner: own, Help: f.Help, Columns: []Column{
		{own, "VARCHAR", "The id of the " + strings.ReplaceAll(string(k), "-", " ")},
		{val, "VARCHAR", f.Help},
	}}, true
}

func singular(s string) string {
	if strings.HasSuffix(s, "aliases") {
		return strings.TrimSuffix(s, "es")
	}
	if strings.HasSuffix(s, "s") {
		return strings.TrimSuffix(s, "s")
	}
	return s
}

func sqlType(t hansei.FieldType) string {
	switch t {
	case hansei.Text, hansei.Ref:
		return "VARCHAR"
	case hansei.Number:
		return "DOUBLE"
	case hansei.Bool:
		return "BOOLEAN"
	case hansei.Time:
		return "TIMESTAMP"
	}
	return ""
}

// The tables that are not one field of one kind.
const (
	milestoneTable = "milestone"
	impactTable    = "impact_window"
	updateTable    = "incident_update"
	customTable    = "custom_field"
	// ToldTable says who told what of a record that not one source alone made.
	ToldTable = "told"
)

var extraTables = []Table{
	{Name: milestoneTable, owner: "incident", Help: "Every milestone of every incident, the organization's own too", Columns: []Column{
		{"incident", "VARCHAR", "The id of the incident"},
		{"role", "VARCHAR", "Which moment it marks"},
		{"occurred_at", "TIMESTAMP", "When it was"},
		{"set_by", "VARCHAR", "Who or what set it"},
		{"moved_from", "TIMESTAMP", "What it was before a person edited it"},
	}},
	{Name: impactTable, owner: "incident", Help: "When customers felt an incident", Columns: []Column{
		{"incident", "VARCHAR", "The id of the incident"},
		{"began_at", "TIMESTAMP", "When the impact began"},
		{"ended_at", "TIMESTAMP", "When it ended"},
	}},
	{Name: updateTable, owner: "incident", Help: "What was posted while an incident went on", Columns: []Column{
		{"incident", "VARCHAR", "The id of the incident"},
		{"posted_at", "TIMESTAMP", "When it was posted"},
		{"status", "VARCHAR", "The status it announced"},
		{"text", "VARCHAR", "What it said"},
	}},
	{Name: customTable, owner: "record", Help: "The organization's own fields of every record; a list has a row for each of its items", Columns: []Column{
		{"record", "VARCHAR", "The id of the record"},
		{"kind", "VARCHAR", "The record's kind"},
		{"name", "VARCHAR", "The field"},
		{"value", "VARCHAR", "Its value"},
		{"number", "DOUBLE", "Its value, where it is a number"},
	}},
	{Name: ToldTable, owner: "record", Help: "What each source says of the records that several tell of or that people edited; of every other its fields are what its source says", Columns: []Column{
		{"record", "VARCHAR", "The id of the record"},
		{"kind", "VARCHAR", "The record's kind"},
		{"source", "VARCHAR", "One of its sources"},
		{"fields", "VARCHAR", "The fields that this source fills, with commas between"},
	}},
}

// LeadTable joins each pull request with the deployment that brought it to
// production. It is derived: not versioned, refreshed for the services that
// changed.
const LeadTable = "change_lead"

func leadHelp() Table {
	return Table{Name: LeadTable, Help: "Each pull request with the first successful production deployment of its service that started after the merge", Columns: []Column{
		{"id", "VARCHAR", "The id of the pull request"},
		{"service", "VARCHAR", "The id of its service"},
		{"work_type", "VARCHAR", "feature, fix, chore, rework"},
		{"status", "VARCHAR", "open, merged or closed"},
		{"first_commit_at", "TIMESTAMP", "When its first commit was made"},
		{"created_at", "TIMESTAMP", "When it was opened"},
		{"merged_at", "TIMESTAMP", "When it was merged"},
		{"deployment", "VARCHAR", "The id of the deployment"},
		{"deployed_at", "TIMESTAMP", "When that deployment finished"},
	}}
}

// LeadSelect is the SQL of the change_lead table as the journal stood at the
// rows that the predicate holds picks; services limits it (an SQL list).
// DuckDB's ASOF join may match a NULL time, so what was not merged is kept out
// by hand.
func LeadSelect(holds func(alias string) string, services string) string {
	only := func(alias string) string {
		if services == "" {
			return ""
		}
		return fmt.Sprintf(" AND coalesce(%s.service, '') IN (%s)", alias, services)
	}
	return fmt.Sprintf(`SELECT p.id, p.service, p.work_type, p.status, p.first_commit_at, p.created_at, p.merged_at,
  CASE WHEN p.merged_at IS NOT NULL THEN d.id END AS deployment, CASE WHEN p.merged_at IS NOT NULL THEN d.done END AS deployed_at
FROM (SELECT * FROM history.pull_request p WHERE %s%s) p
ASOF LEFT JOIN (SELECT d.id, d.service, coalesce(d.started_at, d.finished_at) AS began, coalesce(d.finished_at, d.started_at) AS done
  FROM history.deployment d WHERE %s%s AND coalesce(d.environment, 'production') = 'production'
  AND coalesce(d.result, 'success') = 'success') d
ON p.service = d.service AND p.merged_at <= d.began`, holds("p"), only("p"), holds("d"), only("d"))
}

// ListTable names the table of a field that holds several values, and its
// column with the id of the record; ok is false for another field.
func ListTable(k hansei.Kind, f hansei.Field) (table, owner string, ok bool) {
	t, ok := bridgeOf(k, f)
	return t.Name, t.owner, ok
}

// ddl lists the statements that make an empty database.
func ddl() []string {
	out := []string{
		"CREATE SCHEMA history",
		"CREATE TABLE history.meta (version BIGINT, epoch VARCHAR, head BIGINT)",
	}
	for _, t := range tables() {
		var cols []string
		for _, c := range t.Columns {
			cols = append(cols, quote(c.Name)+" "+c.Type)
		}
		out = append(out,
			fmt.Sprintf("CREATE TABLE history.%s (%s, seq BIGINT, upto BIGINT)", t.Name, strings.Join(cols, ", ")),
			fmt.Sprintf("CREATE VIEW %s AS SELECT * EXCLUDE (seq, upto) FROM history.%s WHERE upto = %d", t.Name, t.Name, Forever))
	}
	var cols []string
	for _, c := range leadHelp().Columns {
		cols = append(cols, quote(c.Name)+" "+c.Type)
	}
	return append(out,
		fmt.Sprintf("CREATE TABLE history.%s (%s)", LeadTable, strings.Join(cols, ", ")),
		fmt.Sprintf("CREATE VIEW %s AS SELECT * FROM history.%s", LeadTable, LeadTable))
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Schema describes every table a person's SQL can read.
func Schema() []Table { return append(tables(), leadHelp()) }
