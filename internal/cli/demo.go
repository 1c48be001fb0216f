package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"hansei/internal/app"
)

func (p *program) demo() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Serve real incidents, GitHub's public history, from a temporary directory",
		Args:  cobra.NoArgs,
		RunE: running(func(ctx context.Context, _ []string) (err error) {
			dir, err := os.MkdirTemp("", "hansei-demo-")
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
			if listen, err = settled(ctx, listen); err != nil {
				return err
			}
			a, err := app.New(ctx, app.Config{Dir: dir, Listen: listen, Log: p.log(slog.LevelWarn)})
			if err != nil {
				return err
			}
			p.say("Loading GitHub's public incident history …")
			err = a.Demo(ctx)
			if err == nil {
				err = p.show(ctx, a, listen)
			}
			return errors.Join(err, a.Close())
		}),
	}
	cmd.Flags().StringVar(&listen, "listen", listenAt, "address on this machine to listen on ($HANSEI_LISTEN)")
	return cmd
}

// show serves until ctx ends, and says where once somebody answers there.
func (p *program) show(ctx context.Context, a *app.App, listen string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	for {
		d := net.Dialer{Timeout: time.Second}
		conn, err := d.DialContext(ctx, "tcp", listen)
		if err == nil {
			if err := conn.Close(); err != nil {
				return errors.Join(err, <-ended)
			}
			break
		}
		select {
		case err := <-ended:
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
	err := p.printf("Open http://%s\n", listen)
	if err == nil {
		err = p.out.Flush()
	}
	if err != nil {
		stop()
	}
	return errors.Join(err, <-ended)
}

// settled gives port 0 a free port, so that the address can be told.
func settled(ctx context.Context, listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port != "0" {
		return listen, nil // a wrong address is app's to refuse
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return "", fmt.Errorf("listen on %s: %w", listen, err)
	}
	return l.Addr().String(), l.Close()
}
