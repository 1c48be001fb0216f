package cli

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"hansei/client"
	"hansei/internal/app"
	"hansei/internal/cli/pipe"
)

// connect finds the server that a command asks: the one at --server, else the
// one that holds the data directory, else one inside this process. done gives
// everything up again.
func (p *program) connect(ctx context.Context) (c *client.Client, done func() error, err error) {
	if p.server != "" {
		c, err := client.New(p.server, p.token)
		if err != nil {
			return nil, nil, err
		}
		return c, func() error { c.Close(); return nil }, nil
	}
	if socket := filepath.Join(p.dir, "hansei.sock"); accepts(ctx, socket) {
		c, err := client.New(socket, p.token)
		if err != nil {
			return nil, nil, err
		}
		return c, func() error { c.Close(); return nil }, nil
	}
	return p.inside(ctx)
}

// accepts says whether somebody listens on a Unix socket. A socket left behind
// by a process that died refuses.
func accepts(ctx context.Context, socket string) bool {
	d := net.Dialer{Timeout: 2 * time.Second}
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// closing bounds how long a server inside the process may take to finish its
// last answers.
const closing = 10 * time.Second

// inside opens the data directory and serves it to this command alone.
func (p *program) inside(ctx context.Context) (*client.Client, func() error, error) {
	config, err := p.place("", slog.LevelWarn)
	if err != nil {
		return nil, nil, err
	}
	a, err := app.New(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	if err := a.CatchUp(ctx); err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	followed := make(chan error, 1)
	a.Alone()
	p.alone = true
	go func() { followed <- a.Follow(life) }()
	inner := pipe.New()
	server := &http.Server{Handler: a.Handler(), ReadHeaderTimeout: closing}
	served := make(chan error, 1)
	go func() { served <- server.Serve(inner) }()
	c := client.Dialing(inner.Dial, "")
	done := func() error {
		c.Close()
		last, cancel := context.WithTimeout(life, closing)
		defer cancel()
		err := server.Shutdown(last)
		if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
		stop()
		if followErr := <-followed; followErr != nil && !errors.Is(followErr, context.Canceled) {
			err = errors.Join(err, followErr)
		}
		return errors.Join(err, a.Close())
	}
	return c, done, nil
}

func (p *program) log(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: level}))
}
