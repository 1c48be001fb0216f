package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/notify"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/seal"
	"hansei/internal/search"
)

var who = auth.Local()

// house is a watch on a real store with real views and a clock that is set.
type house struct {
	*Watch
	t    *testing.T
	now  time.Time
	jobs []string // kind and incident
}

func opened(t *testing.T) *house {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	h := &house{t: t, now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)} // a Monday
	clock := func() time.Time { return h.now }
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	records, err := record.Open(ctx, record.Options{Dir: dir, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := fact.Open(ctx, fact.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	words := search.NewView(log)
	follow, stop := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- facts.Follow(follow, records, who.Scope()) }()
	go func() { ended <- words.Follow(follow, records, who.Scope()) }()
	t.Cleanup(func() {
		stop()
		for range 2 {
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		facts.Close()
		if err := records.Close(); err != nil {
			t.Error(err)
		}
	})
	box, err := seal.New(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	outbox := &notify.Outbox{Records: records, Seal: box, Now: clock, Log: log, Later: func(*record.Tx, string, time.Time) error { return nil }}
	h.Watch = &Watch{Records: records, Outbox: outbox, Now: clock, Log: log,
		Retros: &retro.Desk{Records: records, Facts: facts, Search: words, People: intake.People{Records: records}, Now: clock},
		Settled: func(ctx context.Context, seq record.Seq) error {
			return errors.Join(facts.Wait(ctx, seq), words.Wait(ctx, seq))
		},
		Later: func(_ *record.Tx, kind string, incident hansei.ID) error {
			h.jobs = append(h.jobs, kind+" "+string(incident))
			return nil
		}}
	return h
}

func (h *house) put(recs ...hansei.Record) {
	h.t.Helper()
	_, err := h.Records.Write(h.t.Context(), who, func(tx *record.Tx) error {
		for _, r := range recs {
			have, err := record.Load(h.t.Context(), tx, who.Scope(), r.Kind(), []hansei.ID{r.Head().ID})
			if err == nil {
				err = record.Put(tx, r, have[r.Head().ID].Revision)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// follow acts on the journal and does the jobs that come of it.
func (h *house) follow() []string {
	h.t.Helper()
	h.jobs = nil
	if err := h.Follow(h.t.Context(), who); err != nil {
		h.t.Fatal(err)
	}
	jobs := slices.Clone(h.jobs)
	for _, j := range jobs {
		kind, id, _ := strings.Cut(j, " ")
		do := map[string]func(context.Context, auth.Actor, hansei.ID) error{JobDraft: h.Draft, JobSimilar: h.Similar}[kind]
		if err := do(h.t.Context(), who, hansei.ID(id)); err != nil {
			h.t.Fatal(err)
		}
	}
	return jobs
}

// told are the messages so far, the oldest first: "overdue ops: 1 things".
func (h *house) told() []string {
	h.t.Helper()
	all, err := record.Notices(h.t.Context(), h.Records, who.Scope(), record.NoticeFilter{Limit: 1000})
	if err != nil {
		h.t.Fatal(err)
	}
	out := []string{}
	for _, n := range all {
		out = append(out, n.Event+" "+string(n.Channel)+string(n.Person)+": "+n.Subject)
	}
	slices.Reverse(out)
	return out
}

func (h *house) last() (notify.Message, record.Notice) {
	h.t.Helper()
	all, err := record.Notices(h.t.Context(), h.Records, who.Scope(), record.NoticeFilter{Limit: 1})
	if err != nil || len(all) == 0 {
		h.t.Fatalf("no message, %v", err)
	}
	var m notify.Message
	if err := json.Unmarshal(all[0].Doc, &m); err != nil {
		h.t.Fatal(err)
	}
	return m, all[0]
}

// is compares as sets: messages of one transaction have one time.
func is(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %q\nwant %q", what, got, want)
	}
}

func head(id string) hansei.Header { return hansei.Header{ID: hansei.ID(id)} }

func channel(id string, events ...string) *hansei.Channel {
	return &hansei.Channel{Header: head(id), Type: hansei.ChannelEmail, Settings: map[string]string{"addresses": "x@example.org"}, Events: events}
}

func (h *house) incident(id, severity string, began time.Time, lasted time.Duration) *hansei.Incident {
	in := &hansei.Incident{Header: head(id), Title: "Checkout " + id, Severity: severity, Status: hansei.StatusOpen, Services: []hansei.ID{"checkout"}}
	in.Milestones.Set(hansei.RoleBegan, began)
	if lasted > 0 {
		in.Status = hansei.StatusResolved
		in.Milestones.Set(hansei.RoleResolved, began.Add(lasted))
	}
	return in
}

func TestDraftsWhatWasResolvedLately(t *testing.T) {
	h := opened(t)
	h.put(&hansei.Team{Header: head("payments"), Name: "Payments"}, &hansei.Service{Header: head("checkout"), Name: "Checkout", Team: "payments"},
		&hansei.Person{Header: head("ann-lee"), Name: "Ann Lee", Email: "ann@example.org"},
		channel("ours", hansei.EventDrafted), &hansei.Channel{Header: head("search"), Type: hansei.ChannelEmail, Teams: []hansei.ID{"search"}})
	ago := func(d time.Duration) time.Time { return h.now.Add(-d) }
	in := h.incident("new", "sev1", ago(3*time.Hour), time.Hour)
	in.Custom = map[string]string{"Commander": "Ann Lee"}
	drill := h.incident("drill", "sev1", ago(3*time.Hour), time.Hour)
	drill.Type = hansei.IncidentDrill
	cancelled := h.incident("cancelled", "sev1", ago(3*time.Hour), time.Hour)
	cancelled.Status = hansei.StatusCanceled
	h.put(in, drill, cancelled, h.incident("mild", "sev4", ago(3*time.Hour), time.Hour), h.incident("unknown", "", ago(3*time.Hour), time.Hour),
		h.incident("old", "sev1", ago(9*24*time.Hour), time.Hour), h.incident("long", "sev2", ago(9*24*time.Hour), 6*24*time.Hour), h.incident("open", "sev1", ago(8*24*time.Hour), 0))
	is(t, "jobs", h.follow(), JobDraft+" new", JobDraft+" long")
	r, _, err := h.Retros.Get(t.Context(), who.Scope(), "retro:new")
	if err != nil || r.Owner != "ann-lee" || !slices.Equal(r.Teams, []hansei.ID{"payments"}) || r.State != hansei.RetroDraft {
		t.Errorf("got owner %q, teams %v, state %s, %v", r.Owner, r.Teams, r.State, err)
	}
	is(t, "messages", h.told(), "drafted ours: Retrospective drafted: Checkout new", "drafted ours: Retrospective drafted: Checkout long", "drafted ann-lee: Retrospective drafted: Checkout new")

	// Nothing twice: not after another change, not by another server, not when
	// a job runs again.
	in.Title = "Checkout down"
	h.put(in)
	is(t, "jobs after a change", h.follow(), JobDraft+" new")
	second := *h.Watch
	if err := errors.Join(second.Follow(t.Context(), who), second.Draft(t.Context(), who, "new")); err != nil {
		t.Fatal(err)
	}
	if n := len(h.told()); n != 3 {
		t.Errorf("%d messages, want 3", n)
	}

	// What was removed, and what is not required, stays so.
	if _, err := h.Retros.Remove(t.Context(), who, "retro:new", true); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Retros.Move(t.Context(), who, "retro:long", hansei.RetroNotRequired); err != nil {
		t.Fatal(err)
	}
	h.put(in, h.incident("long", "sev1", ago(9*24*time.Hour), 6*24*time.Hour))
	h.follow()
	if _, _, err := h.Retros.Get(t.Context(), who.Scope(), "retro:new"); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("what was removed is back: %v", err)
	}
	if r, _, err := h.Retros.Get(t.Context(), who.Scope(), "retro:long"); err != nil || r.State != hansei.RetroNotRequired {
		t.Errorf("got %+v, %v", r, err)
	}

	// A policy of never.
	h.put(&hansei.Organization{Header: head("organization"), Retrospectives: &hansei.RetroRules{DraftFrom: hansei.DraftNever}}, h.incident("later", "sev1", ago(time.Hour), time.Minute))
	is(t, "jobs when nothing is drafted", h.follow())
}

// TestHistoryStaysQuiet: the first time, and with another journal, only what
// was written lately is looked at; a pass that fails is done again whole.
func TestHistoryStaysQuiet(t *testing.T) {
	h := opened(t)
	for i := range 30 {
		h.put(h.incident(fmt.Sprint("past", i), "sev1", h.now.Add(-2*time.Hour), time.Hour))
	}
	h.now = h.now.Add(8 * 24 * time.Hour)
	h.put(h.incident("new", "sev1", h.now.Add(-2*time.Hour), time.Hour))
	later := h.Later
	h.Later = func(*record.Tx, string, hansei.ID) error { return errors.New("the database is gone") }
	if err := h.Follow(t.Context(), who); err == nil {
		t.Fatal("the failure was lost")
	}
	h.Later = later
	is(t, "jobs", h.follow(), JobDraft+" new")
	is(t, "jobs again", h.follow())
	at, err := record.CursorOf(t.Context(), h.Records, who.Scope(), cursor)
	if err != nil {
		t.Fatal(err)
	}
	if head, err := h.Records.Head(t.Context(), who.Scope()); err != nil || at.Seq > head.Seq || at.Seq == 0 {
		t.Errorf("the cursor is at %+v, the head at %+v, %v", at, head, err)
	}
}

func TestTellsWhatAnOpenIncidentIsLike(t *testing.T) {
	h := opened(t)
	h.put(&hansei.Service{Header: head("checkout"), Name: "Checkout"}, &hansei.Service{Header: head("mail"), Name: "Mail"}, channel("ops", hansei.EventSimilar))
	past := func(id, title string, service hansei.ID, days int) *hansei.Incident {
		in := h.incident(id, "sev2", h.now.AddDate(0, 0, -days), time.Hour)
		in.Title, in.Services = title, []hansei.ID{service}
		return in
	}
	h.put(past("a", "Certificate of the checkout gateway expired", "checkout", 90), past("b", "Checkout certificate not renewed", "checkout", 60), past("c", "Mail queue is full", "mail", 30),
		&hansei.Retrospective{Header: head("retro:a"), Title: "Certificate", State: hansei.RetroPublished, Incidents: []hansei.ID{"a"}, Mitigation: "renewed by hand", Lessons: []string{"nobody owned it"}})
	is(t, "jobs of the past", h.follow())
	in := h.incident("now", "sev1", h.now.Add(-5*time.Minute), 0)
	in.Title = "Checkout gateway: certificate expired?"
	h.put(in)
	is(t, "jobs", h.follow(), JobSimilar+" now")
	is(t, "messages", h.told(), "similar ops: This has been here before: Checkout gateway: certificate expired?")
	m, _ := h.last()
	if len(m.Items) != 2 || !strings.Contains(m.Items[0].Text+m.Items[1].Text, "what helped: renewed by hand") || strings.Contains(m.Text(""), "Mail queue") {
		t.Errorf("got %+v", m.Items)
	}
	h.put(in)
	h.follow()
	if n := len(h.told()); n != 1 {
		t.Errorf("it was told %d times", n)
	}
	// It turns out to be something else.
	in.Title, in.Services = "Mail queue is full again", []hansei.ID{"mail"}
	h.put(in)
	h.follow()
	if told := h.told(); len(told) != 2 || !strings.Contains(told[1]+told[0], "More like it: Mail queue") {
		t.Errorf("got %q", told)
	}
	for _, c := range []struct {
		name string
		in   *hansei.Incident
	}{{"mild", h.incident("mild", "sev4", h.now, 0)}, {"old", h.incident("old", "sev1", h.now.AddDate(0, 0, -2), 0)}} {
		h.put(c.in)
		is(t, c.name, h.follow())
	}
}

func TestReviewsPublicationsAndMentions(t *testing.T) {
	h := opened(t)
	h.put(&hansei.Person{Header: head("ann-lee"), Name: "Ann Lee", Email: "ann@example.org", Zone: "Asia/Tokyo"}, &hansei.Person{Header: head("ben"), Name: "Ben"},
		&hansei.Person{Header: hansei.Header{ID: "a", MergedInto: "ann-lee"}, Name: "A"}, channel("all", hansei.EventReview, hansei.EventPublished),
		&hansei.Channel{Header: head("payments"), Type: hansei.ChannelEmail, Teams: []hansei.ID{"payments"}, Events: []string{hansei.EventPublished}})
	r := &hansei.Retrospective{Header: head("retro:x"), Title: "Down", State: hansei.RetroInReview, InReview: h.now, Reviewers: []hansei.ID{"ann-lee", "ben", "a", "nobody"}, Teams: []hansei.ID{"payments"},
		Sections: []hansei.Section{{ID: "impact", Title: "Impact"}},
		Comments: []hansei.Comment{{ID: "c1", Section: "impact", By: "local", At: h.now, Text: "Was it you, @ann-lee? And @Ben, mail x@ann-lee.org"}, {ID: "c2", Section: "impact", By: "ann-lee", At: h.now, Text: "as @ann-lee said"},
			{ID: "c3", Section: "impact", By: "local", At: h.now.AddDate(0, 0, -9), Text: "@ann-lee"}, {ID: "c4", Section: "impact", By: "local", At: h.now, Text: "@ann-lee", Resolved: true}}}
	old := &hansei.Retrospective{Header: head("retro:old"), Title: "Old", State: hansei.RetroPublished, Published: h.now.AddDate(0, 0, -30)}
	h.put(r, old)
	h.follow()
	is(t, "messages", h.told(), "review ann-lee: To review: Down", "review all: To review: Down", "mention ann-lee: You are named in a comment: Down")
	all, err := record.Notices(t.Context(), h.Records, who.Scope(), record.NoticeFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range all { // 10 o'clock in UTC is 19 in Tokyo, and quiet
		if want := map[bool]time.Time{true: time.Date(2026, 3, 2, 23, 0, 0, 0, time.UTC), false: h.now}[n.Person != ""]; !n.Due.Equal(want) {
			t.Errorf("%s is sent at %s, want %s", n.Event, n.Due, want)
		}
	}
	h.now = h.now.Add(time.Minute) // the log is in the order of time
	r.State, r.Published = hansei.RetroPublished, h.now
	h.put(r)
	h.follow()
	h.put(r)
	h.follow()
	is(t, "after publication", h.told()[3:], "published all: Published: Down", "published payments: Published: Down")
	r.State, r.InReview = hansei.RetroInReview, h.now.Add(time.Hour)
	h.now = h.now.Add(time.Hour)
	h.put(r)
	h.follow()
	is(t, "another review", h.told()[5:], "review ann-lee: To review: Down", "review all: To review: Down")
}

func TestMentioned(t *testing.T) {
	for text, want := range map[string]string{
		"@ann": "ann", "hello @Ann-Lee.": "Ann-Lee ann-lee", "(@ann, @ben)": "ann ben", "mail ann@example.org": "", "https://x.example/@ann": "", "@@ann @": "", "@jürgen: ok": "jürgen", "@pd:P1 x": "pd:P1 pd-p1",
	} {
		var got []string
		for _, id := range mentioned([]hansei.Comment{{Text: text}}) {
			got = append(got, string(id))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q names %q, want %q", text, got, want)
		}
	}
}
