package hansei

import (
	"strings"
	"time"
)

// Deployment is a change that reached, or was meant to reach, an environment.
type Deployment struct {
	Header
	Title       string    `json:"title,omitempty"`
	URL         string    `json:"url,omitempty"`
	Service     ID        `json:"service,omitempty"`
	Team        ID        `json:"team,omitempty"`
	Environment string    `json:"environment,omitempty"` // production, staging, …; empty counts as production
	Result      string    `json:"result,omitempty"`      // success, failure, canceled, running; empty counts as success when finished
	Started     time.Time `json:"started_at,omitzero"`
	Finished    time.Time `json:"finished_at,omitzero"`
	Commit      string    `json:"commit,omitempty"`
	Ref         string    `json:"ref,omitempty"`
	Author      ID        `json:"author,omitempty"`
	Failed      *bool     `json:"failed,omitempty"`    // a person or tool says it needed immediate intervention
	Unplanned   *bool     `json:"unplanned,omitempty"` // made because of an incident: rollback, hotfix
	WorkType    string    `json:"work_type,omitempty"`
}

// Results of a deployment.
const (
	ResultSuccess  = "success"
	ResultFailure  = "failure"
	ResultCanceled = "canceled"
	ResultRunning  = "running"
)

// Production is the environment whose deployments count.
const Production = "production"

// Kind is KindDeployment.
func (*Deployment) Kind() Kind { return KindDeployment }

// Validate checks what a deployment must have.
func (d *Deployment) Validate() error {
	if err := d.valid("deployment"); err != nil || d.gone() {
		return err
	}
	if d.Started.IsZero() && d.Finished.IsZero() {
		return Invalid("finished_at", "a deployment needs a start or an end")
	}
	if err := ValidTime("started_at", d.Started); err != nil {
		return err
	}
	return ValidTime("finished_at", d.Finished)
}

// PullRequest is a proposed change to code.
type PullRequest struct {
	Header
	Title         string    `json:"title,omitempty"`
	URL           string    `json:"url,omitempty"`
	Number        string    `json:"number,omitempty"`
	Service       ID        `json:"service,omitempty"`
	Author        ID        `json:"author,omitempty"`
	Status        string    `json:"status,omitempty"`
	FirstCommit   string    `json:"first_commit,omitempty"`
	FirstCommitAt time.Time `json:"first_commit_at,omitzero"`
	Created       time.Time `json:"created_at,omitzero"`
	FirstReviewAt time.Time `json:"first_review_at,omitzero"`
	Merged        time.Time `json:"merged_at,omitzero"`
	Closed        time.Time `json:"closed_at,omitzero"`
	MergeCommit   string    `json:"merge_commit,omitempty"`
	WorkType      string    `json:"work_type,omitempty"`
	Labels        []string  `json:"labels,omitempty"`
}

// Kind is KindPullRequest.
func (*PullRequest) Kind() Kind { return KindPullRequest }

// Validate checks what a pull request must have.
func (p *PullRequest) Validate() error {
	if err := p.valid("pull request"); err != nil || p.gone() {
		return err
	}
	if p.Created.IsZero() && p.Merged.IsZero() && p.FirstCommitAt.IsZero() {
		return Invalid("created_at", "a pull request needs at least one time")
	}
	for _, c := range []struct {
		name string
		at   time.Time
	}{{"first_commit_at", p.FirstCommitAt}, {"created_at", p.Created}, {"merged_at", p.Merged}} {
		if err := ValidTime(c.name, c.at); err != nil {
			return err
		}
	}
	return nil
}

// Change is any other thing that altered production: a flag flip, a config or
// schema change, a change request.
type Change struct {
	Header
	Title    string    `json:"title,omitempty"`
	URL      string    `json:"url,omitempty"`
	Type     string    `json:"type,omitempty"` // flag, config, schema, commit, request, …
	Status   string    `json:"status,omitempty"`
	Services []ID      `json:"services,omitempty"`
	Team     ID        `json:"team,omitempty"`
	Author   ID        `json:"author,omitempty"`
	Commit   string    `json:"commit,omitempty"`
	At       time.Time `json:"changed_at,omitzero"`
	Until    time.Time `json:"ended_at,omitzero"`
	WorkType string    `json:"work_type,omitempty"`
}

// Kind is KindChange.
func (*Change) Kind() Kind { return KindChange }

// Validate checks what a change must have.
func (c *Change) Validate() error {
	if err := c.valid("change"); err != nil || c.gone() {
		return err
	}
	if c.At.IsZero() {
		return Invalid("changed_at", "a change needs the time it happened")
	}
	return ValidTime("changed_at", c.At)
}

func (h *Header) gone() bool { return h.Deleted || h.MergedInto != "" }

// valid checks the id alone; noun is how a message names the record.
func (h *Header) valid(noun string) error {
	if strings.TrimSpace(string(h.ID)) == "" {
		return Invalid("id", "a %s needs an id", noun)
	}
	return nil
}
