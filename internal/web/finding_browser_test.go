package web_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestTypingFinds: results come while somebody types, on the page and in the
// palette, and the address says what was looked for.
func TestTypingFinds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.load(t, "incidents.csv", "id,title,severity,service,started_at,resolved_at\nA-1,Gateway certificate expired,sev1,Gateway,2025-05-01T10:00:00Z,2025-05-01T11:00:00Z\nA-2,Gateway certificate expired again,sev2,Gateway,2025-05-20T10:00:00Z,2025-05-20T11:00:00Z\n")
	ctx := browser(t)
	do(t, ctx, chromedp.EmulateViewport(1440, 900))
	do(t, ctx, chromedp.Navigate(s.url+"/search"))
	wait(t, ctx, `document.activeElement.id === 'find'`)
	press(t, ctx, "certifcat")
	wait(t, ctx, `[...document.querySelectorAll('.hs-hits mark')].some((m) => m.textContent === 'certificate')`)
	wait(t, ctx, `location.search.includes('q=certifcat') && document.activeElement.id === 'find'`)
	shoot := func(name string) {
		if dir := os.Getenv("HANSEI_LOOK"); dir != "" {
			png := do(t, ctx, chromedp.CaptureScreenshot())
			if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	shoot("search")
	js[bool](t, ctx, `hanseiTheme.set('dark'), true`)
	do(t, ctx, chromedp.EmulateViewport(390, 800))
	shoot("search-narrow-dark")
	do(t, ctx, chromedp.Navigate(s.url+"/incidents/file:A-2"))
	wait(t, ctx, `document.querySelector('.hs-likes') !== null`)
	shoot("incident-narrow-dark")
	do(t, ctx, chromedp.EmulateViewport(1440, 900))
	js[bool](t, ctx, `document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'k', ctrlKey: true, bubbles: true, cancelable: true}))`)
	wait(t, ctx, `document.activeElement.id === 'palette-input'`)
	press(t, ctx, "expird agai")
	wait(t, ctx, `document.querySelector('#palette-list [data-found]') !== null`)
	press(t, ctx, "\r")
	wait(t, ctx, `location.pathname.endsWith('A-2')`)
}
