// Package github keeps follow-ups as GitHub issues.
//
// Built against GitHub's REST API, version 2022-11-28
// (https://docs.github.com/en/rest/issues/issues): issues have a title, a state
// with its reason, and assignees; they have no due date and no priority.
package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hansei/internal/source/fetch"
	"hansei/internal/tracker"
)

// Kind is GitHub.
var Kind = tracker.Kind{Name: "github", Title: "GitHub", Needs: "read and write access to Issues of the repository.", Open: open}

type github struct {
	client *fetch.Client
	base   string
	places []string
	label  string
}

func open(a tracker.Account) (tracker.Tracker, error) {
	token := a.Settings["token"]
	if token == "" {
		return nil, &tracker.RefusedError{Says: "the source " + a.Source + " has no token"}
	}
	base := strings.TrimSuffix(a.Settings["api_url"], "/")
	if base == "" {
		base = "https://api.github.com"
	}
	a.Client.Auth = func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Accept", "application/vnd.github+json")
		r.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	}
	return &github{a.Client, base, tracker.List(a.Settings["repositories"]), tracker.FollowUpLabel(a.Settings["follow_up_labels"])}, nil
}

func (g *github) Places() []string { return g.places }

func (g *github) Carries() []string {
	return []string{tracker.Title, tracker.Status, tracker.Owner}
}

type issue struct {
	Number     int       `json:"number"`
	URL        string    `json:"html_url"`
	Repository string    `json:"repository_url"`
	Title      string    `json:"title"`
	Body       string    `json:"body"`
	State      string    `json:"state"`
	Reason     string    `json:"state_reason"`
	Assignees  []user    `json:"assignees"`
	Updated    time.Time `json:"updated_at"`
}

type user struct {
	Login string `json:"login"`
}

// told is an issue as this product speaks of it. One that was moved says where
// it is now.
func (g *github) told(place string, x issue) tracker.Issue {
	if _, now, ok := strings.Cut(x.Repository, "/repos/"); ok {
		place = now
	}
	key := fmt.Sprintf("%s#%d", place, x.Number)
	out := tracker.Issue{External: key, Key: key, URL: x.URL, At: x.Updated.UTC(),
		Values: map[string]string{tracker.Title: x.Title, tracker.Status: status(x.State, x.Reason), tracker.Owner: ""}}
	if len(x.Assignees) > 0 {
		out.Values[tracker.Owner] = x.Assignees[0].Login
	}
	return out
}

func status(state, reason string) string {
	switch {
	case state == "open":
		return "open"
	case reason == "not_planned" || reason == "duplicate":
		return "declined"
	}
	return "done"
}

func (g *github) at(place, path string) string { return g.base + "/repos/" + place + path }

func (g *github) Find(ctx context.Context, place, marker string, since time.Time) (tracker.Issue, error) {
	const perPage, pages = 100, 10
	for page := range pages {
		q := url.Values{"state": {"all"}, "sort": {"created"}, "direction": {"desc"}, "since": {since.UTC().Format(time.RFC3339)}, "per_page": {fmt.Sprint(perPage)}, "page": {fmt.Sprint(page + 1)}}
		var list []issue
		if err := tracker.Call(ctx, g.client, http.MethodGet, g.at(place, "/issues?"+q.Encode()), nil, &list); err != nil {
			return tracker.Issue{}, err
		}
		for _, x := range list {
			if strings.Contains(x.Body, marker) {
				return g.told(place, x), nil
			}
		}
		if len(list) < perPage {
			break
		}
	}
	return tracker.Issue{}, tracker.ErrNone
}

func (g *github) Create(ctx context.Context, place string, d tracker.Draft) (tracker.Issue, error) {
	login, note, err := g.assignable(ctx, place, d.Owner)
	if err != nil {
		return tracker.Issue{}, err
	}
	send := map[string]any{"title": d.Title, "body": d.Body + "\n\n<!-- " + d.Marker + " -->\n", "labels": append([]string{g.label}, d.Labels...)}
	if login != "" {
		send["assignees"] = []string{login}
	}
	var made issue
	if err := tracker.Call(ctx, g.client, http.MethodPost, g.at(place, "/issues"), send, &made); err != nil {
		return tracker.Issue{}, err
	}
	out := g.told(place, made)
	out.Note = note
	return out, nil
}

// assignable finds the login of a person among those who may be assigned.
func (g *github) assignable(ctx context.Context, place string, p tracker.Person) (login, note string, err error) {
	var no *fetch.StatusError
	for _, name := range p.Names {
		if strings.ContainsAny(name, " /@") {
			continue
		}
		err := tracker.Call(ctx, g.client, http.MethodGet, g.at(place, "/assignees/"+url.PathEscape(name)), nil, nil)
		switch {
		case err == nil:
			return name, "", nil
		case !errors.As(err, &no) || no.Status != http.StatusNotFound:
			return "", "", err
		}
	}
	if len(p.Names) > 0 {
		note = fmt.Sprintf("GitHub knows nobody in %s by a name of %s; add their login to their other names here.", place, p.Names[0])
	}
	return "", note, nil
}

func (g *github) Look(ctx context.Context, external string) (tracker.Issue, error) {
	place, number, ok := strings.Cut(external, "#")
	if !ok {
		return tracker.Issue{}, fmt.Errorf("issue %q: %w", external, tracker.ErrGone)
	}
	var x issue
	err := tracker.Call(ctx, g.client, http.MethodGet, g.at(place, "/issues/"+number), nil, &x)
	var no *fetch.StatusError
	if errors.As(err, &no) && (no.Status == http.StatusNotFound || no.Status == http.StatusGone) {
		return tracker.Issue{}, fmt.Errorf("%s: %w", external, tracker.ErrGone)
	}
	if err != nil {
		return tracker.Issue{}, err
	}
	return g.told(place, x), nil
}

func (g *github) Change(ctx context.Context, now tracker.Issue, c tracker.Change) (tracker.Issue, error) {
	place, number, _ := strings.Cut(now.External, "#")
	send, note := map[string]any{}, ""
	for field, v := range c.Values {
		switch field {
		case tracker.Title:
			send["title"] = v
		case tracker.Status:
			send["state"], send["state_reason"] = "closed", map[string]string{"done": "completed", "declined": "not_planned"}[v]
			if v == "open" {
				send["state"], send["state_reason"] = "open", "reopened"
			}
		case tracker.Owner:
			login, says, err := g.assignable(ctx, place, c.Owner)
			if err != nil {
				return tracker.Issue{}, err
			}
			note = says
			send["assignees"] = []string{}
			if login != "" {
				send["assignees"] = []string{login}
			}
		}
	}
	var x issue
	if err := tracker.Call(ctx, g.client, http.MethodPatch, g.at(place, "/issues/"+number), send, &x); err != nil {
		return tracker.Issue{}, err
	}
	out := g.told(place, x)
	out.Note = note
	return out, nil
}
