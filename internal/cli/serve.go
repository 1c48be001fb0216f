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
	var listen, hooks string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the pages and the API of a data directory",
		Args:  cobra.NoArgs,
		RunE: running(func(ctx context.Context, _ []string) error {
			config, err := p.place(listen, slog.LevelInfo)
			if err != nil {
				return err
			}
			config.HooksListen = hooks
			a, err := app.New(ctx, config)
			if err != nil {
				return err
			}
			return errors.Join(a.Run(ctx), a.Close())
		}),
	}
	cmd.Flags().StringVar(&listen, "listen", listenAt, "address on this machine to listen on ($HANSEI_LISTEN)")
	cmd.Flags().StringVar(&hooks, "hooks-listen", "", "a further address that takes webhooks and nothing else; other machines may reach it ($HANSEI_HOOKS_LISTEN)")
	return cmd
}
