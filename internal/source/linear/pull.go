package linear

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"hansei/internal/source"
	"hansei/internal/source/fetch"
)

// puller is a workspace whose history may be read.
type puller struct{ *linear }

const (
	perPage = 50
	overlap = 10 * time.Minute
)

// Streams is the list of issues, the one that changed longest ago first.
func (l *puller) Streams() []source.Stream {
	return []source.Stream{{Name: "issues", Title: "Issues", Pull: l.issues}}
}

const issuesQuery = `query($filter: IssueFilter, $first: Int, $after: String) { issues(filter: $filter, first: $first, after: $after, orderBy: updatedAt, includeArchived: true) {
  pageInfo { hasNextPage endCursor }
  nodes { id identifier title description url priority dueDate createdAt startedAt updatedAt completedAt canceledAt trashed state { name type } team { name key } project { name } assignee { name } labels(first: 20) { nodes { name } } } } }`

// ask runs a query. It is a question, so it may be repeated.
func (l *puller) ask(p *source.Pull, query string, variables map[string]any, into any) error {
	p.Client.Auth = func(r *http.Request) { r.Header.Set("Authorization", l.token) }
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	r, err := p.Client.Post(p.Ctx, l.url+"/graphql", body, nil)
	if err != nil {
		return err
	}
	var said struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(r.Body, &said); err != nil {
		return fmt.Errorf("the answer: %w", err)
	}
	if len(said.Errors) > 0 {
		return errors.New("Linear answers: " + said.Errors[0].Message)
	}
	return json.Unmarshal(said.Data, into)
}

func (l *puller) issues(p *source.Pull) error { return source.Search(p, l.teams, overlap, l.page) }

// page asks for a page and says where the next one is, "" at the end.
func (l *puller) page(p *source.Pull, s source.Sought, next string) (page source.Page, after string, err error) {
	filter, keys := map[string]any{"updatedAt": map[string]any{"gte": s.Since.UTC().Format(time.RFC3339)}}, map[string]any{}
	if len(s.Only) > 0 {
		keys["in"] = s.Only
	}
	if len(s.Not) > 0 {
		keys["nin"] = s.Not
	}
	if len(keys) > 0 {
		filter["team"] = map[string]any{"key": keys}
	}
	variables := map[string]any{"filter": filter, "first": perPage}
	if next != "" {
		variables["after"] = next
	}
	var said struct {
		Issues struct {
			Nodes []json.RawMessage `json:"nodes"`
			Info  struct {
				More bool   `json:"hasNextPage"`
				End  string `json:"endCursor"`
			} `json:"pageInfo"`
		} `json:"issues"`
	}
	if err := l.ask(p, issuesQuery, variables, &said); err != nil {
		return page, "", err
	}
	if said.Issues.Info.More {
		after = said.Issues.Info.End
	}
	if page.Things = len(said.Issues.Nodes); page.Things > 0 {
		page.Body, err = json.Marshal(map[string]any{"issues": said.Issues.Nodes})
	}
	return page, after, err
}

// Check tries the key and looks whether it sees each team.
func (l *puller) Check(p *source.Pull) []source.Finding {
	var said struct {
		Teams struct {
			Nodes []struct {
				Key string `json:"key"`
			} `json:"nodes"`
		} `json:"teams"`
	}
	err := l.ask(p, `query { teams(first: 250) { nodes { key } } }`, nil, &said)
	var no *fetch.StatusError
	switch {
	case errors.As(err, &no) && (no.Status == http.StatusUnauthorized || no.Status == http.StatusBadRequest):
		return []source.Finding{{Says: "Linear does not accept the API key."}}
	case err != nil:
		return []source.Finding{{Says: source.Words(err)}}
	}
	seen := map[string]bool{}
	for _, t := range said.Teams.Nodes {
		seen[t.Key] = true
	}
	found := []source.Finding{{OK: true, Says: fmt.Sprintf("Linear accepts the API key; it sees %d teams.", len(seen))}}
	for _, key := range l.teams {
		if seen[key] {
			found = append(found, source.Finding{OK: true, Says: "The key sees the team " + key + "."})
		} else {
			found = append(found, source.Finding{Says: "The key does not see the team " + key + "."})
		}
	}
	return found
}
