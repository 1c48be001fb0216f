package trackertest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// GitHub speaks GitHub's REST API.
func (s *Server) GitHub() http.Handler {
	return s.handler(func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+Token }, func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, "/repos/"+Place)
		if !ok {
			answer(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
			return
		}
		if login, ok := strings.CutPrefix(path, "/assignees/"); ok {
			if login == Login {
				w.WriteHeader(http.StatusNoContent)
			} else {
				answer(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
			}
			return
		}
		number, _ := strconv.Atoi(strings.TrimPrefix(path, "/issues/"))
		switch {
		case path == "/issues" && r.Method == http.MethodGet:
			list := []any{}
			since, _ := time.Parse(time.RFC3339, r.URL.Query().Get("since"))
			for _, x := range s.issues {
				if !x.Gone && !x.Updated.Before(since) {
					list = append(list, github(x))
				}
			}
			answer(w, http.StatusOK, list)
		case path == "/issues" && r.Method == http.MethodPost:
			v := read(r)
			x := s.add(Issue{Title: text(v["title"]), Body: text(v["body"])})
			labels, _ := v["labels"].([]any)
			for _, l := range labels {
				x.Labels = append(x.Labels, text(l))
			}
			x.Owner = firstOf(v["assignees"])
			answer(w, http.StatusCreated, github(x))
		default:
			x := s.at(func(x *Issue) bool { return x.Number == number })
			if x == nil {
				answer(w, http.StatusGone, map[string]string{"message": "This issue was deleted"})
				return
			}
			if r.Method == http.MethodPatch {
				patchGitHub(x, read(r))
				x.Updated = s.tick()
			}
			answer(w, http.StatusOK, github(x))
		}
	})
}

func firstOf(v any) string {
	list, _ := v.([]any)
	if len(list) == 0 {
		return ""
	}
	return text(list[0])
}

func patchGitHub(x *Issue, v map[string]any) {
	if t, ok := v["title"]; ok {
		x.Title = text(t)
	}
	if a, ok := v["assignees"]; ok {
		x.Owner = firstOf(a)
	}
	switch v["state"] {
	case "open":
		x.Status = "open"
	case "closed":
		x.Status = "done"
		if v["state_reason"] == "not_planned" {
			x.Status = "declined"
		}
	}
}

// WebhookGitHub is the body of GitHub's webhook on an issue.
func WebhookGitHub(x Issue, action string) map[string]any {
	return map[string]any{"action": action, "issue": github(&x), "repository": map[string]any{"full_name": Place, "name": "shop"}}
}

func github(x *Issue) map[string]any {
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	api := "https://api.github.com/repos/" + Place
	self := fmt.Sprintf("%s/issues/%d", api, x.Number)
	out := map[string]any{"id": 1000 + x.Number, "node_id": "I_" + strconv.Itoa(x.Number), "number": x.Number, "title": x.Title, "body": x.Body, "url": self, "repository_url": api,
		"labels_url": self + "/labels{/name}", "comments_url": self + "/comments", "events_url": self + "/events", "html_url": fmt.Sprintf("https://github.com/%s/issues/%d", Place, x.Number),
		"comments": 0, "locked": false, "milestone": nil, "user": nil, "assignee": nil, "assignees": []any{}, "labels": []any{},
		"author_association": "OWNER", "created_at": at(x.Created), "updated_at": at(x.Updated), "closed_at": nil, "state": "open", "state_reason": nil}
	if x.Status != "open" {
		out["state"], out["closed_at"], out["state_reason"] = "closed", at(x.Updated), map[string]string{"done": "completed", "declined": "not_planned"}[x.Status]
	}
	labels := []any{}
	for i, l := range x.Labels {
		labels = append(labels, map[string]any{"id": i + 1, "node_id": "L", "url": api + "/labels/l", "name": l, "description": nil, "color": "ededed", "default": false})
	}
	out["labels"] = labels
	if x.Owner != "" {
		u := map[string]any{"login": x.Owner, "id": 1, "node_id": "U", "avatar_url": "https://a.example/1", "gravatar_id": "", "url": "https://api.github.com/users/ann", "html_url": "https://github.com/ann",
			"followers_url": "https://api.github.com/users/ann/followers", "following_url": "https://api.github.com/users/ann/following{/other_user}", "gists_url": "https://api.github.com/users/ann/gists{/gist_id}",
			"starred_url": "https://api.github.com/users/ann/starred{/owner}{/repo}", "subscriptions_url": "https://api.github.com/users/ann/subscriptions", "organizations_url": "https://api.github.com/users/ann/orgs",
			"repos_url": "https://api.github.com/users/ann/repos", "events_url": "https://api.github.com/users/ann/events{/privacy}", "received_events_url": "https://api.github.com/users/ann/received_events", "type": "User", "site_admin": false}
		out["assignee"], out["assignees"] = u, []any{u}
	}
	return out
}
