// Package git reads a local git repository: commits of its default branch with
// what they revert and what their trailers name, and its tags.
//
// It runs the git binary rather than a library: git itself knows every format
// a repository may have, and reads years of history in seconds. The
// repository's own configuration cannot make it run a program: hooks,
// pagers, external diffs, textconv and lazy fetching are off, and only a
// handful of reading commands are used. Built against git-log(1) and
// git-for-each-ref(1) of git 2.39.
package git

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
)

// Kind is a local git repository.
var Kind = source.Kind{
	Name: "git", Title: "Local git repository", Docs: "https://git-scm.com/docs/git-log",
	About: "Commits, reverts, trailers and tags of a repository on this machine.",
	Settings: []source.Setting{
		{Name: "path", Title: "Path", Required: true, Place: true, Help: "Of the repository on the machine that Hansei runs on, from the root. A bare mirror (git clone --mirror) does well."},
		{Name: "branch", Title: "Branch", Default: "HEAD", Place: true, Help: "Whose history counts; the repository's own HEAD when empty."},
		{Name: "service", Title: "Service", Means: true, Help: "What the repository is; its directory's name when empty."},
		{Name: "tags", Title: "Tags are deployments", Means: true, Help: "A regular expression on the names of tags that mark a deployment to production, such as ^v[0-9]. Empty: none."},
	},
	Gives: []hansei.Kind{hansei.KindChange, hansei.KindDeployment},
	New:   open,
}

type repository struct {
	name, path, branch, service string
	tags                        *regexp.Regexp
}

func open(c source.Config) (source.Source, error) {
	r := &repository{name: c.Name, path: c.Settings["path"], branch: c.Settings["branch"], service: c.Settings["service"]}
	if !filepath.IsAbs(r.path) {
		return nil, hansei.Invalid("path", "%q: expected a path from the root", r.path)
	}
	if r.branch == "" {
		r.branch = "HEAD"
	}
	if strings.HasPrefix(r.branch, "-") || strings.ContainsAny(r.branch, " \t\n:^~") {
		return nil, hansei.Invalid("branch", "%q is not the name of a branch", r.branch)
	}
	if r.service == "" {
		r.service = strings.TrimSuffix(filepath.Base(r.path), ".git")
	}
	if text := c.Settings["tags"]; text != "" {
		var err error
		if r.tags, err = regexp.Compile(text); err != nil {
			return nil, hansei.Invalid("tags", "%q is not a regular expression: %v", text, err)
		}
	}
	return r, nil
}

// safely are settings that keep a repository from running programs.
var safely = []string{"-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.pager=cat", "-c", "diff.external=", "-c", "protocol.allow=never", "-c", "log.showSignature=false"}

const (
	maxOutput = 64 << 20
	batch     = 500 // commits on a page
)

// run runs git with a bounded output and an empty environment.
func (r *repository) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append(append(append([]string{}, safely...), "-C", r.path, "--no-pager", "--no-optional-locks"), args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "LC_ALL=C", "HOME=/nonexistent",
		// The repository may belong to another user: it is only read.
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &bounded{&out}, &bounded{&errs}
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(errs.String()))
	}
	return out.Bytes(), nil
}

// bounded refuses more than maxOutput.
type bounded struct{ b *bytes.Buffer }

func (w *bounded) Write(p []byte) (int, error) {
	if w.b.Len()+len(p) > maxOutput {
		return 0, errors.New("git says more than 64 MB")
	}
	return w.b.Write(p)
}

// Streams are commits and, if they mark deployments, tags.
func (r *repository) Streams() []source.Stream {
	list := []source.Stream{{Name: "commits", Title: "Commits", Pull: r.commits}}
	if r.tags != nil {
		list = append(list, source.Stream{Name: "tags", Title: "Tags", Pull: r.tagged})
	}
	return list
}

// Commit is a commit as a delivery holds it.
type Commit struct {
	Hash    string    `json:"hash"`
	Author  string    `json:"author"`
	Email   string    `json:"email"`
	At      time.Time `json:"at"` // of the committer
	Message string    `json:"message"`
}

// Tag is a tag as a delivery holds it.
type Tag struct {
	Name   string    `json:"name"`
	Commit string    `json:"commit"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
}

// commits reads what the branch has and the last look did not see. After the
// history was rewritten that is what is new of it; what vanished stays known.
func (r *repository) commits(p *source.Pull) error {
	head, err := r.run(p.Ctx, "rev-parse", "--verify", "--end-of-options", r.branch+"^{commit}")
	if err != nil {
		return err
	}
	tip := strings.TrimSpace(string(head))
	if tip == p.Cursor {
		return p.Emit(source.Page{Cursor: tip, Through: p.Now})
	}
	span := []string{tip}
	if p.Cursor != "" {
		if _, err := r.run(p.Ctx, "cat-file", "-e", p.Cursor+"^{commit}"); err == nil {
			span = append(span, "^"+p.Cursor)
		} // else what was seen is gone: everything is read again, and known commits change nothing
	} else {
		span = append([]string{"--since=" + p.From.UTC().Format(time.RFC3339)}, span...)
	}
	list, err := r.run(p.Ctx, append([]string{"rev-list", "--reverse"}, span...)...)
	if err != nil {
		return err
	}
	hashes := strings.Fields(string(list))
	for len(hashes) > 0 {
		n := min(batch, len(hashes))
		page, err := r.read(p.Ctx, hashes[:n])
		if err != nil {
			return err
		}
		body, err := json.Marshal(page)
		if err != nil {
			return err
		}
		// A merge has two pasts, so that no commit but the tip stands for all
		// that was read: the cursor moves at the end. Pages known already
		// change nothing.
		out := source.Page{Body: body, Cursor: p.Cursor, Through: page[n-1].At}
		if n == len(hashes) {
			out.Cursor, out.Through = tip, p.Now
		}
		if err := p.Emit(out); err != nil {
			return err
		}
		hashes = hashes[n:]
	}
	if len(list) == 0 {
		return p.Emit(source.Page{Cursor: tip, Through: p.Now})
	}
	return nil
}

func (r *repository) read(ctx context.Context, hashes []string) ([]Commit, error) {
	text, err := r.run(ctx, append([]string{"show", "--no-patch", "--no-notes", "--no-textconv", "--no-ext-diff", "--format=%H%x00%an%x00%ae%x00%cI%x00%B%x00%x01"}, hashes...)...)
	if err != nil {
		return nil, err
	}
	var out []Commit
	for part := range strings.SplitSeq(string(text), "\x00\x01") {
		f := strings.SplitN(strings.TrimLeft(part, "\n"), "\x00", 5)
		if len(f) < 5 {
			continue
		}
		at, err := time.Parse(time.RFC3339, f[3])
		if err != nil {
			return nil, fmt.Errorf("commit %s: %w", f[0], err)
		}
		out = append(out, Commit{f[0], strings.ToValidUTF8(f[1], "�"), strings.ToValidUTF8(f[2], "�"), at.UTC(), strings.TrimSpace(strings.ToValidUTF8(f[4], "�"))})
	}
	if len(out) != len(hashes) {
		return nil, fmt.Errorf("git showed %d of %d commits", len(out), len(hashes))
	}
	return out, nil
}

func (r *repository) tagged(p *source.Pull) error {
	text, err := r.run(p.Ctx, "for-each-ref", "--sort=creatordate", "--format=%(refname:short)%00%(objectname)%00%(*objectname)%00%(creatordate:iso-strict)%00%(creator)", "refs/tags")
	if err != nil {
		return err
	}
	tags := []Tag{}
	for line := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n") {
		f := strings.Split(line, "\x00")
		if len(f) != 5 || !r.tags.MatchString(f[0]) {
			continue
		}
		at, err := time.Parse(time.RFC3339, f[3])
		if err != nil || at.Before(p.From) {
			continue // a tag of something that has no date, or before what is wanted
		}
		commit, by := f[1], f[4]
		if f[2] != "" { // an annotated tag
			commit = f[2]
		}
		by, _, _ = strings.Cut(by, " <")
		tags = append(tags, Tag{f[0], commit, at.UTC(), by})
	}
	page := source.Page{Cursor: "all", Through: p.Now}
	if len(tags) > 0 {
		if page.Body, err = json.Marshal(tags); err != nil {
			return err
		}
	}
	return p.Emit(page)
}

// Check looks whether there is a repository that may be read.
func (r *repository) Check(p *source.Pull) []source.Finding {
	head, err := r.run(p.Ctx, "log", "-1", "--format=%h of %cI", r.branch, "--")
	if err != nil {
		return []source.Finding{{Says: err.Error()}}
	}
	return []source.Finding{{OK: true, Says: fmt.Sprintf("%s can be read; its last commit on %s is %s.", r.path, r.branch, strings.TrimSpace(string(head)))}}
}
