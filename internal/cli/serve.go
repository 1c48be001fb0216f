package cli

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"hansei/internal/app"
)

// listenAt is where servers listen unless somebody says otherwise.
const listenAt = "127.0.0.1:8080"

func (p *program) serve() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the pages and the API of a data directory",
		Args:  cobra.NoArgs,
		RunE: running(func(ctx context.Context, _ []string) error {
			a, err := app.New(ctx, app.Config{Dir: p.dir, Listen: listen, Log: p.log(slog.LevelInfo)})
			if err != nil {
				return err
			}
			return errors.Join(a.Run(ctx), a.Close())
		}),
	}
	cmd.Flags().StringVar(&listen, "listen", listenAt, "address on this machine to listen on ($HANSEI_LISTEN)")
	return cmd
}
