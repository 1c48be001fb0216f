package reading

import (
	"encoding/json"
	"errors"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/github/code"
)

// page makes observations of a pulled page.
func (a *Account) page(stream string, body []byte) ([]hansei.Observation, error) {
	var p Page
	if err := json.Unmarshal(body, &p); err != nil || p.Repository.FullName == "" {
		return nil, hansei.Invalid("payload", "it is not a page of GitHub's")
	}
	switch stream {
	case "deployments":
		return each(p, a.deployment)
	case "releases":
		return each(p, a.release)
	case "pull_requests":
		return each(p, a.Pull)
	case "workflow_runs":
		return each(p, a.run)
	case "issues":
		return each(p, func(r code.Repository, x code.Issue) ([]hansei.Observation, error) {
			if x.Pull != nil {
				return nil, source.Unused("a pull request")
			}
			return a.Issue(r, x)
		})
	case "commits":
		return each(p, func(r code.Repository, x listed) ([]hansei.Observation, error) { return a.Commit(r, x.commit()) })
	}
	return nil, hansei.Invalid("stream", "%q is no list of GitHub's", stream)
}

// each reads every item of a page; those of no interest are left out.
func each[T any](p Page, read func(code.Repository, T) ([]hansei.Observation, error)) ([]hansei.Observation, error) {
	var items []T
	if err := json.Unmarshal(p.Items, &items); err != nil {
		return nil, hansei.Invalid("items", "they are not what was asked for: %s", source.Words(err))
	}
	var out []hansei.Observation
	used := false
	for _, x := range items {
		said, err := read(p.Repository, x)
		if err != nil && !errors.Is(err, source.ErrUnused) {
			return nil, err
		}
		out, used = append(out, said...), used || err == nil
	}
	if !used {
		return out, source.Unused("nothing of interest on this page")
	}
	return out, nil
}

// listed is a commit as the list of commits has it.
type listed struct {
	SHA    string     `json:"sha"`
	URL    string     `json:"html_url"`
	Author *code.User `json:"author"`
	Commit struct {
		Message   string `json:"message"`
		Committer struct {
			Date time.Time `json:"date"`
		} `json:"committer"`
		Author struct {
			Name string `json:"name"`
		} `json:"author"`
	} `json:"commit"`
}

func (l listed) commit() code.Commit {
	c := code.Commit{ID: l.SHA, Message: l.Commit.Message, Time: l.Commit.Committer.Date, URL: l.URL}
	c.Author.Name = l.Commit.Author.Name
	if l.Author != nil {
		c.Author.Username = l.Author.Login
	}
	return c
}

// Page is what the puller hands over: items of one repository, as the API gave
// them.
type Page struct {
	Repository code.Repository `json:"repository"`
	Items      json.RawMessage `json:"items"`
}
