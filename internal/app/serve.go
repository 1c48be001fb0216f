package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"hansei"
)

// Socket is the Unix socket of a data directory, which only its owner can open.
func Socket(dir string) string { return filepath.Join(dir, "hansei.sock") }

// loopback refuses an address that others could reach: there are no accounts
// yet, so whoever reaches the server may do everything.
func loopback(listen string) error {
	if listen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return hansei.Invalid("listen", "%q is not an address; expected HOST:PORT such as 127.0.0.1:8080", listen)
	}
	if host == "localhost" {
		return nil
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return nil
	}
	return hansei.Invalid("listen", "%q could be reached from other machines, and Hansei has no accounts yet: whoever reaches it may do everything. "+
		"Listen on 127.0.0.1 and reach it through an SSH tunnel, or a reverse proxy on this machine that asks for a password", listen)
}

const (
	headerTimeout   = 10 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 10 * time.Second
)

// serve listens on the address and on the Unix socket until ctx ends.
func (a *App) serve(ctx context.Context) error {
	var lc net.ListenConfig
	path := Socket(a.config.Dir)
	// We hold the lock, so a socket that is still there belongs to a process
	// that died.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the old socket: %w", err)
	}
	unix, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(fmt.Errorf("protect %s: %w", path, err), unix.Close())
	}
	listeners := []net.Listener{unix}
	if a.config.Listen != "" {
		tcp, err := lc.Listen(ctx, "tcp", a.config.Listen)
		if err != nil {
			return errors.Join(fmt.Errorf("listen on %s: %w", a.config.Listen, err), unix.Close())
		}
		listeners = append(listeners, tcp)
		a.log.Info("serving", "url", "http://"+tcp.Addr().String(), "data", a.config.Dir)
	}
	server := &http.Server{Handler: a.Handler(), ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout}
	g, ctx := errgroup.WithContext(ctx)
	for _, l := range listeners {
		g.Go(func() error {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	g.Go(func() error {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		return server.Shutdown(last)
	})
	return g.Wait()
}

// Handler is everything the server answers: pages and API, behind the guards.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	rest := a.api.Handler()
	for _, prefix := range []string{"/api/", "/api", "/openapi.json", "/healthz"} {
		mux.Handle(prefix, rest)
	}
	mux.Handle("/", a.web.Handler())
	return a.guard(http.NewCrossOriginProtection().Handler(mux))
}

// guard refuses requests that name another host, as a page elsewhere would
// make a browser send them (DNS rebinding), and turns a panic into one logged
// line and a plain answer.
func (a *App) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				a.log.Error("a request panicked", "method", r.Method, "path", r.URL.Path, "panic", p)
				http.Error(w, "Something broke on our side. Nothing of yours was changed by this request.", http.StatusInternalServerError)
			}
		}()
		if !ours(r.Host) {
			http.Error(w, fmt.Sprintf("This server answers to localhost only, not to %q.", r.Host), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ours says whether a Host header names this machine's loopback interface or
// the Unix socket.
func ours(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if name == "localhost" || name == "hansei" {
		return true
	}
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback()
}
