package watch

import (
	"time"

	"hansei"
	"hansei/internal/notify"
	"hansei/internal/retro"
)

// Samples are one message of each event, made by what makes the real ones, for
// people who want to see what they would get.
func Samples(now time.Time, zone *time.Location) []notify.Message {
	ann := &hansei.Person{Header: hansei.Header{ID: "ann-lee"}, Name: "Ann Lee"}
	today := day(now, zone)
	due := func(days int) time.Time { return now.AddDate(0, 0, days) }
	r := &hansei.Retrospective{Header: hansei.Header{ID: "retro:sample"}, Title: "Checkout down after an expired certificate", State: hansei.RetroDraft, Due: due(7),
		Sections: []hansei.Section{{ID: "response", Title: "Detection and response"}},
		Lessons:  []string{"A certificate that nobody owns expires.", "The runbook names a dashboard that is not there any more."}}
	in := &hansei.Incident{Header: hansei.Header{ID: "sample"}, Title: "Checkout down again", Severity: "sev1"}
	past := []retro.Past{{ID: "sample-1", Title: "Checkout down after an expired certificate", At: now.AddDate(0, -3, 0), Mitigation: "renewed the certificate by hand",
		Lessons: r.Lessons[:1], Open: 1, Reasons: []string{"same service: Checkout"}},
		{ID: "sample-2", Title: "Payment provider answers slowly", At: now.AddDate(0, -8, 0), Mitigation: "switched to the second provider", Reasons: []string{"words in common: checkout, timeout, payment"}}}
	things := []thing{
		{kind: hansei.KindFollowUp, id: "sample", noun: "follow-up", title: "Alert on certificates that expire within 14 days", path: followUpPath("sample"), due: due(-6), owner: ann},
		{kind: hansei.KindRetrospective, id: r.ID, noun: "retrospective", title: r.Title, path: retroPath(r.ID), due: due(2)},
	}
	return []notify.Message{
		similar(in, past, zone, false), drafted(r, zone, false), review(r, true),
		mention(r, hansei.Comment{Section: "response", By: "Ben Ito", Text: "@ann-lee do you remember what the dashboard showed?"}), published(r),
		reminder(hansei.EventDue, things[1:], today, zone, true), reminder(hansei.EventOverdue, things[:1], today, zone, true),
		reminder(hansei.EventEscalated, things[:1], today, zone, false), digest(things, today, zone),
	}
}
