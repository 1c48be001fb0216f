package hansei

import "strings"

// RetroRules are how an organization works with retrospectives: when one is
// needed, what it is made of, and the factors it may name. A zero field stands
// for the default.
type RetroRules struct {
	// NeededFrom is the mildest severity whose incidents need one, as "sev2".
	NeededFrom string `json:"needed_from,omitempty"`
	// DraftFrom is the mildest severity whose incidents get a draft when they
	// are resolved; "never" for none.
	DraftFrom string `json:"draft_from,omitempty"`
	// DueDays is until when one is to be published after the incident was
	// resolved, in working days.
	DueDays int `json:"due_days,omitempty"`
	// FollowUpDue says until when follow-ups are due, by their kind, the
	// severity of their incident and their priority: the first rule of the list
	// that fits holds. See DueRule.
	FollowUpDue []DueRule `json:"follow_up_due,omitempty"`
	// Weekends counts Saturdays and Sundays among the days in which follow-ups
	// are due; otherwise they are skipped.
	Weekends *bool `json:"weekends,omitempty"`
	// Tracker is where follow-ups live in the organization's tracker unless
	// somebody says otherwise; nil offers all there are and creates none by
	// itself.
	Tracker *TrackerRule `json:"tracker,omitempty"`
	// Sections are the parts of a new retrospective that has the standard
	// template; Templates are those for certain incidents, the first that fits.
	Sections  []Section  `json:"sections,omitempty"`
	Templates []Template `json:"templates,omitzero"`
	// Taxonomy are the contributing factors to choose from.
	Taxonomy Taxonomy `json:"taxonomy,omitempty"`
	// Builtin are words about built-in fields, Fields the organization's own.
	Builtin []FieldRule `json:"builtin,omitzero"`
	Fields  []OwnField  `json:"fields,omitzero"`
	// Required are the fields without which none is published.
	Required []string `json:"required,omitzero"`
	// RequiredFrom is the mildest severity for which Required holds.
	RequiredFrom string `json:"required_from,omitempty"`
	// Model may draft sections that say nothing yet; nil asks none.
	Model *LanguageModel `json:"model,omitempty"`
	// Cost is what time costs; nil says nothing of money.
	Cost *CostRule `json:"cost,omitempty"`
}

// DraftNever is a DraftFrom that drafts nothing by itself.
const DraftNever = "never"

// DefaultRetroRules stand where the organization said nothing else. The
// factors bring together the categories of Google's SRE Workbook (appendix C),
// of Gunawi et al., "Why does the cloud stop computing?" (SoCC 2016), and of
// Ghosh et al., "How to fight production incidents?" (SoCC 2022), with the
// organizational conditions that the VOID reports find missing there.
var DefaultRetroRules = RetroRules{
	NeededFrom: "sev2", DraftFrom: "sev2", DueDays: 5, RequiredFrom: "sev2",
	FollowUpDue: []DueRule{
		{Priority: "high", Severity: "sev1", Days: 5},
		{Priority: "high", Days: 10},
		{Priority: "low", Days: 65},
		{Severity: "sev1", Days: 20},
		{Type: FollowUpInvestigate, Days: 15},
		{Type: FollowUpDetect, Days: 20},
		{Days: 30},
	},
	Required: []string{"services", "detection", "trigger", "factors", "mitigation", "lessons"},
	Sections: []Section{
		{ID: "summary", Title: "Summary", Prompt: "Two or three sentences for somebody who was not there: what customers saw, for how long, and what ended it."},
		{ID: "what-happened", Title: "What happened", Prompt: "Tell the story in the order in which people lived it. What did it look like at each moment, and why did what they did make sense to them then?"},
		{ID: "impact", Title: "Impact", Prompt: "Who could not do what, and for how long? What did it cost them and us?"},
		{ID: "factors", Title: "Contributing factors", Prompt: "Which conditions made this possible? There are always several. What would have had to be different?"},
		{ID: "response", Title: "Detection and response", Prompt: "How did we notice, and could we have noticed earlier? What helped the responders, what was in their way?"},
		{ID: "well", Title: "What went well, and where we were lucky", Prompt: "What worked and should be kept? What would have made it worse, and did not happen by chance?"},
		{ID: "surprises", Title: "What surprised us", Prompt: "Why were we surprised? What did we believe about the system that was not so?"},
		{ID: "lessons", Title: "Lessons", Prompt: "What should a new colleague know from this? One lesson a line."},
	},
	Templates: defaultTemplates,
	Taxonomy: Taxonomy{
		{Name: "code defect", Group: "change", Help: "A fault in our own code"},
		{Name: "configuration change", Group: "change", Help: "A setting, flag or infrastructure definition"},
		{Name: "deployment process", Group: "change", Help: "How a change reached production: order, scope, speed"},
		{Name: "data or schema change", Group: "change", Help: "A migration, backfill or unexpected data"},
		{Name: "rollback not possible", Group: "change", Help: "Going back was slow, unsafe or unknown"},
		{Name: "dependency failure", Group: "system", Help: "Another service, ours or a vendor's, failed"},
		{Name: "capacity", Group: "system", Help: "More load, or less room, than the system can bear"},
		{Name: "network", Group: "system", Help: "Connectivity, DNS, load balancing"},
		{Name: "hardware or cloud provider", Group: "system", Help: "Machines, power, a zone or region"},
		{Name: "expired certificate or credential", Group: "system", Help: "Something was valid until a date"},
		{Name: "missing isolation", Group: "system", Help: "One failure could reach what it should not: no limits, retries without end, shared fate"},
		{Name: "design limit", Group: "system", Help: "It worked as designed, and the design does not fit any more"},
		{Name: "security", Group: "system", Help: "An attack, an abuse, or a defence against them"},
		{Name: "missing alert", Group: "detection", Help: "Nothing told us, or a customer did first"},
		{Name: "noisy or unclear alert", Group: "detection", Help: "The signal was there and could not be heard"},
		{Name: "missing observability", Group: "detection", Help: "It could not be seen what the system did"},
		{Name: "testing gap", Group: "process", Help: "No test or environment could have shown it"},
		{Name: "review gap", Group: "process", Help: "The change was seen by too few, or by nobody who knew"},
		{Name: "documentation or runbook", Group: "process", Help: "Missing, wrong or not found"},
		{Name: "unclear ownership", Group: "organization", Help: "Nobody, or too many, were responsible"},
		{Name: "communication", Group: "organization", Help: "Somebody who needed to know did not"},
		{Name: "knowledge in one head", Group: "organization", Help: "Few could have known or repaired it"},
		{Name: "workload or time pressure", Group: "organization", Help: "There was no time to do it otherwise"},
		{Name: "earlier lesson not acted on", Group: "organization", Help: "It was known from before"},
	},
}

// Or fills what is not said by the default.
func (r *RetroRules) Or(d RetroRules) RetroRules {
	if r == nil {
		return d
	}
	out := *r
	fill(&out.NeededFrom, d.NeededFrom)
	fill(&out.DraftFrom, d.DraftFrom)
	fill(&out.RequiredFrom, d.RequiredFrom)
	if out.DueDays == 0 {
		out.DueDays = d.DueDays
	}
	if len(out.FollowUpDue) == 0 {
		out.FollowUpDue = d.FollowUpDue
	}
	if out.Weekends == nil {
		out.Weekends = d.Weekends
	}
	if out.Tracker == nil {
		out.Tracker = d.Tracker
	}
	if len(out.Sections) == 0 {
		out.Sections = d.Sections
	}
	if len(out.Taxonomy) == 0 {
		out.Taxonomy = d.Taxonomy
	}
	if out.Templates == nil {
		out.Templates = d.Templates
	}
	if out.Builtin == nil {
		out.Builtin = d.Builtin
	}
	if out.Fields == nil {
		out.Fields = d.Fields
	}
	if out.Required == nil {
		out.Required = d.Required
	}
	if out.Model == nil {
		out.Model = d.Model
	}
	if out.Cost == nil {
		out.Cost = d.Cost
	}
	return out
}

func fill(s *string, d string) {
	if *s == "" {
		*s = d
	}
}

// Factor finds the factor that a name stands for today, following renames.
func (r RetroRules) Factor(name string) (FactorType, bool) { return r.Taxonomy.Find(name) }

// Needs says whether an incident is at least as severe as from: sev1 is the
// worst. One without a known severity is not.
func Needs(severity, from string) bool {
	s, f := severityRank(severity), severityRank(from)
	return s > 0 && f > 0 && s <= f
}

func severityRank(s string) int {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) == 4 && strings.HasPrefix(s, "sev") && s[3] >= '1' && s[3] <= '9' {
		return int(s[3] - '0')
	}
	return 0
}

// Validate checks names and numbers.
func (r *RetroRules) Validate() error {
	if r == nil {
		return nil
	}
	for _, s := range [][2]string{{"needed_from", r.NeededFrom}, {"required_from", r.RequiredFrom}} {
		if s[1] != "" && severityRank(s[1]) == 0 {
			return Invalid(s[0], "%q is not a severity; expected sev1 to sev5", s[1])
		}
	}
	if r.DraftFrom != "" && r.DraftFrom != DraftNever && severityRank(r.DraftFrom) == 0 {
		return Invalid("draft_from", "%q: expected sev1 to sev5, or never", r.DraftFrom)
	}
	if r.DueDays < 0 || r.DueDays > 365 {
		return Invalid("due_days", "expected 1 to 365 working days, got %d", r.DueDays)
	}
	if err := validDue(r.FollowUpDue); err != nil {
		return err
	}
	if err := r.Taxonomy.Validate(); err != nil {
		return err
	}
	if err := r.Model.Validate(); err != nil {
	}
	if err := r.Cost.Validate(); err != nil {
		return err
	}
	if err := validSections("sections", r.Sections); err != nil {
		return err
	}
	if err := r.validTemplates(); err != nil {
		return err
	}
	if err := r.validFields(); err != nil {
		return err
	}
	return validRequired("required", r.Required)
}
