package cli

import (
	"context"

	"github.com/spf13/cobra"

	"hansei"
	"hansei/client"
)

func (p *program) merge() *cobra.Command {
	return &cobra.Command{
		Use:   "merge KIND FROM INTO",
		Short: "Say that a service, team or person is another one; unmerge takes it back",
		Args:  cobra.MatchAll(cobra.ExactArgs(3), ofKind),
		RunE: p.asking(func(ctx context.Context, c *client.Client, args []string) error {
			kind, err := hansei.ParseKind(args[0])
			if err != nil {
				return err
			}
			if err := c.Merge(ctx, string(kind), args[1], args[2]); err != nil {
				return err
			}
			p.say("%s %s is now %s; undo with: hansei unmerge %s %s", kind, args[1], args[2], kind, args[1])
			return nil
		}),
	}
}

func (p *program) unmerge() *cobra.Command {
	return &cobra.Command{
		Use:   "unmerge KIND ID",
		Short: "Take a merge back",
		Args:  cobra.MatchAll(cobra.ExactArgs(2), ofKind),
		RunE: p.asking(func(ctx context.Context, c *client.Client, args []string) error {
			kind, err := hansei.ParseKind(args[0])
			if err != nil {
				return err
			}
			if err := c.Unmerge(ctx, string(kind), args[1]); err != nil {
				return err
			}
			p.say("%s %s stands on its own again", kind, args[1])
			return nil
		}),
	}
}
