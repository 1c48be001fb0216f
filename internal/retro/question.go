package retro

import (
	"fmt"
	"strings"
	"time"

	"hansei"
	"hansei/internal/chart"
)

// Question is something to talk about, and the section where the answer goes.
type Question struct {
	Section string `json:"section"`
	Text    string `json:"text"`
	Because string `json:"because,omitempty"` // what in the data asks it
}

// slow is from when on a step of the response asks for its reason.
const slow = 15 * time.Minute

// questions are what the data itself asks.
func questions(rel *related, b Brief) []Question {
	in := rel.incident
	out := []Question{}
	ask := func(section, text, because string, args ...any) {
		out = append(out, Question{section, text, fmt.Sprintf(because, args...)})
	}
	at := func(r hansei.Role) (time.Time, bool) { return in.Milestones.At(r) }
	long := func(d time.Duration) string { return chart.Duration(d.Seconds()) }
	began, hasBegan := at(hansei.RoleBegan)
	detected, hasDetected := at(hansei.RoleDetected)
	alerted, hasAlerted := at(hansei.RoleAlerted)
	if first := firstAlert(rel); !hasAlerted && !first.IsZero() {
		alerted, hasAlerted = first, true
	}
	if t := firstTicket(rel); !t.IsZero() && (!hasAlerted || t.Before(alerted)) {
		if hasAlerted {
			ask("response", "What would have alerted us before customers did?", "a customer wrote %s before the first alert", long(alerted.Sub(t)))
		} else {
			ask("response", "What would have alerted us?", "%d customers wrote and no alert is known", len(rel.tickets))
		}
	} else if !hasAlerted && len(rel.alerts) == 0 {
		ask("response", "What would have alerted us?", "no alert is known")
	}
	if hasBegan && hasDetected && detected.Sub(began) > slow {
		ask("response", "What would have shown it earlier?", "%s passed between the begin of the impact and its detection", long(detected.Sub(began)))
	}
	if ack, ok := at(hansei.RoleAcknowledged); ok && hasAlerted && ack.Sub(alerted) > slow {
		ask("response", "What kept the page from being taken?", "%s passed between the first page and its acknowledgement", long(ack.Sub(alerted)))
	}
	mitigated, hasMitigated := at(hansei.RoleMitigated)
	if start, ok := in.Start(); ok && hasMitigated && mitigated.Sub(start) > time.Hour {
		ask("what-happened", "Which step took longest, and what would have made it shorter?", "the impact lasted %s", long(mitigated.Sub(start)))
	}
	for _, c := range b.Candidates[:min(1, len(b.Candidates))] {
		ask("factors", "What made this change look safe?", "%s: %s", c.Title, strings.Join(c.Reasons, ", "))
	}
	if len(b.Candidates) == 0 {
		ask("factors", "What changed, if nothing was deployed?", "no change to its services or what they depend on is known in the day before")
	}
	for _, p := range b.Before[:min(1, len(b.Before))] {
		because := fmt.Sprintf("%q looks alike (%s)", p.Title, strings.Join(p.Reasons, ", "))
		if p.Open > 0 {
			because += fmt.Sprintf("; %d of its follow-ups are open", p.Open)
		}
		out = append(out, Question{"lessons", "What did we learn the last time, and was it in reach this time?", because})
	}
	if b.Load.Asleep > 0 {
		ask("response", "What did it cost those who were woken, and was it needed?", "%d of %d pages came between 22 and 6 o'clock of the person's own time", b.Load.Asleep, b.Load.Pages)
	}
	switch {
	case in.Customers == nil:
		ask("impact", "How many customers felt it, and how do we know?", "no number of customers is known")
	case b.AtLeast:
		ask("impact", "How many customers felt it, and how do we know?", "only those who wrote to support are known")
	}
	return out
}

func firstAlert(rel *related) (first time.Time) {
	for _, a := range rel.alerts {
		if first.IsZero() || a.Triggered.Before(first) {
			first = a.Triggered
		}
	}
	return first
}

func firstTicket(rel *related) (first time.Time) {
	for _, t := range rel.tickets {
		if first.IsZero() || t.Created.Before(first) {
			first = t.Created
		}
	}
	return first
}
