package app

import (
	"testing"

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
		"generic": {"mapping": "kind: incident\nid: id\n", "list_url": "https://api.example.com/list", "auth": secret},
	}
	dirs := map[string]string{"grafana": "alertmanager"}
	for _, k := range tools {
		t.Run(k.Name, func(t *testing.T) {
			settings := map[string]string{"webhook_secret": secret}
			for name, v := range samples[k.Name] {
				settings[name] = v
			}
			dir := dirs[k.Name]
			if dir == "" {
				dir = k.Name
			}
			sourcetest.Run(t, sourcetest.Sample{Kind: k, Settings: settings, Secret: secret, Dir: "../source/" + dir})
		})
	}
}
