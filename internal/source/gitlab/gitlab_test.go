package gitlab

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
	"hansei/internal/source/sourcetest"
)

func account(t testing.TB, more ...string) source.Source {
	t.Helper()
	s := map[string]string{"webhook_secret": "s"}
	for i := 0; i < len(more); i += 2 {
		s[more[i]] = more[i+1]
	}
	src, err := Kind.New(source.Config{Name: "lab", Settings: s})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

const project = `"project":{"id":30,"name":"Shop Backend","path_with_namespace":"acme/shop","web_url":"https://gitlab.com/acme/shop","default_branch":"main"}`

func at(h int) time.Time { return time.Date(2026, 3, 1, h, 0, 0, 0, time.UTC) }

func told(t *testing.T, kind, rest string) hansei.Observation {
	t.Helper()
	got, err := account(t, "releases", "yes").Normalize(source.Delivery{Body: []byte(`{"object_kind":"` + kind + `",` + project + `,` + rest + `}`)})
	if got = sourcetest.Are(got); err != nil || len(got) != 1 {
		t.Fatalf("%s: %d, %v", kind, len(got), err)
	}
	return got[0]
}

// The payloads have the shapes of GitLab's page of webhook events.
func TestEvents(t *testing.T) {
	d := told(t, "deployment", `"status":"success","status_changed_at":"2026-03-01 11:00:00 +0100","deployment_id":15,"deployable_url":"https://gitlab.com/acme/shop/-/jobs/796","environment":"production","environment_tier":"production",
		"short_sha":"279484c0","user":{"name":"Ann","username":"ann"},"commit_url":"https://gitlab.com/acme/shop/-/commit/279484c09fbe69ededfced8c1bb6e6d24616b468","commit_title":"Add it","ref":"main"`)
	want := hansei.Observation{Key: hansei.Key{Kind: hansei.KindDeployment, Source: "lab", External: "15"}, At: at(10).Add(time.Microsecond), Partial: true, First: []string{"started_at"},
		Record: &hansei.Deployment{Title: "Add it", URL: "https://gitlab.com/acme/shop/-/jobs/796", Service: "shop", Environment: "production", Result: "success", Finished: at(10), Commit: "279484c09fbe69ededfced8c1bb6e6d24616b468", Ref: "main", Author: "Ann"}}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
	m := told(t, "merge_request", `"user":{"name":"Bo"},"labels":[{"title":"bug"}],"object_attributes":{"iid":7,"title":"fix","state":"merged","action":"merge","created_at":"2026-03-01 09:00:00 UTC","updated_at":"2026-03-01 12:00:00 UTC","merge_commit_sha":"abc","url":"https://gitlab.com/acme/shop/-/merge_requests/7"}`)
	if pr := m.Record.(*hansei.PullRequest); m.Key.External != "acme/shop!7" || pr.Status != "merged" || !pr.Merged.Equal(at(12)) || pr.MergeCommit != "abc" || pr.Author != "" || pr.Labels[0] != "bug" {
		t.Errorf("merge request: %+v", pr)
	}
	i := told(t, "issue", `"object_attributes":{"iid":3,"title":"Down","type":"Incident","severity":"critical","state":"closed","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T11:00:00Z","closed_at":"2026-03-01T11:00:00Z","url":"u"}`)
	in := i.Record.(*hansei.Incident)
	if end, _ := in.Milestones.At(hansei.RoleResolved); in.Severity != "sev1" || !end.Equal(at(11)) || in.Status != hansei.StatusResolved || i.Names[0] != "acme/shop#3" {
		t.Errorf("incident: %+v", in)
	}
	w := told(t, "issue", `"labels":[{"title":"Postmortem"}],"object_attributes":{"iid":4,"title":"x","type":"Issue","state":"opened","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T11:00:00Z"}`)
	if w.Record.(*hansei.WorkItem).Type != "follow-up" {
		t.Errorf("follow-up: %+v", w.Record)
	}
	p := told(t, "push", `"ref":"refs/heads/main","commits":[{"id":"da1560886d4f094c3e6c9ef40349f7d38b5d27d7","message":"Revert \"x\"\n\nThis reverts commit b6568db1bc1dcd7f8b4d5a946b0b91f9dacd7327.","timestamp":"2026-03-01T10:00:00+02:00","url":"u","author":{"name":"Ann"}}]`)
	if c := p.Record.(*hansei.Change); c.WorkType != "rework" || p.Mentions[0] != "b6568db1bc1dcd7f8b4d5a946b0b91f9dacd7327" || !c.At.Equal(at(8)) {
		t.Errorf("push: %+v %v", c, p.Mentions)
	}
	long := strings.Repeat("ab", 32) // of a repository with SHA-256
	p = told(t, "push", `"ref":"refs/heads/main","commits":[{"id":"`+long+`","message":"Revert \"x\"\r\n\r\nThis reverts commit `+long+`.","timestamp":"2026-03-01T10:00:00+02:00"}]`)
	if c := p.Record.(*hansei.Change); p.Mentions[0] != long || c.Title != `Revert "x"` || c.Services[0] != "shop" {
		t.Errorf("push: %+v %v", c, p.Mentions)
	}
	r := told(t, "release", `"action":"create","tag":"v1.1","name":"New","released_at":"2026-03-01 12:00:00 UTC","url":"u"`)
	if d := r.Record.(*hansei.Deployment); d.Ref != "v1.1" || !d.Finished.Equal(at(12)) {
		t.Errorf("release: %+v", d)
	}
	said, err := account(t, "pipelines", "^main$").Normalize(source.Delivery{Body: []byte(ran("success", `"2026-03-01 10:26:29 UTC"`))})
	want = hansei.Observation{Key: hansei.Key{Kind: hansei.KindDeployment, Source: "lab", External: "pipeline-31"}, At: at(10).Add(26*time.Minute + 30*time.Second + time.Microsecond), Partial: true, Clear: []string{"deleted"},
		Record: &hansei.Deployment{Title: "test", URL: "http://example.com/p/31", Service: "shop", Result: "success", Started: at(10), Finished: at(10).Add(26*time.Minute + 29*time.Second), Commit: "bcbb5ec396a2c0f828686f14fac9b80b780504f2", Ref: "main", Author: "Administrator"}}
	if diff := cmp.Diff([]hansei.Observation{want}, said); err != nil || diff != "" {
		t.Error(diff, err)
	}
	said, err = account(t, "pipelines", "^main$").Normalize(source.Delivery{Body: []byte(ran("running", "null"))})
	if d := said[0].Record.(*hansei.Deployment); err != nil || d.Result != "running" || !d.Finished.IsZero() || !slices.Contains(said[0].Clear, "finished_at") {
		t.Errorf("running: %+v, %v", said, err)
	}
	if _, err := account(t, "pipelines", "^main$").Normalize(source.Delivery{Body: []byte(ran("odd", "null"))}); err == nil || !strings.Contains(err.Error(), `"odd"`) {
		t.Errorf("an unknown status: %v", err)
	}
	if said, err := account(t, "pipelines", "^Deploy").Normalize(source.Delivery{Body: []byte(ran("success", "null"))}); !errors.Is(err, source.ErrUnused) || len(said) != 1 || !said[0].None || said[0].Key != want.Key {
		t.Errorf("one that does not deploy: %+v, %v", said, err)
	}
	src := account(t)
	for kind, rest := range map[string]string{"deployment": `"deployment_id":1,"status":"odd","status_changed_at":"2026-03-01 11:00:00 +0100"`,
		"issue": `"object_attributes":{"iid":3,"state":"odd","created_at":"2026-03-01T09:00:00Z"}`, "merge_request": `"object_attributes":{"iid":3,"state":"odd","created_at":"2026-03-01T09:00:00Z"}`} {
		if _, err := src.Normalize(source.Delivery{Body: []byte(`{"object_kind":"` + kind + `",` + project + `,` + rest + `}`)}); err == nil || !strings.Contains(err.Error(), `"odd"`) {
			t.Errorf("%s: an unknown state: %v", kind, err)
		}
	}
	for _, body := range []string{`{"object_kind":"job"}`, `{"object_kind":"push",` + project + `,"ref":"refs/heads/side","commits":[]}`} {
		if _, err := src.Normalize(source.Delivery{Body: []byte(body)}); !errors.Is(err, source.ErrUnused) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestEndsInTheSameSecond: webhooks tell whole seconds, so what is over is later
// than what else was told of that second, whichever comes first.
func TestEndsInTheSameSecond(t *testing.T) {
	deployment := func(status string) string {
		return `{"object_kind":"deployment",` + project + `,"deployment_id":15,"environment":"production","status":"` + status + `","status_changed_at":"2026-03-01 11:00:00 +0100"}`
	}
	thing := func(kind, state string) string {
		return `{"object_kind":"` + kind + `",` + project + `,"object_attributes":{"iid":7,"title":"x","type":"Issue","state":"` + state + `","created_at":"2026-03-01 09:00:00 UTC","updated_at":"2026-03-01 12:00:00 UTC","closed_at":"2026-03-01 12:00:00 UTC"}}`
	}
	for _, c := range []struct{ before, ended string }{
		{deployment("running"), deployment("failed")},
		{deployment("running"), deployment("canceled")},
		{thing("merge_request", "opened"), thing("merge_request", "merged")},
		{thing("merge_request", "opened"), thing("merge_request", "closed")},
		{thing("issue", "opened"), thing("issue", "closed")},
		{ran("running", "null"), ran("success", `"2026-03-01 10:26:29 UTC"`)},
	} {
		var at []time.Time
		for _, body := range []string{c.before, c.ended} {
			said, err := account(t, "pipelines", "^main$").Normalize(source.Delivery{Body: []byte(body)})
			if err != nil {
				t.Fatal(err)
			}
			at = append(at, sourcetest.Are(said)[0].At)
		}
		if !at[1].After(at[0]) {
			t.Errorf("%s: not later than what was before: %v, %v", c.ended, at[0], at[1])
		}
	}
}

// TestAnIssueKeepsItsMilestone: a webhook has the number of the milestone only,
// and who does the issue beside it.
func TestAnIssueKeepsItsMilestone(t *testing.T) {
	issue := func(milestone string) hansei.Observation {
		return told(t, "issue", `"assignees":[{"name":"Ann","username":"ann"},{"name":"Bo","username":"bo"}],"assignee":{"name":"Ann","username":"ann"},
			"object_attributes":{"iid":4,"title":"x","type":"Issue","state":"opened","assignee_id":51,"milestone_id":`+milestone+`,"created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T11:00:00Z"}`)
	}
	o := issue("12")
	if o.Record.(*hansei.WorkItem).Owner != "Ann" || !o.Partial || slices.Contains(o.Clear, "parent") {
		t.Errorf("with a milestone: %+v", o)
	}
	for _, field := range []string{"owner", "labels", "resolved_at", "deleted"} {
		if !slices.Contains(o.Clear, field) {
			t.Errorf("with a milestone nothing is told of %s", field)
		}
	}
	if o := issue("null"); o.Partial {
		t.Errorf("without a milestone: %+v", o)
	}
}

// ran is the event of a pipeline in the shape of GitLab's page of webhook events.
func ran(status, finished string) string {
	return `{"object_kind":"pipeline","object_attributes":{"id":31,"iid":3,"name":null,"ref":"main","tag":false,"sha":"bcbb5ec396a2c0f828686f14fac9b80b780504f2","before_sha":"bcbb5ec396a2c0f828686f14fac9b80b780504f2","source":"push","status":"` + status + `","detailed_status":"passed",
		"stages":["build"],"created_at":"2026-03-01 10:00:00 UTC","finished_at":` + finished + `,"duration":63,"queued_duration":10,"protected_ref":true,"variables":[],"url":"http://example.com/p/31"},"merge_request":null,"user":{"id":1,"name":"Administrator","username":"root"},` + project + `,
		"commit":{"id":"bcbb5ec396a2c0f828686f14fac9b80b780504f2","message":"test\n","title":"test","timestamp":"2026-03-01T09:00:00+02:00","url":"http://example.com/c"},"builds":[{"id":380,"stage":"deploy","name":"production","status":"skipped","created_at":"2026-03-01 10:00:00 UTC","started_at":"2026-03-01 10:20:00 UTC","finished_at":"2026-03-01 10:26:30 UTC"}]}`
}

func TestVerify(t *testing.T) {
	body, now := []byte(`{}`), time.Unix(1_772_360_000, 0)
	sign := func(key, stamp string) string {
		return "v1," + base64.StdEncoding.EncodeToString(source.HMAC(key, []byte("id-1."+stamp+"."), body))
	}
	for name, c := range map[string]struct {
		secret string
		header http.Header
		want   error
	}{
		"token":         {"s", http.Header{"X-Gitlab-Token": {"s"}}, nil},
		"wrong token":   {"s", http.Header{"X-Gitlab-Token": {"t"}}, source.ErrSignature},
		"nothing":       {"s", http.Header{}, source.ErrSignature},
		"signed":        {"s", http.Header{"Webhook-Id": {"id-1"}, "Webhook-Timestamp": {"1772360000"}, "Webhook-Signature": {"v1,AAAA " + sign("s", "1772360000")}}, nil},
		"signed, whsec": {"whsec_c2VjcmV0", http.Header{"Webhook-Id": {"id-1"}, "Webhook-Timestamp": {"1772360000"}, "Webhook-Signature": {sign("secret", "1772360000")}}, nil},
		"signed wrong":  {"s", http.Header{"Webhook-Id": {"id-1"}, "Webhook-Timestamp": {"1772360000"}, "Webhook-Signature": {sign("t", "1772360000")}, "X-Gitlab-Token": {"s"}}, source.ErrSignature},
		"long ago":      {"s", http.Header{"Webhook-Id": {"id-1"}, "Webhook-Timestamp": {"1772350000"}, "Webhook-Signature": {sign("s", "1772350000")}}, source.ErrStale},
	} {
		if _, err := account(t, "webhook_secret", c.secret).(source.Receiver).Verify(source.Request{Header: c.header, Body: body, Now: now}); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestPull(t *testing.T) {
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("PRIVATE-TOKEN") != "tok" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		rest := strings.TrimPrefix(r.URL.EscapedPath(), "/api/v4/projects/acme%2Fshop")
		switch rest {
		case "/deployments":
			fmt.Fprint(w, `[{"id":15,"ref":"main","sha":"abc","status":"success","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T10:00:00Z","user":{"name":"Ann"},"environment":{"name":"production"},"deployable":{"finished_at":"2026-03-01T09:59:00Z"}}]`)
		case "/merge_requests":
			if r.URL.Query().Get("page") == "" {
				w.Header().Set("Link", "<"+server.URL+"/api/v4/projects/acme%2Fshop/merge_requests?page=2>; rel=\"next\"")
				fmt.Fprint(w, `[{"iid":7,"title":"x","state":"merged","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T10:00:00Z","merged_at":"2026-03-01T10:00:00Z","labels":["bug"],"author":{"name":"Ann"}}]`)
			} else {
				fmt.Fprint(w, `[{"iid":8,"title":"y","state":"opened","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T10:00:00Z","labels":[],"author":{"name":"Ann"}}]`)
			}
		case "/merge_requests/7/commits":
			fmt.Fprint(w, `[{"id":"b","authored_date":"2026-02-28T12:00:00Z"},{"id":"a","authored_date":"2026-02-28T10:00:00Z"}]`)
		case "/issues", "/repository/commits":
			fmt.Fprint(w, `[]`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	src := account(t, "url", server.URL, "token", "tok", "projects", "acme/shop").(*puller)
	got := map[string]hansei.Record{}
	for _, st := range src.Streams() {
		err := st.Pull(&source.Pull{Ctx: t.Context(), From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Now: at(20), Client: &fetch.Client{HTTP: server.Client(), Wait: func(context.Context, time.Duration) error { return nil }},
			Emit: func(p source.Page) error {
				if len(p.Body) == 0 {
					return nil
				}
				said, err := src.Normalize(source.Delivery{Name: "pull/" + st.Name, Body: p.Body})
				for _, o := range said {
					got[o.Key.External] = o.Record
				}
				return err
			}})
		if err != nil {
			t.Errorf("%s: %v", st.Name, err)
		}
	}
	if len(got) != 3 {
		t.Fatalf("got %v", got)
	}
	if pr := got["acme/shop!7"].(*hansei.PullRequest); pr.FirstCommit != "a" || pr.FirstCommitAt.Day() != 28 || pr.Author != "Ann" {
		t.Errorf("merge request: %+v", pr)
	}
	if d := got["15"].(*hansei.Deployment); d.Finished.Minute() != 59 || d.Environment != "production" {
		t.Errorf("deployment: %+v", d)
	}
	for _, f := range src.Check(&source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client()}}) {
		if !f.OK {
			t.Error(f.Says)
		}
	}
	src.token = "wrong"
	if f := src.Check(&source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client()}}); f[0].OK || strings.Contains(f[0].Says, "wrong") {
		t.Errorf("check: %+v", f)
	}
}

func FuzzNormalize(f *testing.F) {
	src := account(f, "releases", "yes")
	f.Add("x", []byte(`{"object_kind":"issue",`+project+`,"labels":[{"title":"a"}],"object_attributes":{"iid":3,"state":"opened","created_at":"2026-03-01T09:00:00Z"}}`))
	f.Add("pull/commits", []byte(`{`+project+`,"items":[{"id":"da1560886d4f094c3e6c9ef40349f7d38b5d27d7","committed_date":"2026-03-01T10:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		a, errA := src.Normalize(source.Delivery{Name: name, Body: body})
		b, errB := src.Normalize(source.Delivery{Name: name, Body: body})
		if (errA == nil) != (errB == nil) || !cmp.Equal(a, b) {
			t.Error("the same payload gave something else")
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	src, d := account(b), source.Delivery{Body: []byte(`{"object_kind":"issue",` + project + `,"object_attributes":{"iid":3,"title":"x","state":"opened","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:00:00Z"}}`)}
	for b.Loop() {
		if _, err := src.Normalize(d); err != nil {
			b.Fatal(err)
		}
	}
}
