package watch

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"

	"hansei"
	"hansei/internal/notify"
	"hansei/internal/retro"
)

// retroPath, incidentPath and followUpPath are where things stand on the pages.
func retroPath(id hansei.ID) string    { return "/retrospectives/" + url.PathEscape(string(id)) }
func incidentPath(id hansei.ID) string { return "/incidents/" + url.PathEscape(string(id)) }
func followUpPath(id hansei.ID) string { return followUps + "/" + url.PathEscape(string(id)) }

const (
	overview  = "/retrospectives" // of what is open
	followUps = "/follow-ups"
	openRetro = "Open the retrospective"
	onPage    = "You can turn messages off, or to another place, in the settings under Notifications."
)

// date is a day as people write it, in a zone.
func date(t time.Time, zone *time.Location) string { return t.In(zone).Format("Monday 2 January") }

func drafted(r *hansei.Retrospective, zone *time.Location, owner bool) notify.Message {
	m := notify.Message{Event: hansei.EventDrafted, Subject: "Retrospective drafted: " + r.Title, Path: retroPath(r.ID), Action: openRetro,
		Lead: "Its incident was resolved, and Hansei put together what the record holds: the timeline, the figures, what is alike. The story is yours to tell.",
		Why:  "This channel hears of drafts. " + onPage}
	if !r.Due.IsZero() {
		m.Lead += " It is to be published by " + date(r.Due, zone) + "."
	}
	if owner {
		m.Why = "You are its owner, as the incident names you as its lead. " + onPage
	}
	return m
}

func review(r *hansei.Retrospective, person bool) notify.Message {
	m := notify.Message{Event: hansei.EventReview, Subject: "To review: " + r.Title, Path: retroPath(r.ID), Action: openRetro,
		Lead: "A retrospective waits for its reviewers. Say what is missing, and what you would have seen differently.", Why: "This channel hears of reviews. " + onPage}
	if person {
		m.Why = "You are one of its reviewers."
	}
	return m
}

func published(r *hansei.Retrospective) notify.Message {
	m := notify.Message{Event: hansei.EventPublished, Subject: "Published: " + r.Title, Path: retroPath(r.ID), Action: "Read it", Why: "This channel hears of what is published. " + onPage}
	for _, l := range r.Lessons {
		m.Items = append(m.Items, notify.Item{Title: l})
	}
	if len(m.Items) > 0 {
		m.Lead = "What was learned:"
	} else if s := r.Section("summary"); s != nil {
		m.Lead = firstParagraph(s.Text)
	}
	return m
}

func firstParagraph(s string) string {
	p, _, _ := strings.Cut(strings.TrimSpace(s), "\n\n")
	return p
}

func mention(r *hansei.Retrospective, c hansei.Comment) notify.Message {
	m := notify.Message{Event: hansei.EventMention, Subject: "You are named in a comment: " + r.Title, Lead: c.By + " wrote:\n" + c.Text,
		Path: retroPath(r.ID) + "#" + url.PathEscape(c.Section), Action: "Open the comment", Why: "The comment names you with @."}
	if s := r.Section(c.Section); s != nil {
		m.Lead = c.By + " wrote on “" + s.Title + "”:\n" + c.Text
	}
	return m
}

// shownPast is how many earlier incidents one message tells of.
const shownPast = 3

func similar(in *hansei.Incident, past []retro.Past, zone *time.Location, again bool) notify.Message {
	m := notify.Message{Event: hansei.EventSimilar, Subject: "This has been here before: " + cmp.Or(in.Title, string(in.ID)), Path: incidentPath(in.ID), Action: "Open the incident",
		Lead: "Earlier incidents that look like this one, and what helped then. They are associated by their words and services; whether they have to do with it is for you to say.",
		Why:  "This channel hears of open incidents that are like earlier ones. " + onPage}
	if again {
		m.Subject = "More like it: " + cmp.Or(in.Title, string(in.ID))
	}
	for _, p := range past {
		it := notify.Item{Kind: hansei.KindIncident, ID: p.ID, Title: cmp.Or(p.Title, string(p.ID)), Path: incidentPath(p.ID)}
		parts := []string{p.At.In(zone).Format("2 January 2006")}
		if p.Mitigation != "" {
			parts = append(parts, "what helped: "+p.Mitigation)
		}
		if len(p.Lessons) > 0 {
			parts = append(parts, "learned: "+p.Lessons[0])
		}
		if p.Open > 0 {
			parts = append(parts, fmt.Sprintf("%d of its follow-ups still open", p.Open))
		}
		if len(p.Reasons) > 0 {
			parts = append(parts, "alike in: "+p.Reasons[0])
		}
		it.Text = strings.Join(parts, " · ")
		m.Items = append(m.Items, it)
	}
	return m
}

// item is a thing that is due as a line of a message.
func (t thing) item(today time.Time, zone *time.Location) notify.Item {
	when := "due " + date(t.due, zone)
	switch n := workdays(day(t.due, zone), today); {
	case t.due.IsZero(): // a draft of what happened long ago
		when = "not due"
	case n == 1:
		when = "overdue by a working day"
	case n > 1:
		when = fmt.Sprintf("overdue by %d working days", n)
	case day(t.due, zone).Equal(today):
		when = "due today"
	case day(t.due, zone).Before(today):
		when = "overdue"
	}
	parts := []string{t.noun, when}
	if t.owner == nil {
		parts = append(parts, "nobody owns it")
	} else {
		parts = append(parts, t.owner.Name)
	}
	return notify.Item{Kind: t.kind, ID: t.id, Title: t.title, Path: t.path, Text: strings.Join(parts, " · ")}
}

// reminder is one message with everything of the day for one reader.
func reminder(event string, things []thing, today time.Time, zone *time.Location, person bool) notify.Message {
	m := notify.Message{Event: event, Path: listOf(things), Action: "See what is open"}
	word := map[string]string{hansei.EventDue: "due soon", hansei.EventOverdue: "overdue", hansei.EventEscalated: "overdue for long"}[event]
	for _, t := range things {
		m.Items = append(m.Items, t.item(today, zone))
		if event != hansei.EventDue && !day(t.due, zone).Before(today) {
			word = "due or overdue"
		}
	}
	if len(things) == 1 {
		t := things[0]
		m.Subject, m.Path, m.Action = upper(word)+": "+t.title, t.path, "Open the "+t.noun
	} else {
		m.Subject = fmt.Sprintf("%d things are %s", len(things), word)
	}
	m.Lead = "Finish it, move its date, or say why it will not be done: each of these ends the reminders."
	m.Why = "This channel hears of what is " + word + ". " + onPage
	if event == hansei.EventEscalated {
		m.Lead = "Its owner and their team were reminded, and it is still open. Perhaps something is in their way that you can clear."
	}
	if person {
		m.Why = "You own this. At most one reminder a day comes about one thing."
	}
	return m
}

// listOf is the page that lists what is open: of follow-ups theirs.
func listOf(things []thing) string {
	for _, t := range things {
		if t.kind != hansei.KindFollowUp {
			return overview
		}
	}
	return followUps
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// digest is the weekly message of what is open.
func digest(things []thing, today time.Time, zone *time.Location) notify.Message {
	m := notify.Message{Event: hansei.EventDigest, Path: listOf(things), Action: "See what is open", Why: "This channel hears once a week what is open. " + onPage}
	retros, late := 0, 0
	for _, t := range things {
		if t.kind == hansei.KindRetrospective {
			retros++
		}
		if !t.due.IsZero() && day(t.due, zone).Before(today) {
			late++
		}
		m.Items = append(m.Items, t.item(today, zone))
	}
	m.Subject = "Open this week: " + plural(retros, "retrospective", "retrospectives") + ", " + plural(len(things)-retros, "follow-up", "follow-ups")
	switch late {
	case 0:
		m.Lead = "Nothing of it is overdue."
	case 1:
		m.Lead = "One of them is overdue; it stands first."
	default:
		m.Lead = fmt.Sprintf("%d of them are overdue; they stand first.", late)
	}
	return m
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
