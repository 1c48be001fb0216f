package sourcetest

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"hansei/internal/source"
	"hansei/internal/source/fetch"
)

// Listed is a stream over several things, of which two are there to be listed,
// each with some pages of history that is older than the stream looks back.
type Listed struct {
	Server     *httptest.Server
	From, Now  time.Time
	One, Other string
	Open       func(listed ...string) source.Stream
	All        bool // none listed means all
}

// Grows holds what a stream must do when another thing is listed later: that is
// read from the beginning, wherever it stands in the list and whenever the run
// before it ended or broke off; the others are only followed; and no run ends
// before it is read. One that was taken out and is listed again is read again.
func Grows(t *testing.T, l Listed) {
	t.Helper()
	ones, others := l.run(t, "", 0, l.One), l.run(t, "", 0, l.Other)
	followed, followedOther := l.run(t, end(ones), 1, l.One), l.run(t, end(others), 1, l.Other)
	if len(bodies(ones)) < 2 || len(bodies(others)) < 2 || len(bodies(followed)) >= len(bodies(ones)) || slices.ContainsFunc(bodies(ones), func(b string) bool { return slices.Contains(bodies(others), b) }) {
		t.Fatalf("expected two things of several pages: %d and %d, then %d", len(bodies(ones)), len(bodies(others)), len(bodies(followed)))
	}
	lists := [][]string{{l.One, l.Other}, {l.Other, l.One}}
	if l.All {
		lists = append(lists, nil)
	}
	for _, both := range lists {
		grown := l.run(t, end(ones), 1, both...)
		told(t, both, "listed later", grown, followed, others)
		told(t, both, "and then followed", l.run(t, end(grown), 2, both...), followed, followedOther)
		for i, p := range grown[:len(grown)-1] {
			if p.Through.After(l.Now) {
				t.Errorf("%q: page %d of %d says that everything is read", both, i+1, len(grown))
			}
			told(t, both, "broken off", slices.Concat(grown[:i+1], l.run(t, p.Cursor, 1, both...)), followed, others)
		}
		for i := range ones[:len(ones)-1] {
			told(t, both, "listed while the other was read", slices.Concat(ones[:i+1], l.run(t, ones[i].Cursor, 1, both...)), ones, others)
		}
		gone := l.run(t, end(grown), 2, l.One)
		told(t, both, "taken out", gone, followed)
		told(t, both, "listed again", l.run(t, end(gone), 3, both...), followed, others)
	}
}

// run pulls some hours after Now.
func (l Listed) run(t *testing.T, cursor string, hours int, listed ...string) (pages []source.Page) {
	t.Helper()
	now := l.Now.Add(time.Duration(hours) * time.Hour)
	err := l.Open(listed...).Pull(&source.Pull{Ctx: t.Context(), Cursor: cursor, From: l.From, Now: now,
		Client: &fetch.Client{HTTP: l.Server.Client(), Wait: func(context.Context, time.Duration) error { return errors.New("it had to wait") }},
		Emit:   func(p source.Page) error { pages = append(pages, p); return nil }})
	if err != nil || len(pages) == 0 || !pages[len(pages)-1].Through.Equal(now) && cursor == "" {
		t.Fatalf("%q from %q: %d pages, %v", listed, cursor, len(pages), err)
	}
	return pages
}

func end(pages []source.Page) string { return pages[len(pages)-1].Cursor }

// told compares what pages tell with what some runs told.
func told(t *testing.T, listed []string, when string, pages []source.Page, of ...[]source.Page) {
	t.Helper()
	if got, want := bodies(pages), bodies(slices.Concat(of...)); !slices.Equal(got, want) {
		t.Errorf("%q, %s: got %d different pages %.300q, want %d %.300q", listed, when, len(got), got, len(want), want)
	}
}

// bodies are the different bodies of pages, in order of their bytes.
func bodies(pages []source.Page) (out []string) {
	for _, p := range pages {
		if len(p.Body) > 0 {
			out = append(out, string(p.Body))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
