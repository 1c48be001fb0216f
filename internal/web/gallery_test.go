package web_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/chromedp/chromedp"

	"hansei/internal/web/asset"
	"hansei/internal/web/ui"
)

var shots = flag.String("shots", "", "write screenshots of the gallery to this directory")

// gallery shows every component in every state.
func gallery() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+asset.Prefix, asset.Handler())
	mux.HandleFunc("GET /search", func(w http.ResponseWriter, r *http.Request) {
		show(w, r, ui.SearchResults([]ui.Command{{Text: "Copilot is not available", Hint: "Incident", URL: "/incidents/Cop", Icon: "flame"}}))
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		p := page()
		if r.URL.Path != "/" {
			p.Title = "Page at " + r.URL.Path
		}
		body := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			return content(ctx, w, r.URL.Path == "/")
		})
		show(w, r.WithContext(templ.WithChildren(r.Context(), body)), ui.Layout(p))
	})
	return mux
}

func show(w http.ResponseWriter, r *http.Request, c templ.Component) {
	w.Header().Set("Content-Security-Policy", asset.CSP)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := c.Render(r.Context(), w); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func content(ctx context.Context, w io.Writer, full bool) error {
	if !full {
		return ui.DataTable(incidents()).Render(ctx, w)
	}
	all := []templ.Component{heading("Figures"), ui.Cards(cards()), heading("Charts"), templ.Raw(`<div class="hs-grid">`)}
	for _, c := range charts() {
		all = append(all, templ.Raw(`<div class="hs-half">`), ui.ChartFigure(c), templ.Raw(`</div>`))
	}
	all = append(all, templ.Raw(`</div>`), heading("Parts"))
	for _, c := range parts() {
		all = append(all, templ.Raw(`<div class="hs-section">`), c, templ.Raw(`</div>`))
	}
	all = append(all, heading("Severity"))
	for _, s := range []string{"sev1", "sev2", "sev3", "sev4", "sev5", ""} {
		all = append(all, ui.SeverityBadge(ui.SeverityOf(s)), templ.Raw(" "))
	}
	for _, c := range all {
		if err := c.Render(ctx, w); err != nil {
			return fmt.Errorf("render: %w", err)
		}
	}
	return nil
}

func heading(s string) templ.Component {
	return templ.Raw(`<h2 class="hs-section">` + s + `</h2>`)
}

// browser starts chromium, or skips the test where there is none; under CI it
// fails instead.
func browser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a browser")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU)
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[int](`1`)); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no browser: %v", err)
		}
		t.Skipf("no browser: %v", err)
	}
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute) // for a machine that is busy
	t.Cleanup(cancel)
	return ctx
}

// do runs one step in the browser.
func do[T any](t *testing.T, ctx context.Context, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// js evaluates an expression, waiting for it when it is a promise.
func js[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	return do(t, ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// wait waits until an expression is true, on whatever page the browser is then.
func wait(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	look := chromedp.Evaluate[bool](`new Promise((ok, no) => {
		const started = Date.now();
		(function look() {
			if (`+expression+`) ok(true);
			else if (Date.now() - started > 60000) no(new Error('waited too long for '+`+fmt.Sprintf("%q", expression)+`));
			else requestAnimationFrame(look);
		})();
	})`, chromedp.EvalAwaitPromise)
	_, err := chromedp.Run(ctx, look)
	for err != nil && ctx.Err() == nil && (strings.Contains(err.Error(), "navigated or closed") || strings.Contains(err.Error(), "context was destroyed") || strings.Contains(err.Error(), "Cannot find context")) {
		_, err = chromedp.Run(ctx, look) // the page that was looked at went away
	}
	if err != nil {
		t.Fatal(err)
	}
}

// violation is what axe reports.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

const runAxe = `axe.run(document, {runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']}).then(r => JSON.stringify(r.violations))`

func TestGalleryHasNoAccessibilityViolations(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	server := httptest.NewServer(gallery())
	t.Cleanup(server.Close)
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1440, 390} {
			do(t, ctx, chromedp.EmulateViewport(width, 1100))
			do(t, ctx, chromedp.Navigate(server.URL+"/"))
			js[any](t, ctx, fmt.Sprintf(`hanseiTheme.set(%q)`, theme))
			wait(t, ctx, `document.querySelectorAll('[data-chart] canvas').length >= 4`)
			withAxe(t, ctx)
			look := states
			if (theme == "light") != (width == 1440) {
				look = states[:1] // the opened parts once in each theme and at each width
			}
			for _, state := range look {
				name := fmt.Sprintf("%s-%d-%s", theme, width, state.name)
				js[bool](t, ctx, `(() => { `+state.js+`; return true; })()`)
				judge(t, ctx, name)
				shoot(t, ctx, name)
			}
		}
	}
}

// states are what axe and people look at, each reached from the one before.
var states = []struct{ name, js string }{
	{"page", `scrollTo(0, 0)`},
	{"about", `document.querySelector('.hs-about').open = true`},
	{"tables", `document.querySelector('.hs-about').open = false;
		document.querySelectorAll('[data-chart-table]').forEach(b => b.click())`},
	{"range", `document.querySelector('[data-fold]').open = true; document.querySelector('.hs-filter .hs-drop').open = true`},
	{"palette", `document.querySelector('.hs-filter .hs-drop').open = false; hansei.openPalette()`},
	{"keys", `document.getElementById('palette').close(); document.getElementById('keys').showModal()`},
}

// judge reports what axe finds on the page once its colours have settled.
func judge(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	wait(t, ctx, `!document.getAnimations().some(a => a instanceof CSSTransition)`)
	var found []violation
	if err := json.Unmarshal([]byte(js[string](t, ctx, runAxe)), &found); err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		for _, n := range v.Nodes {
			t.Errorf("%s: %s (%s)\n%s\n%s", name, v.ID, v.Help, n.HTML, n.Summary)
		}
	}
}

func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	if *shots == "" {
		return
	}
	wait(t, ctx, `!document.getAnimations().some(a => a instanceof CSSTransition)`)
	height := js[int](t, ctx, `document.documentElement.scrollHeight`)
	screen := js[int](t, ctx, `innerHeight`)
	for i := 0; i*screen < height; i++ {
		js[bool](t, ctx, fmt.Sprintf(`scrollTo(0, %d); new Promise(ok => requestAnimationFrame(() => ok(true)))`, i*screen))
		png := do(t, ctx, chromedp.CaptureScreenshot())
		if err := os.WriteFile(filepath.Join(*shots, fmt.Sprintf("%s-%d.png", name, i)), png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
