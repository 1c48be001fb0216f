package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// logged is a path as logs may hold it: a webhook's address can be all that its
// sender proves itself with.
func logged(path string) string {
	if strings.HasPrefix(path, hookPrefix) {
		return hookPrefix + "…"
	}
	return path
}

// guard refuses requests that name another host, as a page elsewhere would
// make a browser send them (DNS rebinding), turns a panic into one logged line
// and a plain answer, and logs each request at level debug.
func (a *App) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, out := time.Now(), &watched{ResponseWriter: w}
		defer func() {
			p := recover()
			if aborted(p) {
				panic(p)
			}
			if p != nil {
				a.log.Error("a request panicked", "method", r.Method, "path", logged(r.URL.Path), "panic", p)
				if out.status == 0 {
					http.Error(out, "Something broke on our side. Nothing of yours was changed by this request.", http.StatusInternalServerError)
				}
			}
			if a.log.Enabled(r.Context(), slog.LevelDebug) {
				a.log.Debug("request", "method", r.Method, "path", logged(r.URL.Path), "status", out.status, "took", time.Since(began))
			}
		}()
		if strings.HasPrefix(r.URL.Path, hookPrefix) {
			// Tools elsewhere send these, under whatever name reaches this
			// machine; each proves who it is by its signature.
			a.hooks.ServeHTTP(out, r)
			return
		}
		if !private(r) && !ours(r.Host) {
			http.Error(out, fmt.Sprintf("This server answers to localhost only, not to %q.", r.Host), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(out, r)
	})
}

const hookPrefix = "/hooks/"

// watched remembers the status that was answered.
type watched struct {
	http.ResponseWriter
	status int
}

func (w *watched) WriteHeader(status int) {
	if w.status == 0 || w.status < http.StatusOK { // an interim answer is not the answer
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// private says that a request came over the Unix socket or stayed inside the
// process, where no browser can have sent it.
func private(r *http.Request) bool {
	at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && (at.Network() == "unix" || at.Network() == "pipe")
}

// ours says whether a Host header names this machine's loopback interface.
func ours(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if name == "localhost" {
		return true
	}
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return ip != nil && ip.IsLoopback()
}

// aborted says that a handler gave up its answer on purpose.
func aborted(p any) bool {
	err, ok := p.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}
