package gitlab

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hansei/internal/source/sourcetest"
)

// lab stands for a GitLab with two projects, acme/shop and acme/web, which hold the
// same. It counts pages by
// position, and names the next one with all it was asked, its own defaults, the
// project as id, and the host it believes to have.
type lab struct {
	lists map[string][]thing // by path below the project
	most  int                // items of a page, though more be asked for
	calls []string
	after func(path string) // each answer
}

type thing struct {
	updated time.Time
	body    map[string]any
}

// serve holds the lab and who asks it to GitLab's own description.
func (l *lab) serve(t testing.TB) *httptest.Server {
	t.Helper()
	description, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	return sourcetest.Described(t, description, l)
}

func (l *lab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	project, path, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/api/v4/projects/"), "/")
	path = "/" + path
	q := r.URL.Query()
	l.calls = append(l.calls, path+"?"+r.URL.RawQuery)
	since := cmp.Or(q.Get("updated_after"), q.Get("since"))
	if r.Header.Get("PRIVATE-TOKEN") != "tok" || project != "acme%2Fshop" && project != "acme%2Fweb" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if alone, ok := strings.CutPrefix(path, "/pipelines/"); ok {
		i := slices.IndexFunc(l.lists["/pipelines"], func(x thing) bool { return fmt.Sprint(x.body["id"]) == alone })
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(ended(l.lists["/pipelines"][i])); err != nil {
			panic(err)
		}
		return
	}
	some := slices.Clone(l.lists[path])
	if since != "" {
		from, err := time.Parse(time.RFC3339, since)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		some = slices.DeleteFunc(some, func(x thing) bool { return x.updated.Before(from) })
		q.Set(cmp.Or(map[bool]string{true: "since"}[q.Has("since")], "updated_after"), from.Format("2006-01-02T15:04:05-07:00"))
	}
	slices.SortStableFunc(some, func(a, b thing) int { return b.updated.Compare(a.updated) })
	if q.Get("sort") == "asc" {
		slices.Reverse(some)
	}
	number := func(name string, or int) int {
		if n, err := strconv.Atoi(q.Get(name)); err == nil {
			return n
		}
		return or
	}
	page, size := number("page", 1), min(number("per_page", 20), l.most)
	last := max(1, (len(some)+size-1)/size)
	w.Header().Set("Link", l.links(project, path, q, page, last))
	w.Header().Set("Content-Type", "application/json")
	bodies := []map[string]any{}
	for _, x := range some[min(len(some), (page-1)*size):min(len(some), page*size)] {
		bodies = append(bodies, x.body)
	}
	if err := json.NewEncoder(w).Encode(bodies); err != nil {
		panic(err)
	}
	if l.after != nil {
		l.after(path)
	}
}

func (l *lab) links(project, path string, q url.Values, page, last int) string {
	q.Set("id", strings.ReplaceAll(project, "%2F", "/"))
	if path == "/issues" || path == "/merge_requests" {
		q.Set("state", "all")
		q.Set("with_labels_details", "false")
	}
	link := func(page int, rel string) string {
		q.Set("page", strconv.Itoa(page))
		return fmt.Sprintf(`<https://gitlab.example.com:8443/api/v4/projects/%s%s?%s>; rel=%q`, project, path, q.Encode(), rel)
	}
	list := []string{}
	if page > 1 {
		list = append(list, link(page-1, "prev"))
	}
	if page < last {
		list = append(list, link(page+1, "next"))
	}
	return strings.Join(append(list, link(1, "first"), link(last, "last")), ", ")
}

// stocked is a lab with three pages of each list.
func stocked() *lab { return stockedWith(230, 100) }

func stockedWith(items, most int) *lab {
	l := &lab{lists: map[string][]thing{}, most: most}
	for i := range items {
		t := at(0).Add(time.Duration(i) * time.Minute)
		l.lists["/deployments"] = append(l.lists["/deployments"], thing{t, deployment(1000+i, t)})
		l.lists["/merge_requests"] = append(l.lists["/merge_requests"], thing{t, mergeRequest(i+1, t)})
		l.lists["/issues"] = append(l.lists["/issues"], thing{t, issue(i+1, t)})
		l.lists["/repository/commits"] = append(l.lists["/repository/commits"], thing{t, commitMade(i, t)})
		l.lists["/pipelines"] = append(l.lists["/pipelines"], thing{t, pipeline(i+1, t)})
		l.lists["/releases"] = append(l.lists["/releases"], thing{t, releaseMade(i, t)})
	}
	for i := range most + most/2 { // of the only merge request that is merged
		t := at(0).Add(time.Duration(i-1000) * time.Minute)
		l.lists["/merge_requests/7/commits"] = append(l.lists["/merge_requests/7/commits"], thing{t, commitMade(5000+i, t)})
	}
	return l
}

// What follows is as GitLab's documentation shows it.

func person(name string) map[string]any {
	return map[string]any{"id": 18, "username": strings.ToLower(name), "name": name, "state": "active", "avatar_url": nil, "web_url": "https://gitlab.example.com/" + strings.ToLower(name)}
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z") }

func commitMade(i int, t time.Time) map[string]any {
	day := t.In(time.FixedZone("", 2*60*60)).Format("2006-01-02T15:04:05.000-07:00")
	id := fmt.Sprintf("%040x", i)
	return map[string]any{"id": id, "short_id": id[:8], "created_at": day, "parent_ids": []string{}, "title": "Update README.md\r", "message": "Update README.md\r\n\r\nSee merge request !1", "author_name": "Ann", "author_email": "ann@example.com",
		"authored_date": day, "committer_name": "Ann", "committer_email": "ann@example.com", "committed_date": day, "trailers": map[string]any{}, "extended_trailers": map[string]any{}, "web_url": "https://gitlab.example.com/acme/shop/-/commit/" + id}
}

func deployment(id int, t time.Time) map[string]any {
	out := map[string]any{"id": id, "iid": id, "ref": "main", "sha": fmt.Sprintf("%040x", id), "status": "success", "created_at": stamp(t.Add(-time.Hour)), "updated_at": stamp(t), "user": person("Ann"),
		"environment": map[string]any{"id": 9, "name": "production", "external_url": "https://about.gitlab.com"}, "deployable": nil}
	if id%2 == 0 {
		out["deployable"] = map[string]any{"id": 657, "status": "success", "stage": "deploy", "name": "deploy", "ref": "main", "tag": false, "coverage": nil, "created_at": stamp(t.Add(-time.Hour)), "started_at": nil, "finished_at": stamp(t.Add(-time.Second)),
			"runner": nil, "user": map[string]any{"id": 1, "bio": nil}, "project": map[string]any{"ci_job_token_scope_enabled": false}, "pipeline": map[string]any{"id": 36}, "commit": commitMade(id, t), "web_url": "https://gitlab.example.com/acme/shop/-/jobs/657"}
	}
	return out
}

func mergeRequest(iid int, t time.Time) map[string]any {
	out := map[string]any{"id": 10_000 + iid, "iid": iid, "project_id": 30, "title": fmt.Sprint("Change ", iid), "description": nil, "state": "opened", "created_at": stamp(t.Add(-time.Hour)), "updated_at": stamp(t), "merged_by": nil, "merge_user": nil, "merged_at": nil,
		"closed_by": nil, "closed_at": nil, "target_branch": "main", "source_branch": "x", "author": person("Ann"), "assignees": []any{}, "assignee": nil, "reviewers": []any{person("Bo")}, "labels": []string{"bug"}, "milestone": nil,
		"sha": fmt.Sprintf("%040x", iid), "merge_commit_sha": nil, "squash_commit_sha": nil, "discussion_locked": nil, "references": map[string]any{"short": fmt.Sprint("!", iid), "relative": fmt.Sprint("!", iid), "full": fmt.Sprint("acme/shop!", iid)},
		"web_url": fmt.Sprint("https://gitlab.example.com/acme/shop/-/merge_requests/", iid), "time_stats": map[string]any{"time_estimate": 0, "total_time_spent": 0, "human_time_estimate": nil, "human_total_time_spent": nil}, "approvals_before_merge": nil}
	if iid == 7 {
		out["state"], out["merged_by"], out["merge_user"], out["merged_at"], out["merge_commit_sha"] = "merged", person("Bo"), person("Bo"), stamp(t), strings.Repeat("ab", 20)
	}
	return out
}

func issue(iid int, t time.Time) map[string]any {
	out := map[string]any{"id": 20_000 + iid, "iid": iid, "project_id": 30, "title": fmt.Sprint("Issue ", iid), "description": "It is so.", "state": "opened", "created_at": stamp(t.Add(-time.Hour)), "updated_at": stamp(t), "closed_at": nil, "closed_by": nil,
		"labels": []string{"foo"}, "milestone": map[string]any{"id": 17, "iid": 2, "project_id": 30, "title": "v4.0", "description": nil, "state": "active", "due_date": nil}, "assignees": []any{person("Bo")}, "assignee": person("Bo"), "author": person("Ann"), "type": "ISSUE",
		"due_date": "2026-07-22", "confidential": false, "discussion_locked": nil, "issue_type": "issue", "web_url": fmt.Sprint("https://gitlab.example.com/acme/shop/-/issues/", iid), "weight": nil, "severity": "UNKNOWN", "moved_to_id": nil,
		"references": map[string]any{"short": fmt.Sprint("#", iid), "relative": fmt.Sprint("#", iid), "full": fmt.Sprint("acme/shop#", iid)}, "_links": map[string]any{"self": "https://gitlab.example.com/api/v4/projects/30/issues", "closed_as_duplicate_of": nil}}
	if iid == 9 {
		out["type"], out["issue_type"], out["severity"], out["state"], out["closed_at"], out["closed_by"], out["milestone"], out["assignee"], out["assignees"], out["due_date"] = "INCIDENT", "incident", "HIGH", "closed", stamp(t), person("Bo"), nil, nil, []any{}, nil
	}
	return out
}

func pipeline(id int, t time.Time) map[string]any {
	out := map[string]any{"id": id, "iid": id, "project_id": 30, "status": "success", "source": "push", "ref": "main", "sha": fmt.Sprintf("%040x", id), "name": "Deploy it",
		"web_url": fmt.Sprint("https://gitlab.example.com/acme/shop/-/pipelines/", id), "created_at": stamp(t.Add(-time.Hour)), "updated_at": stamp(t)}
	switch {
	case id == 1, id%10 == 0:
		out["status"] = "manual"
	case id == 2:
		out["name"] = nil // it goes by its branch
	case id > 3: // so that not each is asked for alone
		out["name"], out["status"] = "Build it", "failed"
	}
	return out
}

// ended is a pipeline that is asked for alone.
func ended(x thing) map[string]any {
	out := maps.Clone(x.body)
	maps.Copy(out, map[string]any{"before_sha": out["sha"], "tag": false, "yaml_errors": nil, "user": person("Ann"), "started_at": stamp(x.updated.Add(-30 * time.Minute)), "finished_at": stamp(x.updated.Add(-time.Second)), "committed_at": nil, "duration": 34,
		"queued_duration": 6, "coverage": nil, "detailed_status": map[string]any{"text": "passed"}})
	return out
}

func releaseMade(i int, t time.Time) map[string]any {
	tag := fmt.Sprint("v1.", i)
	return map[string]any{"tag_name": tag, "name": "Release " + tag, "description": nil, "created_at": stamp(t), "released_at": stamp(t), "upcoming_release": false, "author": person("Ann"), "commit": commitMade(i, t), "milestones": []any{}, "commit_path": "/acme/shop/-/commit/x",
		"tag_path": "/acme/shop/-/tags/" + tag, "assets": map[string]any{"count": 1, "sources": []any{map[string]any{"format": "zip", "url": "https://gitlab.example.com/x.zip"}}, "links": []any{}}, "evidences": []any{},
		"_links": map[string]any{"self": "https://gitlab.example.com/acme/shop/-/releases/" + tag}}
}
