package cli

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"hansei/client"
	"hansei/internal/cli/quantity"
)

func (p *program) explain() *cobra.Command {
	var q client.Question
	var class string
	var limit int
	cmd := &cobra.Command{
		Use:   "explain METRIC",
		Short: "List every record behind a figure: what it contributed, or why it was left out",
		Args:  cobra.ExactArgs(1),
	}
	questionFlags(cmd.Flags(), &q)
	cmd.Flags().StringVar(&class, "class", "", "only measured, censored, excluded, or one reason of exclusion")
	cmd.Flags().IntVar(&limit, "limit", 0, "records at most (all when 0)")
	cmd.RunE = p.asking(func(ctx context.Context, c *client.Client, args []string) error {
		q.Metric = args[0]
		head := []string{"at", "id", "class", "reason", "value", "title"}
		unit := ""
		if p.format == asTable {
			def, err := c.Metric(ctx, q.Metric)
			if err != nil {
				return unknown(err)
			}
			var d struct{ Unit string }
			if err := json.Unmarshal(def, &d); err != nil {
				return err
			}
			unit = d.Unit
			if unit == "ratio" || unit == "per_30d" {
				unit = "1" // what one record contributes is 1 or 0
			}
		}
		err := p.objects(c.Explain(ctx, q, class, limit), head, func(o json.RawMessage) ([]string, error) {
			var x struct {
				At, ID, Class, Reason, Title string
				Value                        *json.Number
			}
			if err := json.Unmarshal(o, &x); err != nil {
				return nil, err
			}
			value := text(x.Value)
			if p.format == asTable && x.Value != nil {
				value = quantity.Of(x.Value, unit)
			}
			return []string{x.At, x.ID, x.Class, x.Reason, value, x.Title}, nil
		})
		return unknown(err)
	})
	return cmd
}
