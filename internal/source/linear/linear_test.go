package linear

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/sourcetest"
)

func workspace(t testing.TB, more ...string) source.Source {
	t.Helper()
	s := map[string]string{"webhook_secret": "s"}
	for i := 0; i < len(more); i += 2 {
		s[more[i]] = more[i+1]
	}
	src, err := Kind.New(source.Config{Name: "lin", Settings: s})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// issueOf is an issue in the shape of Linear's documentation of its webhooks.
func issueOf(state, more string) string {
	return `{"id":"2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9","createdAt":"2026-03-01T10:00:00.000Z","updatedAt":"2026-03-01T11:00:00.000Z","identifier":"ENG-12","title":"It is slow","description":"Why?",
		"url":"https://linear.app/acme/issue/ENG-12","priority":2,"dueDate":"2026-04-01","state":{"name":"S","type":"` + state + `"},"team":{"key":"ENG","name":"Engineering"},"assignee":{"name":"Ann"},"labels":[{"name":"Follow-up"}]` + more + `}`
}

func event(action, data string) []byte {
	return []byte(`{"action":"` + action + `","type":"Issue","webhookTimestamp":` + fmt.Sprint(at.UnixMilli()) + `,"data":` + data + `}`)
}

func TestIssues(t *testing.T) {
	src := workspace(t)
	got, err := src.Normalize(source.Delivery{Name: "Issue", Body: event("update", issueOf("canceled", `,"startedAt":"2026-03-01T10:15:00.000Z","canceledAt":"2026-03-01T10:30:00.000Z"`))})
	want := []hansei.Observation{{Key: hansei.Key{Kind: hansei.KindWorkItem, Source: "lin", External: "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9"}, At: at.Add(-time.Hour), Names: []string{"ENG-12"},
		Record: &hansei.WorkItem{Title: "It is slow", Description: "Why?", URL: "https://linear.app/acme/issue/ENG-12", Type: "follow-up", Status: "S", Priority: "High", Owner: "Ann", Team: "Engineering", Outcome: "declined",
			Created: at.Add(-2 * time.Hour), Started: at.Add(-105 * time.Minute), Done: at.Add(-90 * time.Minute), Due: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), Labels: []string{"Follow-up"}}}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Error(err, d)
	}
	for state, outcome := range map[string]string{"completed": "done", "duplicate": "declined", "started": "", "triage": ""} {
		got, err := src.Normalize(source.Delivery{Name: "Issue", Body: event("update", issueOf(state, ""))})
		if err != nil {
			t.Fatal(err)
		}
		if w := got[0].Record.(*hansei.WorkItem); w.Outcome != outcome || w.Done.IsZero() != (outcome == "") {
			t.Errorf("%s: got %+v", state, w)
		}
	}
	for name, body := range map[string][]byte{"removed": event("remove", issueOf("started", "")), "trashed": event("update", issueOf("started", `,"trashed":true`))} {
		got, err := src.Normalize(source.Delivery{Name: "Issue", Body: body})
		if err != nil || !got[0].Record.Head().Deleted || !got[0].Partial {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if _, err := src.Normalize(source.Delivery{Body: []byte(`{"type":"Comment","action":"create","data":{}}`)}); !errors.Is(err, source.ErrUnused) {
		t.Errorf("a comment: %v", err)
	}
	if _, err := src.Normalize(source.Delivery{Body: event("update", issueOf("limbo", ""))}); err == nil {
		t.Error("a type of state there is not was understood")
	}
}

func TestVerify(t *testing.T) {
	src, body := workspace(t).(source.Receiver), event("create", issueOf("started", ""))
	sign := func(secret string) http.Header {
		return http.Header{"Linear-Signature": {hex.EncodeToString(source.HMAC(secret, body))}, "Linear-Delivery": {"d-1"}}
	}
	if r, err := src.Verify(source.Request{Header: sign("s"), Body: body, Now: at.Add(time.Minute)}); err != nil || r.ID != "d-1" || r.Event != "Issue" {
		t.Errorf("got %+v, %v", r, err)
	}
	if _, err := src.Verify(source.Request{Header: sign("other"), Body: body, Now: at}); !errors.Is(err, source.ErrSignature) {
		t.Errorf("another secret: %v", err)
	}
	if _, err := src.Verify(source.Request{Header: sign("s"), Body: body, Now: at.Add(time.Hour)}); !errors.Is(err, source.ErrStale) {
		t.Errorf("a replay: %v", err)
	}
}

func TestPull(t *testing.T) {
	text, err := os.ReadFile("../../tracker/linear/testdata/schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: string(text)})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Query     string
			Variables struct {
				After  string
				Filter struct {
					Updated struct{ Gte string } `json:"updatedAt"`
					Team    struct{ Key struct{ In []string } }
				}
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Header.Get("Authorization") != "lin_api_k3y" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if _, errs := gqlparser.LoadQueryWithRules(schema, q.Query, rules.NewDefaultRules()); errs != nil {
			t.Errorf("%s: not in Linear's schema: %v", q.Query, errs)
		}
		switch {
		case q.Variables.Filter.Updated.Gte == "":
			fmt.Fprint(w, `{"data":{"teams":{"nodes":[{"key":"ENG"}]}}}`)
		case q.Variables.Filter.Updated.Gte != "2026-01-01T00:00:00Z" || len(q.Variables.Filter.Team.Key.In) != 2:
			t.Errorf("asked for %+v", q.Variables)
		case q.Variables.After == "":
			fmt.Fprint(w, `{"data":{"issues":{"nodes":[`+issueOf("started", `,"labels":{"nodes":[{"name":"bug"}]}`)+`],"pageInfo":{"hasNextPage":true,"endCursor":"c1"}}}}`)
		default:
			fmt.Fprint(w, `{"data":{"issues":{"nodes":[`+issueOf("completed", "")+`],"pageInfo":{"hasNextPage":false}}}}`)
		}
	}))
	defer server.Close()
	src := workspace(t, "token", "lin_api_k3y", "teams", "ENG, OPS", "api_url", server.URL).(*puller)
	var pages []source.Page
	run := &source.Pull{Ctx: t.Context(), From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Now: at,
		Client: &fetch.Client{HTTP: server.Client(), Wait: func(context.Context, time.Duration) error { return nil }},
		Emit:   func(p source.Page) error { pages = append(pages, p); return nil }}
	if err := src.Streams()[0].Pull(run); err != nil || len(pages) != 2 || !pages[1].Through.Equal(at) {
		t.Fatalf("%v, %d pages", err, len(pages))
	}
	got, err := src.Normalize(source.Delivery{Name: "pull/issues", Body: pages[0].Body})
	if err != nil || got[0].Record.(*hansei.WorkItem).Type != "bug" {
		t.Errorf("got %+v, %v", got, err)
	}
	sourcetest.Survives(t, server, run.From, at, "lin_api_k3y", func() source.Stream { return src.Streams()[0] })
	found := src.Check(run)
	if len(found) != 3 || !found[0].OK || !found[1].OK || found[2].OK {
		t.Errorf("check: %+v", found)
	}
}

// TestTooOften: what Linear says with a 400 when it was asked too often is not
// taken for a refusal of the key, and the history goes on when Linear says.
func TestTooOften(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-Requests-Remaining", "0")
		w.Header().Set("X-RateLimit-Requests-Reset", fmt.Sprint(time.Now().Add(time.Hour).UnixMilli()))
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"errors":[{"message":"Rate limit exceeded","extensions":{"type":"ratelimited","code":"RATELIMITED","statusCode":429}}]}`)
	}))
	defer server.Close()
	src := workspace(t, "token", "lin_api_k3y", "api_url", server.URL).(*puller)
	run := &source.Pull{Ctx: t.Context(), From: at, Now: at, Client: &fetch.Client{HTTP: server.Client()}, Emit: func(source.Page) error { return nil }}
	var later *fetch.LaterError
	if err := src.Streams()[0].Pull(run); !errors.As(err, &later) || later.After < 59*time.Minute {
		t.Errorf("got %v", err)
	}
	if found := src.Check(run); len(found) != 1 || strings.Contains(found[0].Says, "does not accept") {
		t.Errorf("check: %+v", found)
	}
}

// TestGrows asks a Linear of two teams of five issues each, two on a page.
func TestGrows(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Variables struct {
				After  string
				Filter struct {
					Updated struct{ Gte time.Time } `json:"updatedAt"`
					Team    struct{ Key struct{ In, Nin []string } }
				}
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Error(err)
		}
		f, some := q.Variables.Filter, []string{}
		for n := range 10 {
			team := []string{"ENG", "OPS"}[n/5]
			if len(f.Team.Key.In) > 0 && !slices.Contains(f.Team.Key.In, team) || slices.Contains(f.Team.Key.Nin, team) || f.Updated.Gte.After(at) {
				continue
			}
			some = append(some, fmt.Sprintf(`{"id":"%d","identifier":"%s-%d"}`, n, team, n))
		}
		start, err := strconv.Atoi("0" + q.Variables.After)
		if err != nil {
			t.Error(err)
		}
		end := min(start+2, len(some))
		fmt.Fprintf(w, `{"data":{"issues":{"nodes":[%s],"pageInfo":{"hasNextPage":%t,"endCursor":"%d"}}}}`, strings.Join(some[start:end], ","), end < len(some), end)
	}))
	defer server.Close()
	sourcetest.Grows(t, sourcetest.Listed{Server: server, From: at.AddDate(0, -1, 0), Now: at.AddDate(0, 0, 2), One: "ENG", Other: "OPS", All: true, Open: func(listed ...string) source.Stream {
		return workspace(t, "token", "k", "teams", strings.Join(listed, ","), "api_url", server.URL).(*puller).Streams()[0]
	}})
}

func FuzzNormalize(f *testing.F) {
	src := workspace(f)
	f.Add(event("update", issueOf("started", "")))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, errA := src.Normalize(source.Delivery{Body: body})
		b, errB := src.Normalize(source.Delivery{Body: body})
		if (errA == nil) != (errB == nil) || !cmp.Equal(a, b) {
			t.Error("the same payload gave something else")
		}
	})
}
