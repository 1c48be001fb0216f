package web_test

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestTabGoesThroughTheHeader: the box that opens the palette holds nobody back.
func TestTabGoesThroughTheHeader(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newSite(t)
	do(t, ctx, chromedp.EmulateViewport(1440, 1000))
	do(t, ctx, chromedp.Navigate(s.url+"/sources"))
	closed := `!document.getElementById('palette').open && `
	js[bool](t, ctx, `document.getElementById('search').focus(), true`)
	for _, at := range []string{`matches('.hs-person')`, `name === 'theme'`, `matches('[data-keys-open]')`} {
		press(t, ctx, "\t")
		wait(t, ctx, closed+`document.activeElement.`+at)
	}
	opened := `document.getElementById('palette').open && document.activeElement.id === 'palette-input' && `
	for _, x := range []struct{ keys, text string }{{"\r", ""}, {"j", "j"}} {
		js[bool](t, ctx, `document.getElementById('search').focus(), true`)
		press(t, ctx, x.keys)
		wait(t, ctx, opened+`document.activeElement.value === '`+x.text+`'`)
		press(t, ctx, "\x1b")
		wait(t, ctx, closed+`document.activeElement.id === 'search' && document.activeElement.value === ''`)
	}
	do(t, ctx, chromedp.Click(`.hs-search .hs-icon`))
	wait(t, ctx, opened+`true`)
}

// slow has the server take its time, and counts in window.sent what is posted.
func slow(t *testing.T, ctx context.Context) {
	t.Helper()
	js[bool](t, ctx, `(window.sent = 0, window.send = window.fetch, window.fetch = (url, o) => {
		if (o && o.method === 'POST') sent++;
		return new Promise((ok) => setTimeout(ok, 700)).then(() => send(url, o));
	}, true)`)
}

// button is an expression of the button with a text.
func button(text string) string {
	return `[...document.querySelectorAll('main button')].find(b => b.textContent.trim() === '` + text + `')`
}

// twice presses a button of the page twice, as fast as people do.
func twice(t *testing.T, ctx context.Context, text string) {
	t.Helper()
	at := js[[]float64](t, ctx, `(() => { const b = `+button(text)+`; b.scrollIntoView({block: 'center'}); const r = b.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`)
	for range 2 {
		do(t, ctx, chromedp.MouseClickXY(at[0], at[1], chromedp.ClickCount(2)))
	}
}

func TestAFormIsSentOnce(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newSite(t)
	do(t, ctx, chromedp.EmulateViewport(1440, 1000))
	do(t, ctx, chromedp.Navigate(s.url+"/sources/new/toy"))
	js[bool](t, ctx, `document.getElementById('name').value = 'ours', true`)
	slow(t, ctx)
	twice(t, ctx, "Test connection")
	wait(t, ctx, button("Test connection")+`.ariaBusy === 'true'`)
	if text := js[string](t, ctx, `getComputedStyle(`+button("Test connection")+`, '::after').animationName`); text != "hs-busy, hs-late" {
		t.Errorf("that it runs is drawn by %q", text)
	}
	wait(t, ctx, `document.getElementById('findings').textContent !== '' && `+button("Test connection")+`.ariaBusy === null`)
	twice(t, ctx, "Save")
	wait(t, ctx, `document.querySelector('h1').textContent === 'Connected: ours' && document.querySelectorAll('[data-copy]').length > 1`)
	if n := js[int](t, ctx, `sent`); n != 2 {
		t.Errorf("sent %d times, want once each", n)
	}
	do(t, ctx, chromedp.Navigate(s.url+"/sources/ours"))
	js[bool](t, ctx, `document.querySelectorAll('main details').forEach(d => { d.open = true; }), document.getElementById('confirm').value = 'ours', true`)
	slow(t, ctx)
	twice(t, ctx, "Remove with its data")
	wait(t, ctx, `location.pathname === '/sources' && document.querySelector('.hs-empty') !== null && sent === 1`)
}

// TestWhatIsWrongIsSeen: an answer that refuses a form brings its reason into
// sight, and its address can be loaded again.
func TestWhatIsWrongIsSeen(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newSite(t)
	s.added(t, "toy", "ours", nil)
	do(t, ctx, chromedp.EmulateViewport(1440, 700))
	sees := func(at, field, value, press, wrong string) {
		t.Helper()
		do(t, ctx, chromedp.Navigate(s.url+at))
		js[bool](t, ctx, `document.querySelectorAll('main details').forEach(d => { d.open = true; }), document.querySelector('[name="`+field+`"]').value = '`+value+`', true`)
		submit(t, ctx, press, `(() => { const at = document.querySelector('`+wrong+`'); if (at === null || at !== document.activeElement) return false;
			const r = at.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight; })()`)
		if got := js[string](t, ctx, `location.pathname`); got != at {
			t.Errorf("after %s the address is %s, want %s", press, got, at)
		}
	}
	sees("/sources/ours", "set-site", "wrong", "Save the settings", "#set-site[aria-invalid]")
	sees("/sources/ours", "since", "2099-01-01", "Read it again", "#since[aria-invalid]")
	sees("/sources/ours", "confirm", "our", "Remove with its data", "#confirm[aria-invalid]")
	sees("/sources/ours", "filter-1-value", "x", "Save the filter", ".hs-conditions .hs-error")
	sees("/sources/new/toy", "set-site", "wrong", "Save", "#set-site[aria-invalid]")
	sees("/joins/rules", "within", "-5", "Save the rules", "main [aria-invalid], main .hs-error")
}
