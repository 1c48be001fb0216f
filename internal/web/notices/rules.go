package notices

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// The names of the rules' fields.
const (
	fieldOff     = "off"
	fieldPeople  = "people"
	fieldHour    = "hour"
	fieldDigest  = "digest"
	fieldSimilar = "similar_from"
	fieldFrom    = "quiet_from"
	fieldUntil   = "quiet_until"
	fieldTold    = "told"
)

// rulesForm is the form of what is told, and when.
type rulesForm struct {
	Off, People, Hour, Digest, Similar, From, Until ui.Field
	Told                                            []option
	Paces                                           []paceRow
	Wrong                                           string
}

// paceRow is a line of the table of paces: the first is that of
// retrospectives, the others rules for follow-ups.
type paceRow struct {
	Prefix         string // of its fields' names
	What           string // the first alone
	Type, Severity string
	Days           []paceField
}

type paceField struct{ Name, Label, Value string }

// dayNames are the numbers of a pace and what they are called.
var dayNames = []struct{ Name, Label string }{{"soon", "Before it is due"}, {"channel", "Overdue, then channels"}, {"escalate", "Overdue, then escalation"}, {"repeat", "Then again every"}}

func numbersOf(p hansei.Pace) []int { return []int{p.Soon, p.Channel, p.Escalate, p.Repeat} }

// valuesOf are rules as the form holds them.
func valuesOf(r hansei.NoticeRules) url.Values {
	v := url.Values{fieldOff: {yes(r.Off)}, fieldPeople: {yes(!r.ChannelsOnly)}, fieldHour: {strconv.Itoa(r.Hour)}, fieldDigest: {r.Digest}, fieldSimilar: {r.SimilarFrom},
		fieldFrom: {strconv.Itoa(r.QuietFrom)}, fieldUntil: {strconv.Itoa(r.QuietUntil)}}
	for _, e := range events {
		if !slices.Contains(r.Muted, e.Name) {
			v.Add(fieldTold, e.Name)
		}
	}
	set := func(prefix string, p hansei.Pace) {
		for i, n := range numbersOf(p) {
			text := strconv.Itoa(n)
			if n < 0 {
				text = hansei.Never
			}
			v.Set(prefix+dayNames[i].Name, text)
		}
	}
	set("pace-0-", r.Pace)
	for i, f := range r.FollowUps {
		prefix := fmt.Sprintf("pace-%d-", i+1)
		v.Set(prefix+"type", or(f.Type, anyOf))
		v.Set(prefix+"severity", or(f.Severity, anyOf))
		set(prefix, f.Pace)
	}
	return v
}

// anyOf stands for every type and every severity; an empty line has none.
const anyOf = "any"

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func formOf(r hansei.NoticeRules) rulesForm { return formIn(valuesOf(r), nil) }

// formIn draws the form from what it holds, and what is wrong with it.
func formIn(v url.Values, err error) rulesForm {
	wrong, _ := wrongOf(err)
	field := func(name, label, help string, options ...ui.Option) ui.Field {
		f := ui.Field{ID: name, Name: name, Label: label, Help: help, Value: v.Get(name), Error: wrong[name], Options: options, Required: true}
		delete(wrong, name)
		return f
	}
	f := rulesForm{
		Off:    field(fieldOff, "Messages", "", ui.Option{Value: "no", Text: "Are sent"}, ui.Option{Value: "yes", Text: "Are not sent"}),
		People: field(fieldPeople, "To whom", "People are written to by e-mail, at the address their record has.", ui.Option{Value: "yes", Text: "Channels and people"}, ui.Option{Value: "no", Text: "Channels only"}),
		Hour:   field(fieldHour, "Reminders and digest at", "The hour of the organization's working day, 1 to 23."),
		Digest: field(fieldDigest, "Weekly digest on", ""),
		Similar: field(fieldSimilar, "Similar incidents from", "Open incidents of this severity or worse are told with those of the past that they are like.",
			ui.Option{Value: "sev1", Text: "sev1"}, ui.Option{Value: "sev2", Text: "sev2 and worse"}, ui.Option{Value: "sev3", Text: "sev3 and worse"}, ui.Option{Value: "sev4", Text: "sev4 and worse"}, ui.Option{Value: "sev5", Text: "Every severity"}, ui.Option{Value: hansei.Never, Text: "Never"}),
		From:  field(fieldFrom, "No e-mail from", "The hour of the reader's own day, where their zone is known. 24 and 24 for no quiet hours."),
		Until: field(fieldUntil, "Until", "What is told meanwhile waits."),
	}
	for _, d := range []string{"monday", "tuesday", "wednesday", "thursday", "friday", hansei.Never} {
		f.Digest.Options = append(f.Digest.Options, ui.Option{Value: d, Text: strings.ToUpper(d[:1]) + d[1:]})
	}
	f.Hour.Type, f.From.Type, f.Until.Type = "number", "number", "number"
	for _, e := range events {
		f.Told = append(f.Told, option{fieldTold, e.Name, e.Title, e.Who, slices.Contains(v[fieldTold], e.Name)})
	}
	n := 0
	for v.Has(fmt.Sprintf("pace-%d-soon", n+1)) && n < maxRows {
		n++
	}
	for i := range n + 2 { // with an empty line at the end
		row := paceRow{Prefix: fmt.Sprintf("pace-%d-", i)}
		row.Type, row.Severity = v.Get(row.Prefix+"type"), v.Get(row.Prefix+"severity")
		if i == 0 {
			row.What = "Retrospectives"
		}
		for _, d := range dayNames {
			row.Days = append(row.Days, paceField{row.Prefix + d.Name, d.Label, v.Get(row.Prefix + d.Name)})
		}
		f.Paces = append(f.Paces, row)
	}
	for name, reason := range wrong {
		f.Wrong = reason
		if strings.HasSuffix(name, "_days") {
			f.Wrong = strings.ReplaceAll(strings.TrimSuffix(name, "_days"), "_", " ") + " " + reason
		}
	}
	return f
}

const maxRows = 50

// rulesIn reads the form.
func rulesIn(v url.Values) (hansei.NoticeRules, error) {
	r := hansei.NoticeRules{Off: v.Get(fieldOff) == "yes", ChannelsOnly: v.Get(fieldPeople) == "no", Digest: v.Get(fieldDigest), SimilarFrom: v.Get(fieldSimilar), FollowUps: []hansei.FollowUpPace{}}
	for _, n := range []struct {
		name string
		to   *int
	}{{fieldHour, &r.Hour}, {fieldFrom, &r.QuietFrom}, {fieldUntil, &r.QuietUntil}} {
		var err error
		if *n.to, err = strconv.Atoi(strings.TrimSpace(v.Get(n.name))); err != nil {
			return r, hansei.Invalid(n.name, "%q is not an hour", v.Get(n.name))
		}
	}
	if r.QuietFrom == 0 && r.QuietUntil == 0 {
		r.QuietFrom, r.QuietUntil = 24, 24 // zeros would stand for the default
	}
	for _, e := range events {
		if !slices.Contains(v[fieldTold], e.Name) {
			r.Muted = append(r.Muted, e.Name)
		}
	}
	var err error
	if r.Pace, err = paceIn(v, "pace-0-"); err != nil {
		return r, err
	}
	for i := 1; i <= maxRows; i++ {
		prefix := fmt.Sprintf("pace-%d-", i)
		kind, severity := v.Get(prefix+"type"), v.Get(prefix+"severity")
		if kind == "" && severity == "" {
			continue // an empty line
		}
		f := hansei.FollowUpPace{Type: strings.TrimPrefix(kind, anyOf), Severity: strings.TrimPrefix(severity, anyOf)}
		if f.Pace, err = paceIn(v, prefix); err != nil {
			return r, err
		}
		r.FollowUps = append(r.FollowUps, f)
	}
	return r, r.Validate()
}

// paceIn reads a line of the table; an empty field stands for the general pace.
func paceIn(v url.Values, prefix string) (hansei.Pace, error) {
	var n [4]int
	for i, d := range dayNames {
		switch text := strings.ToLower(strings.TrimSpace(v.Get(prefix + d.Name))); text {
		case "":
		case hansei.Never:
			n[i] = -1
		default:
			days, err := strconv.Atoi(text)
			if err != nil {
				return hansei.Pace{}, hansei.Invalid("pace", "%q (%s) is neither a number of working days nor never", text, d.Label)
			}
			if n[i] = days; days == 0 {
				n[i] = -1 // zero would stand for the default
			}
		}
	}
	return hansei.Pace{Soon: n[0], Channel: n[1], Escalate: n[2], Repeat: n[3]}, nil
}

func (p *Pages) saveRules(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	rules, err := rulesIn(form)
	if err == nil {
		seq, saveErr := p.Outbox.SetRules(r.Context(), who, rules)
		if err = saveErr; err == nil {
			if err := p.Settle(r.Context(), seq); err != nil {
				return err
			}
			return shell.Done(w, r, home+"#rules", ui.Toast{Text: "What is told was saved."})
		}
	}
	if _, mine := wrongOf(err); mine {
		return p.show(w, r, who, http.StatusUnprocessableEntity, formIn(form, err))
	}
	return err
}
