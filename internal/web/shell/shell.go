package shell

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/record"
	"hansei/internal/web/asset"
	"hansei/internal/web/ui"
)

// Shell is what pages share. Its fields are set once, before the first page.
type Shell struct {
	Records *record.Store
	Facts   *fact.View
	Actor   func(*http.Request) (auth.Actor, error) // who asks
	Zone    func(context.Context, auth.Scope) (*time.Location, error)
	Now     func() time.Time
	Log     *slog.Logger
	Nav     []ui.NavItem // what there is to see
	// PersonURL is where readers say who they are; "" where they cannot.
	PersonURL string
}

// Page is a handler that may fail; one place decides what the person sees.
type Page func(w http.ResponseWriter, r *http.Request, who auth.Actor) error

// Serve makes a handler of a page.
func (s *Shell) Serve(p Page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", asset.CSP)
		w.Header().Set("Referrer-Policy", "same-origin")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		who, err := s.Actor(r)
		if err == nil {
			err = p(w, r, who)
		}
		if err != nil {
			s.fail(w, r, who, err)
		}
	}
}

// fail shows what an error means for the person. What nobody expected is
// logged once, here, and never shown.
func (s *Shell) fail(w http.ResponseWriter, r *http.Request, who auth.Actor, err error) {
	if r.Context().Err() != nil {
		return // the reader is gone
	}
	status, p := http.StatusInternalServerError, ui.Problem{Title: "Something broke on our side",
		Happened: "This page could not be made. The server's log says why.", Means: "Nothing of yours was changed by it."}
	var invalid *hansei.InvalidError
	switch {
	case errors.As(err, &invalid):
		status, p.Title, p.Happened = http.StatusUnprocessableEntity, "That cannot be answered", invalid.Error()
	case errors.Is(err, hansei.ErrNotFound):
		status, p.Title, p.Happened = http.StatusNotFound, "There is nothing here", "The address may be mistyped, or the record was merged or removed."
	case errors.Is(err, hansei.ErrConflict):
		status, p.Title, p.Happened = http.StatusConflict, "Somebody was faster", "The record changed while you were editing."
		p.Means, p.Next = "Nothing was overwritten.", "Look at the new version and try again."
	case errors.Is(err, hansei.ErrForbidden):
		status, p.Title, p.Happened = http.StatusForbidden, "You may not do that", "Ask whoever runs this installation."
	default:
		s.Log.Error("a page failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if Partial(r) {
		s.failPart(w, r, status, p)
		return
	}
	p.Status, p.Action = status, &ui.Link{Text: "Go to the overview", URL: "/"}
	base, baseErr := s.base(r.Context(), who, p.Title)
	if baseErr != nil {
		base = ui.Page{Title: p.Title}
	}
	if err := s.render(w, r, status, base, ui.ProblemPanel(p)); err != nil {
		s.Log.Error("an error page failed", "error", err)
	}
}

// failPart answers a request for a part of a page with what went wrong alone.
func (s *Shell) failPart(w http.ResponseWriter, r *http.Request, status int, p ui.Problem) {
	p.Status = status
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := ui.ProblemPanel(p).Render(r.Context(), w); err != nil {
		s.Log.Error("a part of an error page failed", "error", err)
	}
}

// Partial says that a script asks for a part of a page, to swap it in, rather
// than for a page.
func Partial(r *http.Request) bool { return r.Header.Get("HX-Request-Type") == "partial" }

const (
	maxForm    = 1 << 20
	settleTime = 5 * time.Second
)

// Form reads a form that was sent, at most 1 MB of it.
func Form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	return LargeForm(w, r, maxForm)
}

// LargeForm is Form of at most so many bytes.
func LargeForm(w http.ResponseWriter, r *http.Request, most int64) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, most)
	err := r.ParseForm()
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, hansei.Invalid("", "what was sent is larger than the %d MB that this form takes; go back and shorten it", most>>20)
	}
	if err != nil {
		return nil, hansei.Invalid("", "the form could not be read: %v", err)
	}
	return r.PostForm, nil
}

// Settle waits until lists and figures hold a write, so that people read what
// they wrote. A view that lags further says nothing wrong, only something old.
func (s *Shell) Settle(ctx context.Context, seq record.Seq) error {
	wait, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	err := s.Facts.Wait(wait, seq)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		s.Log.Warn("the facts lag behind a write", "seq", seq)
		return nil
	}
	return err
}

// Back sends the person on after a form; a reload does not send it again.
func Back(w http.ResponseWriter, r *http.Request, url string) error {
	http.Redirect(w, r, url, http.StatusSeeOther)
	return nil
}

// Done tells what a form did and sends the person on.
func Done(w http.ResponseWriter, r *http.Request, url string, t ui.Toast) error {
	if err := Tell(w, t); err != nil {
		return err
	}
	return Back(w, r, url)
}
