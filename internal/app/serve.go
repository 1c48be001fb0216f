package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
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
	maxHeader       = 64 << 10
	maxSocketPath   = 103 // bytes; what every Unix can bind
)

// listen opens the Unix socket and, if one is configured, the address.
func (a *App) listen(ctx context.Context) (list []net.Listener, err error) {
	var lc net.ListenConfig
	path := Socket(a.config.Dir)
	if len(path) > maxSocketPath && a.config.Listen != "" {
		a.log.Warn("the path of the data directory is too long for a socket in it; commands reach this server with --server http://"+a.config.Listen, "data", a.config.Dir)
	} else {
		// We hold the lock, so a socket that is still there belongs to a
		// process that died.
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("remove the old socket: %w", err)
		}
		unix, err := lc.Listen(ctx, "unix", path)
		if err != nil {
			return nil, fmt.Errorf("listen on %s: %w", path, err)
		}
		list = append(list, unix)
		if err := os.Chmod(path, 0o600); err != nil {
			return nil, errors.Join(fmt.Errorf("protect %s: %w", path, err), unix.Close())
		}
	}
	if a.config.Listen == "" {
		return list, nil
	}
	tcp, err := lc.Listen(ctx, "tcp", a.config.Listen)
	if err != nil {
		err = fmt.Errorf("listen on %s: %w", a.config.Listen, err)
		for _, l := range list {
			err = errors.Join(err, l.Close())
		}
		return nil, err
	}
	a.log.Info("serving", "url", "http://"+tcp.Addr().String(), "data", a.config.Dir)
	return append(list, tcp), nil
}

// serve listens on the address and on the Unix socket until ctx ends.
func (a *App) serve(ctx context.Context) error {
	listeners, err := a.listen(ctx)
	if err != nil {
		return err
	}
	// Nothing bounds how long a body may take to arrive: uploads are long. The
	// API bounds all others.
	server := &http.Server{Handler: a.Handler(), ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug)}
	g, ctx := errgroup.WithContext(ctx)
	if err := a.serveHooks(ctx, g); err != nil {
		for _, l := range listeners {
			err = errors.Join(err, l.Close())
		}
		return err
	}
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

// bodyTimeout bounds how long a webhook may take to arrive on the address that
// anybody may reach.
const bodyTimeout = 30 * time.Second

// serveHooks listens where webhooks alone are taken, if that is configured.
func (a *App) serveHooks(ctx context.Context, g *errgroup.Group) error {
	if a.config.HooksListen == "" {
		return nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", a.config.HooksListen)
	if err != nil {
		return fmt.Errorf("listen for webhooks on %s: %w", a.config.HooksListen, err)
	}
	a.log.Info("taking webhooks", "address", l.Addr().String())
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, hookPrefix) {
			http.Error(w, "This address takes webhooks only.", http.StatusNotFound)
			return
		}
		a.hooks.ServeHTTP(w, r)
	}), ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug)}
	g.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		return server.Shutdown(last)
	})
	return nil
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
