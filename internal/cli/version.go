package cli

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"hansei/internal/app"
)

func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program",
		Args:  cobra.NoArgs,
		RunE: running(func(context.Context, []string) error {
			if p.format == asTable {
				return p.printf("hansei %s\n", app.Version())
			}
			text, err := json.Marshal(map[string]string{"version": app.Version()})
			if err != nil {
				return err
			}
			return p.pairs(text)
		}),
	}
}
