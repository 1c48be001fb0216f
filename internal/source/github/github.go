// Package github connects GitHub and GitHub Enterprise: deployments, releases
// and deploying workflows, pull requests, commits and issues.
//
// Built against GitHub's documentation of webhooks
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads), of the
// REST API, version 2022-11-28, and of the GraphQL API. Deployments and pull
// requests are pulled by GraphQL: a year of 5,000 pull requests with their
// first commit and first review are 100 calls; over REST they would be 15,000,
// three hours of what a token may ask.
package github

import (
	"net/url"
	"regexp"
	"strings"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/github/code"
	"hansei/internal/source/github/graph"
	"hansei/internal/source/github/reading"
)

// Kind is GitHub.
var Kind = source.Kind{
	Name: "github", Title: "GitHub", Docs: "https://docs.github.com/en/webhooks/webhook-events-and-payloads",
	About: "Deployments, releases, pull requests with their first commit and review, commits, and issues as work items and follow-ups.",
	Settings: []source.Setting{
		{Name: "token", Title: "Token", Secret: true, Help: "For the history: a fine-grained personal access token of the repositories below with read access to Metadata, Contents, Deployments, Pull requests, Issues and Actions. To create follow-ups there, Issues also need write access. Leave it empty to take webhooks only."},
		{Name: "repositories", Title: "Repositories", Long: true, Lists: true, Help: "owner/name, one a line or with commas between, whose history is pulled. Webhooks are taken from all that send them."},
		{Name: source.WebhookSecret, Title: "Webhook secret", Secret: true, Help: "Made here; paste it at GitHub."},
		{Name: "workflows", Title: "Workflows that deploy", Means: true, Help: "A regular expression on the names of workflows whose runs are deployments, such as (?i)deploy. Empty: none; GitHub's own deployments always count."},
		{Name: "releases", Title: "Releases are deployments", Means: true, Default: "no", Enum: []string{"no", "yes"}, Help: "yes: each published release counts as a deployment to production."},
		{Name: "follow_up_labels", Title: "Labels of follow-ups", Means: true, Default: "postmortem,follow-up,action-item", Help: "Issues with one of these labels are follow-ups of incidents."},
		{Name: "api_url", Title: "API URL", Default: "https://api.github.com", Place: true, Help: "https://HOST/api/v3 for GitHub Enterprise Server."},
	},
	Steps: []string{
		"In the organization's (or a repository's) settings open Webhooks, Add webhook.",
		"Payload URL: {url}",
		"Content type: application/json. Secret: {secret}",
		"Choose individual events: Deployments, Deployment statuses, Issues, Pull requests, Pull request reviews, Pushes, Releases, Workflow runs.",
		"For the history: Settings, Developer settings, Fine-grained tokens; paste the token here.",
	},
	Gives: []hansei.Kind{hansei.KindDeployment, hansei.KindPullRequest, hansei.KindChange, hansei.KindWorkItem},
	New:   open,
}

type github struct {
	*reading.Account // has Normalize
	token, secret    string
	base             string
	graph            graph.Client
	repositories     []string
}

var repository = regexp.MustCompile(`^[\w.-]+/[\w.-]+$`)

func open(c source.Config) (source.Source, error) {
	get := func(name, otherwise string) string {
		if v := c.Settings[name]; v != "" {
			return v
		}
		return otherwise
	}
	g := &github{Account: &reading.Account{Reader: code.Reader{Name: c.Name}, Releases: get("releases", "no") == "yes"},
		token: c.Settings["token"], secret: c.Settings[source.WebhookSecret], base: strings.TrimSuffix(get("api_url", "https://api.github.com"), "/")}
	if u, err := url.Parse(g.base); err != nil || u.Host == "" || !strings.HasPrefix(u.Scheme, "http") {
		return nil, hansei.Invalid("api_url", "%q: expected a URL such as https://api.github.com", g.base)
	}
	g.graph = graph.Client{URL: strings.TrimSuffix(g.base, "/v3") + "/graphql"}
	for l := range strings.SplitSeq(get("follow_up_labels", "postmortem,follow-up,action-item"), ",") {
		g.FollowUps = append(g.FollowUps, strings.ToLower(strings.TrimSpace(l)))
	}
	if text := c.Settings["workflows"]; text != "" {
		var err error
		if g.Workflows, err = regexp.Compile(text); err != nil {
			return nil, hansei.Invalid("workflows", "%q is not a regular expression: %v", text, err)
		}
	}
	for _, r := range strings.FieldsFunc(c.Settings["repositories"], func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' }) {
		if !repository.MatchString(r) {
			return nil, hansei.Invalid("repositories", "%q: expected owner/name", r)
		}
		g.repositories = append(g.repositories, r)
	}
	switch {
	case g.token == "" && len(g.repositories) > 0:
		return nil, hansei.Invalid("token", "the history of repositories needs a token")
	case g.token != "" && len(g.repositories) > 0:
		return &puller{g}, nil
	}
	return g, nil
}

// Check of an account that is not pulled says what that takes.
func (g *github) Check(*source.Pull) []source.Finding {
	if g.token == "" {
		return []source.Finding{{Says: "The token is missing, and no repositories are named: no history is read, and only webhooks tell."}}
	}
	return []source.Finding{{Says: "No repositories are named: the token is not used, no history is read, and only webhooks tell."}}
}

// Verify checks GitHub's signature over the body.
func (g *github) Verify(r source.Request) (source.Receipt, error) {
	sum, ok := strings.CutPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256=")
	if !ok {
		return source.Receipt{}, source.ErrSignature
	}
	event := r.Header.Get("X-GitHub-Event")
	if err := source.CheckHex(g.secret, sum, r.Body); err != nil || event == "" {
		return source.Receipt{}, source.ErrSignature
	}
	return source.Receipt{ID: r.Header.Get("X-GitHub-Delivery"), Event: event}, nil
}
