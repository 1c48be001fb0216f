package web_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

// look is how pages are judged.
type look struct {
	group string            // before the names of pictures
	pages map[string]string // their addresses
	ready string            // an expression that is true once a page can be judged; empty: at once
	open  string            // opens what is shut and says whether anything was; empty: all that folds
}

const (
	openAll = `(() => { const shut = document.querySelectorAll('main details:not([open])');
		shut.forEach(d => { d.removeAttribute('name'); d.open = true; });
		return shut.length > 0; })()`
	// Menus cover what stands below them.
	openButMenus = `(() => { const shut = document.querySelectorAll('main details:not(.hs-drop):not([open])');
		shut.forEach(d => { d.removeAttribute('name'); d.open = true; });
		return shut.length > 0; })()`
)

// judged opens pages, light and wide, dark and narrow, with what folds shut and
// opened: axe finds nothing, and nothing is wider than the screen. For people to
// look at there are pictures also dark and wide, and light and narrow.
func judged(t *testing.T, ctx context.Context, l look) {
	t.Helper()
	if l.open == "" {
		l.open = openAll
	}
	for i, theme := range []string{"light", "dark", "light", "dark"} {
		if i >= 2 && *shots == "" {
			break
		}
		width := []int64{1440, 390, 390, 1440}[i]
		do(t, ctx, chromedp.EmulateViewport(width, 1100))
		for _, name := range slices.Sorted(maps.Keys(l.pages)) {
			do(t, ctx, chromedp.Navigate(l.pages[name]))
			wait(t, ctx, `!!window.hanseiTheme`)
			js[any](t, ctx, fmt.Sprintf(`hanseiTheme.set(%q)`, theme))
			if l.ready != "" {
				wait(t, ctx, l.ready)
			}
			shoot(t, ctx, fmt.Sprintf("%s-%s-%s-%d", l.group, name, theme, width))
			js[any](t, ctx, `scrollTo({top: 0, behavior: 'instant'})`) // what the bar at the top half covers is too small a target
			what := fmt.Sprintf("%s %s %d", name, theme, width)
			withAxe(t, ctx)
			if i == 0 {
				judge(t, ctx, what)
			}
			if js[bool](t, ctx, l.open) || i > 0 {
				judge(t, ctx, what+", all opened")
			}
			if wide := js[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
				t.Errorf("%s is %d pixels too wide at %d", name, wide, width)
			}
		}
	}
}

// withAxe brings axe onto the page.
func withAxe(t *testing.T, ctx context.Context) {
	t.Helper()
	axe, err := os.ReadFile("testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.Evaluate[chromedp.Void](string(axe)))
}
