package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"hansei/client"
)

func (p *program) agenda() *cobra.Command {
	return &cobra.Command{Use: "agenda ID", Short: "What the review meeting is to talk about: open questions, changes nearby, comments, gaps", Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			text, err := c.Agenda(ctx, args[0])
			if err != nil {
				return err
			}
			if p.format != asTable {
				return p.pairs(text)
			}
			var a struct {
				Title string
				Parts []struct {
					Title string
					Items []struct{ Text, Because string }
				}
			}
			if err := json.Unmarshal(text, &a); err != nil {
				return err
			}
			if err := p.printf("%s\n", a.Title); err != nil {
				return err
			}
			for _, part := range a.Parts {
				if err := p.printf("\n%s\n", part.Title); err != nil {
					return err
				}
				for _, x := range part.Items {
					if x.Because != "" {
						x.Text += " (" + x.Because + ")"
					}
					if err := p.printf("- %s\n", x.Text); err != nil {
						return err
					}
				}
			}
			return nil
		})}
}

func (p *program) invite() *cobra.Command {
	var at, place, file string
	var minutes int
	cmd := &cobra.Command{Use: "invite ID", Short: "Write the invitation to the review meeting, for calendars (.ics)", Args: cobra.ExactArgs(1),
		Example: "  hansei retro invite pd:Q1 --at 2026-03-02T15:00:00+01:00 --minutes 45 --place 'Room 1' --file review.ics",
		RunE: p.asking(func(ctx context.Context, c *client.Client, args []string) error {
			when, err := time.Parse(time.RFC3339, at)
			if err != nil {
				return fmt.Errorf("--at %q: expected a time such as 2026-03-02T15:00:00+01:00", at)
			}
			text, err := c.Invite(ctx, args[0], when, minutes, place)
			if err != nil {
				return err
			}
			if file != "" {
				return os.WriteFile(file, text, 0o600)
			}
			_, err = p.out.Write(text)
			return err
		})}
	cmd.Flags().StringVar(&at, "at", "", "when it begins, with its zone")
	cmd.Flags().IntVar(&minutes, "minutes", 60, "how long it takes")
	cmd.Flags().StringVar(&place, "place", "", "a room, or the address of a call")
	cmd.Flags().StringVar(&file, "file", "", "write to this file (standard output when empty)")
	return cmd
}
