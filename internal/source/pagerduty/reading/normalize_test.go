package reading

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
)

var account = Account{Name: "pd"}

func read(t testing.TB, file string) source.Delivery {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimSuffix(file, ".json")
	if list, ok := strings.CutPrefix(name, "pull_"); ok {
		name = "pull/" + list
	}
	return source.Delivery{Name: name, Body: body}
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestNormalizeUnderstandsEveryPublishedExample(t *testing.T) {
	unused := map[string]bool{
		"incident.task.created.json": true, "incident.role.assigned.json": true, "incident.workflow.started.json": true,
		"incident.action_invocation.created.json": true, "service.custom_field_values.updated.json": true, "incident.responder.added.json": true,
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d examples: %v", len(files), err)
	}
	for _, f := range files {
		f = filepath.Base(f)
		got, err := account.Normalize(read(t, f))
		if unused[f] != errors.Is(err, source.ErrUnused) || (err != nil && !unused[f]) || (err == nil && len(got) == 0) {
			t.Errorf("%s: %d observations, %v", f, len(got), err)
		}
	}
}

var cleared = []string{"title", "type", "priority", "urgency", "services", "teams", "labels"}
var first = []string{"declared_at", "acknowledged_at", "alerted_at"}

func bump(status string, when string, set func(*hansei.Incident, *hansei.Observation)) hansei.Observation {
	in := &hansei.Incident{
		Title: "A little bump in the road", URL: "https://acme.pagerduty.com/incidents/PGR0VU2", Status: status, Priority: "P1", Urgency: "high",
		Services: []hansei.ID{"API Service"}, Teams: []hansei.ID{"Engineering"}, Labels: []string{"major"},
	}
	in.Milestones.Set(hansei.RoleDeclared, at("2020-04-09T15:16:27Z"))
	o := hansei.Observation{
		Key: hansei.Key{Kind: hansei.KindIncident, Source: "pd", External: "PGR0VU2"}, Record: in, At: at(when), Partial: true,
		Clear: append([]string{}, cleared...), First: first, Line: 1,
		Names: []string{"https://api.pagerduty.com/incidents/PGR0VU2"}, Mentions: []string{"https://example.com"},
	}
	if status == hansei.StatusOpen {
		o.Clear = append(o.Clear, "resolved_at")
	}
	set(in, &o)
	return o
}

func paged(who, id, status string, when string) hansei.Observation {
	a := &hansei.Alert{
		Title: "A little bump in the road", URL: "https://acme.pagerduty.com/incidents/PGR0VU2", Status: status, Incident: "PGR0VU2",
		Services: []hansei.ID{"API Service"}, Responder: hansei.ID(who),
	}
	if status == "triggered" {
		a.Triggered = at(when)
	} else {
		a.Acknowledged = at(when)
	}
	return hansei.Observation{
		Key: hansei.Key{Kind: hansei.KindAlert, Source: "pd", External: "PGR0VU2:" + id}, Record: a, At: at(when), Partial: true,
		First: []string{"triggered_at", "acknowledged_at"}, Line: 2,
	}
}

func TestNormalizeTellsWhatHappened(t *testing.T) {
	update := func(u hansei.Update, who string) []hansei.Observation {
		in := &hansei.Incident{URL: "https://acme.pagerduty.com/incidents/PGR0VU2", Updates: []hansei.Update{u}}
		if who != "" {
			in.Responders = []hansei.ID{hansei.ID(who)}
		}
		return []hansei.Observation{{Key: hansei.Key{Kind: hansei.KindIncident, Source: "pd", External: "PGR0VU2"}, Record: in, At: u.At, Partial: true, Line: 1}}
	}
	for _, c := range []struct {
		file string
		want []hansei.Observation
	}{
		{"incident.triggered.json", []hansei.Observation{
			bump(hansei.StatusOpen, "2020-04-09T15:16:27Z", func(in *hansei.Incident, _ *hansei.Observation) {
				in.Detection = "person"
				in.Milestones.Set(hansei.RoleAlerted, at("2020-04-09T15:16:27Z"))
			}), paged("User 123", "PTUXL6G", "triggered", "2020-04-09T15:16:27Z")}},
		{"incident.acknowledged.json", []hansei.Observation{
			bump(hansei.StatusOpen, "2020-04-09T15:20:00Z", func(in *hansei.Incident, _ *hansei.Observation) {
				in.Responders = []hansei.ID{"Tenex Engineer"}
				in.Milestones.Set(hansei.RoleAcknowledged, at("2020-04-09T15:20:00Z"))
			}), paged("Tenex Engineer", "PLH1HKV", "acknowledged", "2020-04-09T15:20:00Z")}},
		{"incident.escalated.json", []hansei.Observation{
			bump(hansei.StatusOpen, "2020-04-09T15:18:00Z", func(in *hansei.Incident, _ *hansei.Observation) {
				in.Milestones.Set(hansei.RoleAlerted, at("2020-04-09T15:18:00Z"))
				in.Milestones.Set("escalated", at("2020-04-09T15:18:00Z"))
			}), paged("User 123", "PTUXL6G", "triggered", "2020-04-09T15:18:00Z")}},
		{"incident.resolved.json", []hansei.Observation{
			bump(hansei.StatusResolved, "2020-04-09T16:00:00Z", func(in *hansei.Incident, _ *hansei.Observation) {
				in.Responders = []hansei.ID{"Tenex Engineer"}
				in.Milestones.Set(hansei.RoleResolved, at("2020-04-09T16:00:00Z"))
			})}},
		{"incident.annotated.json", update(hansei.Update{ID: "note:8ada8b77f385138b", At: at("2020-10-02T18:45:22.169Z"), Status: "note", Text: "I sure am glad we are using PagerDuty!", By: "Tenex Engineer"}, "Tenex Engineer")},
		{"incident.status_update_published.json", update(hansei.Update{ID: "P2LA89X", At: at("2020-10-02T18:45:22.169Z"), Status: "status update", Text: "A fix for this incident is being developed", By: "Tenex Engineer"}, "")},
		{"incident.custom_field_values.updated.json", []hansei.Observation{{
			Key:    hansei.Key{Kind: hansei.KindIncident, Source: "pd", External: "PBAZLIU"},
			Record: &hansei.Incident{Header: hansei.Header{Custom: map[string]string{"environment": "production", "region": "US"}}, URL: "https://acme.pagerduty.com/incidents/PBAZLIU"},
			At:     at("2020-10-02T18:45:22.169Z"), Partial: true, Line: 1}}},
		{"service.updated.json", []hansei.Observation{{
			Key:    hansei.Key{Kind: hansei.KindService, Source: "pd", External: "PF9KMXH"},
			Record: &hansei.Service{Name: "testing service updates", URL: "https://acme.pagerduty.com/services/PF9KMXH", Team: "Engineering"},
			At:     at("2021-03-02T13:35:11.682Z"), Names: []string{"https://api.pagerduty.com/services/PF9KMXH"}, Line: 1}}},
	} {
		got, err := account.Normalize(read(t, c.file))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.file, d)
		}
	}
}

func TestNormalizeReadsLists(t *testing.T) {
	in := &hansei.Incident{
		Title: "The server is on fire.", URL: "https://subdomain.pagerduty.com/incidents/PT4KHLK", Status: hansei.StatusResolved, Priority: "P2", Urgency: "high",
		Services: []hansei.ID{"My Mail Service"}, Teams: []hansei.ID{"Engineering"},
	}
	in.Milestones.Set(hansei.RoleDeclared, at("2015-10-06T21:30:42Z"))
	in.Milestones.Set(hansei.RoleResolved, at("2015-10-06T21:38:23Z"))
	triggered := &hansei.Incident{URL: "https://subdomain.pagerduty.com/incidents/PT4KHLK", Detection: "monitoring"}
	triggered.Milestones.Set(hansei.RoleDeclared, at("2015-11-07T00:14:20Z"))
	for _, c := range []struct {
		file string
		want hansei.Observation
	}{
		{"pull_incidents.json", hansei.Observation{
			Key: hansei.Key{Kind: hansei.KindIncident, External: "PT4KHLK"}, Record: in, At: at("2015-10-06T21:40:23Z"), Partial: true, Clear: cleared, First: first,
			Names: []string{"https://api.pagerduty.com/incidents/PT4KHLK"}, Mentions: []string{"https://example.com/acb-123"}}},
		{"pull_log_entries.json", hansei.Observation{
			Key: hansei.Key{Kind: hansei.KindIncident, External: "PT4KHLK"}, Record: triggered, At: at("2015-11-07T00:14:20Z"), Partial: true, First: first}},
		{"pull_services.json", hansei.Observation{
			Key: hansei.Key{Kind: hansei.KindService, External: "PIJ90N7"}, Record: &hansei.Service{Name: "My Application Service", Team: "Engineering", URL: "https://subdomain.pagerduty.com/service-directory/PIJ90N7"},
			Names: []string{"https://api.pagerduty.com/services/PIJ90N7"}}},
	} {
		got, err := account.Normalize(read(t, c.file))
		if err != nil || len(got) == 0 {
			t.Errorf("%s: %d, %v", c.file, len(got), err)
			continue
		}
		c.want.Key.Source, c.want.Line = "pd", 1
		if d := cmp.Diff(c.want, got[0]); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.file, d)
		}
	}
}

// logged is a page of the log of one incident, newest first as PagerDuty gives it.
const logged = `{"log_entries":[
{"id":"L5","type":"resolve_log_entry","created_at":"2026-01-01T11:00:00+01:00","agent":{"id":"U1","type":"user_reference","summary":"Ann"},"incident":{"id":"P1","type":"incident","html_url":"https://a.pagerduty.com/incidents/P1","title":"Down","status":"resolved","created_at":"2026-01-01T09:00:00Z","updated_at":"2026-01-01T10:00:00Z","resolved_at":"2026-01-01T10:00:00Z","resolve_reason":{"type":"merge_resolve_reason","incident":{"id":"P0"}}}},
{"id":"L4","type":"annotate_log_entry","summary":"Note added","created_at":"2026-01-01T09:30:00Z","agent":{"id":"U1","type":"user_reference","summary":"Ann"},"channel":{"type":"note","summary":"I sure am glad we are using PagerDuty!"},"incident":{"id":"P1","type":"incident_reference"}},
{"id":"L3","type":"acknowledge_log_entry","created_at":"2026-01-01T09:05:00Z","agent":{"id":"U1","type":"user_reference","summary":"Ann"},"incident":{"id":"P1","type":"incident_reference","summary":"[#7] Down"}},
{"id":"L2","type":"notify_log_entry","created_at":"2026-01-01T09:00:10Z","user":{"id":"U1","type":"user_reference","summary":"Ann"},"service":{"id":"S","summary":"Shop"},"incident":{"id":"P1","type":"incident_reference","summary":"[#7] Down"}},
{"id":"L1","type":"snooze_log_entry","created_at":"2026-01-01T09:00:00Z","incident":{"id":"P1","type":"incident_reference"}}
]}`

func TestNormalizeReadsTheLog(t *testing.T) {
	got, err := account.Normalize(source.Delivery{Name: "pull/log_entries", Body: []byte(logged)})
	if err != nil {
		t.Fatal(err)
	}
	var in hansei.Incident
	for _, o := range got {
		if rec, ok := o.Record.(*hansei.Incident); ok {
			for _, m := range rec.Milestones {
				in.Milestones.Set(m.Role, m.At)
			}
			in.Updates = append(in.Updates, rec.Updates...)
			if rec.Status != "" {
				in.Status = rec.Status
			}
		}
	}
	want := hansei.Incident{Status: hansei.StatusCanceled, Updates: []hansei.Update{{ID: "note:8ada8b77f385138b", At: at("2026-01-01T09:30:00Z"), Status: "note", Text: "I sure am glad we are using PagerDuty!", By: "Ann"}}}
	want.Milestones.Set(hansei.RoleDeclared, at("2026-01-01T09:00:00Z"))
	want.Milestones.Set(hansei.RoleAlerted, at("2026-01-01T09:00:10Z"))
	want.Milestones.Set(hansei.RoleAcknowledged, at("2026-01-01T09:05:00Z"))
	want.Milestones.Set(hansei.RoleResolved, at("2026-01-01T10:00:00Z"))
	if d := cmp.Diff(want, in); d != "" {
		t.Error(d)
	}
	page := got[len(got)-1]
	rec := &hansei.Alert{Title: "Down", Status: "triggered", Incident: "P1", Services: []hansei.ID{"Shop"}, Responder: "Ann", Triggered: at("2026-01-01T09:00:10Z")}
	if d := cmp.Diff(hansei.Record(rec), page.Record); d != "" || page.Key.External != "P1:U1" || len(got) != 7 {
		t.Errorf("%d observations, the last %v:\n%s", len(got), page.Key, d)
	}
}

func TestNormalizeRefusesWhatItDoesNotKnow(t *testing.T) {
	event := func(kind, data string) string {
		return `{"event":{"event_type":"` + kind + `","occurred_at":"2026-01-01T00:00:00Z","data":` + data + `}}`
	}
	for _, c := range []struct{ name, body, want string }{
		{"", event("incident.triggered", `{"type":"incident","id":"P","status":"smouldering"}`), "smouldering"},
		{"", event("incident.triggered", `{"type":"incident","status":"triggered"}`), "without an id"},
		{"", event("incident.annotated", `{"type":"incident_note"}`), "which incident"},
		{"", event("incident.triggered", `null`), "not used"},
		{"", event("pagey.ping", `{"type":"ping","message":"Hello from your friend Pagey!"}`), "not used: event pagey.ping"},
		{"", event("incident.future", `{"type":"incident_future"}`), "not used"},
		{"", event("incident.future", `{"type":"incident_future","id":7}`), "not used"},
		{"", event("workflow.started", `{"status":{"of":"another shape"}}`), "not used: event workflow.started"},
		{"", event("incident.triggered", `{"type":"incident","id":7}`), "data"},
		{"", `{"event":{"event_type":"incident.triggered"}}`, "occurred_at"},
		{"", `{`, "not an event"},
		{"pull/incidents", `{"incidents":[{"id":"P","status":"snoozed"}]}`, "snoozed"},
		{"pull/incidents", `{"incidents":[]}`, "not used"},
		{"pull/incidents", `[]`, "not a list"},
		{"pull/log_entries", `{"log_entries":[{"id":"L","type":"resolve_log_entry"}]}`, "no incident"},
	} {
		got, err := account.Normalize(source.Delivery{Name: c.name, Body: []byte(c.body)})
		if err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, %v; want an error with %q", c.body, got, err, c.want)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		d := read(f, filepath.Base(name))
		f.Add(d.Name, d.Body)
	}
	f.Add("pull/log_entries", []byte(logged))
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		a, erra := account.Normalize(source.Delivery{Name: name, Body: body})
		b, errb := account.Normalize(source.Delivery{Name: name, Body: body})
		if d := cmp.Diff(a, b); d != "" || (erra == nil) != (errb == nil) {
			t.Errorf("twice the same delivery, two readings: %v, %v\n%s", erra, errb, d)
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	d := read(b, "incident.acknowledged.json")
	b.SetBytes(int64(len(d.Body)))
	for b.Loop() {
		if _, err := account.Normalize(d); err != nil {
			b.Fatal(err)
		}
	}
}
