package hansei

import (
	"slices"
	"strings"
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

// Declines says whether a tracker's word for how something ended (a resolution,
// a label, the name of a status) means that it will not be done.
func Declines(word string) bool {
	w := strings.ToLower(strings.NewReplacer("'", "", "’", "", "-", " ", "_", " ").Replace(strings.TrimSpace(word)))
	switch w {
	case "wont do", "wont fix", "wontfix", "declined", "canceled", "cancelled", "rejected", "not planned", "duplicate", "invalid", "obsolete", "abandoned", "cannot reproduce", "will not do":
		return true
	}
	return false
}

// Outcome is how an issue that was closed ended, as its labels say.
func Outcome(labels []string) string {
	if slices.ContainsFunc(labels, Declines) {
		return FollowUpDeclined
	}
	return FollowUpDone
}

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
	Worked        *bool     `json:"worked,omitempty"`     // its effect was looked for, and seen or not
	Verified      time.Time `json:"verified_at,omitzero"` // when somebody looked
	// Tracker is how it stands in the organization's tracker; nil while it has
	// no double there that is kept in step.
	Tracker *Tracked `json:"tracker,omitempty"`
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
	case f.Worked != nil && f.Verified.IsZero():
		return Invalid("verified_at", "whether it worked needs the time somebody looked")
	}
	return nil
}

// Tracked is how a follow-up stands in a tracker: what was created there, what
// both sides last agreed on, and what keeps them apart.
type Tracked struct {
	Source   string `json:"source"`             // the configured source
	Place    string `json:"place"`              // repository, project or team there
	External string `json:"external,omitempty"` // the issue, as observations of the source name it; empty until it is created
	Key      string `json:"key,omitempty"`      // the issue, as people name it: "acme/shop#12", "OPS-12"
	URL      string `json:"url,omitempty"`
	State    string `json:"state,omitempty"` // of the issue as last seen: open, done, declined, or gone
	// Seen is how new, by the tracker's clock, the newest word of the issue is
	// that was heeded. What comes later and is older changes nothing.
	Seen time.Time `json:"seen_at,omitzero"`
	// Here and There are the values, by field, that the two sides held when they
	// last met: which side changed one since is read from them. They differ
	// where the tracker could not take a value, and are then left as they are.
	Here  map[string]string `json:"here,omitempty"`
	There map[string]string `json:"there,omitempty"`
	// Marker is what the issue carries so that it is found again: it is looked
	// for before one is created. Claimed is since when somebody creates it.
	Marker  string    `json:"marker,omitempty"`
	Claimed time.Time `json:"claimed_at,omitzero"`
	// Adopted is since when a follow-up that was filed there is one here, too.
	Adopted time.Time `json:"adopted_at,omitzero"`
	// Problem says what keeps the two apart, and what to do. Refused means that
	// trying again by itself would be of no use.
	Problem string    `json:"problem,omitempty"`
	Refused bool      `json:"refused,omitzero"`
	Since   time.Time `json:"problem_since,omitzero"`
	// Note is what the tracker could not take, such as an owner it does not know.
	Note string `json:"note,omitempty"`
}

// TrackerGone is the State of an issue that is not in the tracker any more.
const TrackerGone = "gone"
