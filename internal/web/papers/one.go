package papers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/retro"
	"hansei/internal/retro/document"
	"hansei/internal/retro/past"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// paper is the page of one document.
type paper struct {
	past.Paper
	Fields   []ui.Field // title, severity, services, times …
	Factors  []factor
	Sections []section
	Targets  []ui.Option
	Others   []string // factors that can be added
	Zone     *time.Location
	Wrong    string
}

type factor struct{ Name, Evidence string }

type section struct{ ID, Title, HTML string }

const stamp = "2006-01-02T15:04"

func (p *Pages) one(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.show(w, r, who, http.StatusOK, nil)
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, wrong *hansei.InvalidError) error {
	ctx := r.Context()
	got, err := p.Shelf.Get(ctx, who.Scope(), r.PathValue("paper"))
	if err != nil {
		return err
	}
	v := paper{Paper: got}
	if v.Zone, err = p.Zone(ctx, who.Scope()); err != nil {
		return err
	}
	page := ui.Page{Title: got.Name, Under: "/retrospectives", Crumbs: []ui.Link{{Text: "Retrospectives", URL: "/retrospectives"}, {Text: "Import", URL: home}}}
	if got.Found == nil {
		return p.ShowAs(w, r, who, status, page, settledPage(v))
	}
	rules, err := retro.Rules(ctx, p.Records, who.Scope())
	if err != nil {
		return err
	}
	page.Title = got.Found.Retrospective.Title
	v.fill(rules)
	if wrong != nil {
		v.Wrong = wrong.Error()
		for i := range v.Fields {
			v.Fields[i].Value = r.PostForm.Get(v.Fields[i].Name)
			if v.Fields[i].Name == wrong.Field {
				v.Fields[i].Error = wrong.Reason
			}
		}
	}
	return p.ShowAs(w, r, who, status, page, onePage(v))
}

func (v *paper) fill(rules hansei.RetroRules) {
	f, r := v.Found, v.Found.Retrospective
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(stamp)
	}
	customers := ""
	if r.Customers != nil {
		customers = strconv.FormatFloat(*r.Customers, 'f', -1, 64)
	}
	v.Fields = []ui.Field{
		{ID: "title", Name: "title", Label: "Title", Value: r.Title, Required: true},
		{ID: "severity", Name: "severity", Label: "Severity", Value: r.Severity, Placeholder: "sev1 to sev5"},
		{ID: "services", Name: "services", Label: "Services", Value: strings.Join(f.Services, "; "), Help: "Separated by semicolons. Those that are new are made."},
		{ID: "began", Name: "began", Label: "Began, UTC", Type: "datetime-local", Value: at(f.Began), Help: v.help("began", "With it, the document gets an incident of type backfilled.")},
		{ID: "ended", Name: "ended", Label: "Ended, UTC", Type: "datetime-local", Value: at(f.Ended)},
		{ID: "detection", Name: "detection", Label: "Noticed by", Value: r.Detection, Help: v.help("detection", "")},
		{ID: "trigger", Name: "trigger", Label: "Trigger", Value: r.Trigger},
		{ID: "mitigation", Name: "mitigation", Label: "Mitigation", Value: r.Mitigation},
		{ID: "customers", Name: "customers", Label: "Customers affected", Type: "number", Value: customers, Help: v.help("customers", "")},
	}
	for _, x := range r.Factors {
		v.Factors = append(v.Factors, factor{x.Name, x.Evidence})
	}
	for _, x := range rules.Taxonomy {
		if x.Offered() && !slices.ContainsFunc(r.Factors, func(f hansei.Factor) bool { return f.Name == x.Name }) {
			v.Others = append(v.Others, x.Name)
		}
	}
	v.Targets = []ui.Option{{Value: "", Text: "(leave it out)"}}
	for _, s := range r.Sections {
		v.Targets = append(v.Targets, ui.Option{Value: s.ID, Text: s.Title})
		if s.Text == "" {
			continue
		}
		html, err := document.Prose(s.Text)
		if err != nil {
			html = ""
		}
		v.Sections = append(v.Sections, section{s.ID, s.Title, html})
	}
}

// help says that a value was guessed, and from what.
func (v *paper) help(field, text string) string {
	if slices.Contains(v.Found.Guessed, field) {
		return strings.TrimSpace("Read out of the text; please look. " + text)
	}
	return text
}

// correct keeps what the form says, and confirms where that button was used.
func (p *Pages) correct(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	c, err := correctionOf(form)
	if err == nil {
		_, err = p.Shelf.Correct(r.Context(), who, r.PathValue("paper"), c)
	}
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		return p.show(w, r, who, http.StatusUnprocessableEntity, invalid)
	}
	if err != nil {
		return err
	}
	if form.Get("then") == "confirm" {
		return p.confirm(w, r, who)
	}
	return shell.Done(w, r, pageOf(r.PathValue("paper")), ui.Toast{Text: "Saved. It still waits to be confirmed."})
}

func correctionOf(form url.Values) (past.Correction, error) {
	text := func(name string) *string {
		s := strings.TrimSpace(form.Get(name))
		return &s
	}
	at := func(name string) (*time.Time, error) {
		var t time.Time
		s := form.Get(name)
		if s == "" {
			return &t, nil
		}
		for _, layout := range []string{stamp, "2006-01-02T15:04:05"} {
			if t, err := time.Parse(layout, s); err == nil {
				return &t, nil
			}
		}
		return nil, hansei.Invalid(name, "%q is not a time; expected 2025-01-31T15:04", s)
	}
	c := past.Correction{Title: text("title"), Severity: text("severity"), Detection: text("detection"), Trigger: text("trigger"), Mitigation: text("mitigation"), Sections: map[string]string{}}
	services, factors, follow, moments, customers := []string{}, form["factor"], []int{}, form["moment"], -1.0
	for s := range strings.SplitSeq(form.Get("services"), ";") {
		if s = strings.TrimSpace(s); s != "" {
			services = append(services, s)
		}
	}
	if extra := form.Get("add-factor"); extra != "" {
		factors = append(factors, extra)
	}
	for _, s := range form["follow-up"] {
		n, err := strconv.Atoi(s)
		if err != nil {
			return c, hansei.Invalid("follow-up", "%q is not a place in the list", s)
		}
		follow = append(follow, n)
	}
	if s := form.Get("customers"); s != "" {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil || n < 0 {
			return c, hansei.Invalid("customers", "%q is not a number of customers", s)
		}
		customers = n
	}
	var err error
	if c.Began, err = at("began"); err != nil {
		return c, err
	}
	if c.Ended, err = at("ended"); err != nil {
		return c, err
	}
	for name := range form {
		if id, ok := strings.CutPrefix(name, "section-"); ok {
			c.Sections[id] = form.Get(name)
		}
	}
	c.Services, c.Factors, c.FollowUps, c.Timeline, c.Customers = &services, &factors, &follow, &moments, &customers
	return c, nil
}
