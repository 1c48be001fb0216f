// Package reading understands GitLab's webhooks and the pages that are pulled
// from its API. It is pure.
package reading

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/file/word"
	"hansei/internal/source/gitlab/form"
)

// Account is what a configured source wants of GitLab.
type Account struct {
	Name      string   // of the source
	Releases  bool     // a release is a deployment
	FollowUps []string // labels, in lower case, that make an issue a follow-up
}

// Project is where something stands.
type Project struct {
	Path    string `json:"path_with_namespace"`
	Default string `json:"default_branch"`
}

// service is the last part of the project's path. Its name may be another one
// and stands in webhooks only: a service must not depend on how it was told.
func (p Project) service() hansei.ID {
	return hansei.ID(p.Path[strings.LastIndexByte(p.Path, '/')+1:])
}

// Page is what the puller hands over: items of one project, as the API gave
// them.
type Page struct {
	Project Project        `json:"project"`
	Items   jsontext.Value `json:"items"`
}

type event struct {
	Kind    string      `json:"object_kind"`
	Project Project     `json:"project"`
	User    form.User   `json:"user"`
	Labels  form.Labels `json:"labels"`
	Thing   thing       `json:"object_attributes"`
	Action  string      `json:"action"`
	// A deployment's own members.
	Deployment int64      `json:"deployment_id"`
	Status     string     `json:"status"`
	Changed    form.Stamp `json:"status_changed_at"`
	Env        string     `json:"environment"`
	CommitURL  string     `json:"commit_url"`
	Title      string     `json:"commit_title"`
	Link       string     `json:"deployable_url"`
	Ref        string     `json:"ref"`
	// A release's own members.
	Tag      string     `json:"tag"`
	Name     string     `json:"name"`
	URL      string     `json:"url"`
	Released form.Stamp `json:"released_at"`
	Commits  []commit   `json:"commits"`
}

// thing is an issue or a merge request, in a webhook or from the API.
type thing struct {
	IID         int         `json:"iid"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	State       string      `json:"state"`
	URL         string      `json:"url"`
	WebURL      string      `json:"web_url"`
	Type        string      `json:"type"`
	IssueType   string      `json:"issue_type"`
	Severity    string      `json:"severity"`
	Action      string      `json:"action"`
	MergeSHA    string      `json:"merge_commit_sha"`
	SquashSHA   string      `json:"squash_commit_sha"`
	Author      form.User   `json:"author"`
	Assignee    form.User   `json:"assignee"`
	Labels      form.Labels `json:"labels"`
	Created     form.Stamp  `json:"created_at"`
	Updated     form.Stamp  `json:"updated_at"`
	Closed      form.Stamp  `json:"closed_at"`
	Due         string      `json:"due_date"` // a day
	Merged      form.Stamp  `json:"merged_at"`
	FirstSHA    string      `json:"first_commit"` // added by the puller
	FirstAt     form.Stamp  `json:"first_commit_at"`
	Milestone   struct {
		Title string `json:"title"`
	} `json:"milestone"`
}

// Normalize makes observations of a webhook or of a page.
func (a *Account) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	if stream, pulled := strings.CutPrefix(d.Name, "pull/"); pulled {
		return a.page(stream, d.Body)
	}
	var e event
	if err := source.Decode(d.Body, &e); err != nil {
		return nil, hansei.Invalid("payload", "it is not an event of GitLab's: %v", err)
	}
	read, known := map[string]func(event) ([]hansei.Observation, error){
		"deployment": a.deployed, "merge_request": a.merging, "issue": a.issued, "work_item": a.issued, "push": a.pushed, "release": a.released,
	}[e.Kind]
	if !known {
		return nil, source.Unused("event %s", e.Kind)
	}
	if e.Project.Path == "" {
		return nil, hansei.Invalid("project", "expected the project that the event is about")
	}
	return read(e)
}

func (a *Account) about(kind hansei.Kind, external string, rec hansei.Record, at time.Time) hansei.Observation {
	return hansei.Observation{Key: hansei.Key{Kind: kind, Source: a.Name, External: external}, Record: rec, At: at}
}

func one(o hansei.Observation) ([]hansei.Observation, error) {
	if o.At.IsZero() {
		return nil, hansei.Invalid("updated_at", "expected the time of the event")
	}
	return []hansei.Observation{o}, nil
}

// result is what a deployment's status means.
func result(status string) (string, error) {
	r, known := map[string]string{"created": hansei.ResultRunning, "running": hansei.ResultRunning, "blocked": hansei.ResultRunning, "success": hansei.ResultSuccess,
		"failed": hansei.ResultFailure, "canceled": hansei.ResultCanceled, "skipped": hansei.ResultCanceled}[status]
	if !known {
		return "", source.Unknown("status", status)
	}
	return r, nil
}

func (a *Account) deployed(e event) ([]hansei.Observation, error) {
	if e.Deployment == 0 || e.Changed.IsZero() {
		return nil, hansei.Invalid("deployment_id", "expected the deployment and status_changed_at")
	}
	r, err := result(e.Status)
	if err != nil {
		return nil, err
	}
	rec := &hansei.Deployment{Title: e.Title, URL: e.Link, Service: e.Project.service(), Environment: e.Env, Result: r, Ref: e.Ref, Author: hansei.ID(e.User.Name)}
	if i := strings.LastIndexByte(e.CommitURL, '/'); i >= 0 {
		rec.Commit = e.CommitURL[i+1:]
	}
	o := a.about(hansei.KindDeployment, fmt.Sprint(e.Deployment), rec, e.Changed.Time)
	o.Partial, o.First = true, []string{"started_at"}
	if r == hansei.ResultRunning {
		rec.Started = e.Changed.Time
	} else {
		rec.Finished = e.Changed.Time
	}
	return one(o)
}

func (a *Account) merging(e event) ([]hansei.Observation, error) {
	x := e.Thing
	if len(x.Labels) == 0 {
		x.Labels = e.Labels
	}
	switch x.Action {
	case "open":
		x.Author = e.User // a webhook names only who acted
	case "merge":
		x.Merged = x.Updated
	case "close":
		x.Closed = x.Updated
	}
	said, err := a.merge(e.Project, x)
	if err == nil && (x.Action == "approved" || x.Action == "approval") {
		said[0].Record.(*hansei.PullRequest).FirstReviewAt = x.Updated.Time
	}
	return said, err
}

func (a *Account) merge(p Project, x thing) ([]hansei.Observation, error) {
	if x.IID == 0 || x.Created.IsZero() {
		return nil, hansei.Invalid("merge_request", "expected its iid and created_at")
	}
	rec := &hansei.PullRequest{Title: x.Title, URL: first(x.WebURL, x.URL), Number: fmt.Sprint(x.IID), Service: p.service(), Author: hansei.ID(first(x.Author.Name, x.Author.Username)),
		Created: x.Created.Time, FirstCommit: x.FirstSHA, FirstCommitAt: x.FirstAt.Time, Labels: x.Labels}
	o := a.about(hansei.KindPullRequest, fmt.Sprintf("%s!%d", p.Path, x.IID), rec, x.Updated.Time)
	o.Partial, o.First = true, []string{"first_review_at", "first_commit_at"}
	switch x.State {
	case "opened", "locked":
		rec.Status, o.Clear = "open", []string{"closed_at", "merged_at"}
	case "closed":
		rec.Status, rec.Closed = "closed", x.Closed.Time
	case "merged":
		rec.Status, rec.Merged, rec.MergeCommit = "merged", x.Merged.Time, first(x.MergeSHA, x.SquashSHA)
	default:
		return nil, source.Unknown("state", x.State)
	}
	return one(o)
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

func (a *Account) issued(e event) ([]hansei.Observation, error) {
	x := e.Thing
	if len(x.Labels) == 0 {
		x.Labels = e.Labels
	}
	return a.issue(e.Project, x)
}

// issue tells of an issue, which GitLab may call an incident.
func (a *Account) issue(p Project, x thing) ([]hansei.Observation, error) {
	if x.IID == 0 || x.Created.IsZero() {
		return nil, hansei.Invalid("issue", "expected its iid and created_at")
	}
	if x.State != "opened" && x.State != "closed" {
		return nil, source.Unknown("state", x.State)
	}
	var err error
	external, url := fmt.Sprintf("%s#%d", p.Path, x.IID), first(x.WebURL, x.URL)
	kind, rec := hansei.KindWorkItem, hansei.Record(nil)
	if strings.EqualFold(first(x.IssueType, x.Type), "incident") {
		in := &hansei.Incident{Title: x.Title, Description: x.Description, URL: url, Status: hansei.StatusOpen, Services: []hansei.ID{p.service()}, Labels: x.Labels}
		in.Severity, _ = word.Readings[hansei.KindIncident]["severity"].Read(x.Severity) // it keeps what it does not know
		in.Milestones.Set(hansei.RoleDeclared, x.Created.Time)
		if x.State == "closed" {
			in.Status = hansei.StatusResolved
			in.Milestones.Set(hansei.RoleResolved, x.Closed.Time)
		}
		kind, rec = hansei.KindIncident, in
	} else {
		w := &hansei.WorkItem{Title: x.Title, Description: x.Description, URL: url, Type: x.Labels.Type(a.FollowUps), Status: x.State, Services: []hansei.ID{p.service()},
			Owner: hansei.ID(first(x.Assignee.Name, x.Assignee.Username)), Parent: x.Milestone.Title, Created: x.Created.Time, Done: x.Closed.Time, Labels: x.Labels}
		if w.Due, err = day(x.Due); err != nil {
			return nil, err
		}
		if x.State == "closed" {
			w.Outcome = hansei.Outcome(x.Labels)
		}
		rec = w
	}
	o := a.about(kind, external, rec, x.Updated.Time)
	o.Names = []string{external}
	return one(o)
}

// day is a day as GitLab writes it, or nothing.
func day(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, hansei.Invalid("due_date", "%q: expected a day such as 2026-01-31", text)
	}
	return t, nil
}

type commit struct {
	ID        string     `json:"id"`
	Title     string     `json:"title"`
	Message   string     `json:"message"`
	Timestamp form.Stamp `json:"timestamp"`      // in a webhook
	Committed form.Stamp `json:"committed_date"` // from the API
	URL       string     `json:"url"`
	WebURL    string     `json:"web_url"`
	Author    form.User  `json:"author"`
	Name      string     `json:"author_name"`
}

// How long a commit's id is depends on the repository.
const (
	sha1   = 40
	sha256 = 64
)

func (a *Account) pushed(e event) ([]hansei.Observation, error) {
	if e.Project.Default == "" || e.Ref != "refs/heads/"+e.Project.Default {
		return nil, source.Unused("a push to %s", e.Ref)
	}
	return some(e.Project, e.Commits, a.commit)
}

func (a *Account) commit(p Project, c commit) ([]hansei.Observation, error) {
	at := c.Committed
	if at.IsZero() {
		at = c.Timestamp
	}
	if len(c.ID) != sha1 && len(c.ID) != sha256 || at.IsZero() {
		return nil, hansei.Invalid("commits", "expected the commit's id and time")
	}
	title, _, _ := strings.Cut(first(c.Title, c.Message), "\n")
	title = strings.TrimSpace(title)
	o := a.about(hansei.KindChange, c.ID, &hansei.Change{Title: title, URL: first(c.WebURL, c.URL), Type: "commit", Services: []hansei.ID{p.service()},
		Author: hansei.ID(first(c.Name, c.Author.Name)), Commit: c.ID, At: at.Time}, at.Time)
	if _, gone, ok := strings.Cut(c.Message, "This reverts commit "); ok && len(gone) >= len(c.ID) {
		o.Mentions = []string{gone[:len(c.ID)]}
		o.Record.(*hansei.Change).WorkType = "rework"
	}
	return one(o)
}

func (a *Account) released(e event) ([]hansei.Observation, error) {
	if e.Action == "delete" {
		return nil, source.Unused("a release that was deleted")
	}
	return a.release(e.Project, release{Tag: e.Tag, Name: e.Name, Released: e.Released, URL: e.URL})
}
