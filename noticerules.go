package hansei

import (
	"cmp"
	"slices"
	"strings"
)

// Never stands for a thing that is not done: a severity, a day of the week.
const Never = "never"

// NoticeRules are what Hansei tells people by itself, and when. A zero field
// stands for the default; in a number of days, -1 stands for never.
type NoticeRules struct {
	Off   bool     `json:"off,omitzero"`    // nothing is told
	Muted []string `json:"muted,omitempty"` // events that nobody is told of
	// ChannelsOnly keeps Hansei from writing to people: only channels are told.
	ChannelsOnly bool `json:"channels_only,omitzero"`
	// Hour of the organization's day at which reminders and the digest go out.
	Hour int `json:"hour,omitempty"`
	// Pace is that of retrospectives, and of follow-ups that no rule is for.
	Pace
	// FollowUps are paces for some follow-ups; the first that fits counts.
	FollowUps []FollowUpPace `json:"follow_ups,omitzero"` // nil: the default ones; empty: none
	// SimilarFrom is the mildest severity whose open incidents are told with
	// those of the past that they are like, or never.
	SimilarFrom string `json:"similar_from,omitempty"`
	// Digest is the day of the week on which channels hear what is open, or never.
	Digest string `json:"digest,omitempty"`
	// Between QuietFrom and QuietUntil, hours of a person's own day, no e-mail
	// is sent to them. 24 and 24 are no quiet hours.
	QuietFrom  int `json:"quiet_from,omitempty"`
	QuietUntil int `json:"quiet_until,omitempty"`
}

// Pace is how insistently something that is due is brought to mind, in working
// days: first its owner is told, then channels that hear of what is overdue,
// then those that hear of what is escalated.
type Pace struct {
	Soon     int `json:"soon_days,omitempty"`     // before it is due
	Channel  int `json:"channel_days,omitempty"`  // overdue, until channels are told
	Escalate int `json:"escalate_days,omitempty"` // overdue, until it is escalated
	Repeat   int `json:"repeat_days,omitempty"`   // between two reminders
}

// FollowUpPace is the pace of some follow-ups.
type FollowUpPace struct {
	Type     string `json:"type,omitempty"`     // one of FollowUpTypes; any when empty
	Severity string `json:"severity,omitempty"` // of the worst incident behind it, at least; any when empty
	Pace
}

// DefaultNoticeRules stand where the organization said nothing else.
var DefaultNoticeRules = NoticeRules{
	Hour: 9, Pace: Pace{Soon: 2, Channel: 2, Escalate: 5, Repeat: 5}, SimilarFrom: "sev2", Digest: "monday", QuietFrom: 19, QuietUntil: 8,
	FollowUps: []FollowUpPace{
		{Severity: "sev1", Pace: Pace{Soon: 3, Channel: 1, Escalate: 3, Repeat: 3}},
		{Severity: "sev2", Pace: Pace{Soon: 2, Channel: 2, Escalate: 10, Repeat: 5}},
		{Pace: Pace{Soon: 2, Channel: 5, Escalate: -1, Repeat: 10}},
	},
}

// weekdays on which a digest may go out.
var weekdays = []string{"monday", "tuesday", "wednesday", "thursday", "friday"}

// Or fills what is not said by the default.
func (r *NoticeRules) Or(d NoticeRules) NoticeRules {
	if r == nil {
		return d
	}
	out := *r
	fill(&out.SimilarFrom, d.SimilarFrom)
	fill(&out.Digest, d.Digest)
	out.Hour = cmp.Or(out.Hour, d.Hour)
	out.Pace = out.Pace.or(d.Pace)
	if out.QuietFrom == 0 && out.QuietUntil == 0 {
		out.QuietFrom, out.QuietUntil = d.QuietFrom, d.QuietUntil
	}
	if out.FollowUps == nil {
		out.FollowUps = d.FollowUps
	}
	out.FollowUps = slices.Clone(out.FollowUps)
	for i := range out.FollowUps {
		out.FollowUps[i].Pace = out.FollowUps[i].Pace.or(out.Pace)
	}
	return out
}

func (p Pace) or(d Pace) Pace {
	return Pace{cmp.Or(p.Soon, d.Soon), cmp.Or(p.Channel, d.Channel), cmp.Or(p.Escalate, d.Escalate), cmp.Or(p.Repeat, d.Repeat)}
}

// Tells says whether an event is told of at all.
func (r NoticeRules) Tells(event string) bool {
	return !r.Off && !slices.Contains(r.Muted, event)
}

// PaceOf is the pace of a follow-up of a type whose worst incident has a severity.
func (r NoticeRules) PaceOf(kind, severity string) Pace {
	for _, p := range r.FollowUps {
		if (p.Type == "" || p.Type == kind) && (p.Severity == "" || Needs(severity, p.Severity)) {
			return p.Pace
		}
	}
	return r.Pace
}

// maxPaces bounds the rules for follow-ups.
const maxPaces = 50

// Validate checks names and numbers.
func (r *NoticeRules) Validate() error {
	if r == nil {
		return nil
	}
	for _, e := range r.Muted {
		if err := eventsKnown([]string{e}); err != nil {
			return Invalid("muted", "%q is not an event; expected some of %s, mention", e, strings.Join(ChannelEvents, ", "))
		}
	}
	switch {
	case r.Hour < 0 || r.Hour > 23:
		return Invalid("hour", "%d: expected an hour from 1 to 23", r.Hour)
	case r.SimilarFrom != "" && r.SimilarFrom != Never && severityRank(r.SimilarFrom) == 0:
		return Invalid("similar_from", "%q: expected sev1 to sev5, or never", r.SimilarFrom)
	case r.Digest != "" && r.Digest != Never && !slices.Contains(weekdays, r.Digest):
		return Invalid("digest", "%q: expected a working day such as monday, or never", r.Digest)
	case r.QuietFrom < 0 || r.QuietFrom > 24:
		return Invalid("quiet_from", "%d: expected an hour from 0 to 24", r.QuietFrom)
	case r.QuietUntil < 0 || r.QuietUntil > 24:
		return Invalid("quiet_until", "%d: expected an hour from 0 to 24", r.QuietUntil)
	case len(r.FollowUps) > maxPaces:
		return Invalid("follow_ups", "%d rules are too many; at most %d", len(r.FollowUps), maxPaces)
	}
	for i, p := range r.FollowUps {
		if p.Type != "" && !slices.Contains(FollowUpTypes, p.Type) {
			return Invalid("follow_ups", "rule %d: %q: expected prevent, detect, mitigate, process or investigate", i+1, p.Type)
		}
		if p.Severity != "" && severityRank(p.Severity) == 0 {
			return Invalid("follow_ups", "rule %d: %q is not a severity; expected sev1 to sev5", i+1, p.Severity)
		}
		if err := p.Pace.validate(); err != nil {
			return Invalid("follow_ups", "rule %d: %v", i+1, err)
		}
	}
	return r.Pace.validate()
}

func (p Pace) validate() error {
	for name, days := range map[string]int{"soon_days": p.Soon, "channel_days": p.Channel, "escalate_days": p.Escalate, "repeat_days": p.Repeat} {
		if days < -1 || days > 365 {
			return Invalid(name, "%d: expected 1 to 365 working days, or -1 for never", days)
		}
	}
	return nil
}
