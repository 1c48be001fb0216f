package slack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/sourcetest"
)

// TestPullsAsDescribed pulls from a server that holds each request and each
// answer to Slack's own OpenAPI description and answers with its examples.
func TestPullsAsDescribed(t *testing.T) {
	server, answers, asked := described(t)
	src := workspace(t, map[string]string{"webhook_secret": "s", "token": "xoxb-1", "channels": "."}).(*puller)
	src.base = server.URL
	for _, st := range src.Streams() {
		pages := 0
		err := st.Pull(&source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client()}, Now: time.Unix(1_772_400_000, 0), Emit: func(page source.Page) error {
			if pages++; len(page.Body) == 0 {
				return nil
			}
			said, err := src.Normalize(source.Delivery{Name: "pull/" + st.Name, Body: page.Body})
			if len(said) == 0 {
				t.Errorf("%s: nothing was made of %s", st.Name, page.Body)
			}
			return err
		}})
		if err != nil || pages == 0 {
			t.Errorf("%s: %d pages, %v", st.Name, pages, err)
		}
	}
	src.Check(&source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client()}, Now: time.Unix(1_772_400_000, 0)})
	for method := range answers {
		if !asked[method] && method != "conversations.replies" { // the example's messages have none
			t.Errorf("%s was not asked", method)
		}
	}
}

func TestFaults(t *testing.T) {
	server, _, _ := described(t)
	open := func() []source.Stream {
		src := workspace(t, map[string]string{"webhook_secret": "s", "token": "xoxb-1", "channels": "."}).(*puller)
		src.base = server.URL
		return src.Streams()
	}
	for i := range open() {
		sourcetest.Survives(t, server, time.Unix(1_772_300_000, 0), time.Unix(1_772_400_000, 0), "xoxb-1", func() source.Stream { return open()[i] })
	}
}

// TestGrows asks for two channels of three messages each, one on a page.
func TestGrows(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if strings.HasSuffix(r.URL.Path, "conversations.list") {
			io.WriteString(w, `{"ok":true,"channels":[{"id":"C1","name":"inc-1","created":1772000000},{"id":"C2","name":"ops-2","created":1772000001}]}`)
			return
		}
		var some []string
		for _, ts := range []string{"1772300000.000000", "1772100000.000000", "1772000000.000000"} {
			if ts > q.Get("oldest") {
				some = append(some, fmt.Sprintf(`{"type":"message","ts":%q,"text":"x"}`, ts))
			}
		}
		at, err := strconv.Atoi("0" + q.Get("cursor"))
		if err != nil {
			t.Error(err)
		}
		next := ""
		if at+1 < len(some) {
			next = strconv.Itoa(at + 1)
		}
		fmt.Fprintf(w, `{"ok":true,"messages":[%s],"response_metadata":{"next_cursor":%q}}`, some[at], next)
	}))
	defer server.Close()
	sourcetest.Grows(t, sourcetest.Listed{Server: server, From: time.Unix(1_771_000_000, 0), Now: time.Unix(1_772_400_000, 0), One: "^inc-", Other: "^ops-", Open: func(listed ...string) source.Stream {
		src := workspace(t, map[string]string{"webhook_secret": "s", "token": "xoxb-1", "channels": strings.Join(listed, "|")}).(*puller)
		src.base = server.URL
		return src.Streams()[1]
	}})
}

// TestCursorsExpire: a cursor that Slack takes no more does not hold up the
// history. Lists of people, channels and replies are read anew; a channel goes on
// before the oldest message that was read.
func TestCursorsExpire(t *testing.T) {
	messages := func(from, to int) string {
		var out []string
		for i := from; i > to; i-- {
			more := ""
			if i == 5 {
				more = `,"reply_count":3,"latest_reply":"1772360999.000000","thread_ts":"1772360005.000000"`
			}
			out = append(out, fmt.Sprintf(`{"type":"message","ts":"177236%04d.000000","user":"U1","text":"m%d"%s}`, i, i, more))
		}
		return strings.Join(out, ",")
	}
	paged := func(key, first, second string) func(url.Values) string {
		return func(q url.Values) string {
			if q.Get("cursor") == "" {
				return `{"ok":true,"` + key + `":[` + first + `],"response_metadata":{"next_cursor":"p2"}}`
			}
			return `{"ok":true,"` + key + `":[` + second + `]}`
		}
	}
	history := func(q url.Values) string {
		top := 9
		if q.Get("latest") != "" { // what is older
			if _, err := fmt.Sscanf(q.Get("latest"), "177236%04d.000000", &top); err != nil {
				t.Error(err)
			}
			top--
		}
		if q.Get("cursor") != "" {
			if _, err := fmt.Sscanf(q.Get("cursor"), "before-%d", &top); err != nil {
				t.Error(err)
			}
		}
		next := ""
		if top > 3 {
			next = fmt.Sprintf("before-%d", top-3)
		}
		return `{"ok":true,"messages":[` + messages(top, max(0, top-3)) + `],"response_metadata":{"next_cursor":"` + next + `"}}`
	}
	answers := map[string]func(url.Values) string{
		"conversations.list":    paged("channels", `{"id":"C1","name":"incident-1","created":1772360000}`, `{"id":"C2","name":"incident-2","created":1772360001}`),
		"conversations.history": history,
		"conversations.replies": paged("messages", `{"type":"message","ts":"1772360990.000000","user":"U1","text":"r1"}`, `{"type":"message","ts":"1772360999.000000","user":"U1","text":"r2"}`),
		"users.info":            func(url.Values) string { return `{"ok":true,"user":{"name":"ann"}}` },
		"users.list":            paged("members", `{"id":"U1","name":"ann","updated":1}`, `{"id":"U2","name":"bo","updated":1}`),
	}
	for i := range 2 {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.WriteString(w, answers[strings.TrimPrefix(r.URL.Path, "/")](r.URL.Query())); err != nil {
				t.Error(err)
			}
		}))
		t.Cleanup(server.Close)
		src := workspace(t, map[string]string{"webhook_secret": "s", "token": "xoxb-1"}).(*puller)
		src.base = server.URL
		st := src.Streams()[i]
		refuse := func(w http.ResponseWriter, _ *http.Request) {
			if _, err := io.WriteString(w, `{"ok":false,"error":"invalid_cursor"}`); err != nil {
				t.Error(err)
			}
		}
		named := func(r *http.Request) bool { return r.URL.Query().Has("cursor") }
		sourcetest.GoesOn(t, server, time.Unix(1_772_300_000, 0), time.Unix(1_772_400_000, 0), func() source.Stream { return st }, named, refuse, func(page source.Page) (things []string) {
			if len(page.Body) == 0 {
				return nil
			}
			said, err := src.Normalize(source.Delivery{Name: "pull/" + st.Name, Body: page.Body})
			if err != nil {
				t.Error(err)
			}
			for _, o := range said {
				things = append(things, o.Key.External)
				if in, ok := o.Record.(*hansei.Incident); ok {
					for _, u := range in.Updates {
						things = append(things, o.Key.External+" "+u.Text)
					}
				}
			}
			return things
		})
	}
}

// described is a server that answers with the examples of the description, and
// which methods were asked.
func described(t *testing.T) (server *httptest.Server, answers map[string]json.RawMessage, asked map[string]bool) {
	t.Helper()
	description, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/answers.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &answers); err != nil {
		t.Fatal(err)
	}
	cursors := regexp.MustCompile(`"next_cursor": "[^"]*"`)
	asked = map[string]bool{}
	server = sourcetest.Described(t, description, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := strings.TrimPrefix(r.URL.Path, "/")
		asked[method] = true
		answer := string(answers[method])
		if r.URL.Query().Get("cursor") != "" { // the second page is the last
			answer = cursors.ReplaceAllString(answer, `"next_cursor": ""`)
		}
		w.Header().Set("Content-Type", "application/json")
		if _, err := io.WriteString(w, answer); err != nil {
			t.Error(err)
		}
	}))
	return server, answers, asked
}
