package web_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestFigurePagesHaveNoAccessibilityViolations(t *testing.T) {
	ctx := browser(t)
	axe, err := os.ReadFile("testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	empty, s := newSite(t), newSite(t)
	s.load(t, "course.csv", course())
	s.load(t, "deployments.csv", deploymentsCSV)
	pages := map[string]string{
		"welcome": empty.url + "/", "overview": s.url + "/", "wrong": s.url + "/?since=soon",
		"metrics": s.url + "/metrics", "resolve": s.url + "/metrics/time_to_resolve", "mix": s.url + "/metrics/severity_mix",
		"unfilled": s.url + "/metrics/change_lead_time", "records": s.url + "/metrics/time_to_resolve/records",
		"services": s.url + "/services", "service": s.url + "/services/checkout",
	}
	for i, theme := range []string{"light", "dark", "light", "dark"} {
		width := []int64{1440, 390, 390, 1440}[i]
		do(t, ctx, chromedp.EmulateViewport(width, 1100))
		for _, name := range slices.Sorted(maps.Keys(pages)) {
			do(t, ctx, chromedp.Navigate(pages[name]))
			js[any](t, ctx, fmt.Sprintf(`hanseiTheme.set(%q)`, theme))
			wait(t, ctx, `[...document.querySelectorAll('[data-chart]')].every(c => c.querySelector('canvas, svg'))`)
			shoot(t, ctx, fmt.Sprintf("figures-%s-%s-%d", name, theme, width))
			js[bool](t, ctx, `document.querySelectorAll('main details').forEach(d => { d.removeAttribute('name'); d.open = true; }), true`)
			do(t, ctx, chromedp.Evaluate[chromedp.Void](string(axe)))
			judge(t, ctx, fmt.Sprintf("%s %s %d", name, theme, width))
			if wide := js[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
				t.Errorf("%s is %d pixels too wide at %d", name, wide, width)
			}
		}
	}
}
