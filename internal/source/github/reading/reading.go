// Package reading understands GitHub's webhooks and the pages that are pulled
// from its API. It is pure.
//
// The same thing has the same name in both: a pull request and an issue are
// owner/repo#12, a deployment, release or workflow run goes by its number, a
// commit by its hash.
package reading

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/github/code"
)

// Account is what a configured source wants of GitHub.
type Account struct {
	code.Reader
	Workflows *regexp.Regexp // names of workflows that deploy; nil: none
	Releases  bool           // a published release is a deployment
}

type event struct {
	Action     string          `json:"action"`
	Repository code.Repository `json:"repository"`
	Ref        string          `json:"ref"`
	Commits    []code.Commit   `json:"commits"`
	Deployment deployment      `json:"deployment"`
	Status     status          `json:"deployment_status"`
	Release    release         `json:"release"`
	Pull       code.Pull       `json:"pull_request"`
	Review     code.Review     `json:"review"`
	Issue      code.Issue      `json:"issue"`
	Run        run             `json:"workflow_run"`
}

// Normalize makes observations of a webhook or of a page.
func (a *Account) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	if stream, pulled := strings.CutPrefix(d.Name, "pull/"); pulled {
		return a.page(stream, d.Body)
	}
	read, known := map[string]func(event) ([]hansei.Observation, error){
		"deployment": a.deployed, "deployment_status": a.deployed, "release": a.released, "workflow_run": a.ran,
		"pull_request": func(e event) ([]hansei.Observation, error) { return a.Pull(e.Repository, e.Pull) },
		"pull_request_review": func(e event) ([]hansei.Observation, error) {
			return a.Reviewed(e.Repository, e.Pull, e.Review, e.Action)
		},
		"issues": func(e event) ([]hansei.Observation, error) { return a.Issued(e.Repository, e.Issue, e.Action) },
		"push":   func(e event) ([]hansei.Observation, error) { return a.Pushed(e.Repository, e.Ref, e.Commits) },
	}[d.Name]
	if !known {
		return nil, source.Unused("event %s", d.Name)
	}
	var e event
	if err := source.Decode(d.Body, &e); err != nil {
		return nil, hansei.Invalid("payload", "it is not an event of GitHub's: %v", err)
	}
	if e.Repository.FullName == "" {
		return nil, hansei.Invalid("repository", "expected the repository that the event is about")
	}
	return read(e)
}

type deployment struct {
	ID          int64     `json:"id"`
	SHA         string    `json:"sha"`
	Ref         string    `json:"ref"`
	Task        string    `json:"task"`
	Environment string    `json:"environment"`
	Description string    `json:"description"`
	Creator     code.User `json:"creator"`
	Created     time.Time `json:"created_at"`
	Updated     time.Time `json:"updated_at"`
	Statuses    []status  `json:"statuses"` // of a pulled one
}

type status struct {
	State   string    `json:"state"`
	Created time.Time `json:"created_at"`
	Log     string    `json:"log_url"`
	Target  string    `json:"target_url"`
}

func (a *Account) deployed(e event) ([]hansei.Observation, error) {
	d := e.Deployment
	if d.ID == 0 {
		return nil, source.Unused("a deployment that is not told")
	}
	if !e.Status.Created.IsZero() {
		d.Statuses = []status{e.Status}
	}
	return a.deployment(e.Repository, d)
}

// deployment tells how a deployment began, and one by one how it went.
func (a *Account) deployment(r code.Repository, d deployment) ([]hansei.Observation, error) {
	if d.Created.IsZero() {
		return nil, hansei.Invalid("deployment.created_at", "expected a time")
	}
	rec := &hansei.Deployment{Title: d.Description, Service: hansei.ID(r.Name), Environment: d.Environment, Started: d.Created.UTC(),
		Commit: d.SHA, Ref: d.Ref, Author: hansei.ID(d.Creator.Login), URL: "https://github.com/" + r.FullName + "/deployments"}
	if d.Environment != "" {
		rec.URL += "/" + d.Environment
	}
	begun := a.About(hansei.KindDeployment, fmt.Sprint(d.ID), rec, d.Created)
	begun.Partial, rec.URL = true, "" // every deployment of an environment has that page
	out := []hansei.Observation{begun}
	for _, s := range d.Statuses {
		result, known := map[string]string{"pending": hansei.ResultRunning, "queued": hansei.ResultRunning, "waiting": hansei.ResultRunning, "in_progress": hansei.ResultRunning,
			"success": hansei.ResultSuccess, "failure": hansei.ResultFailure, "error": hansei.ResultFailure, "inactive": "", "destroyed": "", "abandoned": hansei.ResultCanceled}[strings.ToLower(s.State)]
		if !known {
			return nil, source.Unknown("deployment_status.state", s.State)
		}
		rec := &hansei.Deployment{Result: result, URL: s.Log}
		if rec.URL == "" {
			rec.URL = s.Target
		}
		at := s.Created
		if result != "" && result != hansei.ResultRunning {
			rec.Finished, at = s.Created.UTC(), source.Over(s.Created)
		}
		if result == "" && rec.URL == "" {
			continue // a later one took its place
		}
		o := a.About(hansei.KindDeployment, fmt.Sprint(d.ID), rec, at)
		o.Partial = true
		out = append(out, o)
	}
	return out, nil
}

type release struct {
	ID        int64     `json:"id"`
	URL       string    `json:"html_url"`
	Tag       string    `json:"tag_name"`
	Name      string    `json:"name"`
	Draft     bool      `json:"draft"`
	Pre       bool      `json:"prerelease"`
	Author    code.User `json:"author"`
	Published time.Time `json:"published_at"`
	Created   time.Time `json:"created_at"`
}

func (a *Account) released(e event) ([]hansei.Observation, error) {
	return a.release(e.Repository, e.Release)
}

func (a *Account) release(r code.Repository, x release) ([]hansei.Observation, error) {
	switch {
	case x.Draft || x.Published.IsZero():
		return nil, source.Unused("a release that is not published")
	case !a.Releases:
		return source.Not(source.None(a.Name, fmt.Sprintf("release-%d", x.ID), &hansei.Deployment{}, x.Published), "releases are not deployments here")
	}
	rec := &hansei.Deployment{Title: x.Name, URL: x.URL, Service: hansei.ID(r.Name), Ref: x.Tag, Author: hansei.ID(x.Author.Login),
		Result: hansei.ResultSuccess, Finished: x.Published.UTC(), Environment: hansei.Production}
	if rec.Title == "" {
		rec.Title = x.Tag
	}
	if x.Pre {
		rec.Environment = "prerelease"
	}
	return code.One(a.About(hansei.KindDeployment, fmt.Sprintf("release-%d", x.ID), rec, x.Published))
}

type run struct {
	ID         int64     `json:"id"`
	Name       string    `json:"name"`
	Title      string    `json:"display_title"`
	URL        string    `json:"html_url"`
	Branch     string    `json:"head_branch"`
	SHA        string    `json:"head_sha"`
	Status     string    `json:"status"`
	Conclusion string    `json:"conclusion"`
	Created    time.Time `json:"created_at"`
	Started    time.Time `json:"run_started_at"`
	Updated    time.Time `json:"updated_at"`
	Actor      code.User `json:"actor"`
}

func (a *Account) ran(e event) ([]hansei.Observation, error) { return a.run(e.Repository, e.Run) }

func (a *Account) run(r code.Repository, x run) ([]hansei.Observation, error) {
	at := x.Updated
	if x.Status == "completed" {
		at = source.Over(x.Updated)
	}
	if a.Workflows == nil || !a.Workflows.MatchString(x.Name) {
		return source.Not(source.None(a.Name, fmt.Sprintf("run-%d", x.ID), &hansei.Deployment{}, at), "workflow %q does not deploy", x.Name)
	}
	rec := &hansei.Deployment{Title: x.Title, URL: x.URL, Service: hansei.ID(r.Name), Commit: x.SHA, Ref: x.Branch, Author: hansei.ID(x.Actor.Login), Started: x.Started.UTC()}
	if rec.Title == "" {
		rec.Title = x.Name
	}
	if x.Started.IsZero() {
		rec.Started = x.Created.UTC()
	}
	if x.Status != "completed" {
		if !slices.Contains([]string{"queued", "in_progress", "requested", "waiting", "pending"}, x.Status) {
			return nil, source.Unknown("workflow_run.status", x.Status)
		}
		rec.Result = hansei.ResultRunning
		return code.One(a.About(hansei.KindDeployment, fmt.Sprintf("run-%d", x.ID), rec, at))
	}
	result, known := map[string]string{"success": hansei.ResultSuccess, "neutral": hansei.ResultSuccess, "failure": hansei.ResultFailure, "timed_out": hansei.ResultFailure,
		"startup_failure": hansei.ResultFailure, "action_required": hansei.ResultFailure, "cancelled": hansei.ResultCanceled, "skipped": hansei.ResultCanceled, "stale": hansei.ResultCanceled}[x.Conclusion]
	if !known {
		return nil, source.Unknown("workflow_run.conclusion", x.Conclusion)
	}
	rec.Result, rec.Finished = result, x.Updated.UTC()
	return code.One(a.About(hansei.KindDeployment, fmt.Sprintf("run-%d", x.ID), rec, at))
}
