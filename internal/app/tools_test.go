package app

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/source"
	"hansei/internal/source/sourcetest"
)

// TestEverySource holds each kind of source to what all must satisfy.
func TestEverySource(t *testing.T) {
	const secret = "s3cret-of-the-source"
	samples := map[string]map[string]string{
		"pagerduty": {"token": secret}, "github": {"token": secret, "repositories": "a/b", "workflows": ".", "releases": "yes"},
		"gitlab": {"token": secret, "projects": "a/b", "releases": "yes", "pipelines": "."}, "git": {"path": "/nowhere", "tags": "."},
		"jira": {"url": "https://acme.atlassian.net", "token": secret}, "linear": {"token": secret}, "zendesk": {"subdomain": "acme", "token": secret}, "slack": {"token": secret},
		"icalendar": {"url": "https://calendar.example/" + secret}, "statuspage": {"url": "https://status.example.com"},
		"generic": {"mapping": "kind: incident\nid: id\nfields:\n  - column: state\n    field: status\n  - column: began\n    field: declared_at\n", "list_url": "https://api.example.com/list", "auth": secret},
	}
	dirs := map[string]string{"grafana": "alertmanager"}
	for _, k := range tools {
		t.Run(k.Name, func(t *testing.T) {
			for _, x := range k.Settings {
				if x.Name == "mapping" && k.Preview == nil {
					t.Errorf("%s is written by hand, and its page has nothing to try it on", x.Title)
				}
			}
			settings := map[string]string{"webhook_secret": secret}
			for name, v := range samples[k.Name] {
				settings[name] = v
			}
			dir := dirs[k.Name]
			if dir == "" {
				dir = k.Name
			}
			sourcetest.Run(t, sourcetest.Sample{Kind: k, Settings: settings, Secret: secret, Dir: "../source/" + dir, Statuses: statuses[k.Name], None: stateless[k.Name]})
		})
	}
}

// stateless are the tools that tell no status, and why.
var stateless = map[string]string{"git": "a commit stands as it is", "slack": "what is written, pinned and archived is said by the type of the event"}

// statuses are payloads of each tool that tell how something stands.
var statuses = map[string][]sourcetest.Status{
	"pagerduty": {
		{Name: "incident.acknowledged", Known: "acknowledged", Body: `{"event":{"id":"1","event_type":"incident.acknowledged","resource_type":"incident","occurred_at":"2026-03-01T10:00:00Z","data":{"id":"P1","type":"incident","status":"{status}","title":"x","created_at":"2026-03-01T09:00:00Z"}}}`},
		{Name: "pull/incidents", Known: "resolved", Body: `{"incidents":[{"id":"P1","type":"incident","status":"{status}","title":"x","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T10:00:00Z"}]}`},
	},
	"alertmanager": {{Known: "firing", Body: `{"alerts":[{"status":"{status}","fingerprint":"f","labels":{"alertname":"x"},"startsAt":"2026-03-01T10:00:00Z"}]}`}},
	"grafana":      {{Known: "firing", Body: `{"alerts":[{"status":"{status}","fingerprint":"f","labels":{"alertname":"x"},"startsAt":"2026-03-01T10:00:00Z"}]}`}},
	"statuspage": {
		{Known: "monitoring", Body: `{"incident":{"id":"i","name":"x","status":"{status}","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T10:00:00Z"}}`},
		{Known: "partial_outage", Body: `{"incident":{"id":"i","name":"x","status":"resolved","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T10:00:00Z","incident_updates":[{"id":"u","status":"identified","created_at":"2026-03-01T09:10:00Z","affected_components":[{"code":"c","name":"Web","new_status":"{status}"}]}]}}`},
	},
	"github": {
		{Name: "deployment_status", Known: "success", Body: `{"repository":{"name":"b","full_name":"a/b"},"deployment":{"id":1,"created_at":"2026-03-01T09:00:00Z"},"deployment_status":{"state":"{status}","created_at":"2026-03-01T10:00:00Z"}}`},
		{Name: "workflow_run", Known: "failure", Body: `{"repository":{"name":"b","full_name":"a/b","default_branch":"main"},"workflow_run":{"id":1,"name":"deploy","event":"push","head_branch":"main","status":"completed","conclusion":"{status}","run_started_at":"2026-03-01T09:00:00Z","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T10:00:00Z"}}`},
		{Name: "pull_request", Known: "open", Body: `{"repository":{"name":"b","full_name":"a/b"},"pull_request":{"number":1,"state":"{status}","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T10:00:00Z"}}`},
		{Name: "issues", Known: "closed", Body: `{"repository":{"name":"b","full_name":"a/b"},"issue":{"number":1,"state":"{status}","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T10:00:00Z","closed_at":"2026-03-01T10:00:00Z"}}`},
	},
	"gitlab": {
		{Known: "failed", Body: `{"object_kind":"deployment","project":{"path_with_namespace":"a/b"},"deployment_id":1,"status":"{status}","status_changed_at":"2026-03-01 11:00:00 +0100"}`},
		{Known: "locked", Body: `{"object_kind":"merge_request","project":{"path_with_namespace":"a/b"},"object_attributes":{"iid":3,"state":"{status}","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:00:00Z"}}`},
		{Known: "closed", Body: `{"object_kind":"issue","project":{"path_with_namespace":"a/b"},"object_attributes":{"iid":3,"state":"{status}","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:00:00Z"}}`},
		{Known: "canceled", Body: `{"object_kind":"pipeline","project":{"path_with_namespace":"a/b"},"object_attributes":{"id":1,"name":"Deploy","ref":"main","source":"push","status":"{status}","created_at":"2026-03-01 09:00:00 UTC","finished_at":"2026-03-01 09:10:00 UTC"}}`},
		{Name: "pull/deployments", Known: "blocked", Body: `{"project":{"path_with_namespace":"a/b"},"items":[{"id":1,"status":"{status}","created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:00:00Z"}]}`},
	},
	"cdevents": {{Known: "deployed", Body: `{"context":{"type":"dev.cdevents.service.{status}.0.3.0","id":"1","timestamp":"2026-03-01T10:00:00Z"},"subject":{"id":"a"}}`}},
	"jira":     {{Known: "indeterminate", Body: `{"webhookEvent":"jira:issue_updated","timestamp":1772360000000,"issue":{"id":"1","key":"A-1","fields":{"summary":"x","issuetype":{"name":"Bug"},"status":{"name":"S","statusCategory":{"key":"{status}"}},"created":"2026-03-01T10:00:00.000+0100","updated":"2026-03-01T12:00:00.000+0100"}}}`}},
	"linear":   {{Name: "Issue", Known: "started", Body: `{"action":"update","type":"Issue","webhookTimestamp":1772360000000,"data":{"id":"1","createdAt":"2026-03-01T10:00:00Z","updatedAt":"2026-03-01T11:00:00Z","state":{"name":"S","type":"{status}"}}}`}},
	"zendesk": {
		{Name: "ticket.status_changed", Known: "PENDING", Body: `{"detail":{"id":"1","created_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T10:00:00Z","status":"{status}"},"time":"2026-03-01T11:00:00Z","type":"zen:event-type:ticket.status_changed"}`},
		{Name: "pull/tickets", Known: "hold", Body: `{"tickets":[{"id":1,"status":"{status}","created_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T10:00:00Z"}]}`},
	},
	"icalendar": {{Name: "pull/calendar", Known: "TENTATIVE", Body: `{"since":"2026-01-01T00:00:00Z","until":"2026-02-01T00:00:00Z","calendar":"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:Ann\nSTATUS:{status}\nDTSTART:20260101T000000Z\nDTEND:20260102T000000Z\nEND:VEVENT\nEND:VCALENDAR"}`}},
	"generic":   {{Name: "webhook", Known: "resolved", Body: `{"id":"1","began":"2026-03-01T10:00:00Z","state":"{status}"}`}},
}

// TestLostKey: whoever starts a server without the key that sealed its
// credentials is told, and of which.
func TestLostKey(t *testing.T) {
	dir := t.TempDir()
	ran := func(do func(*App)) string {
		t.Helper()
		var log bytes.Buffer
		a, err := New(t.Context(), Config{Dir: dir, Listen: freePort(t), Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		do(a)
		if err := a.checkKey(t.Context()); err != nil { // as Run does first
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		return log.String()
	}
	if log := ran(func(a *App) {
		if _, err := a.sources.Add(t.Context(), auth.Local(), connect.Spec{Tool: "pagerduty", Name: "pd", Settings: map[string]string{source.WebhookSecret: "s"}}); err != nil {
			t.Fatal(err)
		}
	}); strings.Contains(log, "another key") {
		t.Errorf("with its own key: %s", log)
	}
	if err := os.Remove(filepath.Join(dir, "hansei.key")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the key that is made anew is there the second time
		if log := ran(func(*App) {}); !strings.Contains(log, "another key") || !strings.Contains(log, "source/pd") {
			t.Errorf("without it: %s", log)
		}
	}
}
