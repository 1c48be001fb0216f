package followups

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/followup"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

const shown = 50

// line is a row of the list.
type line struct {
	followup.Entry
	URL      string
	About    string // services, or the retrospective
	Team     string
	Owner    string
	When     string // due: "3 d overdue"
	WhenHelp string
	AgeText  string
}

// view is the list.
type view struct {
	Lines      []line
	Tabs       []ui.Link
	Filters    []ui.Field
	Filtered   bool
	ClearURL   string
	Showing    string
	Prev, Next string
	Back       string
	Empty      *ui.Empty
	Teams      []ui.Option
	Places     []ui.Option
	Priorities []ui.Option
	Zone       *time.Location
	Hidden     map[string]string // of the filter form: the tab
	Cards      []ui.Card
}

func filterOf(q url.Values) followup.Filter {
	return followup.Filter{Status: q.Get("status"), Due: q.Get("due"), Type: q.Get("type"), Priority: q.Get("priority"), Factor: q.Get("factor"),
		Team: hansei.ID(q.Get("team")), Service: hansei.ID(q.Get("service")), Owner: hansei.ID(q.Get("owner")),
		Retrospective: hansei.ID(q.Get("retrospective")), Incident: hansei.ID(q.Get("incident")), Tracker: q.Get("tracker")}
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	ctx, q := r.Context(), r.URL.Query()
	if !q.Has("status") {
		q.Set("status", hansei.FollowUpOpen)
	} else if q.Get("status") == "all" {
		q.Set("status", "")
	}
	from, err := strconv.Atoi(cmp.Or(q.Get("from"), "0"))
	if err != nil || from < 0 {
		return hansei.Invalid("from", "%q is not a place in the list", q.Get("from"))
	}
	all, counts, err := p.Desk.List(ctx, who.Scope(), filterOf(q))
	if err != nil {
		return err
	}
	v := view{Back: r.URL.RequestURI(), Tabs: tabs(q, counts), Hidden: map[string]string{}}
	if v.Zone, err = p.Zone(ctx, who.Scope()); err != nil {
		return err
	}
	until := min(len(all), from+shown)
	page := all[min(from, len(all)):until]
	if err := p.lines(r, who, &v, page); err != nil {
		return err
	}
	if err := p.offers(r, who, &v, q); err != nil {
		return err
	}
	if len(page) > 0 {
		v.Showing = ui.Count(from+1) + "–" + ui.Count(until) + " of " + ui.Plural(len(all), "follow-up", "follow-ups")
	}
	if from > 0 {
		v.Prev = address(q, "from", strconv.Itoa(max(0, from-shown)))
	}
	if until < len(all) {
		v.Next = address(q, "from", strconv.Itoa(until))
	}
	if len(all) > 0 {
		if v.Cards, err = p.Figures(ctx, who, figures...); err != nil {
			return err
		}
	}
	v.Empty = emptyOf(v.Filtered, counts, q)
	return p.Show(w, r, who, ui.Page{Title: "Follow-ups", Lead: "What is to be done after incidents, until it is done or declined with a reason.",
		Actions: []ui.Link{{Text: "New follow-up", URL: Path + "/new"}}}, listPage(v))
}

func emptyOf(filtered bool, c followup.Counts, q url.Values) *ui.Empty {
	switch {
	case filtered:
		return &ui.Empty{Icon: "filter", Title: "None that fits", Text: "No follow-up fits all of these filters.", Action: &ui.Link{Text: "Show all", URL: Path}}
	case c == (followup.Counts{}):
		return &ui.Empty{Icon: "checklist", Title: "No follow-ups yet", Text: "They come from retrospectives, are made here, or come in with documents of the past. Each has a kind, an owner and a due date, and may live in your tracker too.",
			Action: &ui.Link{Text: "New follow-up", URL: Path + "/new"}}
	case q.Get("status") == hansei.FollowUpOpen:
		return &ui.Empty{Icon: "circle-check", Title: "Nothing open here", Text: "Everything of this sort is done or declined."}
	}
	return &ui.Empty{Icon: "checklist", Title: "None", Text: "There are none of this sort."}
}

func (p *Pages) lines(r *http.Request, who auth.Actor, v *view, page []followup.Entry) error {
	list := make([]*hansei.FollowUp, len(page))
	for i, e := range page {
		list[i] = e.FollowUp
	}
	n, err := p.named(r.Context(), who.Scope(), list...)
	if err != nil {
		return err
	}
	now := p.Now()
	for _, e := range page {
		l := line{Entry: e, URL: URL(e.ID), About: n.List(hansei.KindService, e.Services[:min(3, len(e.Services))]), AgeText: ui.Duration(e.Age.Round(time.Hour).Seconds())}
		if e.Team != "" {
			l.Team = n.Of(hansei.KindTeam, e.Team)
		}
		if e.Owner != "" {
			l.Owner = n.Of(hansei.KindPerson, e.Owner)
		}
		l.When, l.WhenHelp = when(e, now, v.Zone)
		v.Lines = append(v.Lines, l)
	}
	return nil
}

// when says in words how far away the due date is, and how it ended.
func when(e followup.Entry, now time.Time, zone *time.Location) (text, help string) {
	if e.Status != hansei.FollowUpOpen {
		return e.Status + " " + ui.Date(e.Closed, zone), e.Reason
	}
	days := ui.Duration(e.FollowUp.Due.Sub(now).Abs().Round(time.Hour).Seconds())
	switch e.Due {
	case followup.DueNone:
		return "no due date", ""
	case followup.DueOverdue:
		return days + " overdue", "was due " + ui.Date(e.FollowUp.Due, zone)
	case followup.DueSoon:
		return "in " + days, "due " + ui.Date(e.FollowUp.Due, zone)
	}
	return ui.Date(e.FollowUp.Due, zone), "in " + days
}

// tabs are the states, each with how many there are.
func tabs(q url.Values, c followup.Counts) []ui.Link {
	var out []ui.Link
	for _, t := range []struct {
		text, status, due string
		n                 int
	}{{"Open", hansei.FollowUpOpen, "", c.Open}, {"Overdue", hansei.FollowUpOpen, followup.DueOverdue, c.Overdue}, {"Due within a week", hansei.FollowUpOpen, followup.DueSoon, c.Soon},
		{"Done", hansei.FollowUpDone, "", c.Done}, {"Declined", hansei.FollowUpDeclined, "", c.Declined}, {"All", "all", "", c.Open + c.Done + c.Declined}} {
		out = append(out, ui.Link{Text: t.text + " " + ui.Count(t.n), URL: address(q, "status", t.status, "due", t.due, "from", ""),
			Current: q.Get("status") == strings.ReplaceAll(t.status, "all", "") && q.Get("due") == t.due})
	}
	return out
}

// address is the list with some parameters changed; an empty one is left out.
func address(q url.Values, pairs ...string) string {
	n := maps.Clone(q)
	if n.Get("status") == "" {
		n.Set("status", "all")
	}
	for i := 0; i < len(pairs); i += 2 {
		n.Set(pairs[i], pairs[i+1])
	}
	for k, v := range n {
		if len(v) == 0 || v[0] == "" {
			delete(n, k)
		}
	}
	return Path + "?" + n.Encode()
}

// offers are the filters and what may be done with several, made of what there is.
func (p *Pages) offers(r *http.Request, who auth.Actor, v *view, q url.Values) error {
	ctx := r.Context()
	all, _, err := p.Desk.List(ctx, who.Scope(), followup.Filter{})
	if err != nil {
		return err
	}
	list := make([]*hansei.FollowUp, len(all))
	teams, services, owners, factors, priorities := set{}, set{}, set{}, set{}, set{"high": true, "medium": true, "low": true}
	for i, e := range all {
		f := e.FollowUp
		list[i] = &hansei.FollowUp{Team: f.Team, Owner: f.Owner, Services: f.Services}
		teams.add(string(f.Team))
		owners.add(string(f.Owner))
		factors.add(f.Factor)
		priorities.add(strings.ToLower(f.Priority))
		for _, s := range f.Services {
			services.add(string(s))
		}
	}
	n, err := p.named(ctx, who.Scope(), list...)
	if err != nil {
		return err
	}
	places, err := p.Desk.Places(ctx, who.Scope())
	if err != nil {
		return err
	}
	trackers := []ui.Option{{Value: "none", Text: "in no tracker"}, {Value: "synced", Text: "in step"}, {Value: "waiting", Text: "waiting to be sent"}, {Value: "refused", Text: "needs a person"}}
	for _, x := range places {
		v.Places = append(v.Places, ui.Option{Value: x.Source + " " + x.Place, Text: x.Title + " " + x.Place})
	}
	v.Priorities = options(priorities, nil)
	kinds := set{}
	for _, k := range hansei.FollowUpTypes {
		kinds.add(k)
	}
	for _, f := range []struct {
		name, label string
		options     []ui.Option
	}{{"type", "Kind", options(kinds, nil)}, {"priority", "Priority", v.Priorities},
		{"team", "Team", options(teams, func(id string) string { return n.Of(hansei.KindTeam, hansei.ID(id)) })},
		{"service", "Service", options(services, func(id string) string { return n.Of(hansei.KindService, hansei.ID(id)) })},
		{"factor", "Factor", options(factors, nil)},
		{"owner", "Owner", options(owners, func(id string) string { return n.Of(hansei.KindPerson, hansei.ID(id)) })}, {"tracker", "Tracker", trackers}} {
		v.Filtered = v.Filtered || q.Get(f.name) != ""
		if len(f.options) == 0 {
			continue
		}
		v.Filters = append(v.Filters, ui.Field{ID: "filter-" + f.name, Name: f.name, Label: f.label, Value: q.Get(f.name), Required: true,
			Options: append([]ui.Option{{Text: "any"}}, f.options...)})
	}
	for _, k := range []string{"status", "due", "retrospective", "incident"} {
		if x := q.Get(k); x != "" {
			v.Hidden[k] = x
		}
	}
	if q.Get("status") == "" {
		v.Hidden["status"] = "all"
	}
	v.ClearURL = Path + "?status=" + url.QueryEscape(cmp.Or(q.Get("status"), "all"))
	v.Teams, err = p.teams(r, who)
	return err
}

// teams are all there are, for a choice.
func (p *Pages) teams(r *http.Request, who auth.Actor) ([]ui.Option, error) {
	const most = 500
	list, err := p.Records.List(r.Context(), who.Scope(), hansei.KindTeam, "", most)
	var out []ui.Option
	for _, x := range list {
		if t := x.Record.(*hansei.Team); !t.Deleted && t.MergedInto == "" {
			out = append(out, ui.Option{Value: string(t.ID), Text: t.Name})
		}
	}
	return out, err
}

type set map[string]bool

func (s set) add(v string) {
	if v != "" {
		s[v] = true
	}
}

// options are the choices of a set, by their texts.
func options(s set, text func(string) string) []ui.Option {
	var out []ui.Option
	for v := range s {
		t := v
		if text != nil {
			t = text(v)
		}
		out = append(out, ui.Option{Value: v, Text: t})
	}
	slices.SortFunc(out, func(a, b ui.Option) int { return cmp.Compare(strings.ToLower(a.Text), strings.ToLower(b.Text)) })
	return out
}

// change does something with several.
func (p *Pages) change(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	var b followup.Bulk
	for _, id := range form["id"] {
		b.IDs = append(b.IDs, hansei.ID(id))
	}
	did := ""
	switch form.Get("action") {
	case "decline":
		if b.Decline, did = strings.TrimSpace(form.Get("reason")), "declined"; b.Decline == "" {
			return hansei.Invalid("reason", "a follow-up is declined with a reason")
		}
	case "due":
		if b.Due, err = p.day(r, who, form.Get("due")); err != nil {
			return err
		}
		did = "given a due date"
	case "team":
		b.Team, did = form.Get("team"), "given to the team"
	case "priority":
		b.Priority, did = form.Get("priority"), "given the priority "+form.Get("priority")
	case "push":
		b.Push, did = true, "being created in the tracker"
		b.Source, b.Place, _ = strings.Cut(form.Get("place"), " ")
	default:
		return hansei.Invalid("action", "choose what is to be done with them")
	}
	done, err := p.Desk.Change(r.Context(), who, b)
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), done.Through); err != nil {
		return err
	}
	t := ui.Toast{Text: ui.Plural(done.Changed, "follow-up is", "follow-ups are") + " " + did + ".", UndoURL: Path + "/undo",
		Undo: map[string]string{"after": strconv.FormatInt(int64(done.After), 10), "through": strconv.FormatInt(int64(done.Through), 10), "back": form.Get("back")}}
	if done.Changed == 0 {
		t.UndoURL = ""
	}
	if done.Unfit > 0 {
		t.Text += " " + ui.Plural(done.Unfit, "was", "were") + " left alone: not open, or in the tracker already."
	}
	return shell.Done(w, r, backTo(form.Get("back")), t)
}

// day reads a day of a form as its end, in the organization's zone.
func (p *Pages) day(r *http.Request, who auth.Actor, text string) (time.Time, error) {
	zone, err := p.Zone(r.Context(), who.Scope())
	if err != nil {
		return time.Time{}, err
	}
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return day, hansei.Invalid("due", "%q: expected a day such as 2026-01-31", text)
	}
	return day.AddDate(0, 0, 1).Add(-time.Second).UTC(), nil
}

func (p *Pages) undo(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	after, err := strconv.ParseInt(form.Get("after"), 10, 64)
	if err != nil {
		return hansei.Invalid("after", "%q is no place of the journal", form.Get("after"))
	}
	through, err := strconv.ParseInt(form.Get("through"), 10, 64)
	if err != nil {
		return hansei.Invalid("through", "%q is no place of the journal", form.Get("through"))
	}
	seq, err := p.Desk.Undo(r.Context(), who, seqOf(after), seqOf(through))
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), seq); err != nil {
		return err
	}
	return shell.Done(w, r, backTo(form.Get("back")), ui.Toast{Text: "It is as it was before."})
}

// backTo is where a form came from; only pages of follow-ups count.
func backTo(path string) string {
	if path == Path || strings.HasPrefix(path, Path+"?") || strings.HasPrefix(path, Path+"/") {
		return path
	}
	return Path
}
