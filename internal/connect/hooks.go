package connect

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/record/pack"
	"hansei/internal/source"
)

// MaxHook bounds a webhook's body, in bytes.
const MaxHook = 5 << 20

// Hooks takes webhooks in at /hooks/{hook}. The address names the source; the
// source's own signature says who sends. It answers 200 once the delivery is
// durable, and says why when it refuses.
type Hooks struct {
	Sources *Sources
	Packer  *pack.Packer

	mu      sync.Mutex
	arrived []*arrival
	storing bool
}

// arrival is a webhook that waits to be durable.
type arrival struct {
	packed pack.Packed
	isNew  bool
	err    error
	done   chan struct{}
}

const (
	maxTogether = 256 // webhooks that one write stores
	// While webhooks come in crowds, each write waits a little for more of them.
	crowd  = 4
	gather = time.Millisecond
)

// store makes a webhook durable. Those that arrive while others are being
// stored go together after them: one write for all. That the sender hangs up
// changes nothing.
func (h *Hooks) store(p pack.Packed) (isNew bool, err error) {
	if p.Held || len(p.Parts) > 0 {
		// It waits for the writer, who may be busy for long: nobody waits with it.
		isNew, err := h.Sources.Records.Deliver(context.Background(), auth.Local().As("webhooks"), []pack.Packed{p})
		return isNew[p.ID], err
	}
	a := &arrival{packed: p, done: make(chan struct{})}
	h.mu.Lock()
	h.arrived = append(h.arrived, a)
	if !h.storing {
		h.storing = true
		go h.storeAll()
	}
	h.mu.Unlock()
	<-a.done
	return a.isNew, a.err
}

func (h *Hooks) storeAll() {
	for together := 1; ; {
		if together >= crowd {
			time.Sleep(gather)
		}
		h.mu.Lock()
		list := h.arrived[:min(len(h.arrived), maxTogether)]
		h.arrived = h.arrived[len(list):]
		if len(list) == 0 {
			h.storing, h.arrived = false, nil
			h.mu.Unlock()
			return
		}
		h.mu.Unlock()
		together = len(list)
		packed := make([]pack.Packed, len(list))
		for i, a := range list {
			packed[i] = a.packed
		}
		isNew, err := h.Sources.Records.Deliver(context.Background(), auth.Local().As("webhooks"), packed)
		for _, a := range list {
			// Of two the same in one group the first is the new one.
			a.isNew, a.err = isNew[a.packed.ID], err
			delete(isNew, a.packed.ID)
			close(a.done)
		}
	}
}

// ServeHTTP implements http.Handler.
func (h *Hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s, who := h.Sources, auth.Local()
	o, err := s.byHook(r.Context(), who.Scope(), strings.TrimPrefix(r.URL.Path, "/hooks/"))
	switch {
	case errors.Is(err, hansei.ErrNotFound):
		s.count("", unknownAddress, 1)
		answer(w, http.StatusNotFound, "No source has this address. It may have been removed, or the URL was not copied whole.")
		return
	case err != nil:
		h.fail(w, o, err)
		return
	}
	name := string(o.rec.ID)
	receiver, ok := o.source.(source.Receiver)
	if !ok {
		answer(w, http.StatusNotFound, o.kind.Title+" sends no webhooks; it is pulled.")
		return
	}
	switch r.Method {
	case http.MethodPost:
	case http.MethodOptions: // CloudEvents asks first whether it may send
		w.Header().Set("Allow", "POST, OPTIONS")
		w.Header().Set("WebHook-Allowed-Origin", "*")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		w.Header().Set("Allow", "POST, OPTIONS")
		answer(w, http.StatusMethodNotAllowed, "A webhook is a POST.")
		return
	}
	if wait := s.limits.over(name, o.rate); wait > 0 {
		s.count(name, "refused: too many", 1)
		w.Header().Set("Retry-After", strconv.Itoa(wait))
		answer(w, http.StatusTooManyRequests, "More webhooks a second than this source may send ("+strconv.FormatFloat(o.rate, 'f', -1, 64)+").")
		return
	}
	body, err := readBody(http.MaxBytesReader(w, r.Body, MaxHook), r.ContentLength)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		s.count(name, "refused: too large", 1)
		answer(w, http.StatusRequestEntityTooLarge, "A webhook may have at most 5 MB.")
		return
	case err != nil:
		s.count(name, "refused: broken off", 1)
		answer(w, http.StatusBadRequest, "The body broke off.")
		return
	}
	h.take(w, r, o, receiver, body)
}

// readBody reads all. The length that the sender claims is room to begin with;
// of a body that has one, no more than that comes.
func readBody(from io.Reader, length int64) ([]byte, error) {
	const most = 64 << 10 // before anything has come
	b := make([]byte, min(max(length, 0), most))
	if _, err := io.ReadFull(from, b); err != nil || int64(len(b)) == length {
		return b, err
	}
	rest, err := io.ReadAll(from)
	return append(b, rest...), err
}

// take verifies and stores a webhook.
func (h *Hooks) take(w http.ResponseWriter, r *http.Request, o *opened, receiver source.Receiver, body []byte) {
	s, name := h.Sources, string(o.rec.ID)
	receipt, err := receiver.Verify(source.Request{Header: r.Header, Query: r.URL.Query(), Body: body, Now: s.Now()})
	var invalid *hansei.InvalidError
	switch {
	case errors.Is(err, source.ErrSignature):
		s.count(name, "refused: signature", 1)
		answer(w, http.StatusUnauthorized, "The token or signature does not fit. The secret at the sender and the one that Hansei keeps of this source must be the same; the source's page says how.")
		return
	case errors.Is(err, source.ErrStale):
		s.count(name, "refused: timestamp", 1)
		answer(w, http.StatusUnauthorized, "The timestamp is more than five minutes from now: a repeated message, or a clock that is wrong.")
		return
	case errors.As(err, &invalid):
		s.count(name, "refused: not understood", 1)
		answer(w, http.StatusBadRequest, invalid.Error())
		return
	case err != nil:
		h.fail(w, o, err)
		return
	}
	if receipt.Answer != nil {
		w.Header().Set("Content-Type", receipt.Answer.Media)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if _, err := w.Write(receipt.Answer.Body); err != nil {
			s.Log.Debug("a handshake broke off", "source", name, "error", err)
		}
		return
	}
	identity, err := h.once(r.Context(), name, receipt, body)
	if err != nil {
		h.fail(w, o, err)
		return
	}
	packed := h.Packer.Pack(name, receipt.Event, r.Header.Get("Content-Type"), identity, body)
	packed.Held = o.rec.Paused
	isNew, err := h.store(packed)
	if err != nil {
		h.fail(w, o, err)
		return
	}
	if !isNew {
		s.count(name, record.CountRepeated, 1)
	} else {
		s.count(name, record.CountReceived, 1)
		s.Inbox.Wake()
	}
	w.Header().Set("Content-Type", "application/json")
	if _, err := io.WriteString(w, `{"delivery":"`+packed.ID+`"}`); err != nil { // hexadecimal
		s.Log.Debug("a sender hung up", "source", name, "error", err)
	}
}

// fail answers so that the sender tries again later.
func (h *Hooks) fail(w http.ResponseWriter, o *opened, err error) {
	name := ""
	if o != nil {
		name = string(o.rec.ID)
	}
	h.Sources.Log.Error("a webhook could not be stored", "source", name, "error", err)
	w.Header().Set("Retry-After", "30")
	answer(w, http.StatusServiceUnavailable, "It could not be stored because of an error on our side. Send it again later.")
}

func answer(w http.ResponseWriter, status int, says string) {
	text, err := json.Marshal(map[string]string{"error": says})
	if err != nil {
		text = []byte("{}") // a string always encodes
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the sender may be gone; there is nobody else to tell
}

// limits holds back floods, each source's on its own.
type limits struct {
	mu   sync.Mutex
	each map[string]*rate.Limiter
}

// over takes one webhook from the allowance and says how many seconds to wait
// when there is none left, else 0.
func (l *limits) over(name string, perSecond float64) int {
	l.mu.Lock()
	lim := l.each[name]
	if lim == nil || float64(lim.Limit()) != perSecond {
		if l.each == nil {
			l.each = map[string]*rate.Limiter{}
		}
		lim = rate.NewLimiter(rate.Limit(perSecond), max(1, int(2*perSecond)))
		l.each[name] = lim
	}
	l.mu.Unlock()
	if lim.Allow() {
		return 0
	}
	return 1 + int(1/perSecond)
}
