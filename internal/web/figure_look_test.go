package web_test

import (
	"testing"
)

func TestFigurePagesHaveNoAccessibilityViolations(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	empty, s := newSite(t), newSite(t)
	s.load(t, "course.csv", course())
	s.load(t, "deployments.csv", deploymentsCSV)
	pages := map[string]string{
		"welcome": empty.url + "/", "overview": s.url + "/", "wrong": s.url + "/?since=soon",
		"metrics": s.url + "/metrics", "resolve": s.url + "/metrics/time_to_resolve", "mix": s.url + "/metrics/severity_mix",
		"unfilled": s.url + "/metrics/change_lead_time", "records": s.url + "/metrics/time_to_resolve/records",
		"services": s.url + "/services", "service": s.url + "/services/checkout",
	}
	judged(t, ctx, look{group: "figures", pages: pages, ready: `[...document.querySelectorAll('[data-chart]')].every(c => c.querySelector('canvas, svg'))`})
}
