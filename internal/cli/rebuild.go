package cli

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"hansei/client"
	"hansei/internal/cli/quantity"
)

func (p *program) rebuild() *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild",
		Short: "Build the facts from the journal, from nothing",
		Args:  cobra.NoArgs,
		RunE: p.asking(func(ctx context.Context, c *client.Client, _ []string) error {
			r, err := c.Rebuild(ctx)
			if err != nil {
				return err
			}
			if p.format == asTable {
				return p.printf("rebuilt the facts of %s records in %s\n", count(r.Records), quantity.Duration(r.Seconds))
			}
			text, err := json.Marshal(r)
			if err != nil {
				return err
			}
			return p.pairs(text)
		}),
	}
}
