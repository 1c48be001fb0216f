// Package site asks Jira for what its search for issues leaves out: the
// categories of statuses, the rest of long histories, and the projects.
package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"hansei/internal/source"
	"hansei/internal/source/fetch"
)

// Client asks one site.
type Client struct {
	URL   string // without a slash at its end
	Cloud bool   // else Data Center
}

// Refused says whether an account may not read something, or a Jira has it not.
// A token without the scope is answered as one that is wrong, but for a word.
func Refused(err error) bool {
	var no *fetch.StatusError
	return errors.As(err, &no) && (no.Status == http.StatusUnauthorized && strings.Contains(no.Says, "scope") || no.Status == http.StatusForbidden || no.Status == http.StatusNotFound)
}

// Statuses are the categories of all statuses by id, which no changelog names.
func (c Client) Statuses(p *source.Pull) (map[string]string, error) {
	var said []struct {
		ID       string `json:"id"`
		Category struct {
			Key string `json:"key"`
		} `json:"statusCategory"`
	}
	if _, err := p.Client.JSON(p.Ctx, c.URL+"/rest/api/2/status", &said); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, s := range said {
		out[s.ID] = s.Category.Key
	}
	return out, nil
}

// Complete adds to issues what their search left out of their changelogs: Cloud
// gives the newest changes with it, and work began with the oldest.
func (c Client) Complete(p *source.Pull, issues []json.RawMessage) error {
	for i, raw := range issues {
		var x struct {
			ID  string `json:"id"`
			Log struct {
				Total     int               `json:"total"`
				Histories []json.RawMessage `json:"histories"`
			} `json:"changelog"`
		}
		if json.Unmarshal(raw, &x) != nil || len(x.Log.Histories) >= x.Log.Total || !c.Cloud {
			continue // Normalize says what is wrong with it
		}
		changes, err := c.changelog(p, x.ID)
		if Refused(err) {
			continue
		}
		if err != nil {
			return err
		}
		whole := map[string]json.RawMessage{}
		if err := json.Unmarshal(raw, &whole); err != nil {
			return err
		}
		if whole["changelog"], err = json.Marshal(map[string]any{"total": len(changes), "histories": changes}); err != nil {
			return err
		}
		if issues[i], err = json.Marshal(whole); err != nil {
			return err
		}
	}
	return nil
}

// mostChanges bounds how many changes of one issue are read.
const (
	mostChanges = 10_000
	perPage     = 100
)

// History asks for a change of an issue.
func (c Client) History(p *source.Pull, issue json.RawMessage) error {
	var x struct{ ID string }
	if err := json.Unmarshal(issue, &x); err != nil {
		return err
	}
	_, err := p.Client.Get(p.Ctx, fmt.Sprintf("%s/rest/api/3/issue/%s/changelog?maxResults=1", c.URL, url.PathEscape(x.ID)), nil)
	return err
}

func (c Client) changelog(p *source.Pull, id string) (out []json.RawMessage, err error) {
	for len(out) < mostChanges {
		var said struct {
			Values []json.RawMessage `json:"values"`
			Last   bool              `json:"isLast"`
		}
		if _, err := p.Client.JSON(p.Ctx, fmt.Sprintf("%s/rest/api/3/issue/%s/changelog?startAt=%d&maxResults=%d", c.URL, url.PathEscape(id), len(out), perPage), &said); err != nil {
			return nil, err
		}
		if out = append(out, said.Values...); said.Last || len(said.Values) == 0 {
			break
		}
	}
	return out, nil
}

// mostProjects are what Cloud gives on a page.
const mostProjects = 50

// Projects asks for a page of projects: of Cloud, for Data Center has one.
func (c Client) Projects(p *source.Pull, start int) (some []json.RawMessage, last bool, err error) {
	if !c.Cloud {
		_, err := p.Client.JSON(p.Ctx, c.URL+"/rest/api/2/project?expand=description,lead", &some)
		return some, true, err
	}
	var said struct {
		Values []json.RawMessage `json:"values"`
		Last   bool              `json:"isLast"`
	}
	_, err = p.Client.JSON(p.Ctx, fmt.Sprintf("%s/rest/api/3/project/search?orderBy=key&expand=description,lead&startAt=%d&maxResults=%d", c.URL, start, mostProjects), &said)
	return said.Values, said.Last || len(said.Values) == 0, err
}
