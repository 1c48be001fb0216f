package hansei

import "time"

// Alert is one page or notification sent to a responder.
type Alert struct {
	Header
	Title        string    `json:"title,omitempty"`
	URL          string    `json:"url,omitempty"`
	Status       string    `json:"status,omitempty"`
	Severity     string    `json:"severity,omitempty"`
	Services     []ID      `json:"services,omitempty"`
	Team         ID        `json:"team,omitempty"`
	Responder    ID        `json:"responder,omitempty"`
	Incident     string    `json:"incident,omitempty"` // the source's name of the incident it belongs to
	Triggered    time.Time `json:"triggered_at,omitzero"`
	Acknowledged time.Time `json:"acknowledged_at,omitzero"`
	Resolved     time.Time `json:"resolved_at,omitzero"`
}

// Kind is KindAlert.
func (*Alert) Kind() Kind { return KindAlert }

// Validate checks what an alert must have.
func (a *Alert) Validate() error {
	if err := a.valid("alert"); err != nil || a.gone() {
		return err
	}
	if a.Triggered.IsZero() {
		return Invalid("triggered_at", "an alert needs the time it was triggered")
	}
	return ValidTime("triggered_at", a.Triggered)
}

// Ticket is a customer's support request.
type Ticket struct {
	Header
	Title        string    `json:"title,omitempty"`
	URL          string    `json:"url,omitempty"`
	Status       string    `json:"status,omitempty"`
	Priority     string    `json:"priority,omitempty"`
	Customer     string    `json:"customer,omitempty"`
	Description  string    `json:"description,omitempty"`
	Satisfaction string    `json:"satisfaction,omitempty"` // good, bad, or the tool's own word
	Services     []ID      `json:"services,omitempty"`
	Team         ID        `json:"team,omitempty"`
	Incident     string    `json:"incident,omitempty"`
	Created      time.Time `json:"created_at,omitzero"`
	Solved       time.Time `json:"resolved_at,omitzero"`
	Labels       []string  `json:"labels,omitempty"`
}

// Kind is KindTicket.
func (*Ticket) Kind() Kind { return KindTicket }

// Validate checks what a ticket must have.
func (t *Ticket) Validate() error {
	if err := t.valid("ticket"); err != nil || t.gone() {
		return err
	}
	if t.Created.IsZero() {
		return Invalid("created_at", "a ticket needs the time it was created")
	}
	return ValidTime("created_at", t.Created)
}

// WorkItem is a feature, bug, chore, epic or project in a tracker.
type WorkItem struct {
	Header
	Title       string    `json:"title,omitempty"`
	URL         string    `json:"url,omitempty"`
	Description string    `json:"description,omitempty"`
	Type        string    `json:"type,omitempty"` // feature, bug, chore, epic, project, incident, follow-up
	Status      string    `json:"status,omitempty"`
	Priority    string    `json:"priority,omitempty"`
	Services    []ID      `json:"services,omitempty"`
	Team        ID        `json:"team,omitempty"`
	Owner       ID        `json:"owner,omitempty"`
	Parent      string    `json:"parent,omitempty"`
	Created     time.Time `json:"created_at,omitzero"`
	Started     time.Time `json:"started_at,omitzero"` // work on it began
	Due         time.Time `json:"due_at,omitzero"`
	Done        time.Time `json:"resolved_at,omitzero"` // done, or given up
	Outcome     string    `json:"outcome,omitempty"`    // done or declined, when it ended and its tool says how
	Labels      []string  `json:"labels,omitempty"`
}

// Kind is KindWorkItem.
func (*WorkItem) Kind() Kind { return KindWorkItem }

// Validate checks what a work item must have.
func (w *WorkItem) Validate() error {
	if err := w.valid("work item"); err != nil || w.gone() {
		return err
	}
	return ValidTime("created_at", w.Created)
}
