package web_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// submit presses a button of the page and waits for the page that follows.
func submit(t *testing.T, ctx context.Context, button, then string) {
	t.Helper()
	click(t, ctx, button)
	wait(t, ctx, then)
}

func click(t *testing.T, ctx context.Context, button string) {
	t.Helper()
	js[bool](t, ctx, `(() => { const b = [...document.querySelectorAll('main button, #toasts button')].find(b => b.textContent.trim() === '`+button+`');
		if (!b) throw new Error('no button `+button+` on ' + location.pathname); setTimeout(() => b.click()); return true; })()`)
}

func TestEditAndUndoInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	do(t, ctx, chromedp.Navigate(s.url+"/incidents/file:A-1"))
	js[bool](t, ctx, `document.querySelector('a[aria-label="Edit Severity"]').click(), true`)
	wait(t, ctx, `location.pathname.endsWith('/edit') && document.getElementById('value') !== null`)
	js[bool](t, ctx, `document.getElementById('value').value = 'sev5', document.getElementById('reason').value = 'it was mild', true`)
	submit(t, ctx, "Save", `location.pathname === '/incidents/file:A-1' && document.querySelector('.hs-badges .hs-sev-5') !== null`)
	submit(t, ctx, "Undo", `document.querySelector('.hs-badges .hs-sev-2') !== null && document.getElementById('toasts').textContent.includes('as it was')`)
	submit(t, ctx, "Delete this incident", `location.pathname === '/incidents' && document.querySelectorAll('tr[data-href]').length === 2`)
	submit(t, ctx, "Undo", `location.pathname === '/incidents/file:A-1' && document.querySelector('.hs-notice') === null`)
}

func TestWizardInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newSite(t)
	do(t, ctx, chromedp.Navigate(s.url+"/imports/new"))
	js[bool](t, ctx, `(() => {
		const files = new DataTransfer();
		files.items.add(new File(['id,title,Prio,started_at\n1,<b>one</b>,P1,2025-01-01T00:00:00Z\n2,two,P2,soon\n3,three,P3,2025-01-03T00:00:00Z\n'], 'incidents.csv'));
		const form = document.querySelector('[data-upload]');
		form.dispatchEvent(new DragEvent('drop', {dataTransfer: files, bubbles: true, cancelable: true}));
		return true;
	})()`)
	wait(t, ctx, `location.pathname.startsWith('/imports/new/') && document.querySelector('[name="c.Prio"]') !== null`)
	js[bool](t, ctx, `document.querySelector('[name="c.Prio"]').value = 'severity', true`)
	click(t, ctx, "Show with these changes") // loads a page: the old one's scripts end
	do(t, ctx, chromedp.WaitReady(`option[value="severity"][selected]`))
	if got := js[string](t, ctx, `location.search`); got != "?name=incidents.csv&c.Prio=severity" {
		t.Errorf("the URL holds more than what was changed: %s", got)
	}
	click(t, ctx, "Import")
	do(t, ctx, chromedp.WaitReady(`main a[href="/incidents"]`))
	if got := js[string](t, ctx, `document.getElementById('rejects-title').textContent + location.pathname`); !strings.HasPrefix(got, "1 row was rejected/imports/") {
		t.Errorf("after the import: %s", got)
	}
	js[bool](t, ctx, `[...document.querySelectorAll('main a')].find(a => a.textContent === 'See the incidents').click(), true`)
	wait(t, ctx, `location.pathname === '/incidents' && document.querySelectorAll('tr[data-href]').length === 2`)
	if js[bool](t, ctx, `document.querySelector('main b') !== null`) {
		t.Error("a title became markup")
	}
}

func TestAnEmptyUploadSaysWhy(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s := newSite(t)
	do(t, ctx, chromedp.Navigate(s.url+"/imports/new"))
	js[bool](t, ctx, `(() => {
		const files = new DataTransfer();
		files.items.add(new File([''], 'incidents.csv'));
		document.querySelector('[data-upload]').dispatchEvent(new DragEvent('drop', {dataTransfer: files, bubbles: true, cancelable: true}));
		return true;
	})()`)
	wait(t, ctx, `document.querySelector('.hs-upload-note').textContent.includes('is empty')`)
}
