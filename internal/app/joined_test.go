package app

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/record"
	"hansei/internal/source"
)

// TestOneCommitOfTwoTools: a commit that GitHub tells of and that stands in the
// local repository is one change, and its deployment of which GitHub and a
// delivery tool (by CDEvents) tell is one deployment, also in figures.
func TestOneCommitOfTwoTools(t *testing.T) {
	ctx, who := t.Context(), auth.Local()
	a, err := New(ctx, Config{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	path, sha := repository(t)
	hub, err := a.sources.Add(ctx, who, connect.Spec{Tool: "github", Name: "hub"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.sources.Add(ctx, who, connect.Spec{Tool: "git", Name: "local", Settings: map[string]string{"path": path}}); err != nil {
		t.Fatal(err)
	}
	cd, err := a.sources.Add(ctx, who, connect.Spec{Tool: "cdevents", Name: "cd"})
	if err != nil {
		t.Fatal(err)
	}
	send := func(to connect.Added, event, body string) {
		t.Helper()
		u, err := url.Parse(to.URL)
		if err != nil {
			t.Fatal(err)
		}
		q := httptest.NewRequest(http.MethodPost, u.RequestURI(), bytes.NewReader([]byte(body)))
		sum := hex.EncodeToString(source.HMAC(to.Secret, []byte(body)))
		q.Header.Set("X-Hub-Signature-256", "sha256="+sum)
		q.Header.Set("X-GitHub-Event", event)
		q.Header.Set("X-GitHub-Delivery", event)
		q.Header.Set("Authorization", "Bearer "+to.Secret)
		q.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		a.hooks.ServeHTTP(w, q)
		if w.Code/100 != 2 {
			t.Fatalf("%s: %d %s", event, w.Code, w.Body)
		}
	}
	const at = "2026-03-01T10:00:00Z"
	repo := `"repository": {"name": "shop", "full_name": "acme/shop", "default_branch": "main"}`
	send(hub, "push", fmt.Sprintf(`{"ref": "refs/heads/main", %s, "commits": [{"id": %q, "message": "fix: the pool", "timestamp": %q, "url": "https://github.com/acme/shop/commit/%s", "author": {"username": "ann"}}]}`, repo, sha, at, sha))
	send(hub, "deployment", fmt.Sprintf(`{"action": "created", %s, "deployment": {"id": 7, "sha": %q, "ref": "main", "environment": "production", "created_at": %q, "updated_at": %q}}`, repo, sha, at, at))
	send(cd, "deployed", fmt.Sprintf(`{"context": {"version": "0.4.1", "id": "d-1", "source": "/cd", "type": "dev.cdevents.service.deployed.0.2.0", "timestamp": "2026-03-01T10:04:00Z"},
		"subject": {"id": "/services/shop", "type": "service", "content": {"environment": {"id": "production"}, "artifactId": "pkg:oci/shop@sha256%%3A0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427?vcs_url=git%%2Bhttps:%%2F%%2Fgithub.com%%2Facme%%2Fshop%%40%s"}}}`, sha))
	if err := a.sources.PullStream(ctx, who, "local", "commits", a.hooks.Packer); err != nil {
		t.Fatal(err)
	}
	for n := 1; n > 0; {
		if n, err = a.inbox.Drain(ctx, who); err != nil {
			t.Fatal(err)
		}
	}
	for kind, sources := range map[hansei.Kind][]string{hansei.KindChange: {"hub", "local"}, hansei.KindDeployment: {"hub", "cd"}} {
		list, err := a.records.List(ctx, who.Scope(), kind, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		var stand []record.Stored
		for _, x := range list {
			if x.Record.Head().MergedInto == "" {
				stand = append(stand, x)
			}
		}
		if len(stand) != 1 || len(stand[0].Record.Head().From) != 2 {
			t.Errorf("%s told by %v: %d stand for themselves of %d", kind, sources, len(stand), len(list))
			for _, x := range list {
				t.Logf("%+v", x.Record)
			}
		}
	}
	if err := a.facts.CatchUp(ctx, a.records, who.Scope(), nil); err != nil {
		t.Fatal(err)
	}
	got, err := a.facts.SQL(ctx, "SELECT (SELECT count(*) FROM deployment), (SELECT count(*) FROM change)", 1)
	if err != nil || fmt.Sprint(got.Rows) != "[[1 1]]" {
		t.Errorf("facts hold %v deployments and changes, %v", got.Rows, err)
	}
}

// repository makes a git repository of one commit.
func repository(t *testing.T) (path, sha string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "shop")
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com",
			"GIT_AUTHOR_DATE=2026-03-01T10:00:00Z", "GIT_COMMITTER_DATE=2026-03-01T10:00:00Z", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q", "-b", "main", path)
	git("-C", path, "commit", "-q", "--allow-empty", "-m", "fix: the pool")
	return path, git("-C", path, "rev-parse", "HEAD")
}
