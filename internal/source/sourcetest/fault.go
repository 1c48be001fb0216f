package sourcetest

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
)

// Fault is what a server does in place of a good answer, which well would give.
type Fault func(w http.ResponseWriter, r *http.Request, well http.Handler)

// Faulty puts faults before what a server answers: its first request meets the
// first, and so on; nil is a good answer, and so are all after the last. It is
// called before the server is asked for anything.
func Faulty(server *httptest.Server, faults ...Fault) {
	var turn sync.Mutex
	well := server.Config.Handler
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var now Fault
		turn.Lock()
		if len(faults) > 0 {
			now, faults = faults[0], faults[1:]
		}
		turn.Unlock()
		if now == nil {
			well.ServeHTTP(w, r)
			return
		}
		now(w, r, well)
	})
}

// Refused answers a status without a word.
func Refused(status int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(status) }
}

// TooMany answers that one shall ask again after some seconds.
func TooMany(seconds int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		w.WriteHeader(http.StatusTooManyRequests)
	}
}

// CutOff promises a whole answer and gives the first half.
func CutOff(w http.ResponseWriter, r *http.Request, well http.Handler) {
	answer, body := record(r, well)
	for k, v := range answer.Header() {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(answer.Code)
	pieces(w, body[:len(body)/2], len(body))
}

// Dribbled gives a good answer in small pieces, each on its way before the next.
func Dribbled(w http.ResponseWriter, r *http.Request, well http.Handler) {
	answer, body := record(r, well)
	for k, v := range answer.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(answer.Code)
	pieces(w, body, 100)
}

// Stuck answers nothing until the asker goes away.
func Stuck(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }

func record(r *http.Request, well http.Handler) (*httptest.ResponseRecorder, []byte) {
	answer := httptest.NewRecorder()
	well.ServeHTTP(answer, r)
	return answer, answer.Body.Bytes()
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
