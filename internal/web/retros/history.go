package retros

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

func (p *Pages) historyRoutes() map[string]shell.Page {
	return map[string]shell.Page{
		"GET /retrospectives/{id}/history":  p.frame("history", p.history),
		"POST /retrospectives/{id}/restore": p.restore,
	}
}

const (
	runsShown = 20
	// oneSitting is how long after each other savings of one person are one
	// entry of the history.
	oneSitting = 10 * time.Minute
)

// run is what one person saved in one sitting.
type run struct {
	Who         string
	First, Last record.Revision
	Began, At   time.Time
	Saves       int
}

// runs puts what was saved in one sitting together, the newest first.
func runs(all []record.Version, name func(string) string) []run {
	var out []run
	by := ""
	for _, v := range all {
		if n := len(out); n > 0 && by == v.Who && out[n-1].Began.Sub(v.At) < oneSitting {
			out[n-1].First, out[n-1].Began = v.Revision, v.At
			out[n-1].Saves++
			continue
		}
		by = v.Who
		out = append(out, run{Who: name(v.Who), First: v.Revision, Last: v.Revision, Began: v.At, At: v.At, Saves: 1})
	}
	return out
}

// historyView is the history, or the comparison of two revisions.
type historyView struct {
	*one
	Runs       []run
	Prev, Next string
	From, To   record.Revision // compared; 0 when nothing is
	FromAt     time.Time
	ToAt       time.Time
	Changes    []change
}

// change is what differs in a section or a field.
type change struct {
	Name    string
	Section string // its id; "" for a field
	Pieces  []retro.Piece
}

func (p *Pages) history(ctx context.Context, who auth.Actor, r *http.Request, o *one) (templ.Component, error) {
	all, err := record.Revisions(ctx, p.Records, who.Scope(), hansei.KindRetrospective, o.Retro.ID)
	if err != nil {
		return nil, err
	}
	v := historyView{one: o}
	q := r.URL.Query()
	if q.Get("to") != "" {
		if err := p.compare(ctx, who.Scope(), q.Get("from"), q.Get("to"), &v); err != nil {
			return nil, err
		}
		return differencePage(v), nil
	}
	list := runs(all, o.Person)
	at, err := strconv.Atoi(cmp.Or(q.Get("page"), "0"))
	if err != nil || at < 0 {
		return nil, hansei.Invalid("page", "%q is not a page", q.Get("page"))
	}
	from := min(len(list), at*runsShown)
	until := min(len(list), from+runsShown)
	if at > 0 {
		v.Prev = o.URL("history") + "?page=" + strconv.Itoa(at-1)
	}
	if until < len(list) {
		v.Next = o.URL("history") + "?page=" + strconv.Itoa(at+1)
	}
	v.Runs = list[from:until]
	return historyPage(v), nil
}

// compare reads two revisions and says what differs. The first may be 0: then
// all of the other is new.
func (p *Pages) compare(ctx context.Context, who auth.Scope, from, to string, v *historyView) error {
	numbers := []*record.Revision{&v.From, &v.To}
	versions := []*hansei.Retrospective{{}, {}}
	times := []*time.Time{&v.FromAt, &v.ToAt}
	for i, text := range []string{from, to} {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || i == 1 && n == 0 {
			return hansei.Invalid("revision", "%q is not a revision", text)
		}
		*numbers[i] = record.Revision(n)
		if n == 0 {
			continue
		}
		s, err := record.GetRevision(ctx, p.Records, who, hansei.KindRetrospective, v.Retro.ID, record.Revision(n))
		if err != nil {
			return err
		}
		versions[i], *times[i] = s.Record.(*hansei.Retrospective), s.At
	}
	v.Changes = changes(versions[0], versions[1], v.one)
	return nil
}

// changes are the sections and fields in which two revisions differ.
func changes(old, now *hansei.Retrospective, o *one) []change {
	var out []change
	add := func(name, section, before, after string) {
		if before != after {
			out = append(out, change{name, section, retro.Difference(before, after)})
		}
	}
	text := func(r *hansei.Retrospective, id string) string {
		if s := r.Section(id); s != nil {
			return s.Text
		}
		return ""
	}
	for _, s := range now.Sections {
		add(s.Title, s.ID, text(old, s.ID), s.Text)
	}
	for _, s := range old.Sections {
		if now.Section(s.ID) == nil {
			add(s.Title, s.ID, s.Text, "")
		}
	}
	for _, f := range hansei.FieldsOf(hansei.KindRetrospective) {
		if f.Name == "completeness" {
			continue
		}
		a, _ := f.Get(old)
		b, _ := f.Get(now)
		add(f.Label, "", o.value(a), o.value(b))
	}
	add("Timeline", "", moments(old, o), moments(now, o))
	add("Comments", "", comments(old, o), comments(now, o))
	return out
}

// value is a field's value in words.
func (o *one) value(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case time.Time:
		return ui.Clock(v, o.Zone)
	case hansei.ID:
		return o.called(v)
	case []hansei.ID:
		var out []string
		for _, id := range v {
			out = append(out, o.called(id))
		}
		return strings.Join(out, ", ")
	case []string:
		return strings.Join(v, "\n")
	}
	return fmt.Sprint(v)
}

// called is what something is called that the retrospective names.
func (o *one) called(id hansei.ID) string {
	for _, kind := range []hansei.Kind{hansei.KindService, hansei.KindTeam, hansei.KindIncident} {
		if n := o.Names[record.Ref{Kind: kind, ID: id}]; n != "" {
			return n
		}
	}
	return o.Person(string(id))
}

func moments(r *hansei.Retrospective, o *one) string {
	var b strings.Builder
	for _, m := range r.Timeline {
		mark := ""
		if m.Dropped {
			mark = " (dropped)"
		}
		if m.Marker != "" {
			mark += " [" + m.Marker + "]"
		}
		if m.Note != "" {
			mark += " — " + m.Note
		}
		b.WriteString(m.At.In(o.Zone).Format("2 Jan 15:04") + " " + m.Text + mark + "\n")
	}
	return b.String()
}

func comments(r *hansei.Retrospective, o *one) string {
	var b strings.Builder
	for _, c := range r.Comments {
		b.WriteString(o.Person(c.By) + ": " + cmp.Or(c.Text, "a suggestion"))
		if c.Verdict != "" {
			b.WriteString(" (" + c.Verdict + ")")
		} else if c.Resolved {
			b.WriteString(" (settled)")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// restore brings an earlier revision back, whole or one section of it.
func (p *Pages) restore(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id := hansei.ID(r.PathValue("id"))
	n, err := strconv.ParseInt(form.Get("revision"), 10, 64)
	if err != nil {
		return hansei.Invalid("revision", "%q is not a revision", form.Get("revision"))
	}
	was, err := record.Revisions(r.Context(), p.Records, who.Scope(), hansei.KindRetrospective, id)
	if err != nil {
		return err
	}
	seq, err := p.Desk.Restore(r.Context(), who, id, record.Revision(n), form.Get("section"))
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), seq); err != nil {
		return err
	}
	return shell.Done(w, r, URL(id), ui.Toast{Text: fmt.Sprintf("Revision %d is back, as a new revision.", n), UndoURL: URL(id) + "/restore",
		Undo: map[string]string{"revision": strconv.FormatInt(int64(was[0].Revision), 10)}})
}

// cut are the pieces of a difference without what is far from any change.
func cut(list []retro.Piece) []retro.Piece {
	const near = 240
	out := slices.Clone(list)
	for i, p := range out {
		r := []rune(p.Text)
		if p.Op != "same" || len(r) <= 2*near {
			continue
		}
		head, tail := string(r[:near]), string(r[len(r)-near:])
		if i == 0 {
			head = ""
		}
		if i == len(out)-1 {
			tail = ""
		}
		out[i].Text = head + " … " + tail
	}
	return out
}
