package jira

import (
	"context"
	"net/http"
	"slices"

	"hansei"
	"hansei/internal/tracker"
)

// transition is a way from an issue's status to another one.
type transition struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	To   struct {
		Name     string `json:"name"`
		Category struct {
			Key string `json:"key"`
		} `json:"statusCategory"`
	} `json:"to"`
	Fields map[string]struct {
		Allowed []named `json:"allowedValues"`
	} `json:"fields"`
}

// resolution is the resolution to be set on the way: one that says how it
// ended, where the transition takes one.
func (t transition) resolution(declined bool) string {
	for _, r := range t.Fields["resolution"].Allowed {
		if hansei.Declines(r.Name) == declined {
			return r.Name
		}
	}
	return ""
}

// fit says how well a transition leads to an end of a follow-up, 0 for not.
func (t transition) fit(to string) int {
	ended := t.To.Category.Key == done
	says := hansei.Declines(t.To.Name)
	switch {
	case to == "open":
		if ended {
			return 0
		}
		if t.To.Category.Key == "new" {
			return 2
		}
		return 1
	case !ended:
		return 0
	case to == "declined" && (says || t.resolution(true) != ""):
		return 3
	case to == "declined":
		return 1 // it says at least that nobody works on it any more
	case says:
		return 0
	case t.resolution(false) != "":
		return 3
	}
	return 2
}

// move brings an issue to a status, in one step of its workflow.
func (j *jira) move(ctx context.Context, now tracker.Issue, to string) error {
	var said struct {
		Transitions []transition `json:"transitions"`
	}
	url := j.issue(now.External) + "/transitions"
	if err := tracker.Call(ctx, j.client, http.MethodGet, url+"?expand=transitions.fields", nil, &said); err != nil {
		return err
	}
	slices.SortStableFunc(said.Transitions, func(a, b transition) int { return b.fit(to) - a.fit(to) })
	if len(said.Transitions) == 0 || said.Transitions[0].fit(to) == 0 {
		return &tracker.RefusedError{Says: "the workflow of " + now.Key + " has no step from where it stands to " + map[string]string{"open": "one that is open", "done": "one that is done", "declined": "one that is done or will not be done"}[to] + ", or the account may not take it. Move the issue in Jira, then press Retry."}
	}
	t := said.Transitions[0]
	send := map[string]any{"transition": map[string]string{"id": t.ID}}
	if r := t.resolution(to == "declined"); r != "" && to != "open" {
		send["fields"] = map[string]any{"resolution": named{r}}
	}
	return tracker.Call(ctx, j.client, http.MethodPost, url, send, nil)
}
