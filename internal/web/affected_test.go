package web_test

import (
	"testing"
	"time"

	"hansei"
	"hansei/internal/affected"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// TestSupportAndTrackerOnAnIncident: the page of an incident says that at least
// so many customers were affected, and what is to be done about it.
func TestSupportAndTrackerOnAnIncident(t *testing.T) {
	t.Parallel()
	s, ctx, who := newSite(t), t.Context(), auth.Local()
	s.load(t, "incidents.csv", "id,title,severity,status,url,started,resolved\n1,Payments fail,sev2,resolved,https://pager.example/i/1,2025-02-01T10:00:00Z,2025-02-01T11:00:00Z\n")
	s.load(t, "tickets.csv", "id,subject,created_at,customer,incident\nT1,Cannot pay,2025-02-01T10:10:00Z,Globex,https://pager.example/i/1\nT2,Me too,2025-02-01T10:12:00Z,Initech,https://pager.example/i/1\nT3,Still,2025-02-01T10:20:00Z,globex,https://pager.example/i/1\n")
	if err := (&intake.Inbox{Records: s.Records}).Link(ctx, who); err != nil {
		t.Fatal(err)
	}
	if err := (affected.Counter{Records: s.Records}).Follow(ctx, who); err != nil {
		t.Fatal(err)
	}
	made := time.Date(2025, 2, 3, 9, 0, 0, 0, time.UTC)
	seq, err := s.Records.Write(ctx, who.As("jobs"), func(tx *record.Tx) error {
		return record.Put(tx, &hansei.FollowUp{Header: hansei.Header{ID: "code:7"}, Title: "Alert on declined cards", Status: hansei.FollowUpOpen, Created: made, Due: made.AddDate(0, 0, 7), Incidents: []hansei.ID{"file:1"}, WorkItem: "code:7",
			Tracker: &hansei.Tracked{Source: "code", External: "acme/shop#7", Key: "acme/shop#7", URL: "https://github.com/acme/shop/issues/7", State: "open", Seen: made, Adopted: made, Here: map[string]string{"status": "open"}, There: map[string]string{"status": "open"}}}, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Facts.Wait(ctx, seq); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"/incidents/file:1":  {"at least 2", "counted from 3 support tickets", "Alert on declined cards", "acme/shop#7", "overdue since"},
		"/follow-ups/code:7": {"It was filed there and marked as a follow-up", "took it over: acme/shop#7 is marked as a follow-up", "Payments fail"},
		"/follow-ups":        {"Alert on declined cards", "acme/shop#7"},
	} {
		s.get(t, path).says(t, 200, want...)
	}
	if *shots == "" {
		return
	}
	judged(t, browser(t), look{group: "affected", pages: map[string]string{"incident": s.url + "/incidents/file:1", "follow-up": s.url + "/follow-ups/code:7"}, open: openButMenus})
}
