package trackertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Jira speaks the REST API of Jira Cloud, version 3.
func (s *Server) Jira() http.Handler {
	return s.handler(func(r *http.Request) bool { _, pass, ok := r.BasicAuth(); return ok && pass == Token }, func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/rest/api/3")
		switch {
		case path == "/issue/createmeta/"+Key+"/issuetypes":
			answer(w, http.StatusOK, map[string]any{"startAt": 0, "maxResults": 50, "total": 2, "issueTypes": []any{map[string]any{"id": "9", "name": "Sub-task", "subtask": true}, map[string]any{"id": "10", "name": "Task", "subtask": false}}})
		case path == "/search/jql":
			list := []any{}
			for _, x := range s.issues {
				for _, l := range x.Labels {
					if !x.Gone && strings.Contains(r.URL.Query().Get("jql"), `"`+l+`"`) {
						list = append(list, jira(x))
					}
				}
			}
			answer(w, http.StatusOK, map[string]any{"issues": list, "isLast": true})
		case path == "/user/assignable/search":
			list := []any{}
			if q := r.URL.Query().Get("query"); strings.EqualFold(q, Email) || strings.EqualFold(q, Name) {
				list = append(list, jiraUser())
			}
			answer(w, http.StatusOK, list)
		case path == "/issue" && r.Method == http.MethodPost:
			x := s.add(Issue{})
			x.ID = fmt.Sprint(10_000 + x.Number)
			fields, _ := read(r)["fields"].(map[string]any)
			setJira(x, fields)
			answer(w, http.StatusCreated, map[string]any{"id": x.ID, "key": fmt.Sprintf("%s-%d", Key, x.Number), "self": "https://acme.atlassian.net/rest/api/3/issue/" + x.ID})
		default:
			s.jiraIssue(w, r, strings.TrimPrefix(path, "/issue/"))
		}
	})
}

func (s *Server) jiraIssue(w http.ResponseWriter, r *http.Request, path string) {
	id, rest, _ := strings.Cut(path, "/")
	x := s.at(func(x *Issue) bool { return x.ID == id || fmt.Sprintf("%s-%d", Key, x.Number) == id })
	switch {
	case x == nil:
		answer(w, http.StatusNotFound, map[string]any{"errorMessages": []string{"Issue does not exist or you do not have permission to see it."}})
	case rest == "transitions" && r.Method == http.MethodGet:
		answer(w, http.StatusOK, map[string]any{"transitions": transitions(x)})
	case rest == "transitions":
		v := read(r)
		t, _ := v["transition"].(map[string]any)
		fields, _ := v["fields"].(map[string]any)
		res, _ := fields["resolution"].(map[string]any)
		x.Status = map[string]string{"11": "open", "31": "done"}[text(t["id"])]
		if res["name"] == "Won't Do" {
			x.Status = "declined"
		}
		x.Updated = s.tick()
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut:
		fields, _ := read(r)["fields"].(map[string]any)
		setJira(x, fields)
		x.Updated = s.tick()
		w.WriteHeader(http.StatusNoContent)
	default:
		answer(w, http.StatusOK, jira(x))
	}
}

// transitions are those of a simple workflow: to do, and done with a resolution.
func transitions(x *Issue) []any {
	if x.Status != "open" {
		return []any{map[string]any{"id": "11", "name": "Reopen", "to": jiraStatus("open"), "fields": map[string]any{}}}
	}
	values := []any{map[string]any{"name": "Done"}, map[string]any{"name": "Won't Do"}}
	return []any{map[string]any{"id": "31", "name": "Done", "to": jiraStatus("done"), "fields": map[string]any{"resolution": map[string]any{
		"required": true, "name": "Resolution", "key": "resolution", "operations": []string{"set"}, "schema": map[string]any{"type": "resolution", "system": "resolution"}, "allowedValues": values}}}}
}

func jiraStatus(status string) map[string]any {
	name, key, id := "To Do", "new", 2
	if status != "open" {
		name, key, id = "Done", "done", 3
	}
	return map[string]any{"id": fmt.Sprint(id), "name": name, "statusCategory": map[string]any{"id": id, "key": key, "name": name}}
}

func jiraUser() map[string]any {
	return map[string]any{"accountId": "5b10a2844c20165700ede21g", "accountType": "atlassian", "displayName": Name, "emailAddress": Email, "active": true}
}

func setJira(x *Issue, fields map[string]any) {
	for name, v := range fields {
		switch name {
		case "summary":
			x.Title = text(v)
		case "description":
			b, _ := json.Marshal(v)
			x.Body = string(b)
		case "duedate":
			x.Due = text(v)
		case "priority":
			p, _ := v.(map[string]any)
			x.Priority = text(p["name"])
		case "assignee":
			x.Owner = ""
			if a, _ := v.(map[string]any); a["accountId"] != nil {
				x.Owner = Name
			}
		case "labels":
			list, _ := v.([]any)
			for _, l := range list {
				x.Labels = append(x.Labels, text(l))
			}
		}
	}
}

func jira(x *Issue) map[string]any {
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000-0700") }
	f := map[string]any{"summary": x.Title, "status": jiraStatus(x.Status), "resolution": nil, "duedate": nil, "priority": nil, "assignee": nil, "labels": x.Labels, "updated": at(x.Updated), "created": at(x.Created)}
	if x.Status != "open" {
		f["resolution"] = map[string]any{"name": map[string]string{"done": "Done", "declined": "Won't Do"}[x.Status]}
	}
	if x.Due != "" {
		f["duedate"] = x.Due
	}
	if x.Priority != "" {
		f["priority"] = map[string]any{"name": x.Priority}
	}
	if x.Owner != "" {
		f["assignee"] = jiraUser()
	}
	return map[string]any{"id": x.ID, "key": fmt.Sprintf("%s-%d", Key, x.Number), "self": "https://acme.atlassian.net/rest/api/3/issue/" + x.ID, "fields": f}
}
