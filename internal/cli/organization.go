package cli

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"hansei/client"
)

func (p *program) organization() *cobra.Command {
	var name, zone string
	var served float64
	cmd := &cobra.Command{
		Use:   "organization",
		Short: "Show or set what the organization says about itself",
		Args:  cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringVar(&name, "name", "", "set its name")
	f.StringVar(&zone, "zone", "", "set its time zone, in which days, weeks and months begin, such as Europe/Berlin")
	f.Float64Var(&served, "customers-served", 0, "set how many customers it serves (for SAIDI and SAIFI)")
	cmd.RunE = p.asking(func(ctx context.Context, c *client.Client, _ []string) error {
		fields := map[string]any{}
		for flag, v := range map[string]any{"name": name, "zone": zone, "customers-served": served} {
			if f.Changed(flag) {
				fields[map[string]string{"name": "name", "zone": "zone", "customers-served": "customers_served"}[flag]] = v
			}
		}
		o, err := client.Organization{}, error(nil)
		if len(fields) > 0 {
			o, err = c.EditOrganization(ctx, fields)
		} else {
			o, err = c.Organization(ctx)
		}
		if err != nil {
			return err
		}
		text, err := json.Marshal(o)
		if err != nil {
			return err
		}
		return p.pairs(text)
	})
	return cmd
}
