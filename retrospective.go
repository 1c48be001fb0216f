package hansei

import (
	"slices"
	"time"
)

// The states of a retrospective.
const (
	RetroNotRequired = "not_required"
	RetroDraft       = "draft"
	RetroInReview    = "in_review"
	RetroPublished   = "published"
	RetroRevised     = "revised" // changed after it was published
)

// RetroStates lists the states in their order.
var RetroStates = []string{RetroNotRequired, RetroDraft, RetroInReview, RetroPublished, RetroRevised}

// Retrospective is the written analysis of one or more incidents: sections of
// prose, a timeline, and metadata that can be counted.
type Retrospective struct {
	Header
	Title       string    `json:"title,omitempty"`
	URL         string    `json:"url,omitempty"` // where it stood before it was imported
	State       string    `json:"state,omitempty"`
	Severity    string    `json:"severity,omitempty"` // of the worst of its incidents
	Incidents   []ID      `json:"incidents,omitempty"`
	Owner       ID        `json:"owner,omitempty"`
	Facilitator ID        `json:"facilitator,omitempty"` // leads the meeting; not the author
	Reviewers   []ID      `json:"reviewers,omitempty"`
	Drafted     time.Time `json:"drafted_at,omitzero"`
	Due         time.Time `json:"due_at,omitzero"`
	InReview    time.Time `json:"in_review_at,omitzero"`
	Published   time.Time `json:"published_at,omitzero"` // first

	Services        []ID     `json:"services,omitempty"`
	Teams           []ID     `json:"teams,omitempty"`
	Functionality   []string `json:"functionality,omitempty"` // what customers could not do
	CustomersLow    *float64 `json:"customers_low,omitempty"`
	Customers       *float64 `json:"customers_affected,omitempty"`
	CustomersHigh   *float64 `json:"customers_high,omitempty"`
	CustomersMethod string   `json:"customers_method,omitempty"`
	Detection       string   `json:"detection,omitempty"`
	Trigger         string   `json:"trigger,omitempty"`
	Mitigation      string   `json:"mitigation,omitempty"`
	Factors         []Factor `json:"contributing,omitempty"`
	FactorNames     []string `json:"factors,omitempty"` // the names of Factors
	Codings         []Coding `json:"codings,omitempty"`
	// CodedBy are those who chose Factors: none of them can be the second rater.
	CodedBy       []string `json:"coded_by,omitempty"`
	WentWell      []string `json:"went_well,omitempty"`
	Lucky         []string `json:"lucky,omitempty"`
	Surprises     []string `json:"surprises,omitempty"`
	KnowledgeGaps []string `json:"knowledge_gaps,omitempty"`
	Lessons       []string `json:"lessons,omitempty"`
	Completeness  *float64 `json:"completeness,omitempty"` // 0 to 1, by the schema when it was last written

	Template string    `json:"template,omitempty"`
	Sections []Section `json:"sections,omitempty"`
	Timeline []Moment  `json:"timeline,omitempty"`
	Comments []Comment `json:"comments,omitempty"`
	// Frozen are the figures in the prose as they stood when it was published.
	Frozen []Frozen `json:"frozen,omitempty"`
	// Dismissed are sentences at which the check for blame stopped and that
	// somebody looked at and left.
	Dismissed []string `json:"dismissed,omitempty"`
}

// Section is one part of a retrospective's prose.
type Section struct {
	ID     string `json:"id" yaml:"id,omitempty"`
	Title  string `json:"title" yaml:"title"`
	Prompt string `json:"prompt,omitempty" yaml:"prompt,omitempty"` // what to write here
	Text   string `json:"text,omitempty" yaml:"text,omitempty"`     // Markdown
	// Others are texts that were written at the same time and could not be
	// merged; a person chooses.
	Others []Wording `json:"others,omitempty" yaml:"-"`
	// Earlier names the template that it is from, where the retrospective has
	// another one now.
	Earlier string `json:"earlier,omitempty" yaml:"-"`
	// Machine says that a language model wrote the text and nobody has
	// accepted it yet.
	Machine bool `json:"machine,omitzero" yaml:"-"`
}

// Wording is a text that somebody wrote.
type Wording struct {
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Factor is a contributing factor of an incident: one of the conditions that
// made it possible.
type Factor struct {
	Name string `json:"name"` // from the organization's taxonomy, as it is called now
	// As is the name that was chosen, where the taxonomy renamed or merged it since.
	As       string `json:"as,omitempty"`
	Evidence string `json:"evidence,omitempty"`
	Section  string `json:"section,omitempty"` // the id of the section that discusses it
}

// Coding is one person's independent choice of factors.
type Coding struct {
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Factors []string  `json:"factors"`
	// As are the names that were chosen, where the taxonomy renamed or merged
	// one since.
	As []string `json:"as,omitempty"`
}

// The markers of a timeline's story.
const (
	MarkerDetection = "detection"
	MarkerDiagnosis = "diagnosis"
	MarkerRepair    = "repair"
	MarkerKey       = "key moment"
)

// Markers lists them in their natural order.
var Markers = []string{MarkerDetection, MarkerDiagnosis, MarkerRepair, MarkerKey}

// Moment is one entry of a timeline.
type Moment struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
	What  string    `json:"what"` // milestone, alert, acknowledgement, message, deployment, change, status, ticket, responder, note
	Text  string    `json:"text"`
	By    string    `json:"by,omitempty"`
	Count int       `json:"count,omitzero"` // of the same kind that stand together here; 0 counts as 1
	// Origin leads to where it comes from: "alert/pd:Q1", or a URL.
	Origin  string `json:"origin,omitempty"`
	Dropped bool   `json:"dropped,omitzero"`
	Note    string `json:"note,omitempty"` // a person's
	Marker  string `json:"marker,omitempty"`
}

// Comment is a remark on a section, an answer to one, or a suggestion of other
// words.
type Comment struct {
	ID       string    `json:"id"`
	Section  string    `json:"section"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Text     string    `json:"text"`
	Resolved bool      `json:"resolved,omitzero"`
	Of       string    `json:"of,omitempty"`      // the comment that it answers
	Passage  string    `json:"passage,omitempty"` // the words of the section that it is about
	// Instead, in a suggestion, is what to write in the place of Passage; the
	// empty text takes the passage out.
	Instead  *string   `json:"instead,omitempty"`
	Verdict  string    `json:"verdict,omitempty"` // on a suggestion: accepted or declined
	ClosedBy string    `json:"closed_by,omitempty"`
	ClosedAt time.Time `json:"closed_at,omitzero"`
}

// The verdicts on a suggestion.
const (
	SuggestionAccepted = "accepted"
	SuggestionDeclined = "declined"
)

// Frozen is a figure in the prose as it stood when the retrospective was
// published.
type Frozen struct {
	Block     string    `json:"block"` // the directive: "figure time_to_resolve service=checkout"
	At        time.Time `json:"at"`
	Seq       int64     `json:"seq"` // of the journal, at which it was computed
	Title     string    `json:"title"`
	Statistic string    `json:"statistic,omitempty"`
	Unit      string    `json:"unit,omitempty"`
	Noun      string    `json:"noun,omitempty"`
	Value     *float64  `json:"value,omitempty"`
	Low       *float64  `json:"low,omitempty"`
	High      *float64  `json:"high,omitempty"`
	Level     float64   `json:"level,omitzero"`
	Method    string    `json:"method,omitempty"`
	N         int       `json:"n"`
	Since     time.Time `json:"since,omitzero"`
	Until     time.Time `json:"until,omitzero"`
	Says      string    `json:"says,omitempty"` // why there is no value
	Records   string    `json:"records"`        // the address of the records behind it
	Months    []Month   `json:"months,omitempty"`
}

// Month is one value of a series, oldest first.
type Month struct {
	Label string   `json:"label"`
	Value *float64 `json:"value"`
	N     int      `json:"n"`
}

// Kind is KindRetrospective.
func (*Retrospective) Kind() Kind { return KindRetrospective }

// Section finds a section by its id.
func (r *Retrospective) Section(id string) *Section {
	i := slices.IndexFunc(r.Sections, func(s Section) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return &r.Sections[i]
}

// Done says that it is published.
func (r *Retrospective) Done() bool { return r.State == RetroPublished || r.State == RetroRevised }

// MaxSection and MaxTimeline bound a retrospective.
const (
	MaxSection  = 200_000 // bytes of one section's text
	MaxTimeline = 5_000   // entries
)

// Validate checks what a retrospective must have.
func (r *Retrospective) Validate() error {
	if err := r.named("retrospective", r.Title); err != nil || r.gone() {
		return err
	}
	if !slices.Contains(RetroStates, r.State) {
		return Invalid("state", "%q is not a state of a retrospective", r.State)
	}
	if len(r.Timeline) > MaxTimeline {
		return Invalid("timeline", "%d entries; at most %d", len(r.Timeline), MaxTimeline)
	}
	for _, s := range r.Sections {
		if len(s.Text) > MaxSection {
			return Invalid("sections", "section %s has %d bytes; at most %d", s.ID, len(s.Text), MaxSection)
		}
	}
	for _, m := range r.Timeline {
		if m.Marker != "" && !slices.Contains(Markers, m.Marker) {
			return Invalid("timeline", "%q is not a marker", m.Marker)
		}
	}
	if c := r.Completeness; c != nil && !(*c >= 0 && *c <= 1) {
		return Invalid("completeness", "expected 0 to 1, got %v", *c)
	}
	return nil
}
