package hansei

import (
	"slices"
	"time"
)

// The kinds of follow-up: what it is to bring about.
const (
	FollowUpPrevent     = "prevent"
	FollowUpDetect      = "detect"
	FollowUpMitigate    = "mitigate"
	FollowUpProcess     = "process"
	FollowUpInvestigate = "investigate"
)

// FollowUpTypes lists them.
var FollowUpTypes = []string{FollowUpPrevent, FollowUpDetect, FollowUpMitigate, FollowUpProcess, FollowUpInvestigate}

// The states of a follow-up.
const (
	FollowUpOpen     = "open"
	FollowUpDone     = "done"
	FollowUpDeclined = "declined" // with a reason
)

var followUpStates = []string{FollowUpOpen, FollowUpDone, FollowUpDeclined}

// FollowUp is an action item of a retrospective, tracked until it is done or
// declined.
type FollowUp struct {
	Header
	Title         string    `json:"title,omitempty"`
	Description   string    `json:"description,omitempty"`
	URL           string    `json:"url,omitempty"`
	Type          string    `json:"type,omitempty"`
	Status        string    `json:"status,omitempty"`
	Retrospective ID        `json:"retrospective,omitempty"`
	Incidents     []ID      `json:"incidents,omitempty"`
	Services      []ID      `json:"services,omitempty"`
	Team          ID        `json:"team,omitempty"`
	Owner         ID        `json:"owner,omitempty"`
	Priority      string    `json:"priority,omitempty"`
	Size          string    `json:"size,omitempty"`
	Factor        string    `json:"factor,omitempty"`    // the contributing factor it addresses
	Verify        string    `json:"verify,omitempty"`    // how its effect will be seen
	Reason        string    `json:"reason,omitempty"`    // why it was declined
	WorkItem      ID        `json:"work_item,omitempty"` // its double in the organization's tracker
	Created       time.Time `json:"created_at,omitzero"`
	Due           time.Time `json:"due_at,omitzero"`
	Closed        time.Time `json:"resolved_at,omitzero"` // done or declined
}

// Kind is KindFollowUp.
func (*FollowUp) Kind() Kind { return KindFollowUp }

// Validate checks what a follow-up must have.
func (f *FollowUp) Validate() error {
	if err := f.named("follow-up", f.Title); err != nil || f.gone() {
		return err
	}
	switch {
	case f.Type != "" && !slices.Contains(FollowUpTypes, f.Type):
		return Invalid("type", "%q: expected prevent, detect, mitigate, process or investigate", f.Type)
	case !slices.Contains(followUpStates, f.Status):
		return Invalid("status", "%q: expected open, done or declined", f.Status)
	case f.Status == FollowUpDeclined && f.Reason == "":
		return Invalid("reason", "a follow-up is declined with a reason")
	case f.Created.IsZero():
		return Invalid("created_at", "a follow-up needs the time it was created")
	case f.Status != FollowUpOpen && f.Closed.IsZero():
		return Invalid("resolved_at", "a follow-up that is %s needs the time", f.Status)
	case !f.Closed.IsZero() && f.Closed.Before(f.Created):
		return Invalid("resolved_at", "it cannot end before it was created")
	}
	return nil
}
