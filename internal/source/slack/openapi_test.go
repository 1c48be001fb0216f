package slack

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
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
	description, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/answers.json")
	if err != nil {
		t.Fatal(err)
	}
	var answers map[string]json.RawMessage
	if err := json.Unmarshal(text, &answers); err != nil {
		t.Fatal(err)
	}
	cursors := regexp.MustCompile(`"next_cursor": "[^"]*"`)
	asked := map[string]bool{}
	server := sourcetest.Described(t, description, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
