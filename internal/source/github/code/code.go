// Package code understands what GitHub tells of code and of plans for it: pull
// requests, issues and commits. It is pure.
package code

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
)

// Reader is what a configured source wants of issues.
type Reader struct {
	Name      string   // of the source
	FollowUps []string // labels, in lower case, that make an issue a follow-up
}

// Repository is where something stands.
type Repository struct {
	Name     string `json:"name"`
	FullName string `json:"full_name"`
	Default  string `json:"default_branch"`
}

// User is somebody at GitHub.
type User struct {
	Login string `json:"login"`
}

// Label is on an issue or a pull request: an object with its name, or the name
// alone.
type Label struct{ Name string }

// UnmarshalJSON takes both.
func (l *Label) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		return json.Unmarshal(text, &l.Name)
	}
	var x struct {
		Name string `json:"name"`
	}
	err := json.Unmarshal(text, &x)
	l.Name = x.Name
	return err
}

// About begins an observation.
func (a *Reader) About(kind hansei.Kind, external string, rec hansei.Record, at time.Time) hansei.Observation {
	return hansei.Observation{Key: hansei.Key{Kind: kind, Source: a.Name, External: external}, Record: rec, At: at.UTC()}
}

// One is a single observation, which must have its time.
func One(o hansei.Observation) ([]hansei.Observation, error) {
	if o.At.IsZero() {
		return nil, hansei.Invalid("updated_at", "expected the time of the event")
	}
	return []hansei.Observation{o}, nil
}

// Pull is a pull request.
type Pull struct {
	Number   int       `json:"number"`
	URL      string    `json:"html_url"`
	Title    string    `json:"title"`
	Body     string    `json:"body"`
	State    string    `json:"state"`
	User     User      `json:"user"`
	Labels   []Label   `json:"labels"`
	Created  time.Time `json:"created_at"`
	Updated  time.Time `json:"updated_at"`
	Closed   time.Time `json:"closed_at"`
	MergedAt time.Time `json:"merged_at"`
	MergeSHA string    `json:"merge_commit_sha"`
	// What only a pulled one has.
	FirstSHA    string    `json:"first_commit"`
	FirstAt     time.Time `json:"first_commit_at"`
	FirstReview time.Time `json:"first_review_at"`
}

// Pull tells of a pull request.
func (a *Reader) Pull(r Repository, p Pull) ([]hansei.Observation, error) {
	if p.Number == 0 || p.Created.IsZero() {
		return nil, hansei.Invalid("pull_request", "expected its number and created_at")
	}
	rec := &hansei.PullRequest{Title: p.Title, URL: p.URL, Number: fmt.Sprint(p.Number), Service: hansei.ID(r.Name), Author: hansei.ID(p.User.Login),
		Created: p.Created.UTC(), FirstCommit: p.FirstSHA, FirstCommitAt: utc(p.FirstAt), FirstReviewAt: utc(p.FirstReview), WorkType: workType(p.Title, p.Labels)}
	for _, l := range p.Labels {
		rec.Labels = append(rec.Labels, l.Name)
	}
	switch strings.ToLower(p.State) {
	case "open":
		rec.Status = "open"
	case "closed", "merged":
		rec.Status, rec.Closed = "closed", utc(p.Closed)
		if !p.MergedAt.IsZero() {
			rec.Status, rec.Merged, rec.MergeCommit = "merged", p.MergedAt.UTC(), p.MergeSHA
		}
	default:
		return nil, source.Unknown("pull_request.state", p.State)
	}
	o := a.About(hansei.KindPullRequest, fmt.Sprintf("%s#%d", r.FullName, p.Number), rec, p.Updated)
	// A webhook does not know the first commit and review, so what is not told
	// says nothing; what can be taken back is said outright.
	o.Partial, o.First = true, []string{"first_review_at", "first_commit_at"}
	if rec.Status == "open" {
		o.Clear = []string{"closed_at", "merged_at", "merge_commit"}
	} else {
		o.At = source.Over(o.At)
	}
	o.Names = []string{fmt.Sprintf("%s#%d", r.FullName, p.Number)}
	o.Mentions = reverts(r, p.Title+"\n"+p.Body)
	return One(o)
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// Review is a review of one.
type Review struct {
	Submitted time.Time `json:"submitted_at"`
	User      User      `json:"user"`
}

// Reviewed tells that a pull request was reviewed by somebody else than its
// author.
func (a *Reader) Reviewed(r Repository, p Pull, x Review, action string) ([]hansei.Observation, error) {
	if action != "submitted" || x.Submitted.IsZero() || x.User.Login == p.User.Login {
		return nil, source.Unused("pull_request_review %s", action)
	}
	said, err := a.Pull(r, withState(p))
	if err != nil {
		return nil, err
	}
	said[0].Record.(*hansei.PullRequest).FirstReviewAt = x.Submitted.UTC()
	return said, nil
}

// withState fills in what the short pull request of a review may lack.
func withState(p Pull) Pull {
	if p.State == "" {
		p.State = "open"
	}
	return p
}

var (
	revertsCommit = regexp.MustCompile(`(?i)this reverts commit ([0-9a-f]{40})`)
	revertsPull   = regexp.MustCompile(`(?i)reverts\s+(?:[\w.-]+/[\w.-]+)?#(\d+)`)
)

// reverts are the commits and pull requests that a text takes back.
func reverts(r Repository, text string) []string {
	var out []string
	for _, m := range revertsCommit.FindAllStringSubmatch(text, 10) {
		out = append(out, strings.ToLower(m[1]))
	}
	for _, m := range revertsPull.FindAllStringSubmatch(text, 10) {
		out = append(out, r.FullName+"#"+m[1])
	}
	return out
}

var conventional = regexp.MustCompile(`^(\w+)(?:\([^)]*\))?!?:`)

// workType reads what sort of work a change is from its labels, or from the
// beginning of its title ("fix: …", "Revert …").
func workType(title string, labels []Label) string {
	for _, l := range labels {
		if t := kindOfWork(l.Name); t != "" {
			return t
		}
	}
	if strings.HasPrefix(title, "Revert ") {
		return "rework"
	}
	if m := conventional.FindStringSubmatch(title); m != nil {
		return kindOfWork(m[1])
	}
	return ""
}

func kindOfWork(word string) string {
	switch strings.ToLower(word) {
	case "bug", "fix", "bugfix", "hotfix", "type: bug", "kind/bug":
		return "fix"
	case "feature", "feat", "enhancement", "type: feature", "kind/feature":
		return "feature"
	case "chore", "docs", "documentation", "refactor", "test", "tests", "ci", "build", "style", "dependencies", "maintenance":
		return "chore"
	case "revert":
		return "rework"
	}
	return ""
}

// Issue is an issue.
type Issue struct {
	Number    int       `json:"number"`
	URL       string    `json:"html_url"`
	Title     string    `json:"title"`
	Body      string    `json:"body"`
	State     string    `json:"state"`
	Reason    string    `json:"state_reason"` // completed, not_planned, duplicate, reopened
	Labels    []Label   `json:"labels"`
	Assignee  User      `json:"assignee"`
	Created   time.Time `json:"created_at"`
	Updated   time.Time `json:"updated_at"`
	Closed    time.Time `json:"closed_at"`
	Pull      *struct{} `json:"pull_request"` // it is a pull request
	Milestone struct {
		Title string `json:"title"`
	} `json:"milestone"`
}

// Issued tells of an issue to which something happened.
func (a *Reader) Issued(r Repository, x Issue, action string) ([]hansei.Observation, error) {
	said, err := a.Issue(r, x)
	if err == nil && (action == "deleted" || action == "transferred") {
		said[0].Record.Head().Deleted = true
		said[0].At = source.Over(source.Over(x.Updated)).UTC() // after all that was told of it
	}
	return said, err
}

// outcome reads how an issue ended. GitHub says completed where nobody said
// anything else.
func outcome(reason string) string {
	switch reason {
	case "not_planned", "duplicate":
		return hansei.FollowUpDeclined
	case "completed":
		return hansei.FollowUpDone
	}
	return ""
}

// Issue tells of an issue.
func (a *Reader) Issue(r Repository, x Issue) ([]hansei.Observation, error) {
	if x.Number == 0 || x.Created.IsZero() {
		return nil, hansei.Invalid("issue", "expected its number and created_at")
	}
	rec := &hansei.WorkItem{Title: x.Title, Description: x.Body, URL: x.URL, Services: []hansei.ID{hansei.ID(r.Name)}, Owner: hansei.ID(x.Assignee.Login),
		Parent: x.Milestone.Title, Created: x.Created.UTC(), Status: x.State}
	for _, l := range x.Labels {
		rec.Labels = append(rec.Labels, l.Name)
		switch {
		case slices.Contains(a.FollowUps, strings.ToLower(l.Name)):
			rec.Type = "follow-up"
		case rec.Type == "" && kindOfWork(l.Name) == "fix":
			rec.Type = "bug"
		case rec.Type == "":
			rec.Type = kindOfWork(l.Name)
		}
	}
	if rec.Status == "" && x.Closed.IsZero() { // some events do not say
		rec.Status = "open"
	}
	switch rec.Status {
	case "open":
	case "closed", "":
		rec.Status, rec.Done, rec.Outcome = "closed", utc(x.Closed), outcome(x.Reason)
	default:
		return nil, source.Unknown("issue.state", x.State)
	}
	o := a.About(hansei.KindWorkItem, fmt.Sprintf("%s#%d", r.FullName, x.Number), rec, x.Updated)
	if rec.Status == "closed" {
		o.At = source.Over(o.At)
	}
	o.Names = []string{fmt.Sprintf("%s#%d", r.FullName, x.Number)}
	return One(o)
}

// Commit is a commit.
type Commit struct {
	ID      string    `json:"id"`
	Message string    `json:"message"`
	Time    time.Time `json:"timestamp"`
	URL     string    `json:"url"`
	Author  struct {
		Name     string `json:"name"`
		Username string `json:"username"`
	} `json:"author"`
}

// Pushed tells of the commits that reached the default branch.
func (a *Reader) Pushed(r Repository, ref string, commits []Commit) ([]hansei.Observation, error) {
	if ref != "refs/heads/"+r.Default || r.Default == "" {
		return nil, source.Unused("a push to %s", ref)
	}
	var out []hansei.Observation
	for _, c := range commits {
		said, err := a.Commit(r, c)
		if err != nil {
			return nil, err
		}
		out = append(out, said...)
	}
	if len(out) == 0 {
		return nil, source.Unused("a push without commits")
	}
	return out, nil
}

// Commit tells of a commit.
func (a *Reader) Commit(r Repository, c Commit) ([]hansei.Observation, error) {
	if len(c.ID) != 40 || c.Time.IsZero() {
		return nil, hansei.Invalid("commits", "expected the commit's id and timestamp")
	}
	title, _, _ := strings.Cut(c.Message, "\n")
	rec := &hansei.Change{Title: title, URL: c.URL, Type: "commit", Services: []hansei.ID{hansei.ID(r.Name)}, Author: hansei.ID(c.Author.Username), Commit: c.ID, At: c.Time.UTC(), WorkType: workType(title, nil)}
	if rec.Author == "" {
		rec.Author = hansei.ID(c.Author.Name)
	}
	o := a.About(hansei.KindChange, c.ID, rec, c.Time)
	o.Mentions = reverts(r, c.Message)
	return One(o)
}
