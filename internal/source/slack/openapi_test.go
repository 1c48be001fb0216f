package slack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

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
