package notices

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/notify"
	"hansei/internal/record"
	"hansei/internal/watch"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// Pages are the pages about what is told.
type Pages struct {
	*shell.Shell
	Outbox *notify.Outbox
}

// home is where they begin.
const home = "/settings/notifications"

var crumbs = []ui.Link{{Text: "Settings", URL: "/settings"}, {Text: "Notifications", URL: home}}

// Routes are the addresses of the pages.
func (p *Pages) Routes() map[string]shell.Page {
	return map[string]shell.Page{
		"GET " + home:                             p.overview,
		"POST " + home + "/rules":                 p.saveRules,
		"GET " + home + "/log":                    p.log,
		"POST " + home + "/log/{id}/retry":        p.retry,
		"GET " + home + "/new/{type}":             p.newForm,
		"POST " + home + "/new/{type}":            p.add,
		"POST " + home + "/new/{type}/test":       p.testNew,
		"GET " + home + "/channels/{name}":        p.one,
		"POST " + home + "/channels/{name}":       p.save,
		"POST " + home + "/channels/{name}/test":  p.test,
		"POST " + home + "/channels/{name}/{act}": p.act,
	}
}

func at(name string) string { return home + "/channels/" + url.PathEscape(name) }

// events are what is told, as people read it, and who hears of it.
var events = []struct{ Name, Title, Who string }{
	{hansei.EventSimilar, "An open incident is like earlier ones", "Channels. With what helped then; once an incident, and again when the list is mostly another."},
	{hansei.EventDrafted, "A retrospective was drafted", "Channels, and its owner where the incident names its lead."},
	{hansei.EventReview, "A retrospective waits for review", "Its reviewers, and channels."},
	{hansei.EventMention, "A comment names somebody with @", "The person it names."},
	{hansei.EventPublished, "A retrospective was published", "Channels."},
	{hansei.EventDue, "Something is due soon", "Its owner, and channels that chose it."},
	{hansei.EventOverdue, "Something is overdue", "First its owner, then channels."},
	{hansei.EventEscalated, "Something is overdue for long", "Channels that chose it."},
	{hansei.EventDigest, "What is open, once a week", "Channels."},
}

func titleOf(event string) string {
	for _, e := range events {
		if e.Name == event {
			return e.Title
		}
	}
	if event == hansei.EventTest {
		return "A test"
	}
	return event
}

// view is the page they begin with.
type view struct {
	Channels []row
	Kinds    []notify.Kind
	Mail     string // the server that e-mail leaves by; "" when there is none
	From     string
	Rules    rulesForm
	Samples  []sample
	Log      logView
	Zone     *time.Location
	Now      time.Time
}

// row is a channel in the list.
type row struct {
	notify.View
	URL, Title, Icon, Word, Class string
	Hears                         []string
	Whose                         []string // names of teams
}

// sample is what a message of an event looks like.
type sample struct {
	Title, Who string
	Message    notify.Message
}

func (p *Pages) overview(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	rules, err := p.Outbox.Rules(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	return p.show(w, r, who, http.StatusOK, formOf(rules))
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, f rulesForm) error {
	ctx := r.Context()
	zone, err := p.Zone(ctx, who.Scope())
	if err != nil {
		return err
	}
	v := view{Kinds: notify.Kinds, Rules: f, Zone: zone, Now: p.Now()}
	if m := p.Outbox.Mail; m != nil {
		v.Mail, v.From = m.Server(), m.From
	}
	list, err := p.Outbox.List(ctx, who.Scope())
	if err != nil {
		return err
	}
	for _, c := range list {
		x, err := p.row(r, who, c)
		if err != nil {
			return err
		}
		v.Channels = append(v.Channels, x)
	}
	for _, m := range watch.Samples(p.Now(), zone) {
		for _, e := range events {
			if e.Name == m.Event {
				v.Samples = append(v.Samples, sample{e.Title, e.Who, m})
			}
		}
	}
	if v.Log, err = p.logged(r, who, record.NoticeFilter{Limit: 8}); err != nil {
		return err
	}
	page := ui.Page{Title: "Notifications", Under: "/settings", Crumbs: crumbs[:1],
		Lead: "What Hansei tells people by itself: to whom, when, and in which words."}
	return p.ShowAs(w, r, who, status, page, overviewPage(v))
}

// words and icons of channels.
var (
	words = map[string]string{"new": "Nothing sent yet", "works": "Working", "failing": "Failing", "paused": "Paused"}
	dots  = map[string]string{"new": "waiting", "works": "ok", "failing": "failing", "paused": "paused"}
	icons = map[string]string{hansei.ChannelEmail: "inbox", hansei.ChannelSlack: "message-2", hansei.ChannelTeams: "users", hansei.ChannelWebhook: "plug"}
)

func (p *Pages) row(r *http.Request, who auth.Actor, c notify.View) (row, error) {
	x := row{View: c, URL: at(c.Name), Icon: icons[c.Type], Word: words[c.State], Class: dots[c.State]}
	if k, err := notify.KindNamed(c.Type); err == nil {
		x.Title = k.Title
	}
	for _, e := range events {
		for _, have := range c.Events {
			if have == e.Name {
				x.Hears = append(x.Hears, shortOf[e.Name])
			}
		}
	}
	teams, err := record.Load(r.Context(), p.Records, who.Scope(), hansei.KindTeam, c.Teams)
	if err != nil {
		return x, err
	}
	for _, id := range c.Teams {
		name := string(id)
		if s, ok := teams[id]; ok {
			name = s.Record.(*hansei.Team).Name
		}
		x.Whose = append(x.Whose, name)
	}
	return x, nil
}

// shortOf are the events in a word or two, for tables.
var shortOf = map[string]string{hansei.EventSimilar: "similar incidents", hansei.EventDrafted: "drafts", hansei.EventReview: "reviews", hansei.EventMention: "mentions", hansei.EventPublished: "publications",
	hansei.EventDue: "due soon", hansei.EventOverdue: "overdue", hansei.EventEscalated: "escalations", hansei.EventDigest: "weekly digest", hansei.EventTest: "test"}

// wrongOf is what a form has to say of an error, by field; false for one that
// is not the form's.
func wrongOf(err error) (map[string]string, bool) {
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		return map[string]string{invalid.Field: invalid.Reason}, true
	}
	return map[string]string{}, err == nil
}
