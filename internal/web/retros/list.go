package retros

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/retro/archive"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

func (p *Pages) listRoutes() map[string]shell.Page {
	return map[string]shell.Page{"GET /retrospectives": p.list, "GET " + archiveURL: p.archive}
}

const perPage = 50

// asked is what the list is narrowed down to; it is the page's URL.
type asked struct {
	archive.Filter
	Drafts string // the batch that has drafted them
	From   int
}

func read(r *http.Request) asked {
	v := r.URL.Query()
	from, err := strconv.Atoi(v.Get("from"))
	if err != nil || from < 0 {
		from = 0
	}
	f := archive.Filter{State: v.Get("state"), Severity: v.Get("severity"), Service: v.Get("service"), Owner: v.Get("owner"), Due: v.Get("due"), Complete: v.Get("complete"), Q: strings.TrimSpace(v.Get("q"))}
	return asked{f, v.Get("batch"), from}
}

// url is the address of the list with one thing changed.
func (a asked) url(name, value string) string { return a.address("/retrospectives", name, value) }

// address is a page about the same retrospectives, with one thing changed.
func (a asked) address(path, name, value string) string {
	v := url.Values{}
	for k, s := range map[string]string{"state": a.State, "severity": a.Severity, "service": a.Service, "owner": a.Owner, "due": a.Due, "complete": a.Complete, "q": a.Q, "batch": a.Drafts} {
		if s != "" {
			v.Set(k, s)
		}
	}
	if v.Del(name); value != "" {
		v.Set(name, value)
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func (a asked) narrowed() bool { a.From = 0; return a != asked{} }

func (a asked) where(now time.Time, you, but string) string { return a.Filter.Where(now, you, but) }

// read is what a request asks for, with the batch that it names looked up.
func (p *Pages) read(r *http.Request, who auth.Actor) (asked, error) {
	a := read(r)
	if err := a.Check(); err != nil {
		return a, err
	}
	if a.Drafts == "" || p.Batches == nil {
		return a, nil
	}
	b, err := p.Batches.Get(r.Context(), who.Scope(), a.Drafts)
	a.Batch = &b
	return a, err
}

// listView is what the list shows.
type listView struct {
	asked
	States, Dues []ui.Link
	Severities   []ui.Option
	Services     []ui.Option
	Owners       []ui.Option
	Table        ui.Table
	Cards        []ui.Card
	Exports      []ui.Link // all that the filter shows, as a zip file
}

// figures are those above the list.
var figures = []metric.Query{{Metric: "retrospective_completion"}, {Metric: "time_to_publish"}, {Metric: "retrospective_completeness"}, {Metric: "retrospective_reading"}}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	a, err := p.read(r, who)
	if err != nil {
		return err
	}
	if _, err := who.Scope().MayRead(); err != nil {
		return err
	}
	v := listView{asked: a}
	zone, err := p.Zone(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	names, err := p.People.Names(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	if err := p.choices(r.Context(), who, a, names, &v); err != nil {
		return err
	}
	if err := p.rows(r.Context(), who, a, names, zone, &v); err != nil {
		return err
	}
	if len(v.Table.Rows) > 0 {
		v.Exports = a.exports()
		if v.Cards, err = p.Figures(r.Context(), who, figures...); err != nil {
			return err
		}
	}
	return p.Show(w, r, who, ui.Page{Title: "Retrospectives", Lead: "What incidents taught, from the first draft to what was published.", Actions: p.offers()}, listPage(v))
}

// offers are the actions of the list.
func (p *Pages) offers() []ui.Link {
	return []ui.Link{{Text: "Draft for an incident", URL: "/incidents?where=status%3Dresolved"}, {Text: "Draft for past incidents", URL: draftsURL}, {Text: "Import the past", URL: importURL}}
}

// choices counts what the filters offer.
func (p *Pages) choices(ctx context.Context, who auth.Actor, a asked, names map[hansei.ID]string, v *listView) error {
	now := p.Now()
	counts, err := p.Facts.SQL(ctx, "SELECT state, count(*) FROM retrospective WHERE "+a.where(now, who.Name, "state")+" GROUP BY 1", 100)
	if err != nil {
		return err
	}
	by, all := map[string]int64{}, int64(0)
	for _, row := range counts.Rows {
		n, _ := row[1].(int64)
		by[fmt.Sprint(row[0])] = n
		all += n
	}
	v.States = append(v.States, ui.Link{Text: "All " + ui.Count(int(all)), URL: a.url("state", ""), Current: a.State == ""})
	for _, s := range hansei.RetroStates {
		if by[s] > 0 || s == a.State {
			v.States = append(v.States, ui.Link{Text: sentence(stateText(s)) + " " + ui.Count(int(by[s])), URL: a.url("state", s), Current: a.State == s})
		}
	}
	for _, d := range []struct{ due, text string }{{"overdue", "Overdue"}, {"soon", "Due within 7 days"}} {
		b := a
		b.Due = d.due
		n, err := p.Facts.SQL(ctx, "SELECT count(*) FROM retrospective WHERE "+b.where(now, who.Name, ""), 1)
		if err != nil {
			return err
		}
		count, _ := n.Rows[0][0].(int64)
		next := d.due
		if a.Due == d.due {
			next = ""
		}
		if count > 0 || a.Due == d.due {
			v.Dues = append(v.Dues, ui.Link{Text: d.text + " " + ui.Count(int(count)), URL: a.url("due", next), Current: a.Due == d.due})
		}
	}
	return p.options(ctx, a, names, v)
}

// options are the values there are to choose from.
func (p *Pages) options(ctx context.Context, a asked, names map[hansei.ID]string, v *listView) error {
	found, err := p.Facts.SQL(ctx, `SELECT DISTINCT 'severity', severity, severity FROM retrospective WHERE severity IS NOT NULL
		UNION ALL SELECT DISTINCT 'owner', owner, owner FROM retrospective WHERE owner IS NOT NULL
		UNION ALL SELECT DISTINCT 'service', s.id, s.name FROM retrospective_service x JOIN service s ON s.id = x.service ORDER BY 1, 3 LIMIT 2000`, 2000)
	if err != nil {
		return err
	}
	v.Owners = []ui.Option{{Value: "me", Text: "Me"}, {Value: "none", Text: "Nobody"}}
	for _, row := range found.Rows {
		o := ui.Option{Value: fmt.Sprint(row[1]), Text: fmt.Sprint(row[2])}
		switch row[0] {
		case "severity":
			v.Severities = append(v.Severities, o)
		case "service":
			v.Services = append(v.Services, o)
		case "owner":
			o.Text = cmp.Or(names[hansei.ID(o.Value)], o.Text)
			v.Owners = append(v.Owners, o)
		}
	}
	return nil
}

// rows fills the table.
func (p *Pages) rows(ctx context.Context, who auth.Actor, a asked, names map[hansei.ID]string, zone *time.Location, v *listView) error {
	where := a.where(p.Now(), who.Name, "")
	total, err := p.Facts.SQL(ctx, "SELECT count(*) FROM retrospective WHERE "+where, 1)
	if err != nil {
		return err
	}
	n, _ := total.Rows[0][0].(int64)
	found, err := p.Facts.SQL(ctx, fmt.Sprintf(`WITH page AS (SELECT * FROM retrospective WHERE %s ORDER BY (state IN ('draft', 'in_review')) DESC, CASE WHEN state IN ('draft', 'in_review') THEN due_at END ASC NULLS LAST, coalesce(published_at, drafted_at) DESC NULLS LAST, id LIMIT %d OFFSET %d)
		SELECT id, title, state, severity, owner, due_at, published_at, completeness,
			(SELECT string_agg(s.name, ', ' ORDER BY s.name) FROM retrospective_service x JOIN service s ON s.id = x.service WHERE x.retrospective = page.id)
		FROM page ORDER BY (state IN ('draft', 'in_review')) DESC, CASE WHEN state IN ('draft', 'in_review') THEN due_at END ASC NULLS LAST, coalesce(published_at, drafted_at) DESC NULLS LAST, id`, where, perPage, a.From), perPage)
	if err != nil {
		return err
	}
	t := ui.Table{ID: "retrospectives", Caption: "Retrospectives", Columns: []ui.Column{{Text: "Title"}, {Text: "State"}, {Text: "Severity"}, {Text: "Services", Hide: true}, {Text: "Owner", Hide: true}, {Text: "Due or published"}, {Text: "Complete", Hide: true}}}
	for _, row := range found.Rows {
		t.Rows = append(t.Rows, p.row(row, names, zone))
	}
	last := a.From + len(found.Rows)
	if len(found.Rows) > 0 {
		t.Showing = fmt.Sprintf("%s–%s of %s", ui.Count(a.From+1), ui.Count(last), ui.Plural(int(n), "retrospective", "retrospectives"))
	}
	if int64(last) < n {
		t.Next = a.url("from", strconv.Itoa(last))
	}
	if a.From > 0 {
		t.Prev = a.url("from", strconv.Itoa(max(0, a.From-perPage)))
	}
	if len(t.Rows) == 0 {
		t.Empty = a.empty()
	}
	v.Table = t
	return nil
}

func (p *Pages) row(row []any, names map[hansei.ID]string, zone *time.Location) ui.Row {
	text := func(i int) string {
		s, _ := row[i].(string)
		return s
	}
	id, state := text(0), text(2)
	at := URL(hansei.ID(id))
	cells := []ui.Cell{{Text: cmp.Or(text(1), id), URL: at}, {Component: stateBadge(state)}, {Component: ui.SeverityBadge(ui.SeverityOf(text(3)))},
		{Text: cmp.Or(text(8), "none named")}, {Text: cmp.Or(names[hansei.ID(text(4))], text(4), "nobody yet")}, {Text: "no date"}, {Text: "not rated"}}
	due, hasDue := row[5].(time.Time)
	published, done := row[6].(time.Time)
	switch {
	case done:
		cells[5] = ui.Cell{Text: "published " + ui.Date(published, zone), Title: ui.UTC(published)}
	case state == hansei.RetroNotRequired:
		cells[5].Text = "not required"
	case hasDue:
		cells[5] = ui.Cell{Component: dueCell(due, due.Before(p.Now()), zone)}
	}
	if c, ok := row[7].(float64); ok {
		cells[6] = ui.Cell{Component: complete(c)}
	}
	return ui.Row{ID: id, URL: at, Cells: cells}
}

// empty is what stands where no retrospective is.
func (a asked) empty() *ui.Empty {
	if a.narrowed() {
		return &ui.Empty{Icon: "filter", Title: "None is like that", Text: "No retrospective has all that you asked for.", Action: &ui.Link{Text: "Show all", URL: "/retrospectives"}}
	}
	return &ui.Empty{Icon: "notebook", Title: "No retrospectives yet",
		Text:   "Each begins as a draft that is made in seconds from what is known already: the timeline, changes nearby, similar incidents, and questions to ask. Those of the past can be brought in from Markdown, HTML, Word or Confluence; and a whole quarter of incidents can be drafted in one go.",
		Action: &ui.Link{Text: "Draft for past incidents", URL: draftsURL}, Sample: &ui.Link{Text: "Import the past", URL: importURL}}
}

// draftsURL is where retrospectives are drafted for a whole period.
const draftsURL = "/retrospective-drafts"

// importURL is where documents of the past are brought in.
const importURL = "/retrospective-imports"

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
