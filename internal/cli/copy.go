package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"hansei/internal/app"
)

// copyAll copies an installation. It is the one command that asks no server:
// neither place may be in use.
func (p *program) copyAll() *cobra.Command {
	var from, to string
	cmd := &cobra.Command{
		Use:   "copy --from DIR|URL --to DIR|URL",
		Short: "Copy an installation to PostgreSQL, back, or to another place, and compare both",
		Long:  "Copy an installation to another place, each a data directory or a PostgreSQL database (postgres://…), and compare both by their digest.\n\nStop the servers first. The key that seals secrets (hansei.key) is not in the database: give both installations the same one.",
		Args:  cobra.NoArgs,
		RunE: running(func(ctx context.Context, _ []string) error {
			if from == "" || to == "" {
				return errors.New("expected --from and --to, each a data directory or a postgres:// URL")
			}
			if from == to {
				return fmt.Errorf("--from and --to are both %s; an installation cannot be copied onto itself", from)
			}
			said := -1
			digest, entries, err := app.Copy(ctx, from, to, p.log(slog.LevelWarn), func(done, total int64) {
				if percent := int(100 * done / max(total, 1)); percent/10 != said/10 {
					said = percent
					p.say("%d %% of %d entries", percent, total)
				}
			})
			if err != nil {
				return err
			}
			p.say("Credentials can be read there only with the same key: copy hansei.key from the one data directory to the other, too")
			return p.pairs(fmt.Appendf(nil, `{"entries":%d,"digest":%q}`, entries, digest))
		}),
	}
	cmd.Flags().StringVar(&from, "from", "", "what to copy")
	cmd.Flags().StringVar(&to, "to", "", "where to; it must be empty")
	return cmd
}
