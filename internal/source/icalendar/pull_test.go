package icalendar

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/sourcetest"
)

// calendar is a server whose feed can be changed.
type calendar struct {
	events []string
	status int
}

func (c *calendar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.status != 0 {
		w.WriteHeader(c.status)
		return
	}
	// A stamp that differs each time, as Google's feed has.
	fmt.Fprintf(w, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Rota\r\nX-STAMP:%d\r\n%sEND:VCALENDAR\r\n", time.Now().UnixNano(), strings.Join(c.events, ""))
}

func event(uid, who, start, end string) string {
	return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nSUMMARY:" + who + "\r\nDTSTART:" + start + "\r\nDTEND:" + end + "\r\nEND:VEVENT\r\n"
}

// follower reads a feed at given times and keeps what was told.
type follower struct {
	t      *testing.T
	feed   *feed
	client *fetch.Client
	cursor string
	shifts map[string]*hansei.Shift
	failed error // of the last delivery that could not be understood
	flawed bool  // some of it is not understood, by the last page that says so
}

func follow(t *testing.T, c *calendar) *follower {
	t.Helper()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	s, err := Kind.New(source.Config{Name: "rota", Settings: map[string]string{"url": server.URL + "/s3cret/feed.ics"}})
	if err != nil {
		t.Fatal(err)
	}
	client := &fetch.Client{HTTP: server.Client(), Wait: func(context.Context, time.Duration) error { return nil }, Budget: time.Second}
	return &follower{t, s.(*feed), client, "", map[string]*hansei.Shift{}, nil, false}
}

func (f *follower) pull(at string) *source.Pull {
	now, err := time.Parse(time.DateOnly, at)
	if err != nil {
		f.t.Fatal(err)
	}
	return &source.Pull{Ctx: f.t.Context(), Client: f.client, Cursor: f.cursor, From: now.AddDate(-1, 0, 0), Now: now}
}

// read reads the feed once and returns how many deliveries there were.
func (f *follower) read(at string) int {
	f.t.Helper()
	p, pages := f.pull(at), 0
	p.Emit = func(page source.Page) error {
		f.cursor = page.Cursor
		if page.Flawed {
			f.flawed = len(page.Body) > 0
		}
		if len(page.Body) == 0 {
			return nil
		}
		pages++
		got, err := f.feed.Normalize(source.Delivery{Name: "pull/calendar", Body: page.Body})
		if err != nil && !errors.Is(err, source.ErrUnused) {
			if f.failed = err; !page.Flawed {
				f.t.Error(err)
			}
		}
		for _, o := range got {
			s := o.Record.(*hansei.Shift)
			if s.Deleted {
				delete(f.shifts, o.Key.External)
				continue
			}
			f.shifts[o.Key.External] = s
		}
		return nil
	}
	if err := f.feed.Streams()[0].Pull(p); err != nil {
		f.t.Fatal(err)
	}
	return pages
}

func (f *follower) says(want map[string]string) {
	f.t.Helper()
	got := map[string]string{}
	for key, s := range f.shifts {
		got[key] = fmt.Sprintf("%s %s %s %s", s.Schedule, s.Person, s.Began.Format(time.DateOnly), s.Ended.Format(time.DateOnly))
	}
	if d := cmp.Diff(want, got); d != "" {
		f.t.Error(d)
	}
}

func TestPullFollowsChanges(t *testing.T) {
	c := &calendar{events: []string{
		event("1", "Ann", "20260101T000000Z", "20260108T000000Z"),
		event("2", "Bo", "20260108T000000Z", "20260115T000000Z"),
		event("3", "Ann", "20260115T000000Z", "20260122T000000Z"),
	}}
	f := follow(t, c)
	if n := f.read("2026-01-10"); n != 1 {
		t.Errorf("%d deliveries", n)
	}
	f.says(map[string]string{"1": "Rota Ann 2026-01-01 2026-01-08", "2": "Rota Bo 2026-01-08 2026-01-15"})

	if n := f.read("2026-01-11"); n != 0 {
		t.Errorf("nothing happened, %d deliveries", n)
	}

	// Bo's shift is shortened, Cy takes over, and Ann's next one begins.
	c.events[1] = event("2", "Bo", "20260108T000000Z", "20260112T000000Z")
	c.events = append(c.events, event("4", "Cy", "20260112T000000Z", "20260115T000000Z"))
	f.read("2026-01-16")
	f.says(map[string]string{
		"1": "Rota Ann 2026-01-01 2026-01-08", "2": "Rota Bo 2026-01-08 2026-01-12",
		"3": "Rota Ann 2026-01-15 2026-01-22", "4": "Rota Cy 2026-01-12 2026-01-15",
	})

	// Cy's is removed; the first week slides out of the feed and stays true.
	c.events = c.events[1:3]
	f.read("2026-01-20")
	f.says(map[string]string{"1": "Rota Ann 2026-01-01 2026-01-08", "2": "Rota Bo 2026-01-08 2026-01-12", "3": "Rota Ann 2026-01-15 2026-01-22"})

	// An empty feed takes nothing away.
	c.events = nil
	if n := f.read("2026-01-21"); n != 0 || len(f.shifts) != 3 {
		t.Errorf("an empty feed: %d deliveries, %d shifts", n, len(f.shifts))
	}
}

// TestPullWithFlaws: an event that cannot be understood is told of once, for a
// person to see, and keeps nothing of the others; what it said before stays until
// it is understood again.
func TestPullWithFlaws(t *testing.T) {
	c := &calendar{events: []string{event("1", "Ann", "20260101T000000Z", "20260108T000000Z"), event("2", "Bo", "20260108T000000Z", "20260115T000000Z")}}
	f := follow(t, c)
	f.read("2026-01-10")
	if f.failed != nil {
		t.Fatal(f.failed)
	}
	c.events[1] = "BEGIN:VEVENT\r\nUID:2\r\nSUMMARY:Cy\r\nDTSTART;TZID=Middle Earth:20260108T000000\r\nDURATION:P7D\r\nEND:VEVENT\r\n"
	c.events = append(c.events, event("3", "Dee", "20260115T000000Z", "20260122T000000Z"))
	if n := f.read("2026-01-16"); n != 2 || f.failed == nil || !strings.Contains(f.failed.Error(), `event "2"`) || !strings.Contains(f.failed.Error(), "Middle Earth") {
		t.Errorf("%d deliveries, %v", n, f.failed)
	}
	f.says(map[string]string{"1": "Rota Ann 2026-01-01 2026-01-08", "2": "Rota Bo 2026-01-08 2026-01-15", "3": "Rota Dee 2026-01-15 2026-01-22"})
	if n := f.read("2026-01-17"); n != 0 || !f.flawed {
		t.Errorf("told again: %d deliveries", n)
	}
	if found := f.feed.Check(f.pull("2026-01-17")); len(found) != 2 || !found[0].OK || found[1].OK || !strings.Contains(found[1].Says, "Middle Earth") {
		t.Errorf("%+v", found)
	}
	c.events[1] = event("2", "Cy", "20260108T000000Z", "20260115T000000Z")
	f.failed = nil
	if n := f.read("2026-01-18"); n != 1 || f.failed != nil || f.flawed {
		t.Errorf("%d deliveries, %v, flawed %v", n, f.failed, f.flawed)
	}
	f.says(map[string]string{"1": "Rota Ann 2026-01-01 2026-01-08", "2": "Rota Cy 2026-01-08 2026-01-15", "3": "Rota Dee 2026-01-15 2026-01-22"})

	// What was flawed before a feed is read anew is no more.
	f.cursor, f.flawed = "", true
	if f.read("2026-01-19"); f.flawed {
		t.Error("read anew: it still counts as flawed")
	}
}

// TestPullOwesFlaws: what an event that could not be understood says is told
// once it can be, however long ago it was; two flaws in another order are no
// news.
func TestPullOwesFlaws(t *testing.T) {
	flawed := func(uid string) string { return event(uid, "Cy", "someday", "20260108T000000Z") }
	c := &calendar{events: []string{flawed("1"), flawed("2"), event("3", "Dee", "20260608T000000Z", "20260615T000000Z")}}
	f := follow(t, c)
	if n := f.read("2026-06-10"); n != 2 {
		t.Errorf("%d deliveries", n)
	}
	c.events[0], c.events[1] = c.events[1], c.events[0]
	if n := f.read("2026-06-11"); n != 0 {
		t.Errorf("in another order: %d deliveries", n)
	}
	f.says(map[string]string{"3": "Rota Dee 2026-06-08 2026-06-15"})
	c.events[1] = event("1", "Ann", "20260101T000000Z", "20260108T000000Z")
	if n := f.read("2026-08-01"); n != 2 { // the other is to be seen still
		t.Errorf("one repaired: %d deliveries", n)
	}
	f.says(map[string]string{"1": "Rota Ann 2026-01-01 2026-01-08", "3": "Rota Dee 2026-06-08 2026-06-15"})
	c.events[0] = event("2", "Bo", "20260108T000000Z", "20260115T000000Z")
	if n := f.read("2026-10-01"); n != 1 || f.flawed {
		t.Errorf("both repaired: %d deliveries, flawed %v", n, f.flawed)
	}
	f.says(map[string]string{"1": "Rota Ann 2026-01-01 2026-01-08", "2": "Rota Bo 2026-01-08 2026-01-15", "3": "Rota Dee 2026-06-08 2026-06-15"})
	if n := f.read("2026-10-02"); n != 0 || strings.Contains(f.cursor, "owed") {
		t.Errorf("%d deliveries, %s", n, f.cursor)
	}
}

func TestPullDoesNotMoveWhenEmitFails(t *testing.T) {
	f := follow(t, &calendar{events: []string{event("1", "Ann", "20260101T000000Z", "20260108T000000Z")}})
	sourcetest.Tells(t, f.pull("2026-01-10").Now, func(emit func(source.Page) error) error {
		p := f.pull("2026-01-10")
		p.Emit = emit
		return f.feed.pull(p)
	})
	p, full := f.pull("2026-01-10"), errors.New("disk full")
	p.Emit = func(source.Page) error { return full }
	if err := f.feed.pull(p); !errors.Is(err, full) {
		t.Error(err)
	}
	f.cursor = "{"
	if err := f.feed.pull(f.pull("2026-01-10")); err == nil {
		t.Error("an unreadable cursor was taken")
	}
}

// TestRealFeeds reads what two calendars exported: one appointment, which is at
// the same time in both, whatever Thunderbird says of the year 1893.
func TestRealFeeds(t *testing.T) {
	for _, name := range []string{"google.ics", "thunderbird.ics"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/calendar; charset=UTF-8")
			http.ServeFile(w, r, "testdata/"+name)
		}))
		t.Cleanup(server.Close)
		s, err := Kind.New(source.Config{Name: "rota", Settings: map[string]string{"url": server.URL + "/" + name, "schedule": "Primary"}})
		if err != nil {
			t.Fatal(err)
		}
		f := &follower{t, s.(*feed), &fetch.Client{HTTP: server.Client()}, "", map[string]*hansei.Shift{}, nil, false}
		if n := f.read("2024-09-30"); n != 1 || len(f.shifts) != 1 {
			t.Fatalf("%s: %d deliveries, %d shifts", name, n, len(f.shifts))
		}
		for _, shift := range f.shifts {
			if shift.Person != "Test Event" || shift.Schedule != "Primary" || !shift.Began.Equal(time.Date(2024, 9, 29, 12, 45, 0, 0, time.UTC)) || shift.Ended.Sub(shift.Began) != time.Hour {
				t.Errorf("%s: %+v", name, shift)
			}
		}
		if n := f.read("2024-10-01"); n != 0 {
			t.Errorf("%s: read again: %d deliveries", name, n)
		}
		if found := f.feed.Check(f.pull("2024-10-01")); len(found) != 1 || !found[0].OK {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// TestFaults: a feed that fails moves nothing, and is read whole once it is well.
func TestFaults(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Rota\r\n"+event("1", "Ann", "20260101T000000Z", "20260108T000000Z")+event("2", "Bo", "20260108T000000Z", "20260115T000000Z")+"END:VCALENDAR\r\n")
	}))
	t.Cleanup(server.Close)
	s, err := Kind.New(source.Config{Name: "rota", Settings: map[string]string{"url": server.URL + "/s3cret/feed.ics"}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
	sourcetest.Survives(t, server, now.AddDate(-1, 0, 0), now, "s3cret", func() source.Stream { return s.(*feed).Streams()[0] })
}

func TestFailuresTellNoSecret(t *testing.T) {
	c := &calendar{status: http.StatusForbidden}
	f := follow(t, c)
	err := f.feed.pull(f.pull("2026-01-10"))
	if err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "403") {
		t.Errorf("%v", err)
	}
	for _, x := range f.feed.Check(f.pull("2026-01-10")) {
		if x.OK || strings.Contains(x.Says, "s3cret") {
			t.Errorf("%+v", x)
		}
	}
}

func TestUnreachableFeedsTellNoSecret(t *testing.T) {
	server := httptest.NewServer(&calendar{})
	s, err := Kind.New(source.Config{Settings: map[string]string{"url": server.URL + "/s3cret/feed.ics?key=s3cret"}})
	if err != nil {
		t.Fatal(err)
	}
	client := server.Client()
	server.Close()
	var log strings.Builder
	p := &source.Pull{Ctx: t.Context(), Client: &fetch.Client{
		HTTP: client, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), Wait: func(context.Context, time.Duration) error { return nil },
	}}
	err = s.(*feed).pull(p)
	if err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(log.String(), "s3cret") {
		t.Errorf("%v\n%s", err, log.String())
	}
}

func TestCheckSaysWhatItFinds(t *testing.T) {
	c := &calendar{events: []string{event("1", "Ann", "20260101T000000Z", "20260108T000000Z")}}
	f := follow(t, c)
	found := f.feed.Check(f.pull("2026-01-10"))
	if len(found) != 1 || !found[0].OK || !strings.Contains(found[0].Says, "1 shifts") {
		t.Errorf("%+v", found)
	}
	c.events[0] = "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Ann\r\nDTSTART:20100101T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=HOURLY\r\nEND:VEVENT\r\n"
	if found = f.feed.Check(f.pull("2026-01-10")); len(found) != 1 || !found[0].OK {
		t.Errorf("%+v", found)
	}
	c.events[0] = event("1", "Ann", "20270101T000000Z", "20270108T000000Z")
	if found = f.feed.Check(f.pull("2026-01-10")); len(found) != 2 || found[1].OK {
		t.Errorf("%+v", found)
	}
	c.events[0] = "<html>\r\n"
	if found = f.feed.Check(f.pull("2026-01-10")); len(found) != 2 || found[1].OK {
		t.Errorf("%+v", found)
	}
}

func TestNewRefusesWrongSettings(t *testing.T) {
	good := map[string]string{"url": "webcal://example.com/a.ics", "level": "2", "zone": "Europe/Berlin", "person": "attendee"}
	s, err := Kind.New(source.Config{Settings: good})
	if err != nil || s.(*feed).url != "https://example.com/a.ics" || *s.(*feed).Level != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	for name, value := range map[string]string{"url": "ftp://example.com/a", "level": "0", "zone": "Mars", "person": "barber", "pattern": "Ann"} {
		settings := map[string]string{"url": "https://example.com/a.ics", name: value}
		var wrong *hansei.InvalidError
		if _, err := Kind.New(source.Config{Settings: settings}); !errors.As(err, &wrong) || wrong.Field != name {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add([]byte(`{"since":"2026-01-01T00:00:00Z","until":"2026-02-01T00:00:00Z","gone":["1"],"calendar":"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:A\nDTSTART:20260101T000000Z\nDURATION:P1D\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR"}`))
	s, err := Kind.New(source.Config{Name: "rota", Settings: map[string]string{"url": "https://example.com/a.ics"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, erra := s.Normalize(source.Delivery{Body: body})
		b, errb := s.Normalize(source.Delivery{Body: body})
		if d := cmp.Diff(a, b); d != "" || (erra == nil) != (errb == nil) {
			t.Errorf("%v, %v\n%s", erra, errb, d)
		}
	})
}
