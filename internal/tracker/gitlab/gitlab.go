// Package gitlab keeps follow-ups as GitLab issues.
//
// Built against GitLab's REST API, version 4
// (https://docs.gitlab.com/api/issues/). GitLab has no word for an issue that
// will not be done: such a one is closed and has the label "declined".
package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source/fetch"
	"hansei/internal/tracker"
)

// Kind is GitLab.
var Kind = tracker.Kind{Name: "gitlab", Title: "GitLab", Needs: "the scope api and at least the role Reporter in the project.", Open: open}

type gitlab struct {
	client *fetch.Client
	base   string
	places []string
	label  string
}

const declined = "declined"

func open(a tracker.Account) (tracker.Tracker, error) {
	token := a.Settings["token"]
	if token == "" {
		return nil, &tracker.RefusedError{Says: "the source " + a.Source + " has no token"}
	}
	base := strings.TrimSuffix(a.Settings["url"], "/")
	if base == "" {
		base = "https://gitlab.com"
	}
	a.Client.Auth = func(r *http.Request) { r.Header.Set("PRIVATE-TOKEN", token) }
	var places []string
	for _, p := range tracker.List(a.Settings["projects"]) {
		places = append(places, strings.Trim(p, "/"))
	}
	return &gitlab{a.Client, base, places, tracker.FollowUpLabel(a.Settings["follow_up_labels"])}, nil
}

func (g *gitlab) Places() []string { return g.places }

func (g *gitlab) Carries() []string {
	return []string{tracker.Title, tracker.Status, tracker.Due, tracker.Owner}
}

type issue struct {
	IID         int       `json:"iid"`
	URL         string    `json:"web_url"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	State       string    `json:"state"`
	Labels      []string  `json:"labels"`
	Due         *string   `json:"due_date"`
	Assignees   []user    `json:"assignees"`
	Updated     time.Time `json:"updated_at"`
	References  struct {
		Full string `json:"full"`
	} `json:"references"`
}

type user struct {
	ID       int    `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
}

func (g *gitlab) told(place string, x issue) tracker.Issue {
	key := x.References.Full
	if key == "" {
		key = fmt.Sprintf("%s#%d", place, x.IID)
	}
	out := tracker.Issue{External: key, Key: key, URL: x.URL, At: x.Updated.UTC(),
		Values: map[string]string{tracker.Title: x.Title, tracker.Status: "open", tracker.Due: tracker.Said(x.Due), tracker.Owner: ""}}
	if x.State == "closed" {
		out.Values[tracker.Status] = "done"
		if slices.ContainsFunc(x.Labels, hansei.Declines) {
			out.Values[tracker.Status] = "declined"
		}
	}
	if len(x.Assignees) > 0 {
		out.Values[tracker.Owner] = x.Assignees[0].Name
	}
	return out
}

func (g *gitlab) at(place, path string) string {
	return g.base + "/api/v4/projects/" + url.PathEscape(place) + path
}

func (g *gitlab) Find(ctx context.Context, place, marker string, since time.Time) (tracker.Issue, error) {
	const perPage, pages = 100, 10
	for page := range pages {
		q := url.Values{"scope": {"all"}, "order_by": {"created_at"}, "created_after": {since.UTC().Format(time.RFC3339)}, "per_page": {fmt.Sprint(perPage)}, "page": {fmt.Sprint(page + 1)}}
		var list []issue
		if err := tracker.Call(ctx, g.client, http.MethodGet, g.at(place, "/issues?"+q.Encode()), nil, &list); err != nil {
			return tracker.Issue{}, err
		}
		for _, x := range list {
			if strings.Contains(x.Description, marker) {
				return g.told(place, x), nil
			}
		}
		if len(list) < perPage {
			break
		}
	}
	return tracker.Issue{}, tracker.ErrNone
}

func (g *gitlab) Create(ctx context.Context, place string, d tracker.Draft) (tracker.Issue, error) {
	id, note, err := g.member(ctx, place, d.Owner)
	if err != nil {
		return tracker.Issue{}, err
	}
	send := map[string]any{"title": d.Title, "description": d.Body + "\n\n<!-- " + d.Marker + " -->\n", "labels": strings.Join(append([]string{g.label}, d.Labels...), ",")}
	if d.Due != "" {
		send["due_date"] = d.Due
	}
	if id != 0 {
		send["assignee_ids"] = []int{id}
	}
	var made issue
	if err := tracker.Call(ctx, g.client, http.MethodPost, g.at(place, "/issues"), send, &made); err != nil {
		return tracker.Issue{}, err
	}
	out := g.told(place, made)
	out.Note = note
	return out, nil
}

// member finds somebody among the project's users, by their username or name.
func (g *gitlab) member(ctx context.Context, place string, p tracker.Person) (id int, note string, err error) {
	for _, name := range p.Names {
		var list []user
		if err := tracker.Call(ctx, g.client, http.MethodGet, g.at(place, "/users?"+url.Values{"search": {name}}.Encode()), nil, &list); err != nil {
			return 0, "", err
		}
		for _, u := range list {
			if strings.EqualFold(u.Username, name) || strings.EqualFold(u.Name, name) {
				return u.ID, "", nil
			}
		}
	}
	if len(p.Names) > 0 {
		note = fmt.Sprintf("GitLab knows nobody in %s by a name of %s; add their username to their other names here.", place, p.Names[0])
	}
	return 0, note, nil
}

func (g *gitlab) Look(ctx context.Context, external string) (tracker.Issue, error) {
	place, iid, ok := strings.Cut(external, "#")
	if !ok {
		return tracker.Issue{}, fmt.Errorf("issue %q: %w", external, tracker.ErrGone)
	}
	var x issue
	err := tracker.Call(ctx, g.client, http.MethodGet, g.at(place, "/issues/"+iid), nil, &x)
	var no *fetch.StatusError
	if errors.As(err, &no) && no.Status == http.StatusNotFound {
		return tracker.Issue{}, fmt.Errorf("%s: %w", external, tracker.ErrGone)
	}
	if err != nil {
		return tracker.Issue{}, err
	}
	return g.told(place, x), nil
}

func (g *gitlab) Change(ctx context.Context, now tracker.Issue, c tracker.Change) (tracker.Issue, error) {
	place, iid, _ := strings.Cut(now.External, "#")
	send, note := map[string]any{}, ""
	for field, v := range c.Values {
		switch field {
		case tracker.Title:
			send["title"] = v
		case tracker.Due:
			send["due_date"] = v
		case tracker.Status:
			g.move(send, now.Values[tracker.Status], v)
		case tracker.Owner:
			id, says, err := g.member(ctx, place, c.Owner)
			if err != nil {
				return tracker.Issue{}, err
			}
			note = says
			send["assignee_ids"] = []int{id} // 0: nobody
		}
	}
	var x issue
	if err := tracker.Call(ctx, g.client, http.MethodPut, g.at(place, "/issues/"+iid), send, &x); err != nil {
		return tracker.Issue{}, err
	}
	out := g.told(place, x)
	out.Note = note
	return out, nil
}

// move says what brings an issue from one status to another one. Closing what
// is closed would be refused.
func (g *gitlab) move(send map[string]any, from, to string) {
	switch {
	case to == "open":
		send["state_event"] = "reopen"
	case from == "open":
		send["state_event"] = "close"
	}
	if to == "declined" {
		send["add_labels"] = declined
	} else {
		send["remove_labels"] = declined + ",wontfix"
	}
}
