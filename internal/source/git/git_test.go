package git

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/sourcetest"
)

// made is a real repository with a fix, a revert, trailers, a merge and tags.
type made struct {
	t    *testing.T
	path string
	day  int
}

func (m *made) git(args ...string) string {
	m.t.Helper()
	m.day++
	cmd := exec.Command("git", append([]string{"-C", m.path}, args...)...)
	at := time.Date(2026, 3, m.day, 10, 0, 0, 0, time.UTC).Format(time.RFC3339)
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com", "GIT_COMMITTER_DATE="+at, "GIT_AUTHOR_DATE="+at,
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		m.t.Fatalf("git %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (m *made) commit(message string) string {
	m.t.Helper()
	name := strings.Fields(message)[0] + ".txt"
	if err := os.WriteFile(filepath.Join(m.path, strings.ReplaceAll(name, "/", "-")), []byte(message), 0o600); err != nil {
		m.t.Fatal(err)
	}
	m.git("add", "-A")
	m.git("commit", "-q", "-m", message)
	return m.git("rev-parse", "HEAD")
}

func makeRepository(t *testing.T) *made {
	t.Helper()
	m := &made{t: t, path: filepath.Join(t.TempDir(), "shop")}
	if err := os.Mkdir(m.path, 0o700); err != nil {
		t.Fatal(err)
	}
	m.git("init", "-q", "-b", "main")
	return m
}

func opened(t *testing.T, path string, more ...string) *repository {
	t.Helper()
	s := map[string]string{"path": path}
	for i := 0; i < len(more); i += 2 {
		s[more[i]] = more[i+1]
	}
	src, err := Kind.New(source.Config{Name: "code", Settings: s})
	if err != nil {
		t.Fatal(err)
	}
	return src.(*repository)
}

func pulled(t *testing.T, r *repository, stream int, cursor string) (map[string]hansei.Observation, string) {
	t.Helper()
	out, st := map[string]hansei.Observation{}, r.Streams()[stream]
	err := st.Pull(&source.Pull{Ctx: t.Context(), Cursor: cursor, From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), Emit: func(p source.Page) error {
		cursor = p.Cursor
		if len(p.Body) == 0 {
			return nil
		}
		said, err := r.Normalize(source.Delivery{Name: "pull/" + st.Name, Body: p.Body})
		for _, o := range said {
			out[o.Key.External] = o
		}
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out, cursor
}

func TestTellsHowFarItCame(t *testing.T) {
	m := makeRepository(t)
	var history strings.Builder
	for i := range 2*batch + 1 {
		at := time.Date(2026, 2, 1, 0, i, 0, 0, time.UTC).Unix()
		fmt.Fprintf(&history, "commit refs/heads/main\ncommitter Ann <ann@example.com> %d +0000\ndata 3\nfix\n", at)
	}
	cmd := exec.Command("git", "-C", m.path, "fast-import", "--quiet")
	cmd.Stdin = strings.NewReader(history.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	m.git("tag", "v1")
	r := opened(t, m.path, "tags", "^v")
	for _, st := range r.Streams() {
		from, now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
		sourcetest.Tells(t, now, func(emit func(source.Page) error) error {
			return st.Pull(&source.Pull{Ctx: t.Context(), From: from, Now: now, Emit: emit})
		})
	}
}

func TestRealRepository(t *testing.T) {
	m := makeRepository(t)
	bad := m.commit("feat(cart): half price for all\n\nIssue: OPS-7")
	m.git("tag", "-a", "v1.0", "-m", "one")
	m.git("tag", "nightly")
	m.git("revert", "--no-edit", bad)
	revert := m.git("rev-parse", "HEAD")
	m.git("checkout", "-q", "-b", "side", bad)
	side := m.commit("fix: count\n\nFixes: acme/shop#12, https://x.example/i/3")
	m.git("checkout", "-q", "main")
	m.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
	r := opened(t, m.path, "tags", "^v[0-9]")
	got, cursor := pulled(t, r, 0, "")
	if len(got) != 4 {
		t.Fatalf("got %d commits", len(got))
	}
	c := got[revert].Record.(*hansei.Change)
	if c.WorkType != "rework" || len(got[revert].Mentions) != 1 || got[revert].Mentions[0] != bad || c.Services[0] != "shop" || c.Author != "Ann" {
		t.Errorf("revert: %+v %v", c, got[revert].Mentions)
	}
	if c := got[side]; c.Record.(*hansei.Change).WorkType != "fix" || strings.Join(c.Mentions, " ") != "acme/shop#12 https://x.example/i/3" {
		t.Errorf("fix: %v", c.Mentions)
	}
	if got[bad].Record.(*hansei.Change).WorkType != "feature" || got[bad].Mentions[0] != "OPS-7" {
		t.Errorf("feature: %+v", got[bad])
	}
	tags, _ := pulled(t, r, 1, "")
	if d := tags["tag-v1.0"].Record.(*hansei.Deployment); len(tags) != 1 || d.Commit != bad || d.Finished.Day() != 5 {
		t.Errorf("tags: %+v", tags)
	}
	if again, same := pulled(t, r, 0, cursor); len(again) != 0 || same != cursor {
		t.Errorf("nothing new: %d commits", len(again))
	}
	next := m.commit("one more")
	if news, _ := pulled(t, r, 0, cursor); len(news) != 1 || news[next].Record == nil {
		t.Errorf("one new: %d commits", len(news))
	}
	// A history that was rewritten: what is new of it is read.
	m.git("reset", "-q", "--hard", bad)
	other := m.commit("another way")
	if news, _ := pulled(t, r, 0, cursor); len(news) != 1 || news[other].Record == nil {
		t.Errorf("rewritten: %d commits", len(news))
	}
	if gone, _ := pulled(t, r, 0, strings.Repeat("1", 40)); len(gone) != 2 {
		t.Errorf("a cursor that is gone: %d commits, want all of the branch", len(gone))
	}
	if f := r.Check(&source.Pull{Ctx: t.Context()}); !f[0].OK {
		t.Errorf("check: %+v", f)
	}
}

// TestRunsNothing: a repository's configuration names programs; none is run.
func TestRunsNothing(t *testing.T) {
	m := makeRepository(t)
	proof := filepath.Join(t.TempDir(), "ran")
	for _, key := range []string{"core.fsmonitor", "core.pager", "diff.external", "core.sshCommand", "credential.helper", "gpg.program", "core.editor", "pager.log", "pager.show", "core.alternateRefsCommand"} {
		m.git("config", key, "touch "+proof+" #")
	}
	m.git("config", "log.showSignature", "true")
	m.git("commit", "--allow-empty", "-q", "-m", "x")
	if err := os.Remove(proof); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	r := opened(t, m.path, "tags", ".")
	pulled(t, r, 0, "")
	pulled(t, r, 1, "")
	r.Check(&source.Pull{Ctx: t.Context()})
	if _, err := os.Stat(proof); !errors.Is(err, os.ErrNotExist) {
		t.Error("the repository ran a program")
	}
}

func TestRefused(t *testing.T) {
	for name, s := range map[string]map[string]string{"relative": {"path": "x"}, "option": {"path": "/x", "branch": "--output=/tmp/x"}, "pattern": {"path": "/x", "tags": "("}} {
		var bad *hansei.InvalidError
		if _, err := Kind.New(source.Config{Settings: s}); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := opened(t, t.TempDir())
	if f := r.Check(&source.Pull{Ctx: t.Context()}); f[0].OK || !strings.Contains(f[0].Says, "not a git repository") {
		t.Errorf("no repository: %+v", f)
	}
	for _, body := range []string{"", "{}", "[{}]", `[{"hash":"x"}]`} {
		if _, err := r.Normalize(source.Delivery{Name: "pull/commits", Body: []byte(body)}); err == nil {
			t.Errorf("%q was taken", body)
		}
	}
}
