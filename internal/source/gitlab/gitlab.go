// Package gitlab connects GitLab.com and self-managed GitLab: deployments,
// deploying pipelines, releases, merge requests, commits, issues, and GitLab's
// own incidents.
//
// Built against GitLab's documentation of webhook events
// (https://docs.gitlab.com/user/project/integrations/webhook_events/), of the
// REST API, version 4 (https://docs.gitlab.com/api/rest/), and its OpenAPI
// description (doc/api/openapi/openapi_v3.yaml of GitLab 19.5).
package gitlab

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/gitlab/deploy"
	"hansei/internal/source/gitlab/form"
	"hansei/internal/source/gitlab/reading"
)

// Kind is GitLab.
var Kind = source.Kind{
	Name: "gitlab", Title: "GitLab", Docs: "https://docs.gitlab.com/user/project/integrations/webhook_events/",
	About: "Deployments, deploying pipelines, releases, merge requests with their first commit, commits, issues and incidents.",
	Settings: []source.Setting{
		{Name: "url", Title: "URL", Default: "https://gitlab.com", Place: true, Help: "Of your GitLab."},
		{Name: "token", Title: "Access token", Secret: true, Help: "For the history: a project or group access token with the scope read_api and at least the role Reporter. To create follow-ups there: the scope api. Leave it empty to take webhooks only."},
		{Name: "projects", Title: "Projects", Long: true, Lists: true, Help: "group/project, one a line or with commas between, whose history is pulled."},
		{Name: source.WebhookSecret, Title: "Webhook secret", Secret: true, Help: "Made here; paste it at GitLab as the secret token. A signing token that GitLab made (whsec_…) can be entered instead."},
		{Name: "pipelines", Title: "Pipelines that deploy", Means: true, Help: "A regular expression on the names of pipelines (workflow:name) that are deployments, such as (?i)deploy; a pipeline without a name goes by its branch or tag, unless it ran for a merge request. Empty: none; GitLab's own deployments always count."},
		{Name: "releases", Title: "Releases are deployments", Means: true, Default: "no", Enum: []string{"no", "yes"}, Help: "yes: each release counts as a deployment to production."},
		{Name: "follow_up_labels", Title: "Labels of follow-ups", Means: true, Default: "postmortem,follow-up,action-item", Help: "Issues with one of these labels are follow-ups of incidents."},
	},
	Steps: []string{
		"In the group's or project's Settings open Webhooks, Add new webhook.",
		"URL: {url}",
		"Secret token: {secret}",
		"Trigger: Push events (default branch), Issues events, Merge request events, Deployment events, Releases events; Pipeline events if some pipelines are deployments.",
		"For the history: Settings, Access tokens, role Reporter, scope read_api; paste the token here.",
	},
	Gives:     []hansei.Kind{hansei.KindDeployment, hansei.KindPullRequest, hansei.KindChange, hansei.KindWorkItem, hansei.KindIncident},
	Incidents: true,
	New:       open,
}

type gitlab struct {
	*reading.Account // has Normalize
	base             string
	token, secret    string
	projects         []string
}

func open(c source.Config) (source.Source, error) {
	base := strings.TrimSuffix(c.Settings["url"], "/")
	if base == "" {
		base = "https://gitlab.com"
	}
	if u, err := url.Parse(base); err != nil || u.Host == "" || !strings.HasPrefix(u.Scheme, "http") || u.User != nil {
		return nil, hansei.Invalid("url", "%q: expected a URL such as https://gitlab.com", base)
	}
	g := &gitlab{Account: &reading.Account{Reader: deploy.Reader{Name: c.Name, Releases: c.Settings["releases"] == "yes"}}, base: base, token: c.Settings["token"], secret: c.Settings[source.WebhookSecret]}
	if text := c.Settings["pipelines"]; text != "" {
		var err error
		if g.Pipelines, err = regexp.Compile(text); err != nil {
			return nil, hansei.Invalid("pipelines", "%q is not a regular expression: %v", text, err)
		}
	}
	labels := c.Settings["follow_up_labels"]
	if labels == "" {
		labels = "postmortem,follow-up,action-item"
	}
	for l := range strings.SplitSeq(labels, ",") {
		g.FollowUps = append(g.FollowUps, strings.ToLower(strings.TrimSpace(l)))
	}
	for _, p := range strings.FieldsFunc(c.Settings["projects"], func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }) {
		if !strings.Contains(p, "/") {
			return nil, hansei.Invalid("projects", "%q: expected group/project", p)
		}
		g.projects = append(g.projects, strings.Trim(p, "/"))
	}
	switch {
	case len(g.projects) > 0 && g.token == "":
		return nil, hansei.Invalid("token", "the history of projects needs a token")
	case len(g.projects) > 0:
		return &puller{g}, nil
	}
	return g, nil
}

// Check of an account that is not pulled says what that takes.
func (g *gitlab) Check(*source.Pull) []source.Finding {
	if g.token == "" {
		return []source.Finding{{Says: "The access token is missing, and no projects are named: no history is read, and only webhooks tell."}}
	}
	return []source.Finding{{Says: "No projects are named: the token is not used, no history is read, and only webhooks tell."}}
}

// Verify checks the secret token, or the signature that GitLab puts in its
// place when the webhook has a signing token (Standard Webhooks).
func (g *gitlab) Verify(r source.Request) (source.Receipt, error) {
	out := source.Receipt{ID: r.Header.Get("Idempotency-Key"), Event: strings.ToLower(strings.TrimSuffix(r.Header.Get("X-Gitlab-Event"), " Hook"))}
	if out.ID == "" {
		out.ID = r.Header.Get("X-Gitlab-Event-UUID")
	}
	signatures := r.Header.Get("Webhook-Signature")
	if signatures == "" {
		return out, source.CheckToken(g.secret, r.Header.Get("X-Gitlab-Token"))
	}
	key := g.secret
	if encoded, ok := strings.CutPrefix(key, "whsec_"); ok {
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return out, source.ErrSignature
		}
		key = string(raw)
	}
	id, stamp := r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp")
	err := source.ErrSignature
	for s := range strings.FieldsSeq(signatures) {
		if sum, ok := strings.CutPrefix(s, "v1,"); ok && err != nil {
			err = source.CheckBase64(key, sum, []byte(id+"."+stamp+"."), r.Body)
		}
	}
	if err != nil {
		return out, err
	}
	seconds, parseErr := strconv.ParseInt(stamp, 10, 64)
	if parseErr != nil {
		return out, source.ErrSignature
	}
	return out, source.CheckTime(time.Unix(seconds, 0), r.Now)
}

// puller is an account whose history may be read.
type puller struct{ *gitlab }

const (
	perPage = "100"
	// overlap is how far back news are asked for beyond the last look; commits
	// are found by when they were made, and are merged later.
	overlap = 10 * time.Minute
	merging = 24 * time.Hour
)

// Streams are the lists, each over all projects.
//
// They are read newest first. GitLab counts pages by position: what is updated
// while the pages are read goes to the front, and pushes others to where they
// are read twice. Oldest first it would go to the end, and the others up, past
// the reader.
func (g *puller) Streams() []source.Stream {
	out := []source.Stream{}
	for _, l := range []struct {
		name, title, path string
		query             url.Values
		since             string
		back, every       time.Duration
	}{
		{"deployments", "Deployments", "/deployments", url.Values{"order_by": {"updated_at"}, "sort": {"desc"}}, "updated_after", overlap, 0},
		{"merge_requests", "Merge requests", "/merge_requests", url.Values{"scope": {"all"}, "order_by": {"updated_at"}, "sort": {"desc"}}, "updated_after", overlap, 0},
		{"issues", "Issues and incidents", "/issues", url.Values{"scope": {"all"}, "order_by": {"updated_at"}, "sort": {"desc"}}, "updated_after", overlap, 0},
		{"commits", "Commits", "/repository/commits", url.Values{}, "since", overlap + merging, 15 * time.Minute},
		{"pipelines", "Pipelines", "/pipelines", url.Values{"order_by": {"updated_at"}, "sort": {"desc"}}, "updated_after", overlap, 0},
		{"releases", "Releases", "/releases", url.Values{"order_by": {"released_at"}, "sort": {"desc"}}, "updated_after", overlap, 0},
	} {
		if l.name == "releases" && !g.Releases || l.name == "pipelines" && g.Pipelines == nil {
			continue
		}
		lister := func(p *source.Pull, project string, since, _ time.Time, next string) ([]json.RawMessage, string, error) {
			items, after, err := g.list(p, project, l.path, l.query, l.since, since, next)
			switch {
			case err != nil:
			case l.name == "merge_requests":
				err = g.firstCommits(p, project, items)
			case l.name == "pipelines":
				err = g.ended(p, project, items)
			}
			return items, after, err
		}
		out = append(out, source.Stream{Name: l.name, Title: l.title, Every: l.every, Pull: func(p *source.Pull) error {
			g.authorize(p.Client)
			return source.Walk(p, g.projects, l.back, lister, wrap)
		}})
	}
	return out
}

func wrap(project string, items []json.RawMessage) ([]byte, error) {
	list, err := json.Marshal(items)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"project": form.Project{Path: project}, "items": json.RawMessage(list)})
}

func (g *puller) authorize(c *fetch.Client) {
	c.Auth = func(r *http.Request) { r.Header.Set("PRIVATE-TOKEN", g.token) }
}

func (g *puller) of(project, path string) string {
	return g.base + "/api/v4/projects/" + url.PathEscape(project) + path
}

// list asks for a page of a list: the first since a moment, or next. Of the link
// to the page after it only the query counts: GitLab names in it the host it is
// configured with, which may not be the one it is reached by.
func (g *puller) list(p *source.Pull, project, path string, query url.Values, sinceParam string, since time.Time, next string) (items []json.RawMessage, after string, err error) {
	q := url.Values{"per_page": {perPage}, sinceParam: {since.UTC().Format(time.RFC3339)}}
	for k, v := range query {
		q[k] = v
	}
	if next != "" {
		if q, err = queryOf(next); err != nil {
			return nil, "", err
		}
	}
	r, err := p.Client.JSON(p.Ctx, g.of(project, path)+"?"+q.Encode(), &items)
	if err != nil {
		return nil, "", err
	}
	link := fetch.NextLink(r.Header)
	if link == "" {
		return items, "", nil
	}
	if q, err = queryOf(link); err != nil {
		return nil, "", err
	}
	return items, "?" + q.Encode(), nil
}

// queryOf is the query of a link; the project is named by the path.
func queryOf(link string) (url.Values, error) {
	u, err := url.Parse(link)
	if err != nil || u.RawQuery == "" {
		return nil, hansei.Invalid("next", "expected the next page, as GitLab names it")
	}
	q := u.Query()
	q.Del("id")
	return q, nil
}

// firstCommits adds to merged merge requests when their first commit was made,
// which only their own list of commits knows.
func (g *puller) firstCommits(p *source.Pull, project string, items []json.RawMessage) error {
	for i, item := range items {
		var x map[string]any
		if err := json.Unmarshal(item, &x); err != nil {
			return err
		}
		if x["state"] != "merged" {
			continue
		}
		iid, _ := x["iid"].(float64)
		first, err := g.firstCommit(p, project, int(iid))
		if err != nil {
			return err
		}
		if first.ID == "" {
			continue
		}
		x["first_commit"], x["first_commit_at"] = first.ID, first.Date
		if items[i], err = json.Marshal(x); err != nil {
			return err
		}
	}
	return nil
}

type commit struct {
	ID   string `json:"id"`
	Date string `json:"authored_date"`
}

// firstCommit is the last of a merge request's commits, which come newest
// first, a hundred a page.
func (g *puller) firstCommit(p *source.Pull, project string, iid int) (commit, error) {
	var last commit
	for page := 1; page <= mostPages; page++ {
		var commits []commit
		r, err := p.Client.JSON(p.Ctx, g.of(project, fmt.Sprintf("/merge_requests/%d/commits?page=%d&per_page=%s", iid, page, perPage)), &commits)
		var no *fetch.StatusError
		if errors.As(err, &no) && no.Status == http.StatusNotFound {
			return commit{}, nil
		}
		if err != nil {
			return commit{}, err
		}
		if len(commits) > 0 {
			last = commits[len(commits)-1]
		}
		if fetch.NextLink(r.Header) == "" {
			break
		}
	}
	return last, nil
}

// ended puts in the place of each deploying pipeline that is over what it is
// when it is asked for alone: only so it tells when it ran, and for whom.
func (g *puller) ended(p *source.Pull, project string, items []json.RawMessage) error {
	for i, item := range items {
		var x deploy.Pipeline
		if err := source.Decode(item, &x); err != nil || !g.Deploys(x) || !x.Over() {
			continue // Normalize says what is wrong with it
		}
		r, err := p.Client.Get(p.Ctx, g.of(project, fmt.Sprintf("/pipelines/%d", x.ID)), nil)
		var no *fetch.StatusError
		switch {
		case errors.As(err, &no) && no.Status == http.StatusNotFound: // deleted since
		case err != nil:
			return err
		case !json.Valid(r.Body):
			return fmt.Errorf("pipeline %d: the answer is not JSON: %w", x.ID, hansei.ErrConflict)
		default:
			items[i] = r.Body
		}
	}
	return nil
}

// mostPages bounds how many pages of commits of one merge request are read.
const mostPages = 100

// Check asks for one of each list of each project.
func (g *puller) Check(p *source.Pull) []source.Finding {
	g.authorize(p.Client)
	var found []source.Finding
	lists := [][2]string{{"deployments", "/deployments"}, {"merge requests", "/merge_requests"}, {"issues", "/issues"}, {"commits", "/repository/commits"}}
	if g.Pipelines != nil {
		lists = append(lists, [2]string{"pipelines", "/pipelines"})
	}
	if g.Releases {
		lists = append(lists, [2]string{"releases", "/releases"})
	}
	for _, project := range g.projects {
		for _, l := range lists {
			_, err := p.Client.Get(p.Ctx, g.of(project, l[1])+"?per_page=1", nil)
			var no *fetch.StatusError
			switch {
			case err == nil:
				found = append(found, source.Finding{OK: true, Says: fmt.Sprintf("%s: the token may read %s.", project, l[0])})
			case errors.As(err, &no) && no.Status == http.StatusUnauthorized:
				return append(found, source.Finding{Says: "GitLab does not accept the token. Is it complete and not expired?"})
			case errors.As(err, &no) && (no.Status == http.StatusForbidden || no.Status == http.StatusNotFound):
				found = append(found, source.Finding{Says: fmt.Sprintf("%s: the token may not read %s: it lacks the scope read_api, the role Reporter, or the project.", project, l[0])})
			default:
				found = append(found, source.Finding{Says: project + ": " + source.Words(err)})
			}
		}
	}
	return found
}
