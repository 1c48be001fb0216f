package slack

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/slack/place"
)

func workspace(t testing.TB, s map[string]string) source.Source {
	t.Helper()
	src, err := Kind.New(source.Config{Name: "chat", Settings: s})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// TestSignatureOfTheDocumentation is the example of Slack's page on verifying
// requests.
func TestSignatureOfTheDocumentation(t *testing.T) {
	const secret, stamp = "8f742231b10e8888abcd99yyyzzz85a5", "1531420618"
	body := []byte("token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c")
	const signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
	if err := source.CheckHex(secret, signature[3:], []byte("v0:"+stamp+":"), body); err != nil {
		t.Error(err)
	}
}

func TestVerify(t *testing.T) {
	now := time.Unix(1_772_360_000, 0)
	src := workspace(t, map[string]string{"webhook_secret": "s"}).(source.Receiver)
	send := func(body, secret string, at time.Time) (source.Receipt, error) {
		stamp := fmt.Sprint(at.Unix())
		return src.Verify(source.Request{Body: []byte(body), Now: now, Header: http.Header{"X-Slack-Request-Timestamp": {stamp},
			"X-Slack-Signature": {"v0=" + hex.EncodeToString(source.HMAC(secret, []byte("v0:"+stamp+":"+body)))}}})
	}
	r, err := send(`{"type":"url_verification","challenge":"abc"}`, "s", now)
	if err != nil || r.Answer == nil || string(r.Answer.Body) != "abc" {
		t.Errorf("handshake: %+v, %v", r, err)
	}
	r, err = send(`{"type":"event_callback","event_id":"Ev1","event":{"type":"message"}}`, "s", now)
	if err != nil || r.ID != "Ev1" || r.Event != "message" {
		t.Errorf("event: %+v, %v", r, err)
	}
	if _, err := send(`{}`, "t", now); !errors.Is(err, source.ErrSignature) {
		t.Errorf("another secret: %v", err)
	}
	if _, err := send(`{}`, "s", now.Add(-time.Hour)); !errors.Is(err, source.ErrStale) {
		t.Errorf("an old one: %v", err)
	}
	if _, err := src.Verify(source.Request{Body: []byte(`{}`), Now: now}); !errors.Is(err, source.ErrSignature) {
		t.Errorf("unsigned: %v", err)
	}
}

func event(inner string) source.Delivery {
	return source.Delivery{Name: "event", Body: []byte(`{"type":"event_callback","event_time":1772360000,"event":` + inner + `}`)}
}

func TestEvents(t *testing.T) {
	src := workspace(t, map[string]string{"webhook_secret": "s"})
	told := func(inner string) (*hansei.Incident, hansei.Observation) {
		t.Helper()
		got, err := src.Normalize(event(inner))
		if err != nil || len(got) != 1 || got[0].Key.External != "C1" || !got[0].Partial || got[0].At.IsZero() {
			t.Fatalf("%s: got %+v, %v", inner, got, err)
		}
		return got[0].Record.(*hansei.Incident), got[0]
	}
	in, o := told(`{"type":"channel_created","event_ts":"1772360000.000100","channel":{"id":"C1","name":"inc-checkout-down","created":1772360000}}`)
	if start, ok := in.Start(); !ok || start.Unix() != 1772360000 || in.Title != "inc checkout down" || o.Names[0] != "#inc-checkout-down" {
		t.Errorf("created: %+v %v", in, o.Names)
	}
	in, _ = told(`{"type":"message","channel":"C1","user":"U1","ts":"1772360060.000200","event_ts":"1772360060.000200","text":"see <https://x.example/i/7|the page> &amp; <@U2> in <#C9|ops>"}`)
	if u := in.Updates[0]; u.ID != "1772360060.000200" || u.Text != "see the page (https://x.example/i/7) & @U2 in #ops" || u.By != "U1" || u.At.Unix() != 1772360060 {
		t.Errorf("message: %+v", u)
	}
	if _, ok := in.Start(); ok {
		t.Error("a message alone makes an incident")
	}
	in, _ = told(`{"type":"message","subtype":"message_changed","channel":"C1","event_ts":"1772360100.000000","message":{"type":"message","ts":"1772360060.000200","user":"U1","text":"better","edited":{"ts":"1772360100.000000"}}}`)
	if u := in.Updates[0]; u.ID != "1772360060.000200" || u.Text != "better" || u.Edited.Unix() != 1772360100 {
		t.Errorf("changed: %+v", u)
	}
	in, _ = told(`{"type":"message","subtype":"message_deleted","channel":"C1","event_ts":"1772360200.000000","deleted_ts":"1772360060.000200"}`)
	if u := in.Updates[0]; u.ID != "1772360060.000200" || u.Text != "" || u.Status != "deleted" {
		t.Errorf("deleted: %+v", u)
	}
	in, _ = told(`{"type":"pin_added","channel_id":"C1","event_ts":"1772360300.000000","item":{"type":"message","channel":"C1","message":{"ts":"1772360060.000200","text":"better"}}}`)
	if u := in.Updates[0]; u.ID != "pin:1772360060.000200" || u.Status != "pin added" || u.Text != "better" {
		t.Errorf("pin: %+v", u)
	}
	in, _ = told(`{"type":"reaction_added","user":"U2","reaction":"eyes","event_ts":"1772360300.000000","item":{"type":"message","channel":"C1","ts":"1772360060.000200"}}`)
	if u := in.Updates[0]; u.Text != ":eyes:" || u.By != "U2" {
		t.Errorf("reaction: %+v", u)
	}
	in, _ = told(`{"type":"channel_archive","channel":"C1","user":"U1","event_ts":"1772370000.000000"}`)
	if at, _ := in.Milestones.At(hansei.RoleClosed); at.Unix() != 1772370000 || in.Status != hansei.StatusClosed {
		t.Errorf("archived: %+v", in)
	}
	for _, inner := range []string{`{"type":"channel_created","event_ts":"1.0","channel":{"id":"C2","name":"random","created":1}}`,
		`{"type":"message","subtype":"channel_join","channel":"C1","ts":"1.0"}`, `{"type":"team_join"}`} {
		if _, err := src.Normalize(event(inner)); !errors.Is(err, source.ErrUnused) {
			t.Errorf("%s: got %v, want it unused", inner, err)
		}
	}
	for _, inner := range []string{`{"type":"message","channel":"C1","text":"x"}`, `{"type":"message","ts":"1772360060.000200"}`, `{"type":"channel_created","channel":7}`} {
		if _, err := src.Normalize(event(inner)); err == nil || errors.Is(err, source.ErrUnused) {
			t.Errorf("%s: got %v, want an error", inner, err)
		}
	}
}

// TestEveryPublishedExample: each delivery in Slack's own description of its
// events tells of its channel, or says why it is of no use.
func TestEveryPublishedExample(t *testing.T) {
	text, err := os.ReadFile("testdata/events.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	src, told := workspace(t, map[string]string{"webhook_secret": "s"}), map[string]string{}
	for _, body := range list {
		var head struct {
			Event struct{ Type string }
		}
		if err := json.Unmarshal(body, &head); err != nil {
			t.Fatal(err)
		}
		said, err := src.Normalize(source.Delivery{Name: head.Event.Type, Body: body})
		switch {
		case errors.Is(err, source.ErrUnused):
			told[head.Event.Type] = "unused"
		case err != nil || len(said) != 1 || len(said[0].Record.(*hansei.Incident).Updates) != 1:
			t.Errorf("%s: %+v, %v", head.Event.Type, said, err)
		default:
			told[head.Event.Type] = said[0].Key.External + " " + said[0].Record.(*hansei.Incident).Updates[0].Text
		}
	}
	want := map[string]string{"resources_added": "unused", "reaction_added": "C0G9QF9GZ :thumbsup:", "message": "D0PNCRP9N How many cats did we herd yesterday?"}
	if d := cmp.Diff(want, told); d != "" {
		t.Error(d)
	}
}

// webAPI is a workspace behind the Web API: an incident channel with a thread,
// over two pages, and one channel that is none of ours.
func webAPI(t *testing.T, calls *[]string) *httptest.Server {
	answers := map[string]func(url.Values) string{
		"auth.test": func(url.Values) string { return `{"ok":true}` },
		"conversations.list": func(url.Values) string {
			return `{"ok":true,"channels":[{"id":"C2","name":"random","created":1770000000},{"id":"C1","name":"incident-7","created":1772360000,"is_archived":false,"updated":1772360000000}],"response_metadata":{"next_cursor":""}}`
		},
		"conversations.history": func(q url.Values) string {
			if q.Get("cursor") == "" {
				return `{"ok":true,"messages":[{"type":"message","ts":"1772360300.000000","user":"U2","text":"fixed","reactions":[{"name":"tada","users":["U1"]}]}],"response_metadata":{"next_cursor":"p2"}}`
			}
			return `{"ok":true,"messages":[{"type":"message","ts":"1772360100.000000","user":"U1","text":"it is down","reply_count":1,"latest_reply":"1772360200.000000","thread_ts":"1772360100.000000"}],"response_metadata":{"next_cursor":""}}`
		},
		"conversations.replies": func(url.Values) string {
			return `{"ok":true,"messages":[{"type":"message","ts":"1772360100.000000","text":"it is down"},{"type":"message","ts":"1772360200.000000","user":"U2","text":"looking"}]}`
		},
		"users.info": func(q url.Values) string {
			return `{"ok":true,"user":{"name":"x","profile":{"real_name":"` + map[string]string{"U1": "Ann", "U2": "Bo"}[q.Get("user")] + `"}}}`
		},
		"users.list": func(url.Values) string {
			return `{"ok":true,"members":[{"id":"U1","name":"ann","updated":1770000000,"tz":"Europe/Berlin","profile":{"real_name":"Ann","email":"ann@example.com"}},{"id":"B1","is_bot":true}]}`
		},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := strings.TrimPrefix(r.URL.Path, "/")
		*calls = append(*calls, method)
		answer := answers[method]
		w.Header().Set("X-OAuth-Scopes", "channels:read,channels:history,groups:read,users:read,pins:read,reactions:read")
		if r.Header.Get("Authorization") != "Bearer xoxb-1" || answer == nil {
			fmt.Fprint(w, `{"ok":false,"error":"invalid_auth"}`)
			return
		}
		fmt.Fprint(w, answer(r.URL.Query()))
	}))
	t.Cleanup(server.Close)
	return server
}

func TestPull(t *testing.T) {
	var calls []string
	server := webAPI(t, &calls)
	src := workspace(t, map[string]string{"webhook_secret": "s", "token": "xoxb-1"}).(*puller)
	src.base = server.URL
	var pages []source.Page
	fail := true
	pull := func(stream int, cursor string) error {
		return src.Streams()[stream].Pull(&source.Pull{Ctx: t.Context(), Cursor: cursor, From: time.Unix(1771000000, 0), Now: time.Unix(1772400000, 0),
			Client: &fetch.Client{HTTP: server.Client(), Wait: func(context.Context, time.Duration) error { return nil }},
			Emit: func(p source.Page) error {
				if len(pages) == 1 && fail {
					fail = false
					return errors.New("the disk is full")
				}
				pages = append(pages, p)
				return nil
			}})
	}
	if err := pull(1, ""); err == nil || len(pages) != 1 {
		t.Fatalf("a page that could not be stored: %v, %d pages", err, len(pages))
	}
	var c place.Place
	if err := json.Unmarshal([]byte(pages[0].Cursor), &c); err != nil || c.Seen["C1"] != "" {
		t.Fatalf("the cursor moved past what was not stored: %s, %v", pages[0].Cursor, err)
	}
	if err := pull(1, pages[0].Cursor); err != nil {
		t.Fatal(err)
	}
	texts, people := map[string]string{}, map[hansei.ID]bool{}
	for _, p := range pages {
		if len(p.Body) == 0 {
			continue
		}
		said, err := src.Normalize(source.Delivery{Name: "pull/messages", Body: p.Body})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range said {
			in := o.Record.(*hansei.Incident)
			for _, u := range in.Updates {
				texts[u.Text] = u.By
			}
			for _, id := range in.Responders {
				people[id] = true
			}
		}
	}
	if texts["it is down"] != "Ann" || texts["looking"] != "Bo" || texts["fixed"] != "Bo" || texts[":tada:"] != "Ann" || !people["Ann"] || !people["Bo"] || len(texts) != 4 {
		t.Errorf("got %v %v", texts, people)
	}
	last := pages[len(pages)-1]
	if err := json.Unmarshal([]byte(last.Cursor), &c); err != nil || c.Seen["C1"] != "1772360300.000000" {
		t.Errorf("cursor %s, %v", last.Cursor, err)
	}
	found := src.Check(&source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client()}, From: time.Unix(1771000000, 0)})
	missing := ""
	for _, f := range found {
		if !f.OK {
			missing += f.Says
		}
	}
	if !strings.Contains(missing, "groups:history") || strings.Count(missing, "lacks") != 1 || strings.Contains(missing, "xoxb") {
		t.Errorf("check: %+v", found)
	}
	pages = nil
	if err := pull(0, ""); err != nil || len(pages) != 1 {
		t.Fatal(err)
	}
	people1, err := src.Normalize(source.Delivery{Name: "pull/users", Body: pages[0].Body})
	if err != nil || len(people1) != 1 || people1[0].Record.(*hansei.Person).Email != "ann@example.com" {
		t.Errorf("people: %+v, %v", people1, err)
	}
	src.token = "wrong"
	if err := pull(0, ""); err == nil || !strings.Contains(err.Error(), "invalid_auth") {
		t.Errorf("a wrong token: %v", err)
	}
}

// TestWhoIsNotShown: an author whom Slack does not show to the app, or does not
// know any more, has no name, and the channel is read all the same.
func TestWhoIsNotShown(t *testing.T) {
	for _, code := range []string{"user_not_visible", "user_not_found"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case strings.HasSuffix(r.URL.Path, "conversations.list"):
				fmt.Fprint(w, `{"ok":true,"channels":[{"id":"C1","name":"incident-7","created":1772360000}]}`)
			case strings.HasSuffix(r.URL.Path, "conversations.history"):
				fmt.Fprint(w, `{"ok":true,"messages":[{"type":"message","ts":"1772360300.000000","user":"U2","text":"fixed"},{"type":"message","ts":"1772360100.000000","user":"U9","text":"it is down"}]}`)
			case r.URL.Query().Get("user") == "U9":
				fmt.Fprintf(w, `{"ok":false,"error":%q}`, code)
			default:
				fmt.Fprint(w, `{"ok":true,"user":{"name":"bo","profile":{"real_name":"Bo"}}}`)
			}
		}))
		defer server.Close()
		src := workspace(t, map[string]string{"token": "xoxb-1"}).(*puller)
		src.base = server.URL
		by := map[string]string{}
		err := src.Streams()[1].Pull(&source.Pull{Ctx: t.Context(), Now: time.Unix(1772400000, 0), Client: &fetch.Client{HTTP: server.Client()}, Emit: func(p source.Page) error {
			if len(p.Body) == 0 {
				return nil
			}
			said, err := src.Normalize(source.Delivery{Name: "pull/messages", Body: p.Body})
			for _, o := range said {
				for _, u := range o.Record.(*hansei.Incident).Updates {
					by[u.Text] = u.By
				}
			}
			return err
		}})
		if d := cmp.Diff(map[string]string{"fixed": "Bo", "it is down": ""}, by); err != nil || d != "" {
			t.Errorf("%s: %v, %s", code, err, d)
		}
	}
}

// TestArchived: a channel that is archived is closed, also when no message that
// is read says so; since when, only a message tells.
func TestArchived(t *testing.T) {
	src := workspace(t, map[string]string{"token": "xoxb-1"})
	for _, c := range []struct{ archived, more, status, closed string }{
		{"false", "", "", ""},
		{"true", "", hansei.StatusClosed, ""},
		{"true", `{"type":"message","subtype":"channel_archive","ts":"1772370000.000000","user":"U1","text":"archived the channel"},`, hansei.StatusClosed, "1772370000"},
	} {
		said, err := src.Normalize(source.Delivery{Name: "pull/messages", Body: []byte(`{"channel":{"id":"C1","name":"incident-7","created":1772360000,"is_archived":` + c.archived + `,"updated":1772360000000},
			"messages":[` + c.more + `{"type":"message","ts":"1772360100.000000","user":"U1","text":"it is down"}],"users":{"U1":"Ann"}}`)})
		if err != nil {
			t.Fatal(err)
		}
		status, closed := "", ""
		for _, o := range said {
			in := o.Record.(*hansei.Incident)
			if at, ok := in.Milestones.At(hansei.RoleClosed); ok {
				closed = fmt.Sprint(at.Unix())
			}
			if in.Status != "" {
				status = in.Status
			}
		}
		if status != c.status || closed != c.closed {
			t.Errorf("archived %s: %q at %q, want %q at %q", c.archived, status, closed, c.status, c.closed)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	src := workspace(f, map[string]string{"webhook_secret": "s"})
	f.Add("event", []byte(`{"type":"event_callback","event":{"type":"message","channel":"C1","ts":"1772360060.000200","text":"<@U1|x> <"}}`))
	f.Add("pull/messages", []byte(`{"channel":{"id":"C1","name":"inc-1","created":1},"messages":[{"type":"message","ts":"9.9"}]}`))
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		if _, err := src.Normalize(source.Delivery{Name: name, Body: body}); err != nil && err.Error() == "" {
			t.Error("an error without a word")
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	src := workspace(b, map[string]string{"webhook_secret": "s"})
	d := event(`{"type":"message","channel":"C1","user":"U1","ts":"1772360060.000200","event_ts":"1772360060.000200","text":"see <https://x.example/i/7|the page> &amp; <@U2> in <#C9|ops>"}`)
	for b.Loop() {
		if _, err := src.Normalize(d); err != nil {
			b.Fatal(err)
		}
	}
}
