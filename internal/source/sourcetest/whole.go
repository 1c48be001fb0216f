package sourcetest

import (
	"errors"
	"testing"
	"time"

	"hansei/internal/source"
)

// Tells holds that what a stream tells of its progress is so. pull runs it from
// its beginning, as at now, each time with other hands to put its pages in.
//
// Only a run whose every page was stored ends well, for then its history counts
// as whole. Before its last page it says neither that it came to now, nor less
// than it said before; at its last page it says that it did.
func Tells(t *testing.T, now time.Time, pull func(emit func(source.Page) error) error) {
	t.Helper()
	var pages []source.Page
	if err := pull(func(p source.Page) error { pages = append(pages, p); return nil }); err != nil || len(pages) == 0 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	full := errors.New("the disk is full")
	for at := range pages {
		n := 0
		err := pull(func(source.Page) error {
			if n++; n > at {
				return full
			}
			return nil
		})
		if !errors.Is(err, full) || n != at+1 {
			t.Errorf("page %d of %d could not be stored: the run ended with %v after %d pages", at+1, len(pages), err, n)
		}
	}
	last := len(pages) - 1
	var through, back time.Time
	for i, p := range pages[:last] {
		if p.Through.Before(through) && !p.Through.IsZero() || !p.Through.IsZero() && !p.Through.Before(now) {
			t.Errorf("page %d of %d: everything up to %v is read, before it was %v; it is %v", i+1, len(pages), p.Through, through, now)
		}
		if !p.Back.IsZero() && (!back.IsZero() && p.Back.After(back) || !p.Through.IsZero()) {
			t.Errorf("page %d of %d: everything since %v is read, before it was %v", i+1, len(pages), p.Back, back)
		}
		if !p.Through.IsZero() {
			through = p.Through
		}
		if !p.Back.IsZero() {
			back = p.Back
		}
	}
	const held = 10 * time.Minute // some tools hold back what just changed
	if end := pages[last]; end.Through.Before(now.Add(-held)) || end.Through.After(now) || end.Through.Before(through) {
		t.Errorf("the last of %d pages: everything up to %v is read; it is %v", len(pages), end.Through, now)
	}
}
