package pagerduty

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/sourcetest"
)

// TestPullsAsDescribed pulls every stream from a server that holds each
// request and each answer to PagerDuty's own OpenAPI description, and makes
// records of what it answered.
func TestPullsAsDescribed(t *testing.T) {
	pd, server := asDescribed(t)
	for _, st := range pd.Streams() {
		pages := 0
		p := &source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client(), Wait: func(context.Context, time.Duration) error { return nil }},
			From: now.Add(-40 * day), Now: now, Emit: func(page source.Page) error {
				pages++
				said, err := pd.Normalize(source.Delivery{Name: "pull/" + st.Name, Body: page.Body, Received: now})
				if err != nil || len(said) == 0 {
					return fmt.Errorf("%d observations: %w", len(said), err)
				}
				return nil
			}}
		if err := st.Pull(p); err != nil || pages == 0 {
			t.Errorf("%s: %d pages, %v", st.Name, pages, err)
		}
	}
}

func TestFaultsAsDescribed(t *testing.T) {
	every, _ := asDescribed(t)
	for i, st := range every.Streams() {
		t.Run(st.Name, func(t *testing.T) {
			pd, server := asDescribed(t)
			sourcetest.Survives(t, server, now.Add(-40*day), now, "k3y", func() source.Stream { return pd.Streams()[i] })
		})
	}
}

// asDescribed is an account at a server that answers as the description has it.
func asDescribed(t *testing.T) (*pagerDuty, *httptest.Server) {
	t.Helper()
	description, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	server := sourcetest.Described(t, description, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(map[string]any{name: []any{described[name]}, "limit": 100, "offset": 0, "more": false, "total": nil}); err != nil {
			t.Error(err)
		}
	}))
	s, err := Kind.New(source.Config{Name: "pd", Settings: map[string]string{"token": "k3y"}})
	if err != nil {
		t.Fatal(err)
	}
	pd := s.(*pagerDuty)
	pd.base = server.URL
	return pd, server
}

// described is one of each, as the description has it.
var described = map[string]any{
	"incidents": map[string]any{"id": "PT4KHLK", "type": "incident", "summary": "[#1234] It is down", "self": "https://api.pagerduty.com/incidents/PT4KHLK", "html_url": "https://acme.pagerduty.com/incidents/PT4KHLK",
		"incident_number": 1234, "title": "It is down", "created_at": "2026-02-10T10:00:00Z", "updated_at": "2026-02-10T11:00:00Z", "status": "resolved", "urgency": "high",
		"service": ref("PIJ90N7", "service_reference", "Web")},
	"log_entries": map[string]any{"id": "Q02JTSNZWHSEKV", "type": "trigger_log_entry", "summary": "Triggered", "created_at": "2026-02-10T10:00:00Z", "self": "https://api.pagerduty.com/log_entries/Q02JTSNZWHSEKV",
		"html_url": nil, "channel": map[string]any{"type": "api"}, "incident": ref("PT4KHLK", "incident_reference", "[#1234] It is down"), "service": ref("PIJ90N7", "service_reference", "Web")},
	"services": map[string]any{"id": "PIJ90N7", "type": "service", "summary": "Web", "name": "Web", "status": "active", "created_at": "2025-02-10T10:00:00Z",
		"self": "https://api.pagerduty.com/services/PIJ90N7", "html_url": "https://acme.pagerduty.com/services/PIJ90N7", "escalation_policy": ref("PT20YPA", "escalation_policy_reference", "Default")},
	"teams":   map[string]any{"id": "PQ9K7I8", "type": "team", "summary": "Platform", "name": "Platform", "self": "https://api.pagerduty.com/teams/PQ9K7I8", "html_url": "https://acme.pagerduty.com/teams/PQ9K7I8"},
	"users":   map[string]any{"id": "PXPGF42", "type": "user", "summary": "Ann", "name": "Ann", "email": "ann@example.com", "self": "https://api.pagerduty.com/users/PXPGF42", "html_url": "https://acme.pagerduty.com/users/PXPGF42"},
	"oncalls": map[string]any{"user": ref("PXPGF42", "user_reference", "Ann"), "schedule": ref("PI7DH85", "schedule_reference", "Weekly"), "escalation_policy": ref("PT20YPA", "escalation_policy_reference", "Default"), "escalation_level": 1, "start": "2026-02-10T00:00:00Z", "end": "2026-02-17T00:00:00Z"},
}

func ref(id, kind, summary string) map[string]any {
	return map[string]any{"id": id, "type": kind, "summary": summary, "self": "https://api.pagerduty.com/x/" + id, "html_url": "https://acme.pagerduty.com/x/" + id}
}
