package notices

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// logView is a page of what was sent.
type logView struct {
	Rows       []logRow
	States     []ui.Link
	Next, Prev string
	Zone       *time.Location
	Now        time.Time
}

// logRow is one message.
type logRow struct {
	record.Notice
	Title, To, ToURL, Word string
	Strong                 bool
	Retry                  string // answers POST; "" when there is nothing to send again
}

const perPage = 50

var (
	stateWords = map[string]string{record.NoticeWaiting: "waiting", record.NoticeSent: "sent", record.NoticeFailed: "given up", record.NoticeDropped: "not sent"}
	states     = []string{record.NoticeWaiting, record.NoticeSent, record.NoticeFailed, record.NoticeDropped}
)

// logged reads messages as rows.
func (p *Pages) logged(r *http.Request, who auth.Actor, f record.NoticeFilter) (logView, error) {
	v := logView{Now: p.Now()}
	var err error
	if v.Zone, err = p.Zone(r.Context(), who.Scope()); err != nil {
		return v, err
	}
	list, err := record.Notices(r.Context(), p.Records, who.Scope(), f)
	if err != nil {
		return v, err
	}
	var people []hansei.ID
	for _, n := range list {
		if n.Person != "" {
			people = append(people, n.Person)
		}
	}
	named, err := record.Load(r.Context(), p.Records, who.Scope(), hansei.KindPerson, people)
	if err != nil {
		return v, err
	}
	for _, n := range list {
		x := logRow{Notice: n, Title: titleOf(n.Event), To: string(n.Channel), ToURL: at(string(n.Channel)), Word: stateWords[n.State], Strong: n.State == record.NoticeFailed || n.Error != "" && n.State == record.NoticeWaiting}
		if n.State == record.NoticeWaiting && n.Error != "" {
			x.Word = "tried again"
		}
		if n.Person != "" {
			x.To, x.ToURL = string(n.Person), ""
			if s, ok := named[n.Person]; ok {
				x.To = s.Record.(*hansei.Person).Name
			}
		}
		if n.State == record.NoticeFailed || n.State == record.NoticeDropped {
			x.Retry = home + "/log/" + url.PathEscape(n.ID) + "/retry"
		}
		v.Rows = append(v.Rows, x)
	}
	return v, nil
}

func (p *Pages) log(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	q := r.URL.Query()
	f := record.NoticeFilter{Channel: hansei.ID(q.Get("channel")), State: q.Get("state"), Limit: perPage + 1}
	if _, known := stateWords[f.State]; f.State != "" && !known {
		return hansei.Invalid("state", "%q: expected one of %s", f.State, strings.Join(states, ", "))
	}
	if text := q.Get("before"); text != "" {
		at, id, _ := strings.Cut(text, ".")
		n, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return hansei.Invalid("before", "%q is not a place in this list", text)
		}
		f.CreatedBefore, f.Before = time.UnixMicro(n), id
	}
	v, err := p.logged(r, who, f)
	if err != nil {
		return err
	}
	link := func(state, before string) string {
		to := url.Values{}
		for name, value := range map[string]string{"channel": string(f.Channel), "state": state, "before": before} {
			if value != "" {
				to.Set(name, value)
			}
		}
		if len(to) == 0 {
			return home + "/log"
		}
		return home + "/log?" + to.Encode()
	}
	v.States = []ui.Link{{Text: "All", URL: link("", ""), Current: f.State == ""}}
	for _, s := range states {
		v.States = append(v.States, ui.Link{Text: strings.ToUpper(stateWords[s][:1]) + stateWords[s][1:], URL: link(s, ""), Current: f.State == s})
	}
	if len(v.Rows) > perPage {
		v.Rows = v.Rows[:perPage]
		last := v.Rows[perPage-1]
		v.Next = link(f.State, strconv.FormatInt(last.Created.UnixMicro(), 10)+"."+last.ID)
	}
	if !f.CreatedBefore.IsZero() {
		v.Prev = link(f.State, "")
	}
	page := ui.Page{Title: "What was sent", Under: "/settings", Crumbs: crumbs, Lead: "To whom, why, and what became of it. It is kept for a year, so that nobody is told twice."}
	if f.Channel != "" {
		page.Title = "What was sent to " + string(f.Channel)
	}
	return p.Show(w, r, who, page, logPage(v))
}

// retry has a message sent that was given up.
func (p *Pages) retry(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	if err := p.Outbox.Again(r.Context(), who, r.PathValue("id")); err != nil {
		return err
	}
	return shell.Done(w, r, home+"/log", ui.Toast{Text: "It is sent again now."})
}
