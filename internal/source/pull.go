package source

import (
	"context"
	"time"

	"hansei/internal/source/fetch"
)

// Stream is one list of a tool that is read from its beginning and then
// followed.
type Stream struct {
	Name  string        // "incidents"; its deliveries are named "pull/incidents"
	Title string        // "Incidents"
	Every time.Duration // how often to look for news; DefaultEvery when 0
	// Pull reads from the cursor to the end, page by page, oldest news first
	// where the tool can. It hands each page to p.Emit with the cursor from
	// which to go on after it, and returns nil only when there is no more for
	// now: then its history is whole.
	Pull func(p *Pull) error
}

// DefaultEvery is how often a stream is followed unless it says otherwise.
const DefaultEvery = 5 * time.Minute

// Pull is one run through a stream.
type Pull struct {
	Ctx    context.Context
	Client *fetch.Client
	Cursor string    // where the last page left off; empty at the very beginning
	From   time.Time // at the beginning: how far back history is wanted
	Now    time.Time
	// Emit stores a page and its cursor in one transaction. When it returns an
	// error the run must end with that error.
	Emit func(Page) error
}

// Page is one page of a stream, as the tool gave it. An empty Body only moves
// the cursor.
//
// Through and Back tell how far the history was read, in the one way in which
// the list is: forwards or backwards. Where a tool's paging cannot tell, both
// are zero until the last page, and Things says how much there was.
type Page struct {
	Body    []byte
	Cursor  string
	Through time.Time // everything from Pull.From up to here is read
	Back    time.Time // everything since here is read
	Things  int       // on this page
	// Flawed marks a page of what cannot be understood of a stream: it fails, for
	// a person to see, and takes the place of the last such page. Without a Body
	// all of the stream is understood again.
	Flawed bool
}
