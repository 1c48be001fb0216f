// Package jira keeps follow-ups as Jira issues, on Cloud and Data Center.
//
// Built against Atlassian's OpenAPI description of the REST API, version 3
// (https://developer.atlassian.com/cloud/jira/platform/rest/v3/), and version 2
// for Data Center. How an issue ends is the project's workflow: a transition
// to a status of the category Done, with the resolution that fits when the
// transition asks for one.
package jira

import (
	"context"
	"encoding/json"
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

// Kind is Jira.
var Kind = tracker.Kind{Name: "jira", Title: "Jira", Needs: "the permissions Browse projects, Create issues, Edit issues, Assign issues and Transition issues.", Open: open}

type jira struct {
	client *fetch.Client
	site   string
	api    string // with its version
	cloud  bool
	places []string
	types  []string // issue types and labels of follow-ups, as configured
}

func open(a tracker.Account) (tracker.Tracker, error) {
	token, email := a.Settings["token"], a.Settings["email"]
	if token == "" {
		return nil, &tracker.RefusedError{Says: "the source " + a.Source + " has no token"}
	}
	a.Client.Auth = func(r *http.Request) {
		if email != "" {
			r.SetBasicAuth(email, token)
		} else {
			r.Header.Set("Authorization", "Bearer "+token)
		}
	}
	j := &jira{client: a.Client, site: strings.TrimSuffix(a.Settings["url"], "/"), cloud: email != "", places: tracker.List(a.Settings["projects"])}
	j.api = j.site + "/rest/api/2"
	if j.cloud {
		j.api = j.site + "/rest/api/3"
	}
	for t := range strings.SplitSeq(a.Settings["follow_ups"], ",") {
		if t = strings.TrimSpace(t); t != "" {
			j.types = append(j.types, t)
		}
	}
	return j, nil
}

func (j *jira) Places() []string { return j.places }

func (j *jira) Carries() []string {
	return []string{tracker.Title, tracker.Status, tracker.Due, tracker.Owner, tracker.Priority}
}

type named struct {
	Name string `json:"name"`
}

type issue struct {
	ID     string `json:"id"`
	Key    string `json:"key"`
	Fields struct {
		Summary string `json:"summary"`
		Status  struct {
			Name     string `json:"name"`
			Category struct {
				Key string `json:"key"`
			} `json:"statusCategory"`
		} `json:"status"`
		Resolution *named  `json:"resolution"`
		Due        *string `json:"duedate"`
		Priority   *named  `json:"priority"`
		Assignee   *struct {
			Display string `json:"displayName"`
		} `json:"assignee"`
		Labels      []string        `json:"labels"`
		Description json.RawMessage `json:"description"`
		Updated     string          `json:"updated"`
	} `json:"fields"`
}

const (
	looked = "summary,status,resolution,duedate,priority,assignee,labels,updated"
	stamp  = "2006-01-02T15:04:05.000-0700"
	done   = "done" // the key of the category
)

func (j *jira) told(x issue) (tracker.Issue, error) {
	f := x.Fields
	at, err := time.Parse(stamp, f.Updated)
	if err != nil {
		return tracker.Issue{}, fmt.Errorf("issue %s: updated %q is not a time of Jira's", x.Key, f.Updated)
	}
	out := tracker.Issue{External: x.ID, Key: x.Key, URL: j.site + "/browse/" + x.Key, At: at.UTC(),
		Values: map[string]string{tracker.Title: f.Summary, tracker.Status: "open", tracker.Due: tracker.Said(f.Due), tracker.Owner: ""}}
	if f.Status.Category.Key == done {
		out.Values[tracker.Status] = "done"
		if hansei.Declines(f.Status.Name) || f.Resolution != nil && hansei.Declines(f.Resolution.Name) {
			out.Values[tracker.Status] = "declined"
		}
	}
	if f.Assignee != nil {
		out.Values[tracker.Owner] = f.Assignee.Display
	}
	if f.Priority != nil { // else the project has none
		out.Values[tracker.Priority] = strings.ToLower(f.Priority.Name)
	}
	return out, nil
}

// Find asks for the label that the marker is. Jira's index may lag behind a
// creation by seconds.
func (j *jira) Find(ctx context.Context, place, marker string, _ time.Time) (tracker.Issue, error) {
	q := url.Values{"jql": {fmt.Sprintf(`project = "%s" AND labels = "%s" ORDER BY created DESC`, place, marker)}, "maxResults": {"2"}, "fields": {looked}}
	path := "/search/jql"
	if !j.cloud {
		path = "/search"
	}
	var said struct {
		Issues []issue `json:"issues"`
	}
	if err := tracker.Call(ctx, j.client, http.MethodGet, j.api+path+"?"+q.Encode(), nil, &said); err != nil {
		return tracker.Issue{}, err
	}
	if len(said.Issues) == 0 {
		return tracker.Issue{}, tracker.ErrNone
	}
	return j.told(said.Issues[0])
}

func (j *jira) Create(ctx context.Context, place string, d tracker.Draft) (tracker.Issue, error) {
	kind, err := j.issueType(ctx, place)
	if err != nil {
		return tracker.Issue{}, err
	}
	labels := append([]string{d.Marker, tracker.FollowUpLabel(strings.Join(j.types, ","))}, d.Labels...)
	for i := range labels {
		labels[i] = strings.ReplaceAll(labels[i], " ", "-") // Jira's have no spaces
	}
	fields := map[string]any{"project": map[string]string{"key": place}, "issuetype": map[string]string{"id": kind}, "summary": d.Title, "labels": labels}
	if j.cloud {
		fields["description"] = document(d.Body)
	} else {
		fields["description"] = wiki(d.Body)
	}
	note, err := j.optional(ctx, place, fields, map[string]string{tracker.Due: d.Due, tracker.Priority: d.Priority, tracker.Owner: ""}, d.Owner, true)
	if err != nil {
		return tracker.Issue{}, err
	}
	var made issue
	left, err := j.without(fields, func() error {
		return tracker.Call(ctx, j.client, http.MethodPost, j.api+"/issue", map[string]any{"fields": fields}, &made)
	})
	if err != nil {
		return tracker.Issue{}, err
	}
	out, err := j.Look(ctx, made.ID)
	out.Note = strings.TrimSpace(note + " " + left)
	return out, err
}

// issueType finds the type of a new issue: the first configured one that the
// project has, else a task, else the first that stands by itself.
func (j *jira) issueType(ctx context.Context, place string) (string, error) {
	var said struct {
		Cloud []issueType `json:"issueTypes"`
		Data  []issueType `json:"values"`
	}
	if err := tracker.Call(ctx, j.client, http.MethodGet, j.api+"/issue/createmeta/"+url.PathEscape(place)+"/issuetypes", nil, &said); err != nil {
		return "", err
	}
	has := slices.DeleteFunc(append(said.Cloud, said.Data...), func(t issueType) bool { return t.Subtask || t.Level > 0 })
	for _, name := range append(slices.Clone(j.types), "Task", "Story") {
		if i := slices.IndexFunc(has, func(t issueType) bool { return strings.EqualFold(t.Name, name) }); i >= 0 {
			return has[i].ID, nil
		}
	}
	if len(has) == 0 {
		return "", &tracker.RefusedError{Says: "the account may create no issues in " + place}
	}
	return has[0].ID, nil
}

type issueType struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Subtask bool   `json:"subtask"`
	Level   int    `json:"hierarchyLevel"`
}

// optional puts fields into a call that a project may or may not have.
func (j *jira) optional(ctx context.Context, place string, fields map[string]any, values map[string]string, owner tracker.Person, fresh bool) (note string, err error) {
	for name, v := range values {
		switch {
		case fresh && v == "" && name != tracker.Owner:
		case name == tracker.Due:
			fields["duedate"] = nil
			if v != "" {
				fields["duedate"] = v
			}
		case name == tracker.Priority && v != "":
			fields["priority"] = named{strings.ToUpper(v[:1]) + v[1:]}
		case name == tracker.Owner:
			var who map[string]string
			if who, note, err = j.assignable(ctx, place, owner); err != nil {
				return "", err
			}
			if who != nil || !fresh {
				fields["assignee"] = who
			}
		}
	}
	return note, nil
}

// assignable finds the account of a person among those who may be assigned.
func (j *jira) assignable(ctx context.Context, place string, p tracker.Person) (who map[string]string, note string, err error) {
	if len(p.Names) == 0 {
		return nil, "", nil
	}
	for _, word := range append([]string{p.Email}, p.Names...) {
		if word == "" {
			continue
		}
		q := url.Values{"project": {place}, "maxResults": {"20"}}
		if j.cloud {
			q.Set("query", word)
		} else {
			q.Set("username", word)
		}
		var list []struct {
			Account string `json:"accountId"`
			Name    string `json:"name"`
			Display string `json:"displayName"`
			Email   string `json:"emailAddress"`
		}
		if err := tracker.Call(ctx, j.client, http.MethodGet, j.api+"/user/assignable/search?"+q.Encode(), nil, &list); err != nil {
			return nil, "", err
		}
		for _, u := range list {
			if strings.EqualFold(u.Display, word) || strings.EqualFold(u.Email, word) || strings.EqualFold(u.Name, word) || len(list) == 1 && word == p.Email {
				if j.cloud {
					return map[string]string{"accountId": u.Account}, "", nil
				}
				return map[string]string{"name": u.Name}, "", nil
			}
		}
	}
	return nil, fmt.Sprintf("Jira knows nobody who can be assigned in %s by a name or the e-mail of %s.", place, p.Names[0]), nil
}

// without makes a call again without the optional fields that Jira says it
// cannot set, because they are on none of the project's screens or hold a value
// that the project does not know.
func (j *jira) without(fields map[string]any, call func() error) (note string, err error) {
	for {
		err = call()
		var no *fetch.StatusError
		if !errors.As(err, &no) || no.Status != http.StatusBadRequest {
			return note, err
		}
		left := false
		for _, name := range []string{"priority", "duedate", "assignee"} {
			if _, sent := fields[name]; sent && strings.Contains(no.Says, `"`+name+`"`) {
				delete(fields, name)
				note, left = strings.TrimSpace(note+" This project of Jira's does not take the "+map[string]string{"priority": "priority", "duedate": "due date", "assignee": "owner"}[name]+"."), true
			}
		}
		if !left || len(fields) == 0 {
			if left {
				return note, nil // nothing is left to say
			}
			return note, err
		}
	}
}

func (j *jira) issue(external string) string { return j.api + "/issue/" + url.PathEscape(external) }

func (j *jira) Look(ctx context.Context, external string) (tracker.Issue, error) {
	var x issue
	err := tracker.Call(ctx, j.client, http.MethodGet, j.issue(external)+"?fields="+looked, nil, &x)
	var no *fetch.StatusError
	if errors.As(err, &no) && no.Status == http.StatusNotFound {
		return tracker.Issue{}, fmt.Errorf("%s: %w", external, tracker.ErrGone)
	}
	if err != nil {
		return tracker.Issue{}, err
	}
	return j.told(x)
}

func (j *jira) Change(ctx context.Context, now tracker.Issue, c tracker.Change) (tracker.Issue, error) {
	fields, values := map[string]any{}, map[string]string{}
	for field, v := range c.Values {
		switch field {
		case tracker.Title:
			fields["summary"] = v
		case tracker.Due, tracker.Priority, tracker.Owner:
			values[field] = v
		}
	}
	place, _, _ := strings.Cut(now.Key, "-")
	note, err := j.optional(ctx, place, fields, values, c.Owner, false)
	if err != nil {
		return tracker.Issue{}, err
	}
	if len(fields) > 0 {
		left, err := j.without(fields, func() error {
			return tracker.Call(ctx, j.client, http.MethodPut, j.issue(now.External), map[string]any{"fields": fields}, nil)
		})
		if err != nil {
			return tracker.Issue{}, err
		}
		note = strings.TrimSpace(note + " " + left)
	}
	if to, ok := c.Values[tracker.Status]; ok {
		if err := j.move(ctx, now, to); err != nil {
			return tracker.Issue{}, err
		}
	}
	out, err := j.Look(ctx, now.External)
	out.Note = note
	return out, err
}
