package finding

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/recall"
	"hansei/internal/search"
	"hansei/internal/web/records"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// Pages are the pages of finding again, and its parts of others.
type Pages struct {
	*shell.Shell
	Words   *search.View
	Recall  *recall.Memory
	Metrics *metric.Engine
}

// Routes are the addresses.
func (p *Pages) Routes() map[string]shell.Page {
	return map[string]shell.Page{"GET /search": p.search, "POST /judgements": p.judge}
}

// url is where a hit leads.
func urlOf(kind hansei.Kind, id hansei.ID) string {
	switch kind {
	case hansei.KindService:
		return "/services/" + url.PathEscape(string(id))
	case hansei.KindTeam:
		return "/services"
	case hansei.KindFollowUp:
		return "/follow-ups/" + url.PathEscape(string(id))
	case hansei.KindRetrospective:
		return "/retrospectives/" + url.PathEscape(string(id))
	case search.Lesson:
		of, anchor := search.LessonOf(id)
		return "/retrospectives/" + url.PathEscape(string(of)) + "#" + anchor
	}
	return records.URL(kind, id)
}

// kinds are how kinds are called and drawn.
var kinds = map[hansei.Kind]struct{ one, icon string }{
	hansei.KindIncident: {"Incident", "flame"}, hansei.KindRetrospective: {"Retrospective", "notebook"}, search.Lesson: {"Lesson", "notebook"},
	hansei.KindFollowUp: {"Follow-up", "check"}, hansei.KindService: {"Service", "server-2"}, hansei.KindTeam: {"Team", "user"},
}

// caughtUp waits a little for an index that is behind the journal, so that
// people find what they wrote.
func (p *Pages) caughtUp(ctx context.Context, who auth.Scope) error {
	head, err := p.Records.Head(ctx, who)
	if err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := p.Words.Wait(wait, head.Seq); err != nil && ctx.Err() != nil {
		return err
	}
	return nil // somewhat behind is better than no answer
}

const onPage = 20

// asked reads the address: q, kind, service, team, factor, severity, status,
// since, until and page.
func asked(v url.Values) (search.Query, error) {
	q := search.Query{Text: v.Get("q"), Limit: onPage, Tags: map[string][]string{}}
	for _, name := range search.TagNames {
		for _, value := range v[name] {
			if value == "" {
				continue
			}
			if name == "kind" {
				k, err := search.ParseKind(value)
				if err != nil {
					return q, err
				}
				value = string(k)
			}
			q.Tags[name] = append(q.Tags[name], value)
		}
	}
	for name, to := range map[string]*time.Time{"since": &q.Since, "until": &q.Until} {
		if s := v.Get(name); s != "" {
			t, err := time.Parse(time.DateOnly, s)
			if err != nil {
				return q, hansei.Invalid(name, "%q: expected a day such as 2025-01-31", s)
			}
			*to = t
		}
	}
	if s := v.Get("page"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 500 {
			return q, hansei.Invalid("page", "%q: expected 1 to 500", s)
		}
		q.Offset = (n - 1) * onPage
	}
	return q, nil
}

func (p *Pages) search(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	v := r.URL.Query()
	q, err := asked(v)
	if err != nil {
		return err
	}
	palette := r.Header.Get("HX-Request") != "" && r.Header.Get("HX-Boosted") == "" && !shell.Partial(r)
	if err := p.caughtUp(r.Context(), who.Scope()); err != nil {
		return err
	}
	if palette {
		hits, err := p.palette(r.Context(), who, q)
		if err != nil {
			return err
		}
		return shell.Fragment(w, r, ui.SearchResults(hits))
	}
	page := results{Query: v, Text: q.Text, From: q.Offset}
	if q.Text != "" || len(q.Tags) > 0 || !q.Since.IsZero() || !q.Until.IsZero() {
		if page.Result, err = p.Words.Search(r.Context(), who.Scope(), q); err != nil {
			return err
		}
		page.Asked = true
	}
	if page.Zone, err = p.Zone(r.Context(), who.Scope()); err != nil {
		return err
	}
	if page.Others, err = p.others(r.Context(), who, q.Text); err != nil {
		return err
	}
	if all, err := p.Recall.Judgements(r.Context(), who.Scope(), hansei.KindIncident); err == nil {
		page.Precision = recall.Measure(all)
	} else {
		return err
	}
	if shell.Partial(r) {
		return shell.Fragment(w, r, found(page))
	}
	return p.Show(w, r, who, ui.Page{Title: "Search"}, searchPage(page))
}

// inPalette is how many records the palette offers.
const inPalette = 12

// palette offers records and lessons, then metrics.
func (p *Pages) palette(ctx context.Context, who auth.Actor, q search.Query) ([]ui.Command, error) {
	if strings.TrimSpace(q.Text) == "" {
		return nil, nil
	}
	q.Limit = inPalette
	res, err := p.Words.Search(ctx, who.Scope(), q)
	if err != nil {
		return nil, err
	}
	var out []ui.Command
	for _, h := range res.Hits {
		k := kinds[h.Kind]
		c := ui.Command{Text: h.Doc.Title, Hint: k.one, Icon: k.icon, URL: urlOf(h.Kind, h.ID)}
		if h.Kind == hansei.KindIncident {
			c.Hint += " " + string(h.ID)
		}
		out = append(out, c)
	}
	metrics, err := p.metrics(ctx, who, q.Text)
	return append(out, metrics...), err
}

// others are the pages and metrics whose names have the words.
func (p *Pages) others(ctx context.Context, who auth.Actor, text string) ([]ui.Command, error) {
	out, err := p.metrics(ctx, who, text)
	for _, n := range p.Nav {
		if text != "" && matches(n.Text, text) {
			out = append(out, ui.Command{Text: n.Text, Hint: "Page", URL: n.URL, Icon: n.Icon})
		}
	}
	return out, err
}

func (p *Pages) metrics(ctx context.Context, who auth.Actor, text string) (out []ui.Command, err error) {
	if strings.TrimSpace(text) == "" || len(text) > 200 {
		return nil, nil
	}
	all, err := p.Metrics.Catalogue(ctx, who.Scope())
	for _, m := range all {
		if matches(m.ID+" "+m.Title, text) {
			out = append(out, ui.Command{Text: m.Title, Hint: "Metric", URL: "/metrics/" + url.PathEscape(m.ID), Icon: "chart-dots"})
		}
	}
	return out, err
}

// matches says that every word of q stands in a text.
func matches(text, q string) bool {
	text = strings.ToLower(text)
	return !slices.ContainsFunc(strings.Fields(strings.ToLower(q)), func(word string) bool { return !strings.Contains(text, word) })
}

// judge keeps a person's word on a pair, or takes it back.
func (p *Pages) judge(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	v, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	place, _ := strconv.Atoi(v.Get("place")) // 0 where it stood in no list
	said := recall.Said{Of: hansei.KindIncident, A: hansei.ID(v.Get("a")), B: hansei.ID(v.Get("b")), Verdict: v.Get("verdict"), Place: place}
	back := records.URL(hansei.KindIncident, said.A)
	undo := map[string]string{"a": string(said.A), "b": string(said.B), "verdict": "undo"}
	told := ui.Toast{Text: "Kept: they teach the same lesson.", UndoURL: "/judgements", Undo: undo}
	if said.Verdict == "undo" {
		seq, err := p.Recall.Retract(r.Context(), who, said)
		if err != nil {
			return err
		}
		return p.done(w, r, who, back, seq, ui.Toast{Text: "Taken back."})
	}
	if said.Verdict == hansei.LessonOther {
		told.Text = "Kept: it is not suggested here any more."
	}
	_, seq, err := p.Recall.Judge(r.Context(), who, said)
	if err != nil {
		return err
	}
	return p.done(w, r, who, back, seq, told)
}
