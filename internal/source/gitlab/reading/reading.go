// Package reading understands GitLab's webhooks and the pages that are pulled
// from its API. It is pure.
package reading

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/file/word"
	"hansei/internal/source/gitlab/deploy"
	"hansei/internal/source/gitlab/form"
)

// Account is what a configured source wants of GitLab.
type Account struct {
	deploy.Reader
	FollowUps []string // labels, in lower case, that make an issue a follow-up
}

// Page is what the puller hands over: items of one project, as the API gave
// them.
type Page struct {
	Project form.Project   `json:"project"`
	Items   jsontext.Value `json:"items"`
}

type event struct {
	Kind    string       `json:"object_kind"`
	Project form.Project `json:"project"`
	User    form.User    `json:"user"`
	Labels  form.Labels  `json:"labels"`
	Thing   thing        `json:"object_attributes"`
	Action  string       `json:"action"`
	deploy.Event
	Assignees []form.User `json:"assignees"`
	Assignee  form.User   `json:"assignee"` // the first, or in older ones the only one
	Commits   []commit    `json:"commits"`
}

// thing is an issue or a merge request, in a webhook or from the API.
type thing struct {
	IID         int         `json:"iid"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	State       string      `json:"state"`
	URL         string      `json:"url"`
	WebURL      string      `json:"web_url"`
	Type        string      `json:"type"`
	IssueType   string      `json:"issue_type"`
	Severity    string      `json:"severity"`
	Action      string      `json:"action"`
	MergeSHA    string      `json:"merge_commit_sha"`
	SquashSHA   string      `json:"squash_commit_sha"`
	Author      form.User   `json:"author"`
	Assignee    form.User   `json:"assignee"`
	Labels      form.Labels `json:"labels"`
	Created     form.Stamp  `json:"created_at"`
	Updated     form.Stamp  `json:"updated_at"`
	Closed      form.Stamp  `json:"closed_at"`
	Due         string      `json:"due_date"` // a day
	Merged      form.Stamp  `json:"merged_at"`
	FirstSHA    string      `json:"first_commit"` // added by the puller
	FirstAt     form.Stamp  `json:"first_commit_at"`
	Milestone   struct {
		Title string `json:"title"`
	} `json:"milestone"`
	MilestoneID *int64 `json:"milestone_id"` // all that a webhook tells of it
}

// Normalize makes observations of a webhook or of a page.
func (a *Account) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	if stream, pulled := strings.CutPrefix(d.Name, "pull/"); pulled {
		return a.page(stream, d.Body)
	}
	known := map[string]func(event) ([]hansei.Observation, error){
		"deployment": a.deployed, "merge_request": a.merging, "issue": a.issued, "work_item": a.issued, "push": a.pushed, "release": a.released,
	}
	var e event
	if err := source.Decode(d.Body, &e); err != nil {
		var other struct { // others have members of the same names that are something else
			Kind string `json:"object_kind"`
		}
		if source.Decode(d.Body, &other) == nil && other.Kind != "" && other.Kind != "pipeline" && known[other.Kind] == nil {
			return nil, source.Unused("event %s", other.Kind)
		}
		return nil, hansei.Invalid("payload", "it is not an event of GitLab's: %v", err)
	}
	if e.Kind == "pipeline" {
		return a.ran(d.Body)
	}
	read := known[e.Kind]
	if read == nil {
		return nil, source.Unused("event %s", e.Kind)
	}
	if e.Project.Path == "" {
		return nil, hansei.Invalid("project", "expected the project that the event is about")
	}
	return read(e)
}

func (a *Account) deployed(e event) ([]hansei.Observation, error) {
	return a.Deployed(e.Project, e.User, e.Event)
}

func (a *Account) released(e event) ([]hansei.Observation, error) {
	return a.Released(e.Project, e.Event, e.Action)
}

func (a *Account) ran(body []byte) ([]hansei.Observation, error) {
	var e deploy.Ran
	switch err := source.Decode(body, &e); {
	case err != nil:
		return nil, hansei.Invalid("payload", "it is not a pipeline of GitLab's: %v", err)
	case e.Project.Path == "":
		return nil, hansei.Invalid("project", "expected the project that the pipeline is of")
	}
	return a.Ran(e)
}

func (a *Account) merging(e event) ([]hansei.Observation, error) {
	x := e.Thing
	if len(x.Labels) == 0 {
		x.Labels = e.Labels
	}
	switch x.Action {
	case "open":
		x.Author = e.User // a webhook names only who acted
	case "merge":
		x.Merged = x.Updated
	case "close":
		x.Closed = x.Updated
	}
	said, err := a.merge(e.Project, x)
	if err == nil && (x.Action == "approved" || x.Action == "approval") {
		said[0].Record.(*hansei.PullRequest).FirstReviewAt = x.Updated.Time
	}
	return said, err
}

func (a *Account) merge(p form.Project, x thing) ([]hansei.Observation, error) {
	if x.IID == 0 || x.Created.IsZero() {
		return nil, hansei.Invalid("merge_request", "expected its iid and created_at")
	}
	rec := &hansei.PullRequest{Title: x.Title, URL: form.First(x.WebURL, x.URL), Number: fmt.Sprint(x.IID), Service: p.Service(), Author: hansei.ID(form.First(x.Author.Name, x.Author.Username)),
		Created: x.Created.Time, FirstCommit: x.FirstSHA, FirstCommitAt: x.FirstAt.Time, Labels: x.Labels}
	o := form.About(a.Name, hansei.KindPullRequest, fmt.Sprintf("%s!%d", p.Path, x.IID), rec, x.Updated.Time)
	o.Partial, o.First = true, []string{"first_review_at", "first_commit_at"}
	switch x.State {
	case "opened", "locked":
		rec.Status, o.Clear = "open", []string{"closed_at", "merged_at"}
		return form.One(o)
	case "closed":
		rec.Status, rec.Closed = "closed", x.Closed.Time
	case "merged":
		rec.Status, rec.Merged, rec.MergeCommit = "merged", x.Merged.Time, form.First(x.MergeSHA, x.SquashSHA)
	default:
		return nil, source.Unknown("state", x.State)
	}
	o.At = source.Over(o.At)
	return form.One(o)
}

func (a *Account) issued(e event) ([]hansei.Observation, error) {
	x := e.Thing
	if len(x.Labels) == 0 {
		x.Labels = e.Labels
	}
	x.Assignee = append(e.Assignees, e.Assignee)[0] // beside the issue, not in it
	said, err := a.issue(e.Project, x)
	if err == nil && x.MilestoneID != nil && said[0].Key.Kind == hansei.KindWorkItem {
		// Of the milestone only the number is told: what is known of it stands.
		said[0].Partial, said[0].Clear = true, []string{"deleted"}
		for _, f := range hansei.FieldsOf(hansei.KindWorkItem) {
			if f.Name != "parent" {
				said[0].Clear = append(said[0].Clear, f.Name)
			}
		}
	}
	return said, err
}

// issue tells of an issue, which GitLab may call an incident.
func (a *Account) issue(p form.Project, x thing) ([]hansei.Observation, error) {
	if x.IID == 0 || x.Created.IsZero() {
		return nil, hansei.Invalid("issue", "expected its iid and created_at")
	}
	if x.State != "opened" && x.State != "closed" {
		return nil, source.Unknown("state", x.State)
	}
	var err error
	external, url := fmt.Sprintf("%s#%d", p.Path, x.IID), form.First(x.WebURL, x.URL)
	kind, rec, other := hansei.KindWorkItem, hansei.Record(nil), hansei.Record(&hansei.Incident{})
	if strings.EqualFold(form.First(x.IssueType, x.Type), "incident") {
		in := &hansei.Incident{Title: x.Title, Description: x.Description, URL: url, Status: hansei.StatusOpen, Services: []hansei.ID{p.Service()}, Labels: x.Labels}
		in.Severity, _ = word.Readings[hansei.KindIncident]["severity"].Read(x.Severity) // it keeps what it does not know
		in.Milestones.Set(hansei.RoleDeclared, x.Created.Time)
		if x.State == "closed" {
			in.Status = hansei.StatusResolved
			in.Milestones.Set(hansei.RoleResolved, x.Closed.Time)
		}
		kind, rec, other = hansei.KindIncident, in, &hansei.WorkItem{}
	} else {
		w := &hansei.WorkItem{Title: x.Title, Description: x.Description, URL: url, Type: x.Labels.Type(a.FollowUps), Status: x.State, Services: []hansei.ID{p.Service()},
			Owner: hansei.ID(form.First(x.Assignee.Name, x.Assignee.Username)), Parent: x.Milestone.Title, Created: x.Created.Time, Done: x.Closed.Time, Labels: x.Labels}
		if w.Due, err = day(x.Due); err != nil {
			return nil, err
		}
		if x.State == "closed" {
			w.Outcome = hansei.Outcome(x.Labels)
		}
		rec = w
	}
	o := form.About(a.Name, kind, external, rec, x.Updated.Time)
	o.Names = []string{external}
	if x.State == "closed" {
		o.At = source.Over(o.At)
	}
	said, err := form.One(o)
	if err != nil {
		return nil, err
	}
	// Its type may have been another one.
	return append(said, source.None(a.Name, external, other, o.At)), nil
}

// day is a day as GitLab writes it, or nothing.
func day(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, hansei.Invalid("due_date", "%q: expected a day such as 2026-01-31", text)
	}
	return t, nil
}

type commit struct {
	ID        string     `json:"id"`
	Title     string     `json:"title"`
	Message   string     `json:"message"`
	Timestamp form.Stamp `json:"timestamp"`      // in a webhook
	Committed form.Stamp `json:"committed_date"` // from the API
	URL       string     `json:"url"`
	WebURL    string     `json:"web_url"`
	Author    form.User  `json:"author"`
	Name      string     `json:"author_name"`
}

// How long a commit's id is depends on the repository.
const (
	sha1   = 40
	sha256 = 64
)

func (a *Account) pushed(e event) ([]hansei.Observation, error) {
	if e.Project.Default == "" || e.Ref != "refs/heads/"+e.Project.Default {
		return nil, source.Unused("a push to %s", e.Ref)
	}
	return some(e.Project, e.Commits, a.commit)
}

func (a *Account) commit(p form.Project, c commit) ([]hansei.Observation, error) {
	at := c.Committed
	if at.IsZero() {
		at = c.Timestamp
	}
	if len(c.ID) != sha1 && len(c.ID) != sha256 || at.IsZero() {
		return nil, hansei.Invalid("commits", "expected the commit's id and time")
	}
	title, _, _ := strings.Cut(form.First(c.Title, c.Message), "\n")
	title = strings.TrimSpace(title)
	o := form.About(a.Name, hansei.KindChange, c.ID, &hansei.Change{Title: title, URL: form.First(c.WebURL, c.URL), Type: "commit", Services: []hansei.ID{p.Service()},
		Author: hansei.ID(form.First(c.Name, c.Author.Name)), Commit: c.ID, At: at.Time}, at.Time)
	if _, gone, ok := strings.Cut(c.Message, "This reverts commit "); ok && len(gone) >= len(c.ID) {
		o.Mentions = []string{gone[:len(c.ID)]}
		o.Record.(*hansei.Change).WorkType = "rework"
	}
	return form.One(o)
}
