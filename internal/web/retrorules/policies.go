package retrorules

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// policiesView is when a retrospective is needed and until when things are due.
type policiesView struct {
	Needed, Draft, Due, Required, Weekends ui.Field
	Rows                                   []dueRow
	Tracker                                trackerView
	Cost                                   costView
	Wrong                                  string
	RowsWrong                              string
	Own                                    bool
}

// dueRow is one line of the rules until when follow-ups are due.
type dueRow struct {
	N                              int
	Type, Severity, Priority, Days string
}

// name is the name of a field of the row.
func (d dueRow) name(part string) string { return "due-" + strconv.Itoa(d.N) + "-" + part }

// blankRows are lines that a person can fill.
const blankRows = 2

func (p *Pages) policies(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	state, err := p.Book.Read(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	rules, form := state.Rules, url.Values{}
	form.Set("needed_from", rules.NeededFrom)
	form.Set("draft_from", rules.DraftFrom)
	form.Set("due_days", strconv.Itoa(rules.DueDays))
	form.Set("required_from", rules.RequiredFrom)
	if rules.Weekends != nil && *rules.Weekends {
		form.Set("weekends", "yes")
	}
	for i, d := range rules.FollowUpDue {
		row := dueRow{N: i}
		form.Set(row.name("type"), d.Type)
		form.Set(row.name("severity"), d.Severity)
		form.Set(row.name("priority"), d.Priority)
		form.Set(row.name("days"), strconv.Itoa(d.Days))
	}
	fillTracker(form, rules.Tracker)
	fillCost(form, rules.Cost)
	return p.showPolicies(w, r, who, http.StatusOK, form, nil)
}

// rowsIn reads the lines of a form, in their order.
func rowsIn(form url.Values) []dueRow {
	var out []dueRow
	for n := range 100 {
		row := dueRow{N: n}
		if !form.Has(row.name("days")) {
			break
		}
		get := func(part string) string { return strings.TrimSpace(form.Get(row.name(part))) }
		row.Type, row.Severity, row.Priority, row.Days = get("type"), get("severity"), get("priority"), get("days")
		if row.Days != "" || row.Type+row.Severity+row.Priority != "" {
			row.N = len(out)
			out = append(out, row)
		}
	}
	return out
}

func (p *Pages) showPolicies(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, form url.Values, wrong map[string]string) error {
	field := func(name, label, help string, options []ui.Option) ui.Field {
		return ui.Field{ID: name, Name: name, Label: label, Help: help, Value: form.Get(name), Error: wrong[name], Options: options, Required: true}
	}
	v := policiesView{
		Needed:    field("needed_from", "A retrospective is needed from", "Incidents without a known severity need none.", severities()),
		Draft:     field("draft_from", "A draft is made by itself from", "When the incident is resolved.", severities(ui.Option{Value: hansei.DraftNever, Text: "never"})),
		Due:       field("due_days", "Working days until it is published", "Counted from when the incident was resolved.", nil),
		Required:  field("required_from", "What is required holds from", "A field can have a severity of its own: see Fields.", severities()),
		Weekends:  field("weekends", "Saturdays and Sundays", "", []ui.Option{{Value: "", Text: "are skipped"}, {Value: "yes", Text: "count"}}),
		Rows:      rowsIn(form),
		Wrong:     elsewhere(wrong, "needed_from", "draft_from", "due_days", "required_from", "follow_up_due", "cost"),
		RowsWrong: wrong["follow_up_due"],
	}
	v.Due.Type = "number"
	v.Cost = costForm(form, wrong["cost"])
	var err error
	if v.Tracker, err = p.trackerForm(r.Context(), who.Scope(), form); err != nil {
		return err
	}
	for range blankRows {
		v.Rows = append(v.Rows, dueRow{N: len(v.Rows)})
	}
	return p.show(w, r, who, status, Base, headTitle, policiesPage(v))
}

func (p *Pages) savePolicies(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	parts, err := policiesIn(form)
	if err == nil {
		c, failed := p.Book.Patch(r.Context(), who, 0, parts)
		if failed == nil {
			return p.done(w, r, c, Base, "The policies were saved.")
		}
		err = failed
	}
	wrong, ours := wrongs(err)
	if !ours {
		return err
	}
	return p.showPolicies(w, r, who, http.StatusUnprocessableEntity, form, wrong)
}

// policiesIn reads the form.
func policiesIn(form url.Values) (map[string]json.RawMessage, error) {
	days, err := strconv.Atoi(strings.TrimSpace(form.Get("due_days")))
	if err != nil || days < 1 {
		return nil, hansei.Invalid("due_days", "%q: expected 1 to 365 working days", form.Get("due_days"))
	}
	var rows []hansei.DueRule
	for i, d := range rowsIn(form) {
		n, err := strconv.Atoi(d.Days)
		if err != nil {
			return nil, hansei.Invalid("follow_up_due", "line %d: %q is not a number of days", i+1, d.Days)
		}
		rows = append(rows, hansei.DueRule{Type: d.Type, Severity: d.Severity, Priority: d.Priority, Days: n})
	}
	if len(rows) == 0 {
		return nil, hansei.Invalid("follow_up_due", "one line is needed; a line with days alone is for all follow-ups")
	}
	cost, err := costIn(form)
	if err != nil {
		return nil, err
	}
	weekends := form.Get("weekends") == "yes"
	out := map[string]json.RawMessage{}
	for name, v := range map[string]any{"needed_from": form.Get("needed_from"), "draft_from": form.Get("draft_from"), "due_days": days,
		"required_from": form.Get("required_from"), "follow_up_due": rows, "weekends": weekends, "tracker": trackerIn(form), "cost": cost} {
		if out[name], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// raw are parts as they are sent.
func raw(parts map[string][]byte) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for name, v := range parts {
		out[name] = v
	}
	return out
}
