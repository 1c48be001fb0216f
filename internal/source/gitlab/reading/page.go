package reading

import (
	"errors"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/gitlab/form"
)

func (a *Account) page(stream string, body []byte) ([]hansei.Observation, error) {
	var p Page
	if err := source.Decode(body, &p); err != nil || p.Project.Path == "" {
		return nil, hansei.Invalid("payload", "it is not a page of GitLab's")
	}
	switch stream {
	case "deployments":
		return each(p, a.Deployment)
	case "merge_requests":
		return each(p, a.merge)
	case "issues":
		return each(p, a.issue)
	case "commits":
		return each(p, a.commit)
	case "releases":
		return each(p, a.Release)
	case "pipelines":
		return each(p, a.Pipeline)
	}
	return nil, hansei.Invalid("stream", "%q is no list of GitLab's", stream)
}

func each[T any](p Page, read func(form.Project, T) ([]hansei.Observation, error)) ([]hansei.Observation, error) {
	var items []T
	if err := source.Decode(p.Items, &items); err != nil {
		return nil, hansei.Invalid("items", "they are not what was asked for: %v", err)
	}
	return some(p.Project, items, read)
}

// some reads every item; those of no interest are left out.
func some[T any](p form.Project, items []T, read func(form.Project, T) ([]hansei.Observation, error)) ([]hansei.Observation, error) {
	var out []hansei.Observation
	used := false
	for _, x := range items {
		said, err := read(p, x)
		if err != nil && !errors.Is(err, source.ErrUnused) {
			return nil, err
		}
		out, used = append(out, said...), used || err == nil
	}
	if !used {
		return out, source.Unused("nothing of interest in it")
	}
	return out, nil
}
