// Package graph asks GitHub's GraphQL API for what its REST API would take a
// call an item for, and gives it the REST API's form.
package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"hansei/internal/source"
	"hansei/internal/source/github/limit"
)

// Client asks one GraphQL endpoint.
type Client struct{ URL string }

// connection is a page of a GraphQL list.
type connection[T any] struct {
	Nodes []T `json:"nodes"`
	Info  struct {
		More bool   `json:"hasNextPage"`
		End  string `json:"endCursor"`
	} `json:"pageInfo"`
}

// ask runs a query on a repository.
func (g Client) ask(p *source.Pull, query, repo, after string, into any) error {
	owner, name, _ := strings.Cut(repo, "/")
	variables := map[string]any{"owner": owner, "name": name, "after": nil}
	if after != "" {
		variables["after"] = after
	}
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	r, err := p.Client.Post(p.Ctx, g.URL, body, nil)
	if err != nil {
		return limit.Of(err)
	}
	var said struct {
		Data struct {
			Repository json.RawMessage `json:"repository"`
		} `json:"data"`
		Errors []failure `json:"errors"`
	}
	if err := json.Unmarshal(r.Body, &said); err != nil {
		return fmt.Errorf("the answer: %w", err)
	}
	if len(said.Errors) > 0 {
		return said.Errors[0].meaning(p.Client.Asks(r.Header))
	}
	return json.Unmarshal(said.Data.Repository, into)
}

// failure is an error as the API tells it, with a status of 200.
type failure struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// meaning is what an error means for the run; the headers ask to wait.
func (f failure) meaning(wait time.Duration) error {
	err := errors.New("GitHub answers: " + f.Message)
	switch {
	case limit.Told(f.Type, f.Message):
		return limit.Later(err, wait)
	case f.Type == "NOT_FOUND" || f.Type == "FORBIDDEN":
		return fmt.Errorf("%w: %w", source.ErrRefused, err)
	}
	return err
}

const deploymentsQuery = `query($owner: String!, $name: String!, $after: String) { repository(owner: $owner, name: $name) { url
  deployments(first: 50, after: $after, orderBy: {field: CREATED_AT, direction: DESC}) { pageInfo { hasNextPage endCursor }
    nodes { databaseId createdAt updatedAt environment task description commitOid ref { name } creator { login }
      statuses(first: 20) { nodes { state createdAt logUrl environmentUrl } } } } } }`

type deploymentNode struct {
	ID          int64     `json:"databaseId"`
	Created     time.Time `json:"createdAt"`
	Updated     time.Time `json:"updatedAt"`
	Environment string    `json:"environment"`
	Description string    `json:"description"`
	Commit      string    `json:"commitOid"`
	Ref         *struct {
		Name string `json:"name"`
	} `json:"ref"`
	Creator  *person `json:"creator"`
	Statuses connection[struct {
		State   string    `json:"state"`
		Created time.Time `json:"createdAt"`
		Log     string    `json:"logUrl"`
	}] `json:"statuses"`
}

type person struct {
	Login string `json:"login"`
}

func login(p *person) map[string]string {
	if p == nil {
		return nil
	}
	return map[string]string{"login": p.Login}
}

// Deployments are those created since a time, the newest first, with their
// statuses; next is the cursor of the page after this one, "" at the end.
func (g Client) Deployments(p *source.Pull, repo string, since time.Time, after string) (items []json.RawMessage, next string, err error) {
	var said struct {
		URL         string                     `json:"url"`
		Deployments connection[deploymentNode] `json:"deployments"`
	}
	if err := g.ask(p, deploymentsQuery, repo, after, &said); err != nil {
		return nil, "", err
	}
	for _, n := range said.Deployments.Nodes {
		if n.Created.Before(since) {
			return items, "", nil
		}
		statuses := []map[string]any{}
		for _, s := range n.Statuses.Nodes {
			statuses = append(statuses, map[string]any{"state": s.State, "created_at": s.Created, "log_url": s.Log})
		}
		item := map[string]any{"id": n.ID, "sha": n.Commit, "environment": n.Environment, "description": n.Description, "created_at": n.Created,
			"updated_at": n.Updated, "creator": login(n.Creator), "statuses": statuses, "html_url": said.URL + "/deployments"}
		if n.Ref != nil {
			item["ref"] = n.Ref.Name
		}
		if items, err = add(items, item); err != nil {
			return nil, "", err
		}
	}
	return items, said.Deployments.next(), nil
}

func (c connection[T]) next() string {
	if c.Info.More {
		return c.Info.End
	}
	return ""
}

func add(items []json.RawMessage, item any) ([]json.RawMessage, error) {
	text, err := json.Marshal(item)
	return append(items, text), err
}

const pullsQuery = `query($owner: String!, $name: String!, $after: String) { repository(owner: $owner, name: $name) {
  pullRequests(first: 50, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) { pageInfo { hasNextPage endCursor }
    nodes { number url title body state createdAt updatedAt closedAt mergedAt author { login } mergeCommit { oid } labels(first: 20) { nodes { name } }
      commits(first: 1) { nodes { commit { oid authoredDate } } } reviews(first: 10) { nodes { submittedAt author { login } } } } } } }`

type pullNode struct {
	Number  int        `json:"number"`
	URL     string     `json:"url"`
	Title   string     `json:"title"`
	Body    string     `json:"body"`
	State   string     `json:"state"`
	Created time.Time  `json:"createdAt"`
	Updated time.Time  `json:"updatedAt"`
	Closed  *time.Time `json:"closedAt"`
	Merged  *time.Time `json:"mergedAt"`
	Author  *person    `json:"author"`
	Merge   *struct {
		OID string `json:"oid"`
	} `json:"mergeCommit"`
	Labels  connection[map[string]string] `json:"labels"`
	Commits connection[struct {
		Commit struct {
			OID  string    `json:"oid"`
			Date time.Time `json:"authoredDate"`
		} `json:"commit"`
	}] `json:"commits"`
	Reviews connection[struct {
		Submitted *time.Time `json:"submittedAt"`
		Author    *person    `json:"author"`
	}] `json:"reviews"`
}

// Pulls are the pull requests updated since a time, the newest first, with
// their first commit and review; next is as for Deployments.
func (g Client) Pulls(p *source.Pull, repo string, since time.Time, after string) (items []json.RawMessage, next string, err error) {
	var said struct {
		Pulls connection[pullNode] `json:"pullRequests"`
	}
	if err := g.ask(p, pullsQuery, repo, after, &said); err != nil {
		return nil, "", err
	}
	for _, n := range said.Pulls.Nodes {
		if n.Updated.Before(since) {
			return items, "", nil
		}
		item := map[string]any{"number": n.Number, "html_url": n.URL, "title": n.Title, "body": n.Body, "state": n.State, "user": login(n.Author),
			"labels": n.Labels.Nodes, "created_at": n.Created, "updated_at": n.Updated, "closed_at": n.Closed, "merged_at": n.Merged}
		if n.Merge != nil {
			item["merge_commit_sha"] = n.Merge.OID
		}
		for _, x := range n.Commits.Nodes {
			item["first_commit"], item["first_commit_at"] = x.Commit.OID, x.Commit.Date
		}
		for _, r := range n.Reviews.Nodes {
			if r.Submitted != nil && (r.Author == nil || n.Author == nil || r.Author.Login != n.Author.Login) {
				item["first_review_at"] = r.Submitted
				break
			}
		}
		if items, err = add(items, item); err != nil {
			return nil, "", err
		}
	}
	return items, said.Pulls.next(), nil
}
