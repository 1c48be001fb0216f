// Package deploy understands what GitLab tells of what goes to production:
// deployments, and the releases and pipelines that count as such. It is pure.
package deploy

import (
	"fmt"
	"regexp"
	"strings"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/gitlab/form"
)

// Reader is what a configured source takes for a deployment.
type Reader struct {
	Name      string         // of the source
	Releases  bool           // a release is one
	Pipelines *regexp.Regexp // names, or else branches, of pipelines that are; nil: none
}

// Event is what webhooks of deployments and releases hold beside their project
// and user.
type Event struct {
	Deployment int64      `json:"deployment_id"`
	Status     string     `json:"status"`
	Changed    form.Stamp `json:"status_changed_at"`
	Env        string     `json:"environment"`
	CommitURL  string     `json:"commit_url"`
	Title      string     `json:"commit_title"`
	Link       string     `json:"deployable_url"`
	Ref        string     `json:"ref"`
	Tag        string     `json:"tag"`
	Name       string     `json:"name"`
	URL        string     `json:"url"`
	Released   form.Stamp `json:"released_at"`
}

// result is what the status of a deployment or of a pipeline means.
func result(status string) (string, error) {
	r, known := map[string]string{"created": hansei.ResultRunning, "running": hansei.ResultRunning, "blocked": hansei.ResultRunning, "waiting_for_resource": hansei.ResultRunning,
		"preparing": hansei.ResultRunning, "waiting_for_callback": hansei.ResultRunning, "pending": hansei.ResultRunning, "scheduled": hansei.ResultRunning, "manual": hansei.ResultRunning, "canceling": hansei.ResultRunning,
		"success": hansei.ResultSuccess, "failed": hansei.ResultFailure, "canceled": hansei.ResultCanceled, "skipped": hansei.ResultCanceled}[status]
	if !known {
		return "", source.Unknown("status", status)
	}
	return r, nil
}

// Deployed tells of the deployment of a webhook.
func (a *Reader) Deployed(p form.Project, by form.User, e Event) ([]hansei.Observation, error) {
	if e.Deployment == 0 || e.Changed.IsZero() {
		return nil, hansei.Invalid("deployment_id", "expected the deployment and status_changed_at")
	}
	r, err := result(e.Status)
	if err != nil {
		return nil, err
	}
	rec := &hansei.Deployment{Title: e.Title, URL: e.Link, Service: p.Service(), Environment: e.Env, Result: r, Ref: e.Ref, Author: hansei.ID(by.Name)}
	if i := strings.LastIndexByte(e.CommitURL, '/'); i >= 0 {
		rec.Commit = e.CommitURL[i+1:]
	}
	o := form.About(a.Name, hansei.KindDeployment, fmt.Sprint(e.Deployment), rec, e.Changed.Time)
	o.Partial, o.First = true, []string{"started_at"}
	if r == hansei.ResultRunning {
		rec.Started = e.Changed.Time
		return form.One(o)
	}
	rec.Finished = e.Changed.Time
	o.At = source.Over(o.At)
	return form.One(o)
}

// Listed is a deployment as the API has it.
type Listed struct {
	ID      int64      `json:"id"`
	Ref     string     `json:"ref"`
	SHA     string     `json:"sha"`
	Status  string     `json:"status"`
	Created form.Stamp `json:"created_at"`
	Updated form.Stamp `json:"updated_at"`
	User    form.User  `json:"user"`
	Env     struct {
		Name string `json:"name"`
	} `json:"environment"`
	Deployable struct {
		URL      string     `json:"web_url"`
		Started  form.Stamp `json:"started_at"`
		Finished form.Stamp `json:"finished_at"`
		Commit   struct {
			Title string `json:"title"`
		} `json:"commit"`
	} `json:"deployable"`
}

// Deployment tells of a deployment that was pulled.
func (a *Reader) Deployment(p form.Project, x Listed) ([]hansei.Observation, error) {
	if x.ID == 0 || x.Created.IsZero() || x.Updated.IsZero() {
		return nil, hansei.Invalid("deployment", "expected its id, created_at and updated_at")
	}
	r, err := result(x.Status)
	if err != nil {
		return nil, err
	}
	rec := &hansei.Deployment{Title: strings.TrimSpace(x.Deployable.Commit.Title), URL: x.Deployable.URL, Service: p.Service(), Environment: x.Env.Name, Result: r, Commit: x.SHA, Ref: x.Ref,
		Author: hansei.ID(x.User.Name), Started: x.Created.Time}
	if !x.Deployable.Started.IsZero() {
		rec.Started = x.Deployable.Started.Time
	}
	o := form.About(a.Name, hansei.KindDeployment, fmt.Sprint(x.ID), rec, x.Updated.Time)
	o.Partial, o.First = true, []string{"started_at"}
	if r == hansei.ResultRunning {
		return form.One(o)
	}
	if rec.Finished = x.Deployable.Finished.Time; rec.Finished.IsZero() {
		rec.Finished = x.Updated.Time
	}
	o.At = source.Over(o.At)
	return form.One(o)
}

// Release is a release as the API has it.
type Release struct {
	Tag      string     `json:"tag_name"`
	Name     string     `json:"name"`
	Released form.Stamp `json:"released_at"`
	URL      string     `json:"url"`
	Author   form.User  `json:"author"`
	Links    struct {
		Self string `json:"self"`
	} `json:"_links"`
}

// Released tells of the release of a webhook.
func (a *Reader) Released(p form.Project, e Event, action string) ([]hansei.Observation, error) {
	if action == "delete" {
		return nil, source.Unused("a release that was deleted")
	}
	return a.Release(p, Release{Tag: e.Tag, Name: e.Name, Released: e.Released, URL: e.URL})
}

// Release tells of a release, if releases count as deployments.
func (a *Reader) Release(p form.Project, x Release) ([]hansei.Observation, error) {
	external := "release-" + p.Path + "-" + x.Tag
	switch {
	case x.Tag == "" || x.Released.IsZero():
		return nil, hansei.Invalid("release", "expected its tag and released_at")
	case !a.Releases:
		return source.Not(source.None(a.Name, external, &hansei.Deployment{}, x.Released.Time), "releases are not deployments here")
	}
	return form.One(form.About(a.Name, hansei.KindDeployment, external, &hansei.Deployment{Title: form.First(x.Name, x.Tag), URL: form.First(x.Links.Self, x.URL), Service: p.Service(),
		Environment: hansei.Production, Result: hansei.ResultSuccess, Finished: x.Released.Time, Ref: x.Tag, Author: hansei.ID(x.Author.Name)}, x.Released.Time))
}
