package word

import "testing"

func TestSnake(t *testing.T) {
	for in, want := range map[string]string{
		"createdAt": "created_at", "Created at": "created_at", "CREATED-AT": "created_at", "HTMLUrl": "html_url", "Issue #": "issue_number",
		"TinyID": "tiny_id", "  Résumé (UTC) ": "résumé_utc", "Component/s": "component_s", "???": "", "p95Latency": "p95_latency",
	} {
		if got := Snake(in); got != want {
			t.Errorf("Snake(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestStem(t *testing.T) {
	for in, want := range map[string]string{
		"created_at": "created", "date_created": "created", "creation_time": "created", "created": "created", "resolution_date": "resolved",
		"resolutiondate": "resolved", "start_time_utc": "started", "time": "time", "closed_on": "closed", "first_commit_at": "first_commit",
	} {
		if got, _ := Stem(in); got != want {
			t.Errorf("Stem(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestReadings(t *testing.T) {
	for _, c := range []struct {
		name string
		read func(string) (string, bool)
		want map[string]string
	}{
		{"severity", severity, map[string]string{
			"SEV1": "sev1", "sev-2": "sev2", "Sev 3": "sev3", "S4": "sev4", "P1": "sev1", "1": "sev1", "1 - High": "sev1", "Critical - S1": "sev1", "SEV0": "sev0",
			"critical": "sev1", "Major": "sev2", "minor": "sev3", "none": "sev4", "high": "sev2", "Medium": "sev3", "low": "sev4", "blocker": "sev1", "trivial": "sev5", "unknown": "", "Amber": "amber",
		}},
		{"status", status, map[string]string{
			"New": "open", "In Progress": "open", "Awaiting User Info": "open", "triggered": "open", "On Hold": "open", "Resolved": "resolved", "postmortem": "resolved",
			"Closed": "closed", "Cancelled": "canceled", "False positive": "canceled", "-100": "",
		}},
		{"environment", environment, map[string]string{
			"PRODUCTION": "production", "prod": "production", "live": "production", "prod-eu-1": "production", "eu-prod": "production", "preprod": "preprod", "pre-prod": "pre-prod", "non-prod": "non-prod",
			"STAGING": "staging", "stg": "staging", "QA": "qa", "alive": "alive", "product-x": "product-x",
		}},
		{"result", result, map[string]string{
			"SUCCESS": "success", "Succeeded": "success", "true": "success", "FAILURE": "failure", "timed out": "failure", "Canceled": "canceled", "in_progress": "running", "purple": "",
		}},
		{"incident type", IncidentType, map[string]string{"incident": "real", "Near miss": "near_miss", "tutorial": "drill", "test": "test", "scheduled": "maintenance", "Security": ""}},
		{"work item type", workItemType, map[string]string{"Story": "feature", "Bug": "bug", "Sub-task": "chore", "Epic": "epic"}},
	} {
		for in, want := range c.want {
			if got, _ := c.read(in); got != want {
				t.Errorf("%s %q is %q, want %q", c.name, in, got, want)
			}
		}
	}
}

func TestUnknown(t *testing.T) {
	for _, s := range []string{"", "?", "N/A", "null", "None", "-", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z"} {
		if !Unknown(s) {
			t.Errorf("%q is not taken as unknown", s)
		}
	}
	for _, s := range []string{"0", "no", "nobody", "?!", "-1"} {
		if Unknown(s) {
			t.Errorf("%q is taken as unknown", s)
		}
	}
}

func TestNumber(t *testing.T) {
	for in, want := range map[string]float64{"12": 12, "1,234": 1234, "1,234,567.5": 1234567.5, "-4": -4, "1e3": 1000} {
		if got, ok := Number(in); !ok || got != want {
			t.Errorf("Number(%q) = %v %t, want %v", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "many", "NaN", "Inf", "1k"} {
		if _, ok := Number(in); ok {
			t.Errorf("Number(%q) is a number", in)
		}
	}
}
