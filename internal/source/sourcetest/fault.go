package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"hansei/internal/source"
	"hansei/internal/source/fetch"
)

// Survives pulls a stream from a server that answers well, and then again and
// again with faults put before its answers.
//
// A fault that passes changes nothing: the same pages are stored with the same
// cursors. One that stays ends the run with an error, which tells no secret;
// what was stored until then is the beginning of what is stored without it, and
// a run that goes on from there stores the rest. So no cursor is ever past a
// page that is not stored. What it tells of its progress is so (Tells).
//
// open makes the stream once for each run, which says nothing of earlier ones.
func Survives(t *testing.T, server *httptest.Server, from, now time.Time, secret string, open func() source.Stream) {
	t.Helper()
	f := &faulty{well: server.Config.Handler}
	server.Config.Handler = f
	run := func(cursor string, patience time.Duration, emit func(source.Page) error) ([]time.Duration, error) {
		var waits []time.Duration
		asker := *server.Client()
		asker.Timeout = patience
		err := open().Pull(&source.Pull{Ctx: t.Context(), Cursor: cursor, From: from, Now: now, Client: &fetch.Client{HTTP: &asker, Wait: func(_ context.Context, d time.Duration) error {
			waits = append(waits, d)
			return nil
		}}, Emit: emit})
		return waits, err
	}
	pull := func(cursor string, patience time.Duration) ([]source.Page, []time.Duration, error) {
		var pages []source.Page
		waits, err := run(cursor, patience, func(p source.Page) error { pages = append(pages, p); return nil })
		return pages, waits, err
	}
	Tells(t, now, func(emit func(source.Page) error) error {
		_, err := run("", 0, emit)
		return err
	})
	f.plan(nil)
	began := time.Now()
	whole, waits, err := pull("", 0)
	took := time.Since(began)
	if err != nil || len(whole) == 0 || len(waits) != 0 {
		t.Fatalf("without faults: %d pages, waited %v, %v", len(whole), waits, err)
	}
	asked := f.plan(nil)
	for at := range min(asked, faultedAt) {
		for name, fault := range passing {
			f.plan(append(make([]Fault, at), fault))
			patience := time.Duration(0)
			if name == "stuck" {
				if at > 0 {
					continue // it takes its time
				}
				patience = 250*time.Millisecond + 5*took // so that only the fault takes longer
			}
			pages, waits, err := pull("", patience)
			if err != nil || !same(pages, whole) {
				t.Errorf("%s at call %d: %d pages of %d, %v", name, at, len(pages), len(whole), err)
			}
			if name == "asked too often" && !slices.Equal(waits, []time.Duration{7 * time.Second}) {
				t.Errorf("%s at call %d: waited %v, want 7s", name, at, waits)
			}
		}
		for name, fault := range staying {
			f.plan(append(make([]Fault, at), slices.Repeat([]Fault{fault}, 1000)...))
			pages, _, err := pull("", 0)
			if err == nil || secret != "" && bytes.Contains([]byte(err.Error()), []byte(secret)) || len(pages) >= len(whole) || !same(pages, whole[:len(pages)]) {
				t.Errorf("%s from call %d: %d pages of %d, %v", name, at, len(pages), len(whole), err)
				continue
			}
			f.plan(nil)
			cursor := ""
			if len(pages) > 0 {
				cursor = pages[len(pages)-1].Cursor
			}
			if rest, _, err := pull(cursor, 0); err != nil || !slices.EqualFunc(rest, whole[len(pages):], alike) {
				t.Errorf("%s from call %d: after %d pages of %d came %d, %v", name, at, len(pages), len(whole), len(rest), err)
			}
		}
	}
}

// GoesOn pulls a stream while the tool takes no place in its list any more that
// it named before: once in the middle of a run, at each page in turn, and once
// when a run goes on from what is stored. Either way the run ends well, and all
// is told that is told otherwise. named says whether a request names a place,
// refuse answers as the tool does, and told is what a page tells, one word for
// each thing.
func GoesOn(t *testing.T, server *httptest.Server, from, now time.Time, open func() source.Stream, named func(*http.Request) bool, refuse http.HandlerFunc, told func(source.Page) []string) {
	t.Helper()
	well, after, refused := server.Config.Handler, -1, 0 // after how many places the next is refused; never when negative
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if named(r) {
			if after--; after == -1 {
				refused++
				refuse(w, r)
				return
			}
		}
		well.ServeHTTP(w, r)
	})
	full := errors.New("the disk is full")
	pull := func(cursor string, most int) (pages []source.Page, err error) {
		err = open().Pull(&source.Pull{Ctx: t.Context(), Cursor: cursor, From: from, Now: now, Client: &fetch.Client{HTTP: server.Client()}, Emit: func(p source.Page) error {
			if len(pages) == most {
				return full
			}
			pages = append(pages, p)
			return nil
		}})
		return pages, err
	}
	all := func(pages []source.Page) []string {
		var out []string
		for _, p := range pages {
			out = append(out, told(p)...)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	const most = 1000
	whole, err := pull("", most)
	want := all(whole)
	if err != nil || len(whole) < 2 || len(want) < 2 {
		t.Fatalf("%d pages, %v, %v", len(whole), want, err)
	}
	for at := range faultedAt {
		was := refused
		after = at
		pages, err := pull("", most)
		if refused == was {
			break // there are not so many
		}
		if err != nil || !slices.Equal(all(pages), want) || pages[len(pages)-1].Through.Before(whole[len(whole)-1].Through) {
			t.Errorf("place %d is not taken: %v, %v", at+1, all(pages), err)
		}
	}
	if refused == 0 {
		t.Error("no place was asked for")
	}
	for stop := range len(whole) - 1 {
		after = -1
		pages, err := pull("", stop+1)
		if !errors.Is(err, full) {
			t.Fatal(err)
		}
		after = 0
		rest, err := pull(pages[len(pages)-1].Cursor, most)
		if err != nil || !slices.Equal(all(append(pages, rest...)), want) {
			t.Errorf("the place after page %d is not taken later: %v, %v", stop+1, all(append(pages, rest...)), err)
		}
	}
}

// faultedAt is before how many calls of a run faults are put.
const faultedAt = 6

func same(a, b []source.Page) bool {
	return slices.EqualFunc(a, b, func(x, y source.Page) bool { return x.Cursor == y.Cursor && alike(x, y) })
}

// alike says whether two pages tell the same. A run that goes on may place its
// cursors otherwise: it may look back a little from where it begins.
func alike(x, y source.Page) bool { return bytes.Equal(x.Body, y.Body) }

// Fault is what a server does in place of a good answer, which well would give.
type Fault func(w http.ResponseWriter, r *http.Request, well http.Handler)

var (
	passing = map[string]Fault{"asked too often": tooMany(7), "server error": refused(http.StatusInternalServerError), "unavailable": refused(http.StatusServiceUnavailable), "cut off": cutOff, "in small pieces": dribbled, "stuck": stuck}
	staying = map[string]Fault{"server error": refused(http.StatusInternalServerError), "unauthorized": refused(http.StatusUnauthorized), "cut off": cutOff, "no JSON": signIn}
)

// Faulty puts faults before what a server answers: its next request meets the
// first, and so on; nil is a good answer, and so are all after the last. It is
// called before the server is asked for anything.
func Faulty(server *httptest.Server, faults ...Fault) {
	f := &faulty{well: server.Config.Handler}
	f.plan(faults)
	server.Config.Handler = f
}

type faulty struct {
	well http.Handler

	turn  sync.Mutex
	ahead []Fault
	asked int
}

// plan sets what the next requests meet, and says how many there were so far.
func (f *faulty) plan(faults []Fault) int {
	f.turn.Lock()
	defer f.turn.Unlock()
	n := f.asked
	f.ahead, f.asked = faults, 0
	return n
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var now Fault
	f.turn.Lock()
	f.asked++
	if len(f.ahead) > 0 {
		now, f.ahead = f.ahead[0], f.ahead[1:]
	}
	f.turn.Unlock()
	if now == nil {
		f.well.ServeHTTP(w, r)
		return
	}
	now(w, r, f.well)
}

func refused(status int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(status) }
}

func tooMany(seconds int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		w.WriteHeader(http.StatusTooManyRequests)
	}
}

// signIn is what a proxy answers for the tool.
func signIn(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Write([]byte("<html>Sign in</html>"))
}

// cutOff promises a whole answer and gives the first half.
func cutOff(w http.ResponseWriter, r *http.Request, well http.Handler) {
	status, body := record(w, r, well)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(status)
	pieces(w, body[:len(body)/2], len(body)+1)
}

// dribbled gives a good answer in small pieces, each on its way before the next.
func dribbled(w http.ResponseWriter, r *http.Request, well http.Handler) {
	status, body := record(w, r, well)
	w.WriteHeader(status)
	pieces(w, body, len(body)/20+1)
}

// stuck answers nothing until the asker goes away, which is noticed only once
// what it sent is read.
func stuck(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	if _, err := io.Copy(io.Discard, r.Body); err == nil {
		<-r.Context().Done()
	}
}

// record takes the status and the body of a good answer; its headers are set.
func record(w http.ResponseWriter, r *http.Request, well http.Handler) (int, []byte) {
	answer := httptest.NewRecorder()
	well.ServeHTTP(answer, r)
	for k, v := range answer.Header() {
		w.Header()[k] = v
	}
	return answer.Code, answer.Body.Bytes()
}

// pieces writes a body; an asker that went away is no concern of the server's.
func pieces(w http.ResponseWriter, body []byte, size int) {
	on := http.NewResponseController(w)
	for len(body) > 0 {
		n := min(size, len(body))
		if _, err := w.Write(body[:n]); err != nil || on.Flush() != nil {
			return
		}
		body = body[n:]
	}
}
