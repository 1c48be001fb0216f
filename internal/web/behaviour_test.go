package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hansei/internal/web/asset"
)

// openGallery opens the gallery at a width and counts what the policy blocks.
func openGallery(t *testing.T, width int64) (context.Context, string) {
	t.Helper()
	ctx := browser(t)
	server := httptest.NewServer(gallery())
	t.Cleanup(server.Close)
	do(t, ctx, chromedp.EmulateViewport(width, 900))
	do(t, ctx, chromedp.Navigate(server.URL+"/incidents"))
	js[bool](t, ctx, `window.blocked = []; window.broken = []; window.settled = '';
		document.addEventListener('htmx:after:settle', () => { settled = location.pathname; });
		document.addEventListener('securitypolicyviolation', e => blocked.push(e.violatedDirective + ' ' + e.blockedURI));
		window.addEventListener('error', e => broken.push(e.message)); true`)
	return ctx, server.URL
}

func clean(t *testing.T, ctx context.Context) {
	t.Helper()
	for _, list := range []string{"blocked", "broken"} {
		if got := js[string](t, ctx, `(window.`+list+` || ['the page was loaded anew']).join('; ')`); got != "" {
			t.Errorf("%s: %s", list, got)
		}
	}
}

// press sends keys to wherever the focus is.
func press(t *testing.T, ctx context.Context, keys string) {
	t.Helper()
	do(t, ctx, chromedp.KeyEvent(keys))
}

func TestKeysMoveThroughThePages(t *testing.T) {
	ctx, _ := openGallery(t, 1440)
	press(t, ctx, "j")
	press(t, ctx, "j")
	wait(t, ctx, `document.activeElement.dataset.href === '/incidents/Inc'`)
	press(t, ctx, "k")
	press(t, ctx, "\r")
	wait(t, ctx, `settled === '/incidents/Dis' && document.querySelector('h1').textContent.includes(settled)`)
	press(t, ctx, "g")
	press(t, ctx, "m")
	wait(t, ctx, `settled === '/metrics'`)
	if got := js[string](t, ctx, `document.title + ' ' + document.getElementById('live').textContent`); got != "Page at /metrics · GitHub · Hansei Page at /metrics" {
		t.Errorf("after a move the title and the live region say %q", got)
	}
	press(t, ctx, "?")
	wait(t, ctx, `document.getElementById('keys').open`)
	js[bool](t, ctx, `document.getElementById('keys').close(), true`)
	clean(t, ctx) // also shows that every move was a swap, not a page load
}

func TestPaletteFindsPagesAndRecords(t *testing.T) {
	ctx, _ := openGallery(t, 1440)
	js[bool](t, ctx, `document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'k', ctrlKey: true, bubbles: true, cancelable: true}))`)
	wait(t, ctx, `document.activeElement.id === 'palette-input'`)
	press(t, ctx, "serv")
	wait(t, ctx, `document.querySelector('#palette-list [aria-selected=true]').textContent.includes('Services')`)
	wait(t, ctx, `document.querySelector('#palette-list [data-found]') !== null`)
	press(t, ctx, "\r")
	wait(t, ctx, `location.pathname === '/services' && !document.querySelector('dialog[open]')`)
	clean(t, ctx)
}

func TestChartsDrawAfterASwapAndCanBeSaved(t *testing.T) {
	ctx, _ := openGallery(t, 1440)
	js[bool](t, ctx, `document.querySelector('a[data-key=o]').click(), true`)
	wait(t, ctx, `document.querySelectorAll('[data-chart] canvas').length === 4`)
	js[bool](t, ctx, `window.saved = {}; hansei.save = (name, blob) => { saved[name] = blob; };
		document.querySelectorAll('#chart-ttr-trend [data-chart-save]').forEach(b => b.click()); true`)
	wait(t, ctx, `Object.keys(saved).length === 3`)
	if got := js[string](t, ctx, `saved['ttr-trend.svg'].text()`); !strings.HasPrefix(got, "<svg") || strings.Contains(got, `"@`) {
		t.Errorf("svg: %.100s", got)
	}
	if got := js[string](t, ctx, `saved['ttr-trend.csv'].text()`); !strings.HasPrefix(got, "period,value (s),low,high,n,note\r\nJan 2025,3900,") {
		t.Errorf("csv: %.100q", got)
	}
	if got := js[string](t, ctx, `saved['ttr-trend.png'].type`); got != "image/png" {
		t.Errorf("png: %s", got)
	}
	js[bool](t, ctx, `document.querySelector('#chart-ttr-trend [data-chart-table]').click(), true`)
	wait(t, ctx, `!document.querySelector('#chart-ttr-trend .hs-chart-table').hidden`)
	js[bool](t, ctx, `hanseiTheme.set('dark'), true`)
	wait(t, ctx, `document.documentElement.dataset.bsTheme === 'dark' && document.querySelectorAll('[data-chart] canvas').length === 4`)
	clean(t, ctx)
}

func TestAMoveStartsAtTheTop(t *testing.T) {
	ctx, url := openGallery(t, 390)
	do(t, ctx, chromedp.Navigate(url+"/"))
	wait(t, ctx, `document.querySelectorAll('[data-chart] canvas').length === 4`)
	js[bool](t, ctx, `window.settled = ''; document.addEventListener('htmx:after:settle', () => { settled = location.pathname; });
		scrollTo(0, 3000); document.querySelector('a[data-key=i]').click(), true`)
	wait(t, ctx, `settled === '/incidents'`)
	if got := js[int](t, ctx, `Math.round(scrollY)`); got != 0 {
		t.Errorf("got %d pixels down the page, want 0", got)
	}
	if got := js[bool](t, ctx, `document.querySelector('.hs-side').classList.contains('hs-open')`); got {
		t.Error("the menu is still open")
	}
	if got := js[int](t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); got > 0 {
		t.Errorf("the page is %d pixels too wide for a phone", got)
	}
}

func TestReadsWithoutScripts(t *testing.T) {
	html := fetch(t, "/")
	for _, want := range []string{`<td data-raw="3900">1 h 5 m</td>`, `The monthly median stayed`, `href="/?since=`, `<a class="hs-value"`} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, bad := range []string{"style=", "onclick=", "<script>", "javascript:", "templ: failed"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	sprite := fetch(t, asset.URL("icons.svg"))
	for _, part := range strings.Split(html, asset.URL("icons.svg")+"#")[1:] {
		name, _, _ := strings.Cut(part, `"`)
		if !strings.Contains(sprite, `id="`+name+`"`) {
			t.Errorf("no icon named %s", name)
		}
	}
}

func TestFilterBarKeepsTheURLShort(t *testing.T) {
	ctx, url := openGallery(t, 390)
	do(t, ctx, chromedp.Navigate(url+"/"))
	if js[bool](t, ctx, `document.querySelector('[data-fold]').open`) {
		t.Error("the bar is not folded on a phone")
	}
	js[bool](t, ctx, `(() => { const s = [...document.querySelectorAll('select[name=where]')].find(s => s.options[1].value.startsWith('service='));
		s.value = 'service=api'; s.dispatchEvent(new Event('change', {bubbles: true})); return true; })()`)
	wait(t, ctx, `location.search.includes('service')`)
	want := "?since=2025-01-01&until=2026-01-01&compare=previous&where=service%3Dapi&where=severity%3Dsev1&where=status%21%3Dopen"
	if got := js[string](t, ctx, `location.search`); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestPageWeight adds up everything that the heaviest page loads, as it is
// before compression.
func TestPageWeight(t *testing.T) {
	const limit = 1_500_000
	html := fetch(t, "/")
	total := len(html)
	seen := map[string]bool{}
	for _, part := range strings.Split(html, `"`) {
		name, _, _ := strings.Cut(part, "#")
		if strings.HasPrefix(name, "/assets/") && !seen[name] {
			seen[name] = true
			total += len(fetch(t, name))
		}
	}
	if len(seen) != 7 {
		t.Errorf("got %d assets, want 7: %v", len(seen), seen)
	}
	if total > limit {
		t.Errorf("the page loads %d bytes, more than %d", total, limit)
	}
	t.Logf("%d bytes in all, %d of them HTML", total, len(html))
}

func fetch(t *testing.T, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	gallery().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%s: status %d", path, w.Code)
	}
	return w.Body.String()
}
