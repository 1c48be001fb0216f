package trackertest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Linear answers the queries and mutations that are asked of Linear's GraphQL
// API, by the field they ask for.
func (s *Server) Linear() http.Handler {
	return s.handler(func(r *http.Request) bool { return r.Header.Get("Authorization") == Token }, func(w http.ResponseWriter, r *http.Request) {
		v := read(r)
		vars, _ := v["variables"].(map[string]any)
		input, _ := vars["input"].(map[string]any)
		nodes := func(field string, list ...any) {
			if list == nil {
				list = []any{}
			}
			answer(w, http.StatusOK, map[string]any{"data": map[string]any{field: map[string]any{"nodes": list}}})
		}
		changed := func(field string, x *Issue) {
			answer(w, http.StatusOK, map[string]any{"data": map[string]any{field: map[string]any{"success": true, "issue": linear(x)}}})
		}
		has := func(field string) bool { return strings.Contains(text(v["query"]), field+"(") }
		byID := func(x *Issue) bool { return x.ID == vars["id"] }
		switch {
		case has("issueCreate"):
			if s.at(func(x *Issue) bool { return x.ID == input["id"] }) != nil {
				answer(w, http.StatusOK, map[string]any{"errors": []any{map[string]any{"message": "Entity already exists", "extensions": map[string]any{"code": "INPUT_ERROR"}}}})
				return
			}
			x := s.add(Issue{ID: text(input["id"]), Body: text(input["description"])})
			setLinear(x, input)
			changed("issueCreate", x)
		case has("issueUpdate"):
			x := s.at(byID)
			setLinear(x, input)
			x.Updated = s.tick()
			changed("issueUpdate", x)
		case has("issues"):
			if x := s.at(byID); x != nil {
				nodes("issues", linear(x))
			} else {
				nodes("issues")
			}
		case has("teams"):
			if vars["key"] != Key {
				nodes("teams")
				return
			}
			states := []any{}
			for i, t := range linearStates {
				states = append(states, map[string]any{"id": "s-" + t, "type": t, "position": float64(10 - i)})
			}
			nodes("teams", map[string]any{"id": "team-1", "states": map[string]any{"nodes": states}})
		case has("users"):
			if strings.Contains(fmt.Sprint(vars), Email) {
				nodes("users", map[string]any{"id": "u-1", "email": Email})
			} else {
				nodes("users")
			}
		case has("issueLabels"):
			nodes("issueLabels", map[string]any{"id": "l-1"})
		}
	})
}

var linearStates = []string{"canceled", "completed", "started", "unstarted", "backlog"}

var linearPriorities = []string{"", "urgent", "high", "medium", "low"}

func setLinear(x *Issue, input map[string]any) {
	for name, v := range input {
		switch name {
		case "title":
			x.Title = text(v)
		case "dueDate":
			x.Due = text(v)
		case "priority":
			n, _ := v.(float64)
			x.Priority = linearPriorities[int(n)]
		case "assigneeId":
			x.Owner = ""
			if v == "u-1" {
				x.Owner = Name
			}
		case "stateId":
			x.Status = map[string]string{"s-completed": "done", "s-canceled": "declined"}[text(v)]
			if x.Status == "" {
				x.Status = "open"
			}
		}
	}
}

// WebhookLinear is the body of Linear's webhook on an issue.
func WebhookLinear(x Issue, action string, at time.Time) map[string]any {
	return map[string]any{"action": action, "type": "Issue", "createdAt": x.Updated, "webhookTimestamp": at.UnixMilli(), "data": linear(&x)}
}

func linear(x *Issue) map[string]any {
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
	state := map[string]any{"id": "s-unstarted", "name": "Todo", "type": "unstarted"}
	switch x.Status {
	case "done":
		state = map[string]any{"id": "s-completed", "name": "Done", "type": "completed"}
	case "declined":
		state = map[string]any{"id": "s-canceled", "name": "Canceled", "type": "canceled"}
	}
	key := fmt.Sprintf("%s-%d", Key, x.Number)
	out := map[string]any{"id": x.ID, "identifier": key, "url": "https://linear.app/acme/issue/" + key, "title": x.Title, "description": x.Body, "priority": slices.Index(linearPriorities, x.Priority),
		"dueDate": nil, "updatedAt": at(x.Updated), "createdAt": at(x.Created), "trashed": nil, "state": state, "assignee": nil, "team": map[string]any{"id": "team-1", "key": Key, "name": "Operations"}}
	if x.Due != "" {
		out["dueDate"] = x.Due
	}
	if x.Owner != "" {
		out["assignee"] = map[string]any{"id": "u-1", "name": Name, "email": Email}
	}
	return out
}
