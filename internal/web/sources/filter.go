package sources

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/intake"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// jqField is the choice of a condition that is an expression.
const jqField = "jq"

// blank is how many empty rows a filter offers beside its conditions.
const blank = 2

// conditionRow is one condition as it stands in a form.
type conditionRow struct {
	N     int
	Field string
	Not   bool
	Value string // values separated by commas, or an expression
}

// filterForm is what counts as an incident, to be changed.
type filterForm struct {
	Rows    []conditionRow
	Error   string
	Options []ui.Option
	TryURL  string // empty while there is nothing to try it on
	Tried   *trial
}

// trial is what a filter would make of the incidents so far.
type trial struct {
	intake.Judged
	Error string
}

func filterOf(conditions []hansei.Condition, wrong, tryURL string) filterForm {
	f := filterForm{Error: wrong, TryURL: tryURL, Options: []ui.Option{{Text: "—"}}}
	for _, name := range hansei.ConditionFields {
		f.Options = append(f.Options, ui.Option{Value: name, Text: strings.ToUpper(name[:1]) + name[1:]})
	}
	f.Options = append(f.Options, ui.Option{Value: jqField, Text: "jq expression"})
	for _, c := range conditions {
		r := conditionRow{Field: c.Field, Not: c.Not, Value: written(c.In)}
		if c.JQ != "" {
			r.Field, r.Value = jqField, c.JQ
		}
		f.Rows = append(f.Rows, r)
	}
	for range blank {
		f.Rows = append(f.Rows, conditionRow{})
	}
	for i := range f.Rows {
		f.Rows[i].N = i + 1
	}
	return f
}

// written writes values separated by commas, in quotes where they hold one.
func written(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		if out[i] = v; strings.ContainsAny(v, ",\"") {
			out[i] = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
	}
	return strings.Join(out, ", ")
}

// conditionsIn reads the rows of a filter. Rows with no value are left out.
func conditionsIn(form url.Values) ([]hansei.Condition, error) {
	var out []hansei.Condition
	for n := 1; form.Has(row(n, "field")); n++ {
		field, text := form.Get(row(n, "field")), strings.TrimSpace(form.Get(row(n, "value")))
		if text == "" && field == "" {
			continue
		}
		c := hansei.Condition{Field: field, Not: form.Get(row(n, "not")) == "not"}
		switch {
		case field == "":
			return out, hansei.Invalid("filter", "row %d has the value %q and no field", n, text)
		case text == "":
			return out, hansei.Invalid("filter", "row %d looks at %s and names no value", n, field)
		case field == jqField:
			c.Field, c.JQ = "", text
		default:
			r := csv.NewReader(strings.NewReader(text))
			r.TrimLeadingSpace, r.LazyQuotes = true, true
			in, err := r.Read()
			if err != nil {
				return out, hansei.Invalid("filter", "row %d: %q are not values separated by commas", n, text)
			}
			c.In = trimmed(in)
		}
		out = append(out, c)
	}
	return out, nil
}

func trimmed(values []string) []string {
	var out []string
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// tryFilter says what the filter in the form would make of the incidents so
// far. Nothing is saved.
func (p *Pages) tryFilter(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	conditions, err := conditionsIn(form)
	t := trial{}
	if err == nil {
		t.Judged, err = p.Sources.TryFilter(r.Context(), who.Scope(), name, conditions)
	}
	if reason, ok := reasonOf(err); ok {
		t.Error = reason
	} else if err != nil {
		return err
	}
	if shell.Partial(r) {
		return shell.Fragment(w, r, tried(t))
	}
	f := filterOf(conditions, "", at(name)+"/try")
	f.Tried = &t
	return p.showOne(w, r, who, http.StatusOK, answer{Filter: &f})
}

// saveFilter changes what counts as an incident; the past is judged anew.
func (p *Pages) saveFilter(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	before, err := p.Sources.Glance(r.Context(), who.Scope(), name)
	if err != nil {
		return err
	}
	conditions, err := conditionsIn(form)
	var added connect.Added
	if err == nil {
		if conditions == nil {
			conditions = []hansei.Condition{}
		}
		added, err = p.Sources.Edit(r.Context(), who, name, connect.Change{Filter: &conditions})
	}
	if reason, ok := reasonOf(err); ok {
		f := filterOf(conditions, reason, at(name)+"/try")
		return p.showOne(w, r, who, http.StatusUnprocessableEntity, answer{Filter: &f})
	}
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), added.Seq); err != nil {
		return err
	}
	return shell.Done(w, r, at(name)+"#filter", ui.Toast{Text: "The filter was saved. What came so far is judged by it now.",
		UndoURL: at(name) + "/filter", Undo: undoFilter(before.Filter)})
}

// undoFilter are the fields that put a filter back; none when there was none.
func undoFilter(conditions []hansei.Condition) map[string]string {
	out := map[string]string{}
	for _, c := range filterOf(conditions, "", "").Rows[:len(conditions)] {
		out[row(c.N, "field")], out[row(c.N, "value")] = c.Field, c.Value
		if c.Not {
			out[row(c.N, "not")] = "not"
		}
	}
	return out
}

// row names a field of a row of the filter.
func row(n int, part string) string { return "filter-" + strconv.Itoa(n) + "-" + part }
