package meeting

import (
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/search"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// drafted is a desk with the retrospective of an incident, and its people.
func drafted(t *testing.T) *retro.Desk {
	t.Helper()
	ctx, who := t.Context(), auth.Local()
	now := func() time.Time { return noon }
	store, err := record.Open(ctx, record.Options{Dir: t.TempDir(), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	facts, err := fact.Open(ctx, fact.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(facts.Close)
	d := &retro.Desk{Records: store, Facts: facts, Search: search.NewView(nil), Now: now}
	in := &hansei.Incident{Header: hansei.Header{ID: "i1"}, Title: "Checkout; down, again", Status: hansei.StatusResolved}
	in.Milestones.Set(hansei.RoleDeclared, noon.Add(-3*time.Hour))
	in.Milestones.Set(hansei.RoleResolved, noon.Add(-time.Hour))
	r := &hansei.Retrospective{Header: hansei.Header{ID: "retro:i1"}, Title: in.Title, State: hansei.RetroDraft, Incidents: []hansei.ID{"i1"}, Owner: "ann", Reviewers: []hansei.ID{"bob", "cyd"},
		Sections: []hansei.Section{{ID: "summary", Title: "Summary"}},
		Comments: []hansei.Comment{{ID: "1", Section: "summary", Text: "Since when?"}, {ID: "2", Section: "summary", Text: "Settled", Resolved: true}}}
	_, err = store.Write(ctx, who, func(tx *record.Tx) error {
		for _, x := range []hansei.Record{in, r,
			&hansei.Person{Header: hansei.Header{ID: "ann"}, Name: `Ann "A" Lee`, Email: "ann@example.org"},
			&hansei.Person{Header: hansei.Header{ID: "bob"}, Name: "Bob", Email: "bob@example.org"},
			&hansei.Person{Header: hansei.Header{ID: "cyd"}, Name: "Cyd"}} {
			if err := record.Put(tx, x, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := facts.CatchUp(ctx, store, who.Scope(), nil); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheAgendaIsWhatIsOpen(t *testing.T) {
	a, err := Of(t.Context(), drafted(t), auth.Local().Scope(), "retro:i1")
	if err != nil {
		t.Fatal(err)
	}
	text := a.Text()
	for _, want := range []string{"What would have alerted us?", "- Since when? (on Summary)", "What is still empty"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "Settled") {
		t.Error("a comment that is resolved is on the agenda")
	}
}

func TestTheInvitationIsReadByOthers(t *testing.T) {
	d := drafted(t)
	text, err := Invite(t.Context(), d, auth.Local().Scope(), "retro:i1", When{At: noon.Add(24 * time.Hour), Minutes: 45, Place: "Room 1\r\nATTENDEE:mailto:x@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(strings.ReplaceAll(string(text), "\r\n", ""), "\n"); n > 0 {
		t.Errorf("%d lines do not end in CRLF", n)
	}
	cal, err := ics.ParseCalendar(strings.NewReader(string(text)))
	if err != nil || len(cal.Events()) != 1 {
		t.Fatal(err, string(text))
	}
	if !strings.Contains(string(text), "METHOD:REQUEST\r\n") {
		t.Error("it requests nothing")
	}
	e := cal.Events()[0]
	var mails []string
	for _, at := range e.Attendees() {
		mails = append(mails, at.Email())
	}
	if got := strings.Join(mails, " "); got != "ann@example.org bob@example.org" {
		t.Errorf("invited are %q", got)
	}
	end, err := e.GetEndAt()
	if err != nil || !end.Equal(noon.Add(24*time.Hour+45*time.Minute)) {
		t.Errorf("it ends %v %v", end, err)
	}
	if got := e.GetProperty(ics.ComponentPropertySummary).Value; got != "Retrospective: Checkout; down, again" {
		t.Errorf("it is called %q", got)
	}
	for _, bad := range []When{{Minutes: 45}, {At: noon}, {At: noon, Minutes: 10_000}} {
		if _, err := Invite(t.Context(), d, auth.Local().Scope(), "retro:i1", bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
