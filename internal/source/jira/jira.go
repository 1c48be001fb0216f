// Package jira connects Jira Cloud and Data Center: projects, epics and issues
// as work items and follow-ups, and issue types of the organization's choice as
// incidents; what they went through tells when work began and ended.
//
// Built against Atlassian's documentation of Jira's webhooks
// (https://developer.atlassian.com/cloud/jira/platform/webhooks/) and of the
// REST API: version 3's /search/jql with nextPageToken for Cloud, version 2's
// /search for Data Center; /status for the categories of statuses, /issue/ID/changelog
// for the rest of long histories, /project/search (Data Center: /project).
package jira

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/jira/reading"
	"hansei/internal/source/jira/site"
	"hansei/internal/source/jira/stamp"
)

// Kind is Jira.
var Kind = source.Kind{
	Name: "jira", Title: "Jira", Docs: "https://developer.atlassian.com/cloud/jira/platform/webhooks/",
	About: "Projects, epics and issues as work items and follow-ups, with when work on them began and ended, and issue types that you name as incidents.",
	Settings: []source.Setting{
		{Name: "url", Title: "URL of the site", Required: true, Place: true, Help: "https://YOURS.atlassian.net, or the address of your Data Center."},
		{Name: "email", Title: "E-mail of the account", Help: "Of the account the API token belongs to. Empty for Data Center."},
		{Name: "token", Title: "API token", Secret: true, Help: "Cloud: id.atlassian.com, Security, API tokens; the account needs the permission Browse projects. A token with scopes needs read:jira-work, or of the granular ones at least read:issue-details:jira, read:issue.changelog:jira, read:status:jira, read:project:jira and read:user:jira. Data Center: a personal access token. To create follow-ups there, the account also needs to create, edit, assign and transition issues. Leave it empty to take webhooks only."},
		{Name: "projects", Title: "Projects", Lists: true, Help: "Keys of projects to pull, with commas between. Empty: all the account may see."},
		{Name: source.WebhookSecret, Title: "Webhook secret", Secret: true, Help: "Made here; paste it at Jira."},
		{Name: "incident_types", Title: "Issue types that are incidents", Means: true, Default: "Incident,[System] Incident", Help: "Names of issue types, with commas between."},
		{Name: "follow_ups", Title: "Issue types or labels of follow-ups", Means: true, Default: "Action item,postmortem,follow-up", Help: "Issues with one of them are follow-ups of incidents."},
	},
	Steps: []string{
		"As an administrator open Settings, System, WebHooks, Create a WebHook.",
		"URL: {url}",
		"Secret: {secret}",
		"Events: issue created, updated and deleted; narrow them by JQL to the projects you want.",
		"For the history: make an API token of an account that may see those projects.",
	},
	Gives:     []hansei.Kind{hansei.KindWorkItem, hansei.KindIncident},
	Incidents: true,
	New:       open,
}

type jira struct {
	*reading.Site // has Normalize
	email, token  string
	secret        string
	site          site.Client
	projects      []string
}

func list(text string) []string {
	var out []string
	for s := range strings.SplitSeq(text, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func open(c source.Config) (source.Source, error) {
	get := func(name, otherwise string) string {
		if v := c.Settings[name]; v != "" {
			return v
		}
		return otherwise
	}
	address := strings.TrimSuffix(c.Settings["url"], "/")
	if u, err := url.Parse(address); err != nil || u.Host == "" || !strings.HasPrefix(u.Scheme, "http") || u.User != nil {
		return nil, hansei.Invalid("url", "%q: expected a URL such as https://acme.atlassian.net", address)
	}
	j := &jira{Site: &reading.Site{Name: c.Name, URL: address, Incidents: list(strings.ToLower(get("incident_types", "Incident,[System] Incident"))),
		FollowUps: list(strings.ToLower(get("follow_ups", "Action item,postmortem,follow-up")))},
		email: c.Settings["email"], token: c.Settings["token"], secret: c.Settings[source.WebhookSecret], site: site.Client{URL: address, Cloud: c.Settings["email"] != ""}, projects: list(c.Settings["projects"])}
	for _, p := range j.projects {
		if strings.ContainsAny(p, "\"'\\") {
			return nil, hansei.Invalid("projects", "%q is not the key of a project", p)
		}
	}
	if j.token == "" {
		return j, nil
	}
	return &puller{j}, nil
}

// Check of a site without a token asks nothing.
func (j *jira) Check(*source.Pull) []source.Finding {
	return []source.Finding{{Says: "The API token is missing: no history is read, and only webhooks tell of issues."}}
}

// Verify checks Jira's signature over the body.
func (j *jira) Verify(r source.Request) (source.Receipt, error) {
	sum, ok := strings.CutPrefix(r.Header.Get("X-Hub-Signature"), "sha256=")
	if !ok {
		return source.Receipt{}, source.ErrSignature
	}
	if err := source.CheckHex(j.secret, sum, r.Body); err != nil {
		return source.Receipt{}, err
	}
	var head struct {
		Event string `json:"webhookEvent"`
	}
	if err := json.Unmarshal(r.Body, &head); err != nil {
		return source.Receipt{}, hansei.Invalid("body", "it is not JSON")
	}
	return source.Receipt{ID: r.Header.Get("X-Atlassian-Webhook-Identifier"), Event: head.Event}, nil
}

// puller is a site whose history may be read.
type puller struct{ *jira }

const (
	perPage = 100
	overlap = 10 * time.Minute
	// newestFirst begins the place of a page at Data Center, before how many
	// issues came on those before it.
	newestFirst = "newest first "
	fields      = "summary,description,issuetype,project,status,priority,assignee,components,labels,parent,created,updated,duedate,resolution,resolutiondate,statuscategorychangedate,issuelinks"
)

// Streams are the projects and the search for issues.
func (j *puller) Streams() []source.Stream {
	return []source.Stream{{Name: "projects", Title: "Projects", Every: time.Hour, Pull: j.listed}, {Name: "issues", Title: "Issues and what they went through", Pull: j.issues}}
}

func (j *puller) authorize(c *fetch.Client) {
	c.Auth = func(r *http.Request) {
		if j.email != "" {
			r.SetBasicAuth(j.email, j.token)
		} else {
			r.Header.Set("Authorization", "Bearer "+j.token)
		}
	}
}

// unknown stands for a time zone that an account does not say, or by a name
// that is not known here. No zone is further west: what is asked for from a time
// in it is up to 26 hours too much where the account is elsewhere, and never too
// little.
var unknown = time.FixedZone("unknown", -12*60*60)

// zone is the account's own: JQL reads times in it.
func (j *puller) zone(p *source.Pull) (*time.Location, error) {
	var me struct {
		Zone string `json:"timeZone"`
	}
	if _, err := p.Client.JSON(p.Ctx, j.URL+"/rest/api/2/myself", &me); err != nil {
		return nil, err
	}
	loc, err := time.LoadLocation(me.Zone)
	if err != nil || me.Zone == "" {
		return unknown, nil
	}
	return loc, nil
}

func (j *puller) issues(p *source.Pull) error {
	j.authorize(p.Client)
	zone, err := j.zone(p)
	if err != nil {
		return err
	}
	// Without the permission there are none, and histories tell less.
	statuses, err := j.site.Statuses(p)
	if err != nil && !site.Refused(err) {
		return err
	}
	return source.Search(p, j.projects, overlap, func(p *source.Pull, s source.Sought, next string) (source.Page, string, error) {
		page, issues, after, err := j.search(p, s, next, zone)
		if err == nil {
			err = j.site.Complete(p, issues)
		}
		if err == nil && len(issues) > 0 {
			page.Body, err = json.Marshal(map[string]any{"statuses": statuses, "issues": issues})
		}
		return page, after, err
	})
}

// jql asks for what was sought, in the order of last changes.
//
// Cloud goes on from the last issue of a page: oldest first, what changes while
// the pages are read comes again at their end. Data Center counts pages by
// position: oldest first, what changes would pull the others up, past the
// reader. Newest first it goes to the front, and pushes others to where they
// are read twice.
func (j *puller) jql(s source.Sought, zone *time.Location) string {
	order := "ASC"
	if j.email == "" {
		order = "DESC"
	}
	out := fmt.Sprintf(`updated >= "%s" ORDER BY updated %s, key %[2]s`, s.Since.In(zone).Format("2006-01-02 15:04"), order)
	if len(s.Only) > 0 {
		out = `project in ("` + strings.Join(s.Only, `", "`) + `") AND ` + out
	}
	if len(s.Not) > 0 {
		out = `project not in ("` + strings.Join(s.Not, `", "`) + `") AND ` + out
	}
	return out
}

// search asks for a page and says where the next one is: Cloud by a token,
// Data Center by how many came before.
func (j *puller) search(p *source.Pull, s source.Sought, next string, zone *time.Location) (page source.Page, issues []json.RawMessage, after string, err error) {
	q := url.Values{"jql": {j.jql(s, zone)}, "maxResults": {fmt.Sprint(perPage)}, "fields": {fields}, "expand": {"changelog"}}
	path, start := "/rest/api/3/search/jql", 0
	if j.email == "" {
		path = "/rest/api/2/search"
		if start, err = position(next); err != nil {
			return page, nil, "", err
		}
		q.Set("startAt", fmt.Sprint(start))
	} else if next != "" {
		q.Set("nextPageToken", next)
	}
	var said struct {
		Issues []json.RawMessage `json:"issues"`
		Next   string            `json:"nextPageToken"`
		Total  int               `json:"total"`
	}
	_, err = p.Client.JSON(p.Ctx, j.URL+path+"?"+q.Encode(), &said)
	var no *fetch.StatusError
	if q.Has("nextPageToken") && errors.As(err, &no) && no.Status == http.StatusBadRequest {
		return page, nil, "", fmt.Errorf("%w: %w", source.ErrExpired, err) // Jira keeps a token for a while only
	}
	if err != nil {
		return page, nil, "", err
	}
	n := len(said.Issues)
	page.Things = n
	switch {
	case n == 0:
	case j.email != "":
		page.Through = changed(said.Issues[n-1])
	case start+n < said.Total:
		said.Next = newestFirst + strconv.Itoa(start+n)
	}
	return page, said.Issues, said.Next, nil
}

// position is how many issues come before a page of Data Center's. Earlier
// versions read oldest first and kept the number alone, which counts other
// issues now.
func position(next string) (int, error) {
	if next == "" {
		return 0, nil
	}
	text, ok := strings.CutPrefix(next, newestFirst)
	if !ok {
		return 0, fmt.Errorf("%q: %w", next, source.ErrExpired)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("the place to go on from is unreadable: %w", err)
	}
	return n, nil
}

// changed is when an issue was last changed, zero when it does not say: then
// Normalize tells what is wrong with it.
func changed(issue json.RawMessage) time.Time {
	var x struct {
		Fields struct {
			Updated stamp.Time `json:"updated"`
		} `json:"fields"`
	}
	if json.Unmarshal(issue, &x) != nil {
		return time.Time{}
	}
	return x.Fields.Updated.Time
}

// Check tries the account and looks whether it sees each project.
func (j *puller) Check(p *source.Pull) []source.Finding {
	j.authorize(p.Client)
	zone, err := j.zone(p)
	var no *fetch.StatusError
	switch {
	case errors.As(err, &no) && (no.Status == http.StatusUnauthorized || no.Status == http.StatusForbidden):
		return []source.Finding{{Says: "Jira does not accept the token. Does the e-mail fit it (Cloud), or is it a personal access token (Data Center, no e-mail)?"}}
	case err != nil:
		return []source.Finding{{Says: source.Words(err)}}
	}
	found := []source.Finding{{OK: true, Says: "Jira accepts the token; the time zone of its account: " + zone.String() + "."}}
	page, issues, _, err := j.search(p, source.Sought{Since: p.Now.AddDate(-1, 0, 0), Only: j.projects}, "", zone)
	if err != nil {
		found = append(found, source.Finding{Says: "Issues cannot be searched: " + source.Words(err)})
	} else {
		found = append(found, source.Finding{OK: page.Things > 0, Says: fmt.Sprintf("%d issues of the last year on the first page of the search. (The account needs the permission Browse projects.)", page.Things)})
	}
	found = append(found, j.more(p, issues)...)
	for _, key := range j.projects {
		if _, err := p.Client.Get(p.Ctx, j.URL+"/rest/api/2/project/"+url.PathEscape(key), nil); err != nil {
			found = append(found, source.Finding{Says: "The account does not see the project " + key + "."})
		} else {
			found = append(found, source.Finding{OK: true, Says: "The account sees the project " + key + "."})
		}
	}
	return found
}
