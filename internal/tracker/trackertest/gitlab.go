package trackertest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// GitLab speaks GitLab's REST API, as its documentation shows it.
func (s *Server) GitLab() http.Handler {
	return s.handler(func(r *http.Request) bool { return r.Header.Get("PRIVATE-TOKEN") == Token }, func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/v4/projects/"+url.PathEscape(Place))
		if !ok {
			answer(w, http.StatusNotFound, map[string]string{"message": "404 Project Not Found"})
			return
		}
		iid, _ := strconv.Atoi(strings.TrimPrefix(path, "/issues/"))
		switch {
		case path == "/users":
			list := []any{}
			if q := r.URL.Query().Get("search"); strings.EqualFold(q, Login) || strings.EqualFold(q, Name) {
				list = append(list, gitlabUser())
			}
			answer(w, http.StatusOK, list)
		case path == "/issues" && r.Method == http.MethodGet:
			list := []any{}
			since, _ := time.Parse(time.RFC3339, r.URL.Query().Get("created_after"))
			for _, x := range s.issues {
				if !x.Gone && !x.Created.Before(since) {
					list = append(list, gitlab(x))
				}
			}
			answer(w, http.StatusOK, list)
		case path == "/issues" && r.Method == http.MethodPost:
			v := read(r)
			x := s.add(Issue{Title: text(v["title"]), Body: text(v["description"]), Due: text(v["due_date"]), Labels: strings.Split(text(v["labels"]), ",")})
			x.Owner = memberOf(v["assignee_ids"])
			answer(w, http.StatusCreated, gitlab(x))
		default:
			x := s.at(func(x *Issue) bool { return x.Number == iid })
			if x == nil {
				answer(w, http.StatusNotFound, map[string]string{"message": "404 Issue Not Found"})
				return
			}
			if r.Method == http.MethodPut {
				if !putGitLab(x, read(r)) {
					answer(w, http.StatusBadRequest, map[string]string{"message": "the issue is in that state"})
					return
				}
				x.Updated = s.tick()
			}
			answer(w, http.StatusOK, gitlab(x))
		}
	})
}

func memberOf(v any) string {
	list, _ := v.([]any)
	if len(list) == 1 && list[0] == 9.0 {
		return Name
	}
	return ""
}

func putGitLab(x *Issue, v map[string]any) bool {
	for _, l := range strings.Split(text(v["add_labels"]), ",") {
		if l != "" && !slices.Contains(x.Labels, l) {
			x.Labels = append(x.Labels, l)
		}
	}
	gone := strings.Split(text(v["remove_labels"]), ",")
	x.Labels = slices.DeleteFunc(x.Labels, func(l string) bool { return slices.Contains(gone, l) })
	if t, ok := v["title"]; ok {
		x.Title = text(t)
	}
	if t, ok := v["due_date"]; ok {
		x.Due = text(t)
	}
	if a, ok := v["assignee_ids"]; ok {
		x.Owner = memberOf(a)
	}
	switch e := v["state_event"]; {
	case e == "close" && x.Status == "open":
		x.Status = "done"
	case e == "reopen" && x.Status != "open":
		x.Status = "open"
	case e != nil:
		return false
	}
	return true
}

func gitlabUser() map[string]any {
	return map[string]any{"id": 9, "username": Login, "name": Name, "state": "active", "avatar_url": nil, "web_url": "https://gitlab.example.com/ann"}
}

func gitlab(x *Issue) map[string]any {
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
	out := map[string]any{"id": 80 + x.Number, "iid": x.Number, "project_id": 4, "title": x.Title, "description": x.Body, "state": "opened", "labels": x.Labels, "assignees": []any{}, "assignee": nil, "due_date": nil,
		"created_at": at(x.Created), "updated_at": at(x.Updated), "closed_at": nil, "web_url": fmt.Sprintf("https://gitlab.example.com/%s/-/issues/%d", Place, x.Number),
		"references": map[string]string{"short": fmt.Sprintf("#%d", x.Number), "full": fmt.Sprintf("%s#%d", Place, x.Number)}}
	if x.Status != "open" {
		out["state"], out["closed_at"] = "closed", at(x.Updated)
	}
	if x.Due != "" {
		out["due_date"] = x.Due
	}
	if x.Owner != "" {
		out["assignee"], out["assignees"] = gitlabUser(), []any{gitlabUser()}
	}
	return out
}
