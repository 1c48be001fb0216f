package web_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hansei"
	"hansei/internal/auth"
)

// openDoc opens a retrospective in a browser of its own, as somebody.
func openDoc(t *testing.T, s *site, who, at string) context.Context {
	t.Helper()
	ctx := browser(t)
	do(t, ctx, chromedp.EmulateViewport(1440, 1000))
	s.enter(t, ctx, who, at)
	return ctx
}

func (s *site) enter(t *testing.T, ctx context.Context, who, at string) {
	t.Helper()
	do(t, ctx, chromedp.Navigate(s.url+"/you"))
	js[bool](t, ctx, `fetch('/you', {method: 'POST', body: new URLSearchParams({person: '`+who+`'})}).then(() => true)`)
	do(t, ctx, chromedp.Navigate(s.url+at))
	js[bool](t, ctx, `window.blocked = []; window.broken = [];
		document.addEventListener('securitypolicyviolation', e => blocked.push(e.violatedDirective + ' ' + e.blockedURI));
		window.addEventListener('error', e => broken.push(e.message));
		window.addEventListener('unhandledrejection', e => broken.push(String(e.reason))); true`)
}

const (
	lessonsText = `document.querySelector('#section-lessons textarea[name=text]')`
	savedState  = `document.querySelector('[data-saved]').textContent`
)

// editing opens the editor of a section.
func editing(t *testing.T, ctx context.Context, section string) {
	t.Helper()
	js[bool](t, ctx, `document.querySelector('#section-`+section+` [data-edit]').click(), true`)
	wait(t, ctx, `document.activeElement === document.querySelector('#section-`+section+` textarea[name=text]')`)
}

func TestTwoBrowsersWriteAtOnce(t *testing.T) {
	t.Parallel()
	s, id := written(t)
	at := "/retrospectives/" + string(id)
	s.writes(t, "bob", id, "lessons", "", "one\n\ntwo\n\nthree\n")
	ann, bob := openDoc(t, s, "ann-lee", at), openDoc(t, s, "bob", at)

	// Different sections: each sees the other's, and where they are.
	editing(t, ann, "lessons")
	editing(t, bob, "surprises")
	press(t, bob, "The pool was shared.")
	wait(t, bob, `document.querySelector('[data-here]').textContent === 'Ann Lee writes in Lessons'`)
	wait(t, ann, `document.querySelector('#section-surprises [data-part=text]').textContent.includes('The pool was shared.')`)
	wait(t, ann, `document.querySelector('#section-surprises [data-who]').textContent.includes('writes here')`)

	// One section, different lines: both stay, and no caret moves.
	js[bool](t, bob, `document.querySelector('#section-surprises [data-editor]').requestSubmit(), true`)
	wait(t, bob, `!document.querySelector('#section-surprises').classList.contains('hs-editing')`)
	editing(t, bob, "lessons")
	js[bool](t, ann, lessonsText+`.setSelectionRange(3, 3), true`)
	js[bool](t, bob, lessonsText+`.setSelectionRange(15, 15), true`)
	press(t, ann, " by ann")
	press(t, bob, " by bob")
	for _, ctx := range []context.Context{ann, bob} {
		wait(t, ctx, lessonsText+`.value === 'one by ann\n\ntwo\n\nthree by bob\n'`)
	}
	press(t, ann, "!")
	press(t, bob, "?")
	wait(t, ann, lessonsText+`.value === 'one by ann!\n\ntwo\n\nthree by bob?\n'`)
	wait(t, bob, lessonsText+`.value === 'one by ann!\n\ntwo\n\nthree by bob?\n'`)
	if got := s.text(t, id, "lessons"); got != "one by ann!\n\ntwo\n\nthree by bob?\n" {
		t.Errorf("got %q", got)
	}
	clean(t, ann)
	clean(t, bob)
}

func TestTwoBrowsersWriteTheSameLine(t *testing.T) {
	t.Parallel()
	s, id := written(t)
	at := "/retrospectives/" + string(id)
	s.writes(t, "bob", id, "lessons", "", "Test it.\n")
	ann := openDoc(t, s, "ann-lee", at)
	editing(t, ann, "lessons")
	s.writes(t, "bob", id, "lessons", "Test it.\n", "Test it daily.\n") // before her page hears of it
	js[bool](t, ann, `(`+lessonsText+`.setSelectionRange(7, 7), document.execCommand('insertText', false, ' at night'), true)`)
	wait(t, ann, savedState+`.startsWith('Kept beside another text')`)
	press(t, ann, "s") // she goes on
	wait(t, ann, `document.querySelectorAll('#section-lessons .hs-wording').length === 2 && document.querySelector('#section-lessons .hs-conflict').textContent.includes('nights')`)
	r, _, err := s.Retros.Get(t.Context(), auth.Local().Scope(), id)
	if err != nil {
		t.Fatal(err)
	}
	if x := r.Section("lessons"); x.Text != "Test it daily.\n" || len(x.Others) != 1 || x.Others[0].Text != "Test it at nights.\n" || x.Others[0].By != "ann-lee" {
		t.Errorf("got %q beside %+v", x.Text, x.Others)
	}
	js[bool](t, ann, `document.querySelectorAll('#section-lessons .hs-wording form')[1].requestSubmit(), true`)
	wait(t, ann, `!document.querySelector('#section-lessons .hs-conflict') && `+lessonsText+`.value === 'Test it at nights.\n'`)
	if got := s.text(t, id, "lessons"); got != "Test it at nights.\n" {
		t.Errorf("got %q", got)
	}
	clean(t, ann)
}

func TestTypingSurvivesAKilledTab(t *testing.T) {
	t.Parallel()
	s, id := written(t)
	at := "/retrospectives/" + string(id)
	ctx := openDoc(t, s, "ann-lee", at)
	editing(t, ctx, "lessons")
	// The server cannot be reached, and the tab goes.
	js[bool](t, ctx, `window.fetch = () => Promise.reject(new TypeError('offline')), true`)
	press(t, ctx, "Kept by the browser.")
	wait(t, ctx, savedState+`.startsWith('Offline')`)
	tab, stop := chromedp.NewContext(ctx)
	t.Cleanup(stop)
	do(t, tab, chromedp.Navigate(s.url+at))
	wait(t, tab, lessonsText+`.value === 'Kept by the browser.' && document.getElementById('toasts').textContent.includes('is back')`)
	wait(t, tab, savedState+` === 'All saved'`)
	if got := s.text(t, id, "lessons"); got != "Kept by the browser." {
		t.Errorf("got %q", got)
	}
	if js[int](t, tab, `Object.keys(localStorage).filter(k => k.startsWith('hansei-draft')).length`) != 0 {
		t.Error("the draft is still kept")
	}
}

// hit presses a key that the page takes: unlike press it types nothing where
// the page says so, as a keyboard does.
func hit(t *testing.T, ctx context.Context, event string) {
	t.Helper()
	if js[bool](t, ctx, `document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {`+event+`, bubbles: true, cancelable: true}))`) {
		t.Errorf("the page does not take %s", event)
	}
}

func TestWritingByKeyboard(t *testing.T) {
	t.Parallel()
	s, id := written(t)
	at := "/retrospectives/" + string(id)
	ctx := openDoc(t, s, "ann-lee", at)
	js[bool](t, ctx, `document.querySelector('#section-lessons').focus(), true`)
	hit(t, ctx, `key: 'e'`)
	wait(t, ctx, `document.activeElement === `+lessonsText)
	press(t, ctx, "Ask @bo")
	wait(t, ctx, `document.querySelector('#section-lessons [data-complete] [aria-selected=true]')?.dataset.insert === '@bob'`)
	hit(t, ctx, `key: 'Enter'`)
	wait(t, ctx, lessonsText+`.value === 'Ask @bob '`)
	press(t, ctx, "#not")
	wait(t, ctx, `document.querySelector('#section-lessons [data-complete] [aria-selected=true]')?.dataset.insert.startsWith('[^milestone:')`)
	hit(t, ctx, `key: 'Enter'`)
	press(t, ctx, "<img src=x onerror=alert(1)>")
	wait(t, ctx, `document.querySelector('#section-lessons [data-preview]').textContent.includes('@Bob <b>Bold</b>')`)
	// A picture is pasted.
	js[bool](t, ctx, `(() => { const bytes = Uint8Array.from(atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='), c => c.charCodeAt(0));
		const data = new DataTransfer(); data.items.add(new File([bytes], 'x.png', {type: 'image/png'}));
		`+lessonsText+`.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); return true; })()`)
	wait(t, ctx, `document.querySelector('#section-lessons [data-preview] img')?.naturalWidth === 1`)
	hit(t, ctx, `key: 'Enter', ctrlKey: true`)
	wait(t, ctx, `!document.querySelector('#section-lessons').classList.contains('hs-editing') && document.querySelector('#section-lessons [data-part=text] .hs-cite') !== null`)
	wait(t, ctx, `document.activeElement.id === 'section-lessons'`)
	if got := js[string](t, ctx, `document.querySelector('#section-lessons [data-part=text]').textContent`); !strings.Contains(got, "<img src=x") {
		t.Errorf("got %q", got)
	}
	hit(t, ctx, `key: 'k'`)
	wait(t, ctx, `document.activeElement.id === 'section-surprises'`)
	clean(t, ctx)
}

func TestPastedMarkupIsHarmless(t *testing.T) {
	t.Parallel()
	s, id := written(t)
	at := "/retrospectives/" + string(id)
	for i, bad := range []string{
		"<script>window.pwned=1</script>", "<img src=x onerror=window.pwned=1>", "[x](javascript:window.pwned=1)", "<svg/onload=window.pwned=1>",
		"```hansei figure <img src=x onerror=window.pwned=1>\n```", "![x\" onerror=\"window.pwned=1](image:" + strings.Repeat("a", 64) + ")", "@<script>window.pwned=1</script>",
		"</div></section><form action=https://evil.example><input name=a>", "[^\"><img src=x onerror=window.pwned=1>]", "<iframe srcdoc='<script>parent.pwned=1</script>'>",
	} {
		was := s.text(t, id, "lessons")
		s.writes(t, "bob", id, "lessons", was, was+bad+"\n\n")
		if i == 0 {
			if _, err := s.Retros.Comment(t.Context(), auth.Local().As("bob"), id, hansei.Comment{Section: "lessons", Text: bad, Passage: bad}); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.writes(t, "ann-lee", id, "surprises", "", "x")
	s.writes(t, "bob", id, "surprises", "", "<script>window.pwned=1</script>")
	ctx := openDoc(t, s, "ann-lee", at)
	editing(t, ctx, "lessons")
	wait(t, ctx, `document.querySelector('#section-lessons [data-preview]').textContent.includes('evil.example')`)
	if js[bool](t, ctx, `window.pwned === 1 || document.querySelector('main script, main iframe, main [onerror], main [onload], main form[action*=evil]') !== null`) {
		t.Error("something ran or stands in the page")
	}
	clean(t, ctx)
}
