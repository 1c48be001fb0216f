package zendesk

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/sourcetest"
)

// support stands for a Zendesk that exports its tickets in the order in which
// they were changed, two a page, after the one that a cursor names.
type support struct {
	tickets []map[string]any
	calls   []string
}

func (s *support) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.calls = append(s.calls, r.URL.RawQuery)
	user, token, _ := r.BasicAuth()
	start, errStart := strconv.Atoi(cmp.Or(q.Get("start_time"), "0"))
	after, errAfter := strconv.Atoi(cmp.Or(q.Get("cursor"), "0"))
	switch {
	case user != "ann@example.com/token" || token != "tok":
		w.WriteHeader(http.StatusUnauthorized)
		return
	case errStart != nil || errAfter != nil || q.Has("start_time") == q.Has("cursor"):
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	some := []map[string]any{}
	for _, x := range s.tickets[min(after, len(s.tickets)):] {
		if len(some) == 2 {
			break
		}
		if after++; x["generated_timestamp"].(int64) >= int64(start) {
			some = append(some, maps.Clone(x))
		}
	}
	answer := map[string]any{"tickets": some, "before_cursor": nil, "before_url": nil, "end_of_stream": after >= len(s.tickets), "after_cursor": strconv.Itoa(after), "after_url": "https://acme.zendesk.com" + export + "?cursor=" + strconv.Itoa(after)}
	with := strings.Split(q.Get("include"), ",")
	if slices.Contains(with, "organizations") {
		answer["organizations"] = []any{map[string]any{"id": 57542, "name": "Globex", "url": "https://acme.zendesk.com/api/v2/organizations/57542", "created_at": "2009-07-20T22:55:29Z", "details": nil, "domain_names": []any{}, "tags": []any{}}}
	}
	if !slices.Contains(with, "metric_sets") {
		for _, x := range some {
			delete(x, "metric_set")
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		panic(err)
	}
}

// exported is a ticket as the description shows it.
func exported(id int, status string, solved any) map[string]any {
	t := at(0).Add(time.Duration(id) * time.Minute)
	return map[string]any{"id": id, "url": fmt.Sprint("https://acme.zendesk.com/api/v2/tickets/", id), "external_id": nil, "created_at": at(-24), "updated_at": t, "generated_timestamp": t.Add(time.Hour).Unix(), "type": nil, "subject": "Help, my printer is on fire!",
		"raw_subject": "{{dc.printer_on_fire}}", "description": "The fire is very colorful.", "priority": nil, "status": status, "recipient": nil, "requester_id": 20978392, "submitter_id": 76872, "assignee_id": nil, "organization_id": 57542, "group_id": 98738,
		"collaborator_ids": []int{35334}, "problem_id": nil, "has_incidents": false, "due_at": nil, "tags": []string{"enterprise"}, "custom_fields": []any{map[string]any{"id": 27642, "value": "745"}}, "satisfaction_rating": nil, "via": map[string]any{"channel": "web"},
		"metric_set": map[string]any{"id": 33, "ticket_id": id, "created_at": at(-24), "updated_at": t, "solved_at": solved, "reopens": 0, "replies": 2, "reply_time_in_minutes": map[string]any{"business": 737, "calendar": 2391}, "full_resolution_time_in_minutes": nil}}
}

// opened is a Zendesk of five tickets, held with who asks it to its own
// OpenAPI description.
func opened(t *testing.T) (*support, *httptest.Server) {
	t.Helper()
	description, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	s := &support{tickets: []map[string]any{exported(1, "solved", at(-1)), exported(2, "open", nil), exported(3, "deleted", nil), exported(4, "closed", at(-2)), exported(5, "hold", nil)}}
	s.tickets[3]["satisfaction_rating"] = map[string]any{"id": 1234, "score": "good", "comment": "Great support!"}
	s.tickets[3]["type"], s.tickets[3]["problem_id"], s.tickets[3]["priority"] = "incident", 1, "high"
	return s, sourcetest.Described(t, description, s)
}

type run struct {
	told    map[string]hansei.Record
	cursors []string
}

func pull(t *testing.T, server *httptest.Server, cursor string) (run, error) {
	t.Helper()
	src := desk(t, "token", "tok", "email", "ann@example.com").(*puller)
	src.base = server.URL
	out := run{told: map[string]hansei.Record{}}
	err := src.Streams()[0].Pull(&source.Pull{Ctx: t.Context(), Cursor: cursor, From: at(-100), Now: at(20), Client: &fetch.Client{HTTP: server.Client()}, Emit: func(page source.Page) error {
		out.cursors = append(out.cursors, page.Cursor)
		if len(page.Body) == 0 {
			return nil
		}
		said, err := src.Normalize(source.Delivery{Name: "pull/tickets", Body: page.Body})
		for _, o := range said {
			out.told[o.Key.External] = o.Record
		}
		return err
	}})
	return out, err
}

func TestPullsAsDescribed(t *testing.T) {
	s, server := opened(t)
	out, err := pull(t, server, "")
	if err != nil || len(out.told) != 5 || !slices.Equal(out.cursors, []string{"2", "4", "5"}) {
		t.Fatalf("%d tickets, %v, %v", len(out.told), out.cursors, err)
	}
	want := &hansei.Ticket{Title: "Help, my printer is on fire!", Description: "The fire is very colorful.", URL: server.URL + "/agent/tickets/4", Status: "closed", Priority: "high", Customer: "Globex", Incident: "1", Satisfaction: "good",
		Created: at(-24), Solved: at(-2), Labels: []string{"enterprise"}}
	if d := diff.Diff(hansei.Record(want), out.told["4"]); d != "" {
		t.Error(d)
	}
	if !out.told["3"].Head().Deleted {
		t.Error("the deleted ticket is told of as if it were there")
	}
	s.calls = nil
	if out, err = pull(t, server, "5"); err != nil || len(out.told) != 0 || len(s.calls) != 1 || !strings.Contains(s.calls[0], "cursor=5") {
		t.Errorf("then %d tickets, asked %v, %v", len(out.told), s.calls, err)
	}
	src := desk(t, "token", "tok", "email", "ann@example.com").(*puller)
	src.base = server.URL
	for _, f := range src.Check(&source.Pull{Ctx: t.Context(), Now: at(20), Client: &fetch.Client{HTTP: server.Client()}}) {
		if !f.OK {
			t.Error(f.Says)
		}
	}
}

func TestFaults(t *testing.T) {
	_, server := opened(t)
	sourcetest.Survives(t, server, at(-100), at(20), "tok", func() source.Stream {
		src := desk(t, "token", "tok", "email", "ann@example.com").(*puller)
		src.base = server.URL
		return src.Streams()[0]
	})
}

// TestChangedCursors: a page that names itself as the next, or none, ends the
// run, and so does a cursor that Zendesk does not take.
func TestChangedCursors(t *testing.T) {
	for _, text := range []string{`{"tickets":[],"after_cursor":"2","end_of_stream":false}`, `{"tickets":[],"after_cursor":null,"end_of_stream":false}`} {
		_, server := opened(t)
		sourcetest.Faulty(server, nil, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { fmt.Fprint(w, text) })
		var wrong *hansei.InvalidError
		if out, err := pull(t, server, ""); !errors.As(err, &wrong) || !slices.Equal(out.cursors, []string{"2"}) {
			t.Errorf("%s: %v, %v", text, out.cursors, err)
		}
	}
	_, server := opened(t)
	var no *fetch.StatusError
	if out, err := pull(t, server, "elsewhere"); !errors.As(err, &no) || no.Status != http.StatusBadRequest || len(out.cursors) != 0 {
		t.Errorf("a changed cursor: %v, %v", out.cursors, err)
	}
}
