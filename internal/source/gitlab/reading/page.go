package reading

import (
	"errors"
	"fmt"
	"strings"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/gitlab/form"
)

type release struct {
	Tag      string     `json:"tag_name"`
	Name     string     `json:"name"`
	Released form.Stamp `json:"released_at"`
	URL      string     `json:"url"`
	Author   form.User  `json:"author"`
	Links    struct {
		Self string `json:"self"`
	} `json:"_links"`
}

func (a *Account) release(p Project, x release) ([]hansei.Observation, error) {
	switch {
	case !a.Releases:
		return nil, source.Unused("releases are not deployments here")
	case x.Tag == "" || x.Released.IsZero():
		return nil, hansei.Invalid("release", "expected its tag and released_at")
	}
	return one(a.about(hansei.KindDeployment, "release-"+p.Path+"-"+x.Tag, &hansei.Deployment{Title: first(x.Name, x.Tag), URL: first(x.Links.Self, x.URL), Service: p.service(),
		Environment: hansei.Production, Result: hansei.ResultSuccess, Finished: x.Released.Time, Ref: x.Tag, Author: hansei.ID(x.Author.Name)}, x.Released.Time))
}

// listed is a deployment as the API has it.
type listed struct {
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

func (a *Account) deployment(p Project, x listed) ([]hansei.Observation, error) {
	if x.ID == 0 || x.Created.IsZero() || x.Updated.IsZero() {
		return nil, hansei.Invalid("deployment", "expected its id, created_at and updated_at")
	}
	r, err := result(x.Status)
	if err != nil {
		return nil, err
	}
	rec := &hansei.Deployment{Title: strings.TrimSpace(x.Deployable.Commit.Title), URL: x.Deployable.URL, Service: p.service(), Environment: x.Env.Name, Result: r, Commit: x.SHA, Ref: x.Ref,
		Author: hansei.ID(x.User.Name), Started: x.Created.Time}
	if !x.Deployable.Started.IsZero() {
		rec.Started = x.Deployable.Started.Time
	}
	if r != hansei.ResultRunning {
		if rec.Finished = x.Deployable.Finished.Time; rec.Finished.IsZero() {
			rec.Finished = x.Updated.Time
		}
	}
	o := a.about(hansei.KindDeployment, fmt.Sprint(x.ID), rec, x.Updated.Time)
	o.Partial, o.First = true, []string{"started_at"}
	return one(o)
}

func (a *Account) page(stream string, body []byte) ([]hansei.Observation, error) {
	var p Page
	if err := source.Decode(body, &p); err != nil || p.Project.Path == "" {
		return nil, hansei.Invalid("payload", "it is not a page of GitLab's")
	}
	switch stream {
	case "deployments":
		return each(p, a.deployment)
	case "merge_requests":
		return each(p, a.merge)
	case "issues":
		return each(p, a.issue)
	case "commits":
		return each(p, a.commit)
	case "releases":
		return each(p, a.release)
	}
	return nil, hansei.Invalid("stream", "%q is no list of GitLab's", stream)
}

func each[T any](p Page, read func(Project, T) ([]hansei.Observation, error)) ([]hansei.Observation, error) {
	var items []T
	if err := source.Decode(p.Items, &items); err != nil {
		return nil, hansei.Invalid("items", "they are not what was asked for: %v", err)
	}
	return some(p.Project, items, read)
}

// some reads every item; those of no interest are left out.
func some[T any](p Project, items []T, read func(Project, T) ([]hansei.Observation, error)) ([]hansei.Observation, error) {
	var out []hansei.Observation
	for _, x := range items {
		said, err := read(p, x)
		if errors.Is(err, source.ErrUnused) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, said...)
	}
	if len(out) == 0 {
		return nil, source.Unused("nothing of interest in it")
	}
	return out, nil
}
