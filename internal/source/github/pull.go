package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/github/code"
	"hansei/internal/source/github/limit"
	"hansei/internal/source/github/reading"
	"hansei/internal/source/github/span"
)

// puller is an account whose history may be read.
type puller struct{ *github }

const (
	perPage = 100
	// overlap is how far back news are asked for beyond the last look; runs of
	// workflows are found by when they began and end later.
	overlap = 10 * time.Minute
	runs    = 24 * time.Hour
	most    = 1000 // that GitHub gives of a search
	// afar is how far back the first run of a day looks for deployments and runs
	// of workflows: a deployment waits for somebody's word, and a run may be run
	// again for 30 days, and both are found by when they were made.
	afar = 35 * 24 * time.Hour
)

// reach is from when on a run looks for what goes on under an old time.
func reach(p *source.Pull, since, began time.Time) time.Time {
	const day = 24 * time.Hour
	far := began.Add(-afar)
	if before := since.Add(overlap + runs); before.UTC().Truncate(day).Equal(began.UTC().Truncate(day)) || since.Before(far) {
		return since
	}
	if far.Before(p.From) {
		return p.From
	}
	return far
}

// Streams are the lists, each over all repositories.
func (g *puller) Streams() []source.Stream {
	list := []source.Stream{
		{Name: "deployments", Title: "Deployments", Pull: func(p *source.Pull) error { return g.walk(p, overlap+runs, g.deployments) }},
		{Name: "pull_requests", Title: "Pull requests", Pull: func(p *source.Pull) error { return g.walk(p, overlap, g.pulls) }},
		{Name: "issues", Title: "Issues", Pull: func(p *source.Pull) error { return g.walk(p, overlap, g.issues) }},
		{Name: "commits", Title: "Commits", Every: 15 * time.Minute, Pull: func(p *source.Pull) error { return g.walk(p, overlap+runs, g.commits) }},
	}
	if g.Releases {
		list = append(list, source.Stream{Name: "releases", Title: "Releases", Pull: func(p *source.Pull) error { return g.walk(p, overlap+runs, g.releases) }})
	}
	if g.Workflows != nil {
		list = append(list, source.Stream{Name: "workflow_runs", Title: "Workflow runs", Pull: func(p *source.Pull) error { return g.walk(p, overlap+runs, g.runs) }})
	}
	return list
}

func (g *puller) walk(p *source.Pull, back time.Duration, list source.Lister) error {
	g.authorize(p.Client)
	return source.Walk(p, g.repositories, back, list, wrap)
}

func wrap(repo string, items []json.RawMessage) ([]byte, error) {
	repo = written(repo, items[0])
	_, name, _ := strings.Cut(repo, "/")
	list, err := json.Marshal(items)
	if err != nil {
		return nil, err
	}
	return json.Marshal(reading.Page{Repository: code.Repository{Name: name, FullName: repo}, Items: list})
}

// written is a repository's name as GitHub writes it, in the page of an item,
// and as webhooks have it: it takes the name in any letters.
func written(repo string, item json.RawMessage) string {
	var x struct {
		URL string `json:"html_url"`
	}
	if json.Unmarshal(item, &x) != nil {
		return repo // Normalize says what is wrong with it
	}
	if u, err := url.Parse(x.URL); err == nil {
		if part := strings.Split(u.Path, "/"); len(part) > 2 && part[0] == "" && repository.MatchString(part[1]+"/"+part[2]) {
			return part[1] + "/" + part[2]
		}
	}
	return repo
}

func (g *puller) authorize(c *fetch.Client) {
	c.Auth = func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+g.token)
		r.Header.Set("Accept", "application/vnd.github+json")
		r.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	}
}

// rest asks for a page of a REST list.
func (g *puller) rest(p *source.Pull, path string, q url.Values, next string, into any) (string, error) {
	u := next
	if u == "" {
		q.Set("per_page", fmt.Sprint(perPage))
		u = g.base + path + "?" + q.Encode()
	} else if !strings.HasPrefix(u, g.base+"/") {
		return "", hansei.Invalid("link", "the next page is on another host")
	}
	r, err := p.Client.JSON(p.Ctx, u, into)
	var no *fetch.StatusError
	if errors.As(err, &no) && no.Status == http.StatusConflict {
		return "", nil // an empty repository
	}
	if err != nil {
		return "", limit.Of(err)
	}
	return fetch.NextLink(r.Header), nil
}

// issues come newest first: GitHub counts pages by position. What is updated
// while they are read goes to the front and pushes others to where they are
// read twice; oldest first it would pull them past the reader.
func (g *puller) issues(p *source.Pull, repo string, since, _ time.Time, after string) (items []json.RawMessage, next string, err error) {
	q := url.Values{"state": {"all"}, "sort": {"updated"}, "direction": {"desc"}, "since": {since.UTC().Format(time.RFC3339)}}
	next, err = g.rest(p, "/repos/"+repo+"/issues", q, after, &items)
	return items, next, err
}

func (g *puller) commits(p *source.Pull, repo string, since, _ time.Time, after string) (items []json.RawMessage, next string, err error) {
	next, err = g.rest(p, "/repos/"+repo+"/commits", url.Values{"since": {since.UTC().Format(time.RFC3339)}}, after, &items)
	return items, next, err
}

func (g *puller) deployments(p *source.Pull, repo string, since, began time.Time, after string) ([]json.RawMessage, string, error) {
	return g.graph.Deployments(p, repo, reach(p, since, began), after)
}

func (g *puller) pulls(p *source.Pull, repo string, since, _ time.Time, after string) ([]json.RawMessage, string, error) {
	return g.graph.Pulls(p, repo, since, after)
}

// releases come newest first, and there are few.
func (g *puller) releases(p *source.Pull, repo string, _, _ time.Time, after string) (items []json.RawMessage, next string, err error) {
	next, err = g.rest(p, "/repos/"+repo+"/releases", url.Values{}, after, &items)
	return items, next, err
}

// runs asks day by day, and for less of a day that has more than GitHub gives of
// a search by time.
func (g *puller) runs(p *source.Pull, repo string, since, began time.Time, after string) ([]json.RawMessage, string, error) {
	created, u, _ := strings.Cut(after, " ")
	if after == "" {
		created = reach(p, since, began).UTC().Format(time.DateOnly)
	}
	when, err := span.Parse(created)
	if err != nil {
		return nil, "", err
	}
	var said struct {
		Total int               `json:"total_count"`
		Runs  []json.RawMessage `json:"workflow_runs"`
	}
	next, err := g.rest(p, "/repos/"+repo+"/actions/runs", url.Values{"created": {created}}, u, &said)
	if err != nil {
		return nil, "", err
	}
	if said.Total >= most {
		half, err := when.Half()
		if err != nil {
			return nil, "", err
		}
		return nil, half.String() + " ", nil
	}
	if next != "" {
		return said.Runs, created + " " + next, nil
	}
	if when = when.Next(); when.From.After(began) {
		return said.Runs, "", nil
	}
	return said.Runs, when.String() + " ", nil
}

// Check asks for one of each list of each repository.
func (g *puller) Check(p *source.Pull) []source.Finding {
	var found []source.Finding
	g.authorize(p.Client)
	for _, repo := range g.repositories {
		for _, st := range []struct {
			title, permission string
			list              source.Lister
		}{{"deployments", "Deployments", g.deployments}, {"pull requests", "Pull requests", g.pulls}, {"issues", "Issues", g.issues}, {"commits", "Contents", g.commits}, {"workflow runs", "Actions", g.runs}} {
			_, _, err := st.list(p, repo, p.Now.Add(-time.Hour), p.Now, "")
			var no *fetch.StatusError
			switch {
			case err == nil:
				found = append(found, source.Finding{OK: true, Says: fmt.Sprintf("%s: the token may read %s.", repo, st.title)})
			case errors.As(err, &no) && no.Status == http.StatusUnauthorized:
				return append(found, source.Finding{Says: "GitHub does not accept the token. Is it complete, not expired, and of this server?"})
			case source.Refused(err):
				found = append(found, source.Finding{Says: fmt.Sprintf("%s: the token may not read %s. It lacks the repository, or the permission %s: read.", repo, st.title, st.permission)})
			default:
				found = append(found, source.Finding{Says: fmt.Sprintf("%s: %s: %s", repo, st.title, source.Words(err))})
			}
		}
	}
	return found
}
