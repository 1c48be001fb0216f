package zendesk

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
)

func desk(t testing.TB, more ...string) source.Source {
	t.Helper()
	s := map[string]string{"subdomain": "acme", "webhook_secret": "s"}
	for i := 0; i < len(more); i += 2 {
		s[more[i]] = more[i+1]
	}
	src, err := Kind.New(source.Config{Name: "desk", Settings: s})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// told has the members that Zendesk's documentation of ticket events lists, and
// no other; an event of a ticket that is linked to a problem has that, too.
func told(kind, status, at string) source.Delivery {
	return source.Delivery{Name: "ticket." + kind, Body: []byte(`{"account_id":22129848,"detail":{"actor_id":"8447388090494","assignee_id":"8447388090494","brand_id":"8447346621310","custom_status":"8447320465790","external_id":"","form_id":"8447320466430","submitter_id":"8447388090494","via":{"channel":"web"},"created_at":"2026-03-01T10:00:00Z","description":"I cannot pay","group_id":"1",
		"id":"35436","is_public":true,"organization_id":"8447346622462","priority":"HIGH","problem_id":"35400","requester_id":"1","status":"` + status + `","subject":"Payment fails","tags":["vip"],"type":"INCIDENT","updated_at":"` + at + `"},
		"event":{"current":"SOLVED","previous":"OPEN","meta":{"sequence":{"id":"01GXE0AYV1Z2S9RQC9RB4MQF6S","position":1}}},"id":"` + kind + `","subject":"zen:ticket:35436","time":"` + at + `","type":"zen:event-type:ticket.` + kind + `","zendesk_event_version":"2022-11-06"}`)}
}

func at(h int) time.Time { return time.Date(2026, 3, 1, h, 0, 0, 0, time.UTC) }

func TestEvent(t *testing.T) {
	got, err := desk(t).Normalize(told("status_changed", "SOLVED", "2026-03-01T12:00:00Z"))
	want := []hansei.Observation{{Key: hansei.Key{Kind: hansei.KindTicket, Source: "desk", External: "35436"}, At: at(12), Partial: true,
		Record: &hansei.Ticket{Title: "Payment fails", Description: "I cannot pay", URL: "https://acme.zendesk.com/agent/tickets/35436", Status: "solved", Priority: "high", Customer: "8447346622462", Incident: "35400",
			Created: at(10), Solved: at(12), Labels: []string{"vip"}}}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Error(err, d)
	}
	got, err = desk(t).Normalize(told("status_changed", "CLOSED", "2026-03-01T13:00:00Z"))
	if err != nil || !slices.Equal(got[0].First, []string{"resolved_at"}) { // it was solved before
		t.Errorf("closed: %+v, %v", got, err)
	}
	got, err = desk(t).Normalize(told("soft_deleted", "OPEN", "2026-03-01T12:00:00Z"))
	if err != nil || !got[0].Record.Head().Deleted {
		t.Errorf("deleted: %+v, %v", got, err)
	}
	if _, err := desk(t).Normalize(told("status_changed", "ODD", "2026-03-01T12:00:00Z")); err == nil || !strings.Contains(err.Error(), `"ODD"`) {
		t.Errorf("an unknown status: %v", err)
	}
	if _, err := desk(t).Normalize(source.Delivery{Body: []byte(`{"type":"zen:event-type:user.created"}`)}); !errors.Is(err, source.ErrUnused) {
		t.Errorf("a user: %v", err)
	}
}

func TestVerify(t *testing.T) {
	src, now := desk(t).(source.Receiver), at(12)
	body := told("created", "NEW", "2026-03-01T12:00:00Z").Body
	send := func(secret, stamp string) error {
		_, err := src.Verify(source.Request{Body: body, Now: now, Header: http.Header{"X-Zendesk-Webhook-Signature-Timestamp": {stamp},
			"X-Zendesk-Webhook-Signature": {base64.StdEncoding.EncodeToString(source.HMAC(secret, []byte(stamp), body))}}})
		return err
	}
	if err := send("s", "2026-03-01T12:01:00Z"); err != nil {
		t.Error(err)
	}
	if err := send("t", "2026-03-01T12:01:00Z"); !errors.Is(err, source.ErrSignature) {
		t.Errorf("another secret: %v", err)
	}
	if err := send("s", "2026-03-01T11:00:00Z"); !errors.Is(err, source.ErrStale) {
		t.Errorf("an old one: %v", err)
	}
	if _, err := src.Verify(source.Request{Body: body, Now: now}); !errors.Is(err, source.ErrSignature) {
		t.Errorf("unsigned: %v", err)
	}
}

const first = `{"tickets":[{"id":1,"subject":"a","status":"closed","organization_id":7,"created_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T12:00:00Z","satisfaction_rating":{"score":"good_with_comment"},"metric_set":{"ticket_id":1,"solved_at":"2026-03-01T11:30:00Z"}},
	{"id":2,"subject":"b","status":"open","problem_id":1,"metric_set":{"ticket_id":2,"solved_at":null},"created_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T11:00:00Z"},{"id":3,"status":"deleted","created_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T11:00:00Z"}],
	"organizations":[{"id":7,"name":"Globex"}],"after_cursor":"c1","end_of_stream":false}`

func TestPull(t *testing.T) {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, token, _ := r.BasicAuth()
		q := r.URL.Query()
		switch calls++; {
		case user != "ann@example.com/token" || token != "tok":
			w.WriteHeader(http.StatusUnauthorized)
		case calls == 1:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		case q.Get("cursor") == "" && q.Get("start_time") == "":
			w.WriteHeader(http.StatusBadRequest)
		case q.Get("cursor") == "":
			fmt.Fprint(w, first)
		case q.Get("cursor") == "c1":
			fmt.Fprint(w, `{"tickets":[],"after_cursor":"c2","end_of_stream":true}`)
		}
	}))
	defer server.Close()
	src := desk(t, "token", "tok", "email", "ann@example.com").(*puller)
	src.base = server.URL
	var pages []source.Page
	run := func(cursor string) *source.Pull {
		return &source.Pull{Ctx: t.Context(), Cursor: cursor, From: time.Unix(1, 0), Now: at(20), Client: &fetch.Client{HTTP: server.Client(), Wait: func(context.Context, time.Duration) error { return nil }},
			Emit: func(p source.Page) error { pages = append(pages, p); return nil }}
	}
	if err := src.Streams()[0].Pull(run("")); err != nil || len(pages) != 2 || pages[0].Cursor != "c1" || pages[1].Cursor != "c2" || pages[1].Body != nil {
		t.Fatalf("got %d pages, %v", len(pages), err)
	}
	got, err := src.Normalize(source.Delivery{Name: "pull/tickets", Body: pages[0].Body})
	if err != nil || len(got) != 3 {
		t.Fatal(len(got), err)
	}
	a, b := got[0].Record.(*hansei.Ticket), got[1].Record.(*hansei.Ticket)
	if a.Customer != "Globex" || a.Satisfaction != "good" || !a.Solved.Equal(at(11).Add(30*time.Minute)) || a.Status != "closed" || b.Incident != "1" || !b.Solved.IsZero() || !got[2].Record.Head().Deleted {
		t.Errorf("got %+v, %+v, %+v", a, b, got[2].Record)
	}
	if found := src.Check(run("")); !found[0].OK {
		t.Errorf("check: %+v", found)
	}
	src.token = "wrong"
	if found := src.Check(run("")); found[0].OK || strings.Contains(found[0].Says, "wrong") {
		t.Errorf("check: %+v", found)
	}
}

func FuzzNormalize(f *testing.F) {
	src := desk(f)
	f.Add("x", told("created", "NEW", "2026-03-01T12:00:00Z").Body)
	f.Add("pull/tickets", []byte(first))
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		a, errA := src.Normalize(source.Delivery{Name: name, Body: body})
		b, errB := src.Normalize(source.Delivery{Name: name, Body: body})
		if (errA == nil) != (errB == nil) || !cmp.Equal(a, b) {
			t.Error("the same payload gave something else")
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	src, d := desk(b), told("status_changed", "SOLVED", "2026-03-01T12:00:00Z")
	for b.Loop() {
		if _, err := src.Normalize(d); err != nil {
			b.Fatal(err)
		}
	}
}
