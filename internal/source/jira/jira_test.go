package jira

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/sourcetest"
)

func jiraOf(t testing.TB, more ...string) source.Source {
	t.Helper()
	s := map[string]string{"url": "https://acme.atlassian.net/", "webhook_secret": "s"}
	for i := 0; i < len(more); i += 2 {
		s[more[i]] = more[i+1]
	}
	src, err := Kind.New(source.Config{Name: "tracker", Settings: s})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// issue is an issue in the shape of Jira's documentation of its REST API.
func issue(key, kind, category string, more string) string {
	return `{"id":"10002","key":"` + key + `","self":"https://acme.atlassian.net/rest/api/3/issue/10002","fields":{"summary":"It is slow","issuetype":{"name":"` + kind + `","subtask":false,"hierarchyLevel":0},
		"project":{"key":"OPS","name":"Operations"},"status":{"name":"S","statusCategory":{"key":"` + category + `"}},"priority":{"name":"High"},"assignee":{"displayName":"Ann"},
		"components":[{"name":"Web Shop"}],"labels":["perf"],"created":"2026-03-01T10:00:00.000+0100","updated":"2026-03-01T12:00:00.000+0100"` + more + `}}`
}

func at(h int) time.Time { return time.Date(2026, 3, 1, h, 0, 0, 0, time.UTC) }

func TestWorkItem(t *testing.T) {
	adf := `,"description":{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"See "},{"type":"text","text":"the page","marks":[{"type":"link","attrs":{"href":"https://x.example/1"}}]}]},{"type":"paragraph","content":[{"type":"mention","attrs":{"text":"@Bo"}}]}]},
		"resolutiondate":"2026-03-01T11:00:00.000+0000","parent":{"key":"OPS-1"},"issuelinks":[{"outwardIssue":{"key":"OPS-9"}}]`
	got, err := jiraOf(t).Normalize(source.Delivery{Name: "jira:issue_updated", Body: []byte(`{"webhookEvent":"jira:issue_updated","timestamp":1772360000000,"issue":` + issue("OPS-2", "Bug", "done", adf) + `}`)})
	want := []hansei.Observation{{Key: hansei.Key{Kind: hansei.KindWorkItem, Source: "tracker", External: "10002"}, At: at(11), First: []string{"started_at"}, Names: []string{"OPS-2"}, Mentions: []string{"OPS-9"},
		Record: &hansei.WorkItem{Title: "It is slow", Description: "See the page (https://x.example/1)\n@Bo", URL: "https://acme.atlassian.net/browse/OPS-2", Type: "bug", Status: "S", Priority: "High",
			Services: []hansei.ID{"Web Shop"}, Owner: "Ann", Parent: "OPS-1", Created: at(9), Done: at(11), Outcome: hansei.FollowUpDone, Labels: []string{"perf"}}}}
	if d := cmp.Diff(want, sourcetest.Are(got)); err != nil || d != "" {
		t.Error(err, d)
	}
	if len(got) != 2 || got[1].Key.Kind != hansei.KindIncident || got[1].Key.External != "10002" || !got[1].None {
		t.Errorf("it is not said that it is no incident: %v", got[1:])
	}
}

func TestIncident(t *testing.T) {
	src := jiraOf(t)
	got, err := src.Normalize(source.Delivery{Name: "pull/issues", Body: []byte(`{"issues":[` + strings.TrimSuffix(issue("OPS-3", "Incident", "done", `,"statuscategorychangedate":"2026-03-01T10:30:00.000+0000"`), "}") +
		`,"changelog":{"histories":[{"created":"2026-03-01T10:30:00.000+0000","items":[{"field":"status"}]},{"created":"2026-03-01T09:10:00.000+0000","items":[{"field":"status"}]},{"created":"2026-03-01T09:01:00.000+0000","items":[{"field":"labels"}]}]}}]}`)})
	if got = sourcetest.Are(got); err != nil || len(got) != 1 {
		t.Fatal(len(got), err)
	}
	in := got[0].Record.(*hansei.Incident)
	ack, _ := in.Milestones.At(hansei.RoleAcknowledged)
	res, _ := in.Milestones.At(hansei.RoleResolved)
	if start, _ := in.Start(); !start.Equal(at(9)) || !ack.Equal(at(9).Add(10*time.Minute)) || !res.Equal(at(10).Add(30*time.Minute)) || in.Status != hansei.StatusResolved {
		t.Errorf("%+v", in)
	}
	gone, err := src.Normalize(source.Delivery{Name: "jira:issue_deleted", Body: []byte(`{"webhookEvent":"jira:issue_deleted","timestamp":1772360000000,"issue":` + issue("OPS-3", "Incident", "done", "") + `}`)})
	if err != nil || !gone[0].Record.Head().Deleted || !gone[0].Partial || gone[0].Key != got[0].Key {
		t.Errorf("deleted: %+v, %v", gone, err)
	}
	follow, err := src.Normalize(source.Delivery{Name: "jira:issue_created", Body: []byte(`{"webhookEvent":"jira:issue_created","issue":` + issue("OPS-4", "Action Item", "new", "") + `}`)})
	if w := follow[0].Record.(*hansei.WorkItem); err != nil || w.Type != "follow-up" || !w.Done.IsZero() {
		t.Errorf("follow-up: %+v, %v", w, err)
	}
	if _, err := src.Normalize(source.Delivery{Body: []byte(`{"webhookEvent":"jira:issue_created","issue":` + issue("OPS-4", "Bug", "limbo", "") + `}`)}); err == nil || !strings.Contains(err.Error(), `"limbo"`) {
		t.Errorf("an unknown category: %v", err)
	}
	if _, err := src.Normalize(source.Delivery{Body: []byte(`{"webhookEvent":"comment_created"}`)}); !errors.Is(err, source.ErrUnused) {
		t.Errorf("a comment: %v", err)
	}
}

func TestVerify(t *testing.T) {
	src, body := jiraOf(t).(source.Receiver), []byte(`{"webhookEvent":"jira:issue_created"}`)
	h := http.Header{"X-Hub-Signature": {"sha256=" + hex.EncodeToString(source.HMAC("s", body))}, "X-Atlassian-Webhook-Identifier": {"w-1"}}
	if r, err := src.Verify(source.Request{Header: h, Body: body}); err != nil || r.ID != "w-1" || r.Event != "jira:issue_created" {
		t.Errorf("got %+v, %v", r, err)
	}
	for _, h := range []http.Header{{}, {"X-Hub-Signature": {"sha256=00"}}, {"X-Hub-Signature": {hex.EncodeToString(source.HMAC("s", body))}}} {
		if _, err := src.Verify(source.Request{Header: h, Body: body}); !errors.Is(err, source.ErrSignature) {
			t.Errorf("%v: %v", h, err)
		}
	}
	// Atlassian's documentation signs "Hello World!" with this secret.
	if err := source.CheckHex("It's a Secret to Everybody", "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9", []byte("Hello World!")); err != nil {
		t.Errorf("the documentation's example: %v", err)
	}
}

func TestPull(t *testing.T) {
	for _, email := range []string{"ann@example.com", ""} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			q, auth := r.URL.Query(), r.Header.Get("Authorization")
			if strings.HasPrefix(auth, "Basic ") != (email != "") || auth == "" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			switch r.URL.Path {
			case "/rest/api/2/myself":
				fmt.Fprint(w, `{"timeZone":"America/New_York"}`)
			case "/rest/api/3/search/jql":
				// Midnight UTC is the evening before in the account's zone; Check asks for a year.
				if jql := q.Get("jql"); jql != `project in ("OPS") AND updated >= "2025-12-31 19:00" ORDER BY updated ASC, key ASC` && !strings.Contains(jql, `"2025-03-01 15:00"`) {
					t.Errorf("asked for %s", jql)
				}
				if q.Get("nextPageToken") == "" {
					fmt.Fprint(w, `{"issues":[`+issue("OPS-1", "Bug", "new", "")+`],"nextPageToken":"t2"}`)
				} else {
					fmt.Fprint(w, `{"issues":[`+issue("OPS-2", "Bug", "new", "")+`],"isLast":true}`)
				}
			case "/rest/api/2/search":
				fmt.Fprintf(w, `{"issues":[%s],"total":2,"startAt":%s}`, issue("OPS-"+q.Get("startAt"), "Bug", "new", ""), q.Get("startAt"))
			case "/rest/api/2/status", "/rest/api/2/project", "/rest/api/3/project/search":
				w.WriteHeader(http.StatusForbidden) // it goes on without
			case "/rest/api/2/project/OPS":
				w.WriteHeader(http.StatusNotFound)
			}
		}))
		defer server.Close()
		src := jiraOf(t, "url", server.URL, "token", "tok", "email", email, "projects", "OPS").(*puller)
		var pages []source.Page
		fail := true
		run := func(cursor string) *source.Pull {
			return &source.Pull{Ctx: t.Context(), Cursor: cursor, From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Now: at(20),
				Client: &fetch.Client{HTTP: server.Client(), Wait: func(context.Context, time.Duration) error { return nil }},
				Emit: func(p source.Page) error {
					if len(pages) == 1 && fail {
						fail = false
						return errors.New("the disk is full")
					}
					pages = append(pages, p)
					return nil
				}}
		}
		st := src.Streams()[1]
		if err := st.Pull(run("")); err == nil || len(pages) != 1 {
			t.Fatalf("a page that could not be stored: %v", err)
		}
		if err := st.Pull(run(pages[0].Cursor)); err != nil || len(pages) != 2 || !pages[1].Through.Equal(at(20)) {
			t.Fatalf("went on: %v, %d pages", err, len(pages))
		}
		found := src.Check(run(""))
		if last := found[len(found)-1]; last.OK || !strings.Contains(last.Says, "OPS") || !found[0].OK {
			t.Errorf("check: %+v", found)
		}
	}
}

// TestEditedWhileRead: Data Center counts pages by position, and whoever edits an
// issue while they are read moves the others. None is missed for that, nor when
// an earlier version, which read oldest first, had left off between two pages.
func TestEditedWhileRead(t *testing.T) {
	for _, c := range []struct{ edited, cursor string }{{"OPS-1", ""}, {"OPS-2", ""}, {"OPS-4", ""}, {"OPS-5", ""},
		{"", `{"since":"2026-03-01T00:00:00Z","began":"2026-03-01T19:00:00Z","next":"2","of":["*"],"upto":"2026-03-01T02:00:00Z"}`},
		{"", `{"since":"2026-03-01T00:00:00Z","began":"2026-03-01T19:00:00Z","start":2}`}} {
		updated, calls := map[string]time.Time{}, 0
		for h := 1; h <= 5; h++ {
			updated[fmt.Sprintf("OPS-%d", h)] = at(h)
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			jql := r.URL.Query().Get("jql")
			switch {
			case strings.HasSuffix(r.URL.Path, "/status"):
				fmt.Fprint(w, "[]")
				return
			case jql == "":
				fmt.Fprint(w, `{"timeZone":"Etc/UTC"}`)
				return
			}
			keys, some := slices.SortedFunc(maps.Keys(updated), func(a, b string) int { return updated[a].Compare(updated[b]) }), []string{}
			if strings.Contains(jql, "updated DESC") {
				slices.Reverse(keys)
			}
			for _, key := range keys {
				if updated[key].Format(`"2006-01-02 15:04"`) >= jql[strings.Index(jql, `"`):][:18] {
					some = append(some, strings.ReplaceAll(issue(key, "Bug", "new", ""), "2026-03-01T12:00:00.000+0100", updated[key].Format("2006-01-02T15:04:05.000-0700")))
				}
			}
			start, err := strconv.Atoi(r.URL.Query().Get("startAt"))
			if err != nil {
				t.Error(err)
			}
			fmt.Fprintf(w, `{"startAt":%d,"total":%d,"issues":[%s]}`, start, len(some), strings.Join(some[start:min(start+2, len(some))], ","))
			if calls++; calls == 1 && c.edited != "" {
				updated[c.edited] = at(19)
			}
		}))
		defer server.Close()
		read := map[string]bool{"OPS-1": c.edited == "", "OPS-2": c.edited == ""} // by the earlier version
		err := jiraOf(t, "url", server.URL, "token", "tok").(*puller).Streams()[1].Pull(&source.Pull{Ctx: t.Context(), Cursor: c.cursor, From: at(0), Now: at(20), Client: &fetch.Client{HTTP: server.Client()},
			Emit: func(page source.Page) error {
				for key := range updated {
					read[key] = read[key] || strings.Contains(string(page.Body), key)
				}
				if strings.Contains(page.Cursor, "began") != page.Through.IsZero() {
					t.Errorf("everything up to %v is read, says the page before %s", page.Through, page.Cursor)
				}
				return nil
			}})
		for key := range updated {
			if err != nil || !read[key] && key != c.edited { // that one comes with the next run
				t.Errorf("%+v: %s was not read, %v", c, key, err)
			}
		}
	}
}

// TestZones: where the account's time zone is not known, what is asked for is
// enough wherever it may be.
func TestZones(t *testing.T) {
	for said, from := range map[string]string{`"Asia/Tokyo"`: "2026-03-01 18:00", `null`: "2026-02-28 21:00", `""`: "2026-02-28 21:00", `"America/Nowhere"`: "2026-02-28 21:00"} {
		asked := ""
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/rest/api/2/myself":
				fmt.Fprintf(w, `{"timeZone":%s}`, said)
			case "/rest/api/3/search/jql":
				asked = r.URL.Query().Get("jql")
				fmt.Fprint(w, `{"issues":[],"isLast":true}`)
			default:
				fmt.Fprint(w, `[]`)
			}
		}))
		defer server.Close()
		err := jiraOf(t, "url", server.URL, "token", "tok", "email", "ann@example.com").(*puller).Streams()[1].Pull(&source.Pull{Ctx: t.Context(), From: at(9), Now: at(20),
			Client: &fetch.Client{HTTP: server.Client()}, Emit: func(source.Page) error { return nil }})
		if err != nil || !strings.HasPrefix(asked, `updated >= "`+from+`"`) {
			t.Errorf("in the time zone %s: asked for %s, %v", said, asked, err)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	src := jiraOf(f)
	f.Add([]byte(`{"webhookEvent":"jira:issue_updated","timestamp":1772360000000,"issue":` + issue("OPS-2", "Bug", "done", "") + `}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, errA := src.Normalize(source.Delivery{Body: body})
		b, errB := src.Normalize(source.Delivery{Body: body})
		if (errA == nil) != (errB == nil) || !cmp.Equal(a, b) {
			t.Error("the same payload gave something else")
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	src, body := jiraOf(b), []byte(`{"webhookEvent":"jira:issue_updated","timestamp":1772360000000,"issue":`+issue("OPS-2", "Bug", "done", "")+`}`)
	for b.Loop() {
		if _, err := src.Normalize(source.Delivery{Body: body}); err != nil {
			b.Fatal(err)
		}
	}
}
