package joins

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// The names of the form's fields. Those of the first four are one rule to the
// organization, whose errors name them together.
const (
	fieldSuggest = "suggest"
	fieldWithin  = "within"
	fieldService = "service"
	fieldTitle   = "title"
	fieldOrder   = "source_order"
	fieldKeep    = "keep_payloads"
	fieldRead    = "revision" // of the organization, as it was shown
	allOfJoining = "joining"
)

// rulesView is what the organization decides about live sources.
type rulesView struct {
	Suggest, Within, Service, Title ui.Field
	Order, Keep                     ui.Field
	Wrong                           string // of the joining rule as a whole
	Read                            string
	Meanwhile                       bool // somebody saved others
}

// rules is the form of the rules as they are.
func (p *Pages) rules(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	have, err := p.ruled(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	return p.showRules(w, r, who, http.StatusOK, have, nil)
}

// ruled are the rules as a form holds them.
func (p *Pages) ruled(ctx context.Context, who auth.Scope) (url.Values, error) {
	joining, out := hansei.DefaultJoining, url.Values{}
	org, rev, err := record.Get[*hansei.Organization](ctx, p.Records, who, hansei.OrganizationID)
	switch {
	case errors.Is(err, hansei.ErrNotFound):
	case err != nil:
		return nil, err
	default:
		if org.Joining != nil {
			joining = *org.Joining
		}
		if org.KeepPayloads > 0 {
			out.Set(fieldKeep, strconv.Itoa(org.KeepPayloads))
		}
		out.Set(fieldOrder, writtenOrder(org.SourceOrder))
	}
	out.Set(fieldRead, strconv.FormatInt(int64(rev), 10))
	out.Set(fieldSuggest, yes(!joining.Off))
	out.Set(fieldWithin, strconv.Itoa(joining.Within))
	out.Set(fieldService, yes(joining.SameService))
	out.Set(fieldTitle, strconv.FormatFloat(joining.Title, 'f', -1, 64))
	return out, nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (p *Pages) showRules(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, have url.Values, err error) error {
	wrong := map[string]string{}
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		wrong[invalid.Field] = invalid.Reason
	}
	field := func(name, label, help string) ui.Field {
		return ui.Field{ID: name, Name: name, Label: label, Help: help, Value: have.Get(name), Error: wrong[name], Required: true}
	}
	choice := func(f ui.Field, ifYes, ifNo string) ui.Field {
		f.Options = []ui.Option{{Value: "yes", Text: ifYes}, {Value: "no", Text: ifNo}}
		return f
	}
	v := rulesView{Wrong: wrong[allOfJoining], Read: have.Get(fieldRead), Meanwhile: errors.Is(err, hansei.ErrConflict),
		Suggest: choice(field(fieldSuggest, "Suggest joins", "Nothing is joined by a suggestion: a person decides."), "Yes", "No"),
		Within:  field(fieldWithin, "Minutes apart at most", "Two incidents that overlap are not apart at all."),
		Service: choice(field(fieldService, "A service in common", ""), "Is needed", "Is not needed"),
		Title:   field(fieldTitle, "Words of the titles in common, at least", "From 0, which asks for none, to 1, which asks for the same words. 0.3 is about one word in three."),
		Order: field(fieldOrder, "Whose word leads", "A line for each kind, or for one field of it: the sources in the order in which they are believed, such as "+
			"“incident: pagerduty, statuspage” or “incident severity: jira”. Without a line, the source that told first leads. A person's word stands above all. What is there already follows within a minute."),
		Keep: field(fieldKeep, "Days that payloads are kept", "Of deliveries that were understood or set aside. For ever when empty; what failed is always kept.")}
	v.Within.Type, v.Keep.Type = "number", "number"
	v.Order.Rows, v.Order.Mono, v.Order.Required, v.Keep.Required = 4, true, false, false
	page := ui.Page{Title: "Rules for sources", Under: "/sources", Lead: "What holds for everything that several tools tell of.",
		Crumbs: []ui.Link{{Text: "Sources", URL: "/sources"}, {Text: "Joins", URL: "/joins"}}}
	return p.ShowAs(w, r, who, status, page, rulesPage(v))
}

// saveRules sets the rules.
func (p *Pages) saveRules(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	rules, err := rulesIn(form)
	var seq record.Seq
	if err == nil {
		seq, err = p.People.SetRules(r.Context(), who, rules)
	}
	var invalid *hansei.InvalidError
	switch {
	case errors.As(err, &invalid):
		return p.showRules(w, r, who, http.StatusUnprocessableEntity, form, err)
	case errors.Is(err, hansei.ErrConflict): // what was typed stays, to be saved over the others
		now, readErr := p.ruled(r.Context(), who.Scope())
		if readErr != nil {
			return readErr
		}
		form.Set(fieldRead, now.Get(fieldRead))
		return p.showRules(w, r, who, http.StatusConflict, form, err)
	case err != nil:
		return err
	}
	if err := p.Settle(r.Context(), seq); err != nil {
		return err
	}
	return shell.Done(w, r, "/joins/rules", ui.Toast{Text: "The rules were saved."})
}

// rulesIn reads the form.
func rulesIn(form url.Values) (intake.Rules, error) {
	joining, keep := hansei.Joining{Off: form.Get(fieldSuggest) == "no", SameService: form.Get(fieldService) == "yes"}, 0
	var err error
	if joining.Within, err = strconv.Atoi(strings.TrimSpace(form.Get(fieldWithin))); err != nil || joining.Within < 0 || joining.Within > hansei.MaxWithin {
		return intake.Rules{}, hansei.Invalid(fieldWithin, "%q: expected a number of minutes from 0 to 10,080, which is a week", form.Get(fieldWithin))
	}
	if joining.Title, err = strconv.ParseFloat(strings.TrimSpace(form.Get(fieldTitle)), 64); err != nil || !(joining.Title >= 0 && joining.Title <= 1) {
		return intake.Rules{}, hansei.Invalid(fieldTitle, "%q: expected a number from 0 to 1", form.Get(fieldTitle))
	}
	if text := strings.TrimSpace(form.Get(fieldKeep)); text != "" {
		if keep, err = strconv.Atoi(text); err != nil || keep < 0 {
			return intake.Rules{}, hansei.Invalid(fieldKeep, "%q: expected a number of days, or nothing for ever", text)
		}
	}
	rev, err := strconv.ParseInt(form.Get(fieldRead), 10, 64)
	if err != nil {
		return intake.Rules{}, hansei.Invalid(fieldRead, "the form names no revision")
	}
	read := record.Revision(rev)
	order, err := orderIn(form.Get(fieldOrder))
	return intake.Rules{SourceOrder: &order, Joining: &joining, KeepPayloads: &keep, Read: &read}, err
}

// orderIn reads whose word leads: a line for a kind, or for a field of it.
func orderIn(text string) ([]hansei.SourceOrder, error) {
	out := []hansei.SourceOrder{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		what, sources, ok := strings.Cut(line, ":")
		words := strings.Fields(what)
		if !ok || len(words) == 0 || len(words) > 2 {
			return nil, hansei.Invalid(fieldOrder, "%q: expected a kind, perhaps a field, a colon and names of sources", line)
		}
		kind, err := hansei.ParseKind(words[0])
		if err != nil {
			return nil, hansei.Invalid(fieldOrder, "%q is not a kind of record, such as incident", words[0])
		}
		o := hansei.SourceOrder{Kind: kind}
		if len(words) == 2 {
			o.Field = words[1]
		}
		for s := range strings.SplitSeq(sources, ",") {
			if s = strings.TrimSpace(s); s != "" {
				o.Sources = append(o.Sources, s)
			}
		}
		out = append(out, o)
	}
	return out, nil
}

func writtenOrder(rules []hansei.SourceOrder) string {
	var out []string
	for _, r := range rules {
		out = append(out, r.String())
	}
	return strings.Join(out, "\n")
}
