package reading

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func page(url string) Page { return Page{Name: "sp", URL: url} }

func example(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func incidentOf(milestones map[hansei.Role]string, in hansei.Incident) *hansei.Incident {
	for role, when := range milestones {
		in.Milestones.Set(role, at(when))
	}
	return &in
}

func TestNormalizeTellsAllThereIs(t *testing.T) {
	early := hansei.Update{ID: "qm8bgczn0p2n", At: at("2017-12-26T07:32:00.548Z"), Status: "identified", Text: "We just encountered that database queries are timing out resulting in inconvenience to our end users...we'll do quick fix latest by tomorrow !!!"}
	queries := func(status string, milestones map[hansei.Role]string, updated string, updates ...hansei.Update) hansei.Observation {
		return hansei.Observation{
			Key: hansei.Key{Kind: hansei.KindIncident, Source: "sp", External: "z3lct0r596n4"}, At: at(updated), Line: 1, Names: []string{"http://stspg.io/646947c1e"},
			Record: incidentOf(milestones, hansei.Incident{
				Title: "Database query delays", URL: "https://status.example.com/incidents/z3lct0r596n4", Status: status, Severity: "sev4",
				Services: []hansei.ID{"Management Portal (example)"}, Updates: updates,
			}),
		}
	}
	for _, c := range []struct {
		file string
		want hansei.Observation
	}{
		{"webhook_created.json", queries(hansei.StatusOpen, map[hansei.Role]string{hansei.RoleDeclared: "2017-12-26T07:32:00.507Z", "identified": "2017-12-26T07:32:00.548Z"}, "2017-12-26T07:32:00.603Z", early)},
		{"webhook_update.json", queries(hansei.StatusResolved, map[hansei.Role]string{hansei.RoleDeclared: "2017-12-26T07:32:00.507Z", "identified": "2017-12-26T07:32:00.548Z", hansei.RoleResolved: "2017-12-26T07:37:20.785Z"},
			"2017-12-26T07:37:20.837Z", early, hansei.Update{ID: "cdwfdrjlp53y", At: at("2017-12-26T07:37:20.785Z"), Status: "resolved", Text: "The database issue is resolved."})},
		{"webhook_component.json", hansei.Observation{
			Key: hansei.Key{Kind: hansei.KindService, Source: "sp", External: "sqm6pl84wzjc"}, At: at("2017-12-26T07:59:09.371Z"), Line: 1,
			Record: &hansei.Service{Name: "Database component", URL: "https://status.example.com"}}},
		{"components.json", hansei.Observation{
			Key: hansei.Key{Kind: hansei.KindService, Source: "sp", External: "rhznvxg4v7yh"}, At: at("2022-02-15T21:21:55.150Z"), Line: 1,
			Record: &hansei.Service{Name: "API", URL: "https://status.example.com"}}},
		{"incidents.json", hansei.Observation{
			Key: hansei.Key{Kind: hansei.KindIncident, Source: "sp", External: "n4njzfn1mqy0"}, At: at("2022-02-15T21:37:37.404Z"), Line: 1, Names: []string{"https://stspg.io/y1w39cblgvhz"},
			Record: incidentOf(map[hansei.Role]string{
				hansei.RoleBegan: "2022-02-15T21:14:17.737Z", hansei.RoleDeclared: "2022-02-15T21:14:17.744Z", hansei.RoleMitigated: "2022-02-15T21:21:55.183Z", hansei.RoleResolved: "2022-02-15T21:37:37.388Z",
			}, hansei.Incident{
				Title: "Messaging issues", URL: "https://status.example.com/incidents/n4njzfn1mqy0", Status: hansei.StatusResolved, Severity: "sev3", Services: []hansei.ID{"API"},
				Impacts: []hansei.Window{{Since: at("2022-02-15T21:14:17.849Z"), Until: at("2022-02-15T21:21:55.183Z"), Note: "API"}},
				Updates: []hansei.Update{
					{ID: "7gv6pn1zyz2n", At: at("2022-02-15T21:14:17.849Z"), Status: "investigating", Text: "We're investigating high latency."},
					{ID: "8tkvrgqxbpr0", At: at("2022-02-15T21:21:31.892Z"), Status: "investigating", Text: "We are continuing to investigate this issue."},
					{ID: "2shj4d01hc9g", At: at("2022-02-15T21:21:55.183Z"), Status: "monitoring", Text: "We believe we have mitigated the root cause."},
					{ID: "g93t2s4f10jh", At: at("2022-02-15T21:37:37.388Z"), Status: "resolved", Text: "This incident has been resolved."},
				}})}},
		{"maintenances.json", hansei.Observation{
			Key: hansei.Key{Kind: hansei.KindIncident, Source: "sp", External: "chkt3cr0jf7b"}, At: at("2015-09-22T09:25:20.086Z"), Line: 1, Names: []string{"http://stspg.io/1UdW"},
			Record: incidentOf(map[hansei.Role]string{
				hansei.RoleDeclared: "2015-09-19T01:20:40.535Z", hansei.RoleBegan: "2015-09-22T07:55:02.284Z", hansei.RoleResolved: "2015-09-22T09:25:20.034Z",
			}, hansei.Incident{
				Title: "Server Juice", URL: "https://status.example.com/incidents/chkt3cr0jf7b", Type: hansei.IncidentMaintenance, Status: hansei.StatusResolved,
				Updates: []hansei.Update{
					{ID: "1nz6l9z9fbyc", At: at("2015-09-19T01:20:00Z"), Status: "scheduled", Text: "We're powering up our servers.", Edited: at("2015-09-19T22:45:59.626Z")},
					{ID: "qx6z06wkmsfd", At: at("2015-09-22T07:55:02.284Z"), Status: "in_progress", Text: "Maintenance has started!"},
					{ID: "l44j4c4st6mh", At: at("2015-09-22T08:07:50.805Z"), Status: "verifying", Text: "New updates are deployed. Monitoring it."},
					{ID: "m4nqbp4s5jxj", At: at("2015-09-22T09:25:20.034Z"), Status: "completed", Text: "Everything seems to be working!"},
				}})}},
	} {
		got, err := page("https://status.example.com").Normalize(source.Delivery{Body: example(t, c.file)})
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
		if d := cmp.Diff([]hansei.Observation{c.want}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.file, d)
		}
	}
}

func TestNormalizeReadsHistoryAndPostmortems(t *testing.T) {
	body := `{"history":{"n2vq":{"id":9622130,"code":"n2vq","name":"Down","status":"postmortem","impact":"critical","shortlink":"https://stspg.io/x","created_at":"2026-01-01T10:00:00Z","updated_at":"2026-01-03T00:00:00Z","resolved_at":"2026-01-01T11:00:00Z",
		"postmortem_body":"What happened","postmortem_published_at":"2026-01-02T00:00:00Z","incident_updates":[
			{"id":"u1","status":"investigating","body":"a","created_at":"2026-01-01T10:00:00Z","affected_components":[{"code":"c","name":"Shop","new_status":"major_outage"}]}]}}}`
	got, err := page("https://status.example.com").Normalize(source.Delivery{Name: "pull/history", Body: []byte(body)})
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	in := got[0].Record.(*hansei.Incident)
	if got[0].Key.External != "n2vq" || !cmp.Equal(got[0].Names, []string{"https://stspg.io/x", "9622130"}) || in.Status != hansei.StatusResolved || in.Severity != "sev1" {
		t.Errorf("%+v %+v", got[0], in)
	}
	if in.Custom["postmortem_url"] != "https://status.example.com/incidents/n2vq" || len(in.Updates) != 2 || in.Updates[1].Text != "What happened" {
		t.Errorf("%+v", in)
	}
	if want := []hansei.Window{{Since: at("2026-01-01T10:00:00Z"), Until: at("2026-01-01T11:00:00Z"), Note: "Shop"}}; !cmp.Equal(in.Impacts, want) {
		t.Errorf("%+v", in.Impacts)
	}
}

func TestNormalizeRefusesWhatItDoesNotKnow(t *testing.T) {
	for body, want := range map[string]string{
		`{"incident":{"id":"a","status":"smouldering"}}`: "smouldering",
		`{"incident":{"status":"resolved"}}`:             "id",
		`{"component":{"id":"a"}}`:                       "name",
		`{"meta":{}}`:                                    "not used",
		`{"incidents":[]}`:                               "not used",
		`[]`:                                             "not what",
	} {
		got, err := page("https://status.example.com").Normalize(source.Delivery{Body: []byte(body)})
		if err == nil || got != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, name := range files {
		f.Add(example(f, filepath.Base(name)))
	}
	s := page("https://status.example.com")
	f.Fuzz(func(t *testing.T, body []byte) {
		a, erra := s.Normalize(source.Delivery{Body: body})
		b, errb := s.Normalize(source.Delivery{Body: body})
		if d := cmp.Diff(a, b); d != "" || (erra == nil) != (errb == nil) {
			t.Errorf("%v, %v\n%s", erra, errb, d)
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	s, body := page("https://status.example.com"), example(b, "webhook_update.json")
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := s.Normalize(source.Delivery{Body: body}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWebhooksInAnyOrder has the newer one carry the newer time, by which the
// fold decides.
func TestWebhooksInAnyOrder(t *testing.T) {
	sp := page("https://status.example.com")
	first, err := sp.Normalize(source.Delivery{Body: example(t, "webhook_created.json")})
	if err != nil {
		t.Fatal(err)
	}
	second, err := sp.Normalize(source.Delivery{Body: example(t, "webhook_update.json")})
	if err != nil || first[0].Key != second[0].Key || !second[0].At.After(first[0].At) || second[0].Partial {
		t.Errorf("%+v, %+v, %v", first, second, err)
	}
	if in := second[0].Record.(*hansei.Incident); len(in.Updates) != 2 {
		t.Errorf("%+v", in.Updates)
	}
}
