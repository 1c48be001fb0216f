package cli

import (
	"context"

	"github.com/spf13/cobra"

	"hansei/client"
)

func (p *program) person() *cobra.Command {
	var name string
	forget := &cobra.Command{Use: "forget ID", Short: "Take a person out of everything that is kept; it cannot be undone",
		Long: "Take a person out of the journal, every revision in it, prose that mentions them, and payloads\n" +
			"that name them. What stays is \"a former colleague\". It cannot be undone, so --name repeats\n" +
			"the person's name. Backups, replicas and the tools that told of them are yours to clean.",
		Args: cobra.ExactArgs(1), RunE: p.asking(func(ctx context.Context, c *client.Client, args []string) error {
			text, err := c.ForgetPerson(ctx, args[0], name)
			if err != nil {
				return err
			}
			return p.pairs(text)
		})}
	forget.Flags().StringVar(&name, "name", "", "the person's name, to confirm")
	cmd := &cobra.Command{Use: "person", Short: "People"}
	cmd.AddCommand(forget)
	return cmd
}
