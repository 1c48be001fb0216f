// Package trackertest stands in for the tools that are trackers: each speaks
// enough of its API, in memory, to create, find, look at and change issues, and
// fails when it is told to. Run holds what every tracker must satisfy.
package trackertest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Issue is an issue of a stand-in.
type Issue struct {
	Number   int
	ID       string // of a tool that has ids beside numbers
	Title    string
	Body     string
	Status   string // open, done, declined
	Labels   []string
	Owner    string // the one account there is, or ""
	Due      string
	Priority string
	Created  time.Time
	Updated  time.Time
	Gone     bool
}

// Server is a stand-in's issues and how it behaves.
type Server struct {
	mu     sync.Mutex
	now    time.Time
	issues []*Issue
	faults []fault
	calls  map[string]int // by method
}

type fault struct {
	method string
	fail   func(http.ResponseWriter)
}

// Token is the token that stand-ins accept, Login and Name the one account
// that issues may be assigned to.
const (
	Token = "t0ken-of-the-stand-in"
	Login = "ann"
	Name  = "Ann Lee"
	Email = "ann@example.com"
	Place = "acme/shop" // of GitHub and GitLab
	Key   = "OPS"       // of Jira and Linear
)

// New is a stand-in whose clock starts at a time.
func New(now time.Time) *Server { return &Server{now: now, calls: map[string]int{}} }

// Fail has the next calls of a method fail, one by each fault; "" is any
// method.
func (s *Server) Fail(method string, faults ...func(http.ResponseWriter)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		s.faults = append(s.faults, fault{method, f})
	}
}

// Status is a fault that answers with a status and headers "Name: value".
func Status(code int, headers ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for _, h := range headers {
			k, v, _ := strings.Cut(h, ": ")
			w.Header().Set(k, v)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(`{"message":"no"}`)) // a test reads it
	}
}

// Cut is a fault that breaks the connection off.
func Cut(http.ResponseWriter) { panic(http.ErrAbortHandler) }

// Calls is how often a method was called.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// Issues are copies of all issues.
func (s *Server) Issues() []Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Issue, len(s.issues))
	for i, x := range s.issues {
		out[i] = *x
	}
	return out
}

// Touch changes an issue as somebody at the tool would, a second later.
func (s *Server) Touch(number int, fn func(*Issue)) Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.issues[number-1]
	fn(x)
	x.Updated = s.tick()
	return *x
}

// Set sets the clock.
func (s *Server) Set(now time.Time) {
	s.mu.Lock()
	s.now = now
	s.mu.Unlock()
}

func (s *Server) tick() time.Time {
	s.now = s.now.Add(time.Second)
	return s.now.Truncate(time.Second)
}

// add makes an issue. The lock is held.
func (s *Server) add(x Issue) *Issue {
	x.Number, x.Status, x.Created = len(s.issues)+1, "open", s.tick()
	x.Updated = x.Created
	s.issues = append(s.issues, &x)
	return &x
}

// at finds an issue that is there. The lock is held.
func (s *Server) at(match func(*Issue) bool) *Issue {
	for _, x := range s.issues {
		if match(x) && !x.Gone {
			return x
		}
	}
	return nil
}

// handler counts, fails and locks around a tool's own handler.
func (s *Server) handler(authorized func(*http.Request) bool, tool http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls[r.Method]++
		w.Header().Set("Content-Type", "application/json")
		if !authorized(r) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if len(s.faults) > 0 && (s.faults[0].method == "" || s.faults[0].method == r.Method) {
			fail := s.faults[0].fail
			s.faults = s.faults[1:]
			fail(w)
			return
		}
		tool(w, r)
	})
}

// Lost has the first POST done and its answer lost, as when a server dies
// between a call and its commit.
func Lost(h http.Handler) http.Handler {
	once := false
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !once && r.Method == http.MethodPost {
			once = true
			h.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		h.ServeHTTP(w, r)
	})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	if v != nil {
		_ = json.NewEncoder(w).Encode(v) // a test reads it
	}
}

func read(r *http.Request) map[string]any {
	var v map[string]any
	_ = json.NewDecoder(r.Body).Decode(&v) // an empty body is empty
	return v
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
