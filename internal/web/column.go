package web

import (
	"strings"
	"time"

	"hansei"
	"hansei/internal/source/file"
	"hansei/internal/web/imports"
	"hansei/internal/web/records"
	"hansei/internal/web/ui"
)

// maxColumns is how many columns of a file a page lists.
const maxColumns = 300

const ownPrefix = "custom."

func columnName(c file.Column) string {
	if c.Name != "" {
		return c.Name
	}
	return c.JQ
}

// becomes says what a column is read as.
func becomes(kind hansei.Kind, c file.Column) string {
	switch {
	case c.How == file.HowIgnored || c.Field == "":
		return "nothing"
	case c.Field == "id":
		return "the id"
	}
	if own, ok := strings.CutPrefix(c.Field, ownPrefix); ok {
		return "your own field " + own
	}
	if f, err := hansei.FieldNamed(kind, c.Field); err == nil {
		return f.Label
	}
	return c.Field
}

// how says why a column is read so.
func how(c file.Column) string {
	var out []string
	switch c.How {
	case file.HowName:
		out = append(out, "recognised by its name")
	case file.HowMapping:
		out = append(out, "you said so")
	case file.HowCustom:
		out = append(out, "no field of ours has this name")
	case file.HowIgnored:
		out = append(out, "left out")
	default:
		out = append(out, c.How)
	}
	if c.TimeFormat != "" {
		out = append(out, "times as "+c.TimeFormat)
	}
	if c.Zone != "" {
		out = append(out, "in "+c.Zone)
	}
	if len(c.Values) > 0 {
		out = append(out, ui.Plural(len(c.Values), "value is", "values are")+" translated")
	}
	return strings.Join(out, ", ")
}

// columns fills in what each column becomes, to be changed.
func (a planAsk) columns(plan *file.Plan, v *imports.Plan) {
	choices := fieldChoices(plan.Kind)
	for i, c := range plan.Columns {
		if i == maxColumns {
			v.More = ui.Plural(len(plan.Columns)-maxColumns, "further column is", "further columns are") + " read as recognised; a mapping can change them."
			break
		}
		col := imports.Column{Name: columnName(c), Samples: c.Samples, How: how(c), Becomes: becomes(plan.Kind, c)}
		if c.Name != "" && c.JQ == "" {
			first := ui.Option{Text: "As recognised: " + becomes(plan.Kind, c)}
			if c.How == file.HowCustom {
				first.Text = "As recognised: your own field"
			}
			if a.changes[c.Name] != "" {
				first.Text = "As recognised"
			}
			own := ui.Option{Value: ownPrefix + strings.ToLower(strings.ReplaceAll(c.Name, " ", "_")), Text: "Your own field"}
			col.Choice = ui.Field{Name: columnPrefix + c.Name, Value: a.changes[c.Name],
				Options: append([]ui.Option{first, {Value: ignored, Text: "Nothing: leave it out"}, own}, choices...)}
		}
		v.Columns = append(v.Columns, col)
	}
}

func fieldChoices(kind hansei.Kind) []ui.Option {
	out := []ui.Option{{Value: "id", Text: "The id"}}
	for _, f := range hansei.FieldsOf(kind) {
		out = append(out, ui.Option{Value: f.Name, Text: f.Label})
	}
	return out
}

// importKinds are the kinds that a file may hold.
func importKinds() []hansei.Kind {
	return []hansei.Kind{hansei.KindIncident, hansei.KindDeployment, hansei.KindPullRequest, hansei.KindChange, hansei.KindAlert,
		hansei.KindTicket, hansei.KindWorkItem, hansei.KindService, hansei.KindTeam, hansei.KindPerson}
}

func (a planAsk) kindField() ui.Field {
	f := ui.Field{ID: "kind", Name: "kind", Label: "Each row is", Value: a.kind,
		Options: []ui.Option{{Value: "", Text: "As recognised"}}}
	for _, k := range importKinds() {
		f.Options = append(f.Options, ui.Option{Value: string(k), Text: strings.ToUpper(records.Noun(k)[:1]) + records.Noun(k)[1:]})
	}
	return f
}

func (a planAsk) zoneField() ui.Field {
	return ui.Field{ID: "zone", Name: "zone", Label: "Time zone", Value: a.zone, Help: "Of times that name none, such as Europe/Berlin. UTC when empty."}
}

func (a planAsk) sourceField() ui.Field {
	return ui.Field{ID: "source", Name: "source", Label: "Source", Value: a.source,
		Help: "A name for where it comes from. Files of one source update each other's records."}
}

func (a planAsk) yamlField() ui.Field {
	return ui.Field{ID: "map", Name: "map", Label: "Mapping", Value: a.yaml, Rows: 8, Mono: true,
		Help: "fields: [{column: Priority, field: severity, values: {P1: sev1}}] — what it does not mention is recognised."}
}

// refusePlan puts an error beside the field that it is about.
func refusePlan(v *imports.Plan, e *hansei.InvalidError) {
	v.Failed = &ui.Problem{Title: "The file cannot be read like this", Happened: e.Error(), Means: "Nothing was imported; the file is kept for you to try again."}
	for _, f := range []*ui.Field{&v.Kind, &v.Zone, &v.YAML} {
		if f.Name == e.Field || f.Name == "map" && e.Field == "mapping" {
			f.Error = e.Reason
		}
	}
	if e.Field == "kind" {
		v.Failed.Title, v.Failed.Next = "What does each row stand for?", "Choose it below and look again."
		v.Failed.Happened = "Neither the name of the file nor the names of its columns tell."
		v.Kind.Error = "Choose one."
	}
}

// formatOf is what is known of the file itself.
func formatOf(p *file.Plan, name string) []ui.Item {
	format := p.Format
	if p.Compression != "" {
		format += ", packed with " + p.Compression
	}
	out := []ui.Item{{Name: "Name", Text: name}, {Name: "Format", Text: format}, {Name: "Each row", Text: records.Noun(p.Kind)}}
	if p.EventLog {
		out[2].Text += ", one step in its history"
	}
	key := ui.Item{Name: "Known by", Text: p.Key}
	if p.Key == "" && len(p.Of("id")) > 0 {
		key.Text = columnName(p.Of("id")[0])
	}
	if key.Text == "" {
		key.Text = "what each row says"
	}
	rows := ui.Item{Name: "Looked at", Text: ui.Plural(p.RowsRead, "row", "rows")}
	if p.Complete {
		rows.From = "the whole file"
	}
	return append(out, key, ui.Item{Name: "Times", Text: "in " + p.Zone}, rows)
}

// previewTable shows observations with the fields that any of them has.
func previewTable(kind hansei.Kind, rows []hansei.Observation) ui.Table {
	t := ui.Table{ID: "preview", Caption: "The first rows as records", Columns: []ui.Column{{Text: "Id"}}}
	f := &found{Zone: time.UTC}
	var used []hansei.Field
	for _, field := range hansei.FieldsOf(kind) {
		for _, o := range rows {
			if _, ok := field.Get(o.Record); ok {
				used = append(used, field)
				t.Columns = append(t.Columns, ui.Column{Text: field.Label, Numeric: field.Type == hansei.Number})
				break
			}
		}
	}
	for _, o := range rows {
		cells := []ui.Cell{{Text: o.Key.External}}
		for _, field := range used {
			v, _ := field.Get(o.Record)
			cells = append(cells, word(first(f.text(v), 80), "not recorded"))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: cells})
	}
	if len(rows) == 0 {
		t.Empty = &ui.Empty{Title: "No row could be read", Text: "See below what was expected of each."}
	}
	return t
}
