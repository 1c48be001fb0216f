// Package linear keeps follow-ups as Linear issues.
//
// Built against Linear's GraphQL schema (https://linear.app/developers/graphql).
// An issue's id may be chosen by who creates it: it is made of the marker, so
// that an issue cannot be created twice.
package linear

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"hansei/internal/source/fetch"
	"hansei/internal/tracker"
)

// Kind is Linear.
var Kind = tracker.Kind{Name: "linear", Title: "Linear", Needs: "read and write access to the team.", Open: open}

type linear struct {
	client *fetch.Client
	url    string
	places []string
	label  string
}

func open(a tracker.Account) (tracker.Tracker, error) {
	token := a.Settings["token"]
	if token == "" {
		return nil, &tracker.RefusedError{Says: "the source " + a.Source + " has no API key"}
	}
	base := strings.TrimSuffix(cmp.Or(a.Settings["api_url"], "https://api.linear.app"), "/")
	a.Client.Auth = func(r *http.Request) { r.Header.Set("Authorization", token) }
	return &linear{a.Client, base + "/graphql", tracker.List(a.Settings["teams"]), tracker.FollowUpLabel(a.Settings["follow_up_labels"])}, nil
}

func (l *linear) Places() []string { return l.places }

func (l *linear) Carries() []string {
	return []string{tracker.Title, tracker.Status, tracker.Due, tracker.Owner, tracker.Priority}
}

const issueFields = `{ id identifier url title priority dueDate updatedAt trashed state { id type } assignee { name } team { id key } }`

type issue struct {
	ID       string    `json:"id"`
	Key      string    `json:"identifier"`
	URL      string    `json:"url"`
	Title    string    `json:"title"`
	Priority float64   `json:"priority"`
	Due      *string   `json:"dueDate"`
	Updated  time.Time `json:"updatedAt"`
	Trashed  *bool     `json:"trashed"`
	State    struct {
		Type string `json:"type"`
	} `json:"state"`
	Assignee *struct {
		Name string `json:"name"`
	} `json:"assignee"`
	Team struct {
		ID  string `json:"id"`
		Key string `json:"key"`
	} `json:"team"`
}

// priorities are Linear's numbers as words.
var priorities = []string{"", "urgent", "high", "medium", "low"}

func told(x issue) tracker.Issue {
	out := tracker.Issue{External: x.ID, Key: x.Key, URL: x.URL, At: x.Updated.UTC(),
		Values: map[string]string{tracker.Title: x.Title, tracker.Status: "open", tracker.Due: tracker.Said(x.Due), tracker.Owner: "", tracker.Priority: ""}}
	switch x.State.Type {
	case "completed":
		out.Values[tracker.Status] = "done"
	case "canceled", "duplicate":
		out.Values[tracker.Status] = "declined"
	}
	if x.Assignee != nil {
		out.Values[tracker.Owner] = x.Assignee.Name
	}
	if p := int(x.Priority); p > 0 && p < len(priorities) {
		out.Values[tracker.Priority] = priorities[p]
	}
	return out
}

// ask runs a query or a mutation. Linear tells most refusals in the answer.
func (l *linear) ask(ctx context.Context, query string, variables map[string]any, into any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	r, err := l.client.Send(ctx, http.MethodPost, l.url, body, nil)
	if err != nil {
		return err
	}
	var said struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Message string `json:"message"`
			More    struct {
				Code string `json:"code"`
				Says string `json:"userPresentableMessage"`
			} `json:"extensions"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(r.Body, &said); err != nil {
		return fmt.Errorf("the answer is not JSON: %w", err)
	}
	if len(said.Errors) > 0 {
		e := said.Errors[0]
		if e.More.Code == "RATELIMITED" {
			return &fetch.LaterError{Err: &fetch.StatusError{Method: http.MethodPost, URL: l.url, Status: http.StatusTooManyRequests, Says: e.Message}, After: time.Minute}
		}
		return &tracker.RefusedError{Says: cmp.Or(e.More.Says, e.Message)}
	}
	return json.Unmarshal(said.Data, into)
}

// idOf is the id of the issue with a marker: a UUID of version 4 in form.
func idOf(marker string) string {
	h := sha256.Sum256([]byte("hansei issue " + marker))
	h[6], h[8] = h[6]&0x0f|0x40, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

func (l *linear) Find(ctx context.Context, _, marker string, _ time.Time) (tracker.Issue, error) {
	x, err := l.look(ctx, idOf(marker))
	if err != nil {
		return tracker.Issue{}, err
	}
	if x == nil {
		return tracker.Issue{}, tracker.ErrNone
	}
	return told(*x), nil
}

func (l *linear) look(ctx context.Context, id string) (*issue, error) {
	var said struct {
		Issues struct {
			Nodes []issue `json:"nodes"`
		} `json:"issues"`
	}
	err := l.ask(ctx, `query($id: ID!) { issues(filter: { id: { eq: $id } }, includeArchived: true, first: 1) { nodes `+issueFields+` } }`, map[string]any{"id": id}, &said)
	if err != nil || len(said.Issues.Nodes) == 0 {
		return nil, err
	}
	return &said.Issues.Nodes[0], nil
}

func (l *linear) Look(ctx context.Context, external string) (tracker.Issue, error) {
	x, err := l.look(ctx, external)
	if err != nil {
		return tracker.Issue{}, err
	}
	if x == nil || x.Trashed != nil && *x.Trashed {
		return tracker.Issue{}, fmt.Errorf("%s: %w", external, tracker.ErrGone)
	}
	return told(*x), nil
}

// team is a team with the steps of its workflow.
type team struct {
	ID     string `json:"id"`
	States struct {
		Nodes []state `json:"nodes"`
	} `json:"states"`
}

type state struct {
	ID       string  `json:"id"`
	Type     string  `json:"type"`
	Position float64 `json:"position"`
}

func (l *linear) team(ctx context.Context, key string) (team, error) {
	var said struct {
		Teams struct {
			Nodes []team `json:"nodes"`
		} `json:"teams"`
	}
	err := l.ask(ctx, `query($key: String!) { teams(filter: { key: { eq: $key } }, first: 1) { nodes { id states(first: 100) { nodes { id type position } } } } }`, map[string]any{"key": key}, &said)
	if err != nil {
		return team{}, err
	}
	if len(said.Teams.Nodes) == 0 {
		return team{}, &tracker.RefusedError{Says: "there is no team " + key + " that the API key may see"}
	}
	return said.Teams.Nodes[0], nil
}

// types are the types of states that a status leads to, the best first.
var types = map[string][]string{"open": {"unstarted", "backlog", "triage", "started"}, "done": {"completed"}, "declined": {"canceled"}}

// state is the step of a team's workflow that a status leads to.
func (t team) state(status string) (string, error) {
	slices.SortFunc(t.States.Nodes, func(a, b state) int { return cmp.Compare(a.Position, b.Position) })
	for _, want := range types[status] {
		for _, s := range t.States.Nodes {
			if s.Type == want {
				return s.ID, nil
			}
		}
	}
	return "", &tracker.RefusedError{Says: "the team's workflow has no state for what is " + status}
}

func (l *linear) Create(ctx context.Context, place string, d tracker.Draft) (tracker.Issue, error) {
	t, err := l.team(ctx, place)
	if err != nil {
		return tracker.Issue{}, err
	}
	input := map[string]any{"id": idOf(d.Marker), "teamId": t.ID, "title": d.Title, "description": d.Body}
	if d.Due != "" {
		input["dueDate"] = d.Due
	}
	if p := slices.Index(priorities, d.Priority); p > 0 {
		input["priority"] = p
	}
	who, note, err := l.person(ctx, d.Owner)
	if err != nil {
		return tracker.Issue{}, err
	}
	if who != "" {
		input["assigneeId"] = who
	}
	if input["labelIds"], err = l.labels(ctx, append([]string{l.label}, d.Labels...)); err != nil {
		return tracker.Issue{}, err
	}
	return l.changed(ctx, "issueCreate", `mutation($input: IssueCreateInput!) { issueCreate(input: $input) { success issue `+issueFields+` } }`, map[string]any{"input": input}, note)
}

// labels are the ids of those labels that there are.
func (l *linear) labels(ctx context.Context, names []string) ([]string, error) {
	var said struct {
		Labels struct {
			Nodes []struct {
				ID string `json:"id"`
			} `json:"nodes"`
		} `json:"issueLabels"`
	}
	err := l.ask(ctx, `query($names: [String!]) { issueLabels(filter: { name: { in: $names }, team: { null: true } }, first: 20) { nodes { id } } }`, map[string]any{"names": names}, &said)
	ids := []string{}
	for _, n := range said.Labels.Nodes {
		ids = append(ids, n.ID)
	}
	return ids, err
}

// person finds the id of somebody by e-mail, else by name.
func (l *linear) person(ctx context.Context, p tracker.Person) (id, note string, err error) {
	if len(p.Names) == 0 {
		return "", "", nil
	}
	either := []map[string]any{{"name": map[string]any{"in": p.Names}}, {"displayName": map[string]any{"in": p.Names}}}
	if p.Email != "" {
		either = append(either, map[string]any{"email": map[string]any{"eq": p.Email}})
	}
	var said struct {
		Users struct {
			Nodes []struct {
				ID    string `json:"id"`
				Email string `json:"email"`
			} `json:"nodes"`
		} `json:"users"`
	}
	if err := l.ask(ctx, `query($filter: UserFilter!) { users(filter: $filter, first: 10) { nodes { id email } } }`, map[string]any{"filter": map[string]any{"or": either}}, &said); err != nil {
		return "", "", err
	}
	for _, u := range said.Users.Nodes {
		if strings.EqualFold(u.Email, p.Email) || len(said.Users.Nodes) == 1 {
			return u.ID, "", nil
		}
	}
	return "", fmt.Sprintf("Linear knows nobody by a name or the e-mail of %s.", p.Names[0]), nil
}

func (l *linear) Change(ctx context.Context, now tracker.Issue, c tracker.Change) (tracker.Issue, error) {
	input, note := map[string]any{}, ""
	for field, v := range c.Values {
		switch field {
		case tracker.Title:
			input["title"] = v
		case tracker.Due:
			input["dueDate"] = nil
			if v != "" {
				input["dueDate"] = v
			}
		case tracker.Priority:
			input["priority"] = max(slices.Index(priorities, v), 0)
		case tracker.Status:
			place, _, _ := strings.Cut(now.Key, "-")
			t, err := l.team(ctx, place)
			if err == nil {
				input["stateId"], err = t.state(v)
			}
			if err != nil {
				return tracker.Issue{}, err
			}
		case tracker.Owner:
			who, says, err := l.person(ctx, c.Owner)
			if err != nil {
				return tracker.Issue{}, err
			}
			input["assigneeId"], note = nil, says
			if who != "" {
				input["assigneeId"] = who
			}
		}
	}
	return l.changed(ctx, "issueUpdate", `mutation($id: String!, $input: IssueUpdateInput!) { issueUpdate(id: $id, input: $input) { success issue `+issueFields+` } }`, map[string]any{"id": now.External, "input": input}, note)
}

func (l *linear) changed(ctx context.Context, name, mutation string, variables map[string]any, note string) (tracker.Issue, error) {
	var said map[string]struct {
		Success bool   `json:"success"`
		Issue   *issue `json:"issue"`
	}
	if err := l.ask(ctx, mutation, variables, &said); err != nil {
		return tracker.Issue{}, err
	}
	got := said[name]
	if !got.Success || got.Issue == nil {
		return tracker.Issue{}, &tracker.RefusedError{Says: "it did not take the change and says nothing else"}
	}
	out := told(*got.Issue)
	out.Note = note
	return out, nil
}
