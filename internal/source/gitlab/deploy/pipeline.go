package deploy

import (
	"fmt"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/gitlab/form"
)

// Pipeline is a run of a project's CI/CD, in a webhook or from the API.
type Pipeline struct {
	ID       int64      `json:"id"`
	Name     string     `json:"name"` // if its workflow has one
	Ref      string     `json:"ref"`
	SHA      string     `json:"sha"`
	Source   string     `json:"source"` // why it ran
	Status   string     `json:"status"`
	URL      string     `json:"url"`
	WebURL   string     `json:"web_url"`
	Created  form.Stamp `json:"created_at"`
	Updated  form.Stamp `json:"updated_at"`  // from the API
	Started  form.Stamp `json:"started_at"`  // of one that was asked for alone
	Finished form.Stamp `json:"finished_at"` // this, too, and in a webhook
	User     form.User  `json:"user"`
}

// Ran is the webhook of a pipeline.
type Ran struct {
	Project  form.Project `json:"project"`
	User     form.User    `json:"user"`
	Pipeline Pipeline     `json:"object_attributes"`
	Commit   struct {
		Title string `json:"title"`
	} `json:"commit"`
	Builds []struct {
		Created  form.Stamp `json:"created_at"`
		Started  form.Stamp `json:"started_at"`
		Finished form.Stamp `json:"finished_at"`
	} `json:"builds"`
}

// Deploys says whether a pipeline is a deployment: by its name, or when it has
// none and did not run for a merge request, by its branch or tag.
func (a *Reader) Deploys(x Pipeline) bool {
	switch {
	case a.Pipelines == nil:
		return false
	case x.Name != "":
		return a.Pipelines.MatchString(x.Name)
	}
	return x.Source != "merge_request_event" && a.Pipelines.MatchString(x.Ref)
}

// Over says whether a pipeline has ended.
func (x Pipeline) Over() bool {
	r, err := result(x.Status)
	return err == nil && r != hansei.ResultRunning
}

// Ran tells of the pipeline of a webhook. It was so when the last thing
// happened that the webhook has a time for, which it has not of itself.
func (a *Reader) Ran(e Ran) ([]hansei.Observation, error) {
	x := e.Pipeline
	x.User = e.User
	if x.Updated = latest(x.Created, x.Updated); x.Over() {
		x.Updated = latest(x.Updated, x.Finished)
	}
	for _, b := range e.Builds {
		x.Updated = latest(x.Updated, b.Created, b.Started, b.Finished)
	}
	if x.Over() && x.Finished.IsZero() {
		x.Finished = x.Updated
	}
	said, err := a.Pipeline(e.Project, x)
	if err == nil && x.Name == "" {
		said[0].Record.(*hansei.Deployment).Title = e.Commit.Title
	}
	return said, err
}

func latest(list ...form.Stamp) (out form.Stamp) {
	for _, s := range list {
		if s.After(out.Time) {
			out = s
		}
	}
	return out
}

// Pipeline tells of a pipeline whether it deploys, and how.
func (a *Reader) Pipeline(p form.Project, x Pipeline) ([]hansei.Observation, error) {
	if x.ID == 0 || x.Created.IsZero() {
		return nil, hansei.Invalid("pipeline", "expected its id and created_at")
	}
	if !a.Deploys(x) {
		return source.Not(source.None(a.Name, fmt.Sprintf("pipeline-%d", x.ID), &hansei.Deployment{}, orElse(x.Updated, x.Created)), "pipeline %q of %s does not deploy", x.Name, x.Ref)
	}
	r, err := result(x.Status)
	if err != nil {
		return nil, err
	}
	rec := &hansei.Deployment{Title: x.Name, URL: form.First(x.WebURL, x.URL), Service: p.Service(), Result: r, Commit: x.SHA, Ref: x.Ref, Author: hansei.ID(x.User.Name), Started: orElse(x.Started, x.Created)}
	o := form.About(a.Name, hansei.KindDeployment, fmt.Sprintf("pipeline-%d", x.ID), rec, orElse(x.Updated, x.Created))
	// The title of a commit, and who it was, are not in every telling.
	o.Partial, o.Clear = true, []string{"deleted"}
	if r == hansei.ResultRunning {
		o.Clear = append(o.Clear, "finished_at") // it was begun again
		return form.One(o)
	}
	rec.Finished = orElse(x.Finished, x.Updated)
	o.At = source.Over(o.At)
	return form.One(o)
}

func orElse(s, otherwise form.Stamp) time.Time {
	if s.IsZero() {
		return otherwise.Time
	}
	return s.Time
}
