package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hansei/client"
)

func (p *program) delivery() *cobra.Command {
	var f client.DeliveryFilter
	var failedOnly bool
	cmd := &cobra.Command{Use: "delivery", Short: "What live sources delivered, and what became of it"}
	list := &cobra.Command{Use: "list", Short: "List deliveries, the newest first", Args: cobra.NoArgs, RunE: p.asking(
		func(ctx context.Context, c *client.Client, _ []string) error {
			if f.Limit < 0 {
				return fmt.Errorf("--limit %d: expected a number of deliveries, or 0 for all", f.Limit)
			}
			if f.Source != "" {
				if _, err := c.Source(ctx, f.Source); err != nil {
					return err
				}
			}
			if failedOnly {
				f.State = client.Failed
			}
			head := []string{"id", "received", "source", "event", "state", "bytes", "told"}
			return p.objects(encoded(c.Deliveries(ctx, f)), head, func(o json.RawMessage) ([]string, error) {
				var d client.Delivery
				err := json.Unmarshal(o, &d)
				told := d.Error + d.Unused
				for _, r := range d.Records {
					told = strings.TrimSpace(told + " " + r.Kind + "/" + r.ID)
				}
				if d.More > 0 {
					told += fmt.Sprintf(" and %d more", d.More)
				}
				return []string{d.ID, d.Received.Format(time.RFC3339), d.Source, d.Event, d.State, fmt.Sprint(d.Size), told}, err
			})
		})}
	list.Flags().BoolVar(&failedOnly, "failed", false, "only those that could not be understood")
	list.Flags().StringVar(&f.Source, "source", "", "of one source")
	list.Flags().StringVar(&f.State, "state", "", "received, held, done, unused, failed or aside")
	list.Flags().IntVar(&f.Limit, "limit", 100, "how many at most (all when 0)")
	list.MarkFlagsMutuallyExclusive("failed", "state")
	cmd.AddCommand(list, p.setAside(), &cobra.Command{Use: "show ID", Short: "Show one delivery with its payload", Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			d, err := c.Delivery(ctx, args[0])
			if err != nil {
				return err
			}
			text, err := json.Marshal(d)
			if err != nil {
				return err
			}
			return p.pairs(text)
		})})
	return cmd
}

func (p *program) setAside() *cobra.Command {
	var source string
	var all bool
	cmd := &cobra.Command{Use: "set-aside [ID]", Short: "Say that nobody need look any more at what failed", Args: cobra.MaximumNArgs(1)}
	cmd.Flags().StringVar(&source, "source", "", "all that failed of one source")
	cmd.Flags().BoolVar(&all, "all", false, "all that failed")
	cmd.MarkFlagsMutuallyExclusive("source", "all")
	cmd.RunE = p.asking(func(ctx context.Context, c *client.Client, args []string) error {
		if (len(args) > 0) == (all || source != "") {
			return errors.New("expected the id of a delivery, or --source, or --all")
		}
		n, err := c.SetAside(ctx, source, strings.Join(args, ""))
		if err != nil {
			return err
		}
		if p.format != asTable {
			return p.pairs(fmt.Appendf(nil, `{"deliveries":%d}`, n))
		}
		p.say("set aside: %d; they are listed by: hansei delivery list --state aside", n)
		return nil
	})
	return cmd
}

func (p *program) replay() *cobra.Command {
	var r client.Replay
	var since string
	var failed, aside bool
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Understand deliveries again, from their stored payloads",
		Args:  cobra.NoArgs,
		RunE: p.asking(func(ctx context.Context, c *client.Client, _ []string) error {
			var err error
			if r.Since, err = day("since", since); err != nil {
				return err
			}
			switch {
			case failed:
				r.State = client.Failed
			case aside:
				r.State = client.Aside
			}
			n, err := c.ReplayDeliveries(ctx, r)
			if err != nil {
				return err
			}
			if p.format != asTable {
				return p.pairs(fmt.Appendf(nil, `{"deliveries":%d}`, n))
			}
			p.say("being understood again: %d; what fails anew is listed by: hansei delivery list --failed", n)
			return nil
		}),
	}
	f := cmd.Flags()
	f.StringVar(&r.Source, "source", "", "of one source (all when empty)")
	f.StringVar(&since, "since", "", "received since a day or a time")
	f.StringVar(&r.Delivery, "delivery", "", "this one alone")
	f.BoolVar(&failed, "failed", false, "only what failed")
	f.BoolVar(&aside, "aside", false, "only what was set aside, which no other replay touches")
	cmd.MarkFlagsMutuallyExclusive("failed", "aside", "delivery")
	return cmd
}

func (p *program) join() *cobra.Command {
	var verdict string
	cmd := &cobra.Command{Use: "join", Short: "Records that several tools tell of"}
	list := &cobra.Command{Use: "list", Short: "List pairs of records that are, or may be, one", Args: cobra.NoArgs, RunE: p.asking(
		func(ctx context.Context, c *client.Client, _ []string) error {
			list, err := c.Joins(ctx, verdict)
			if err != nil {
				return err
			}
			return p.objects(each(list), []string{"of", "a", "b", "verdict", "score", "reasons"}, func(o json.RawMessage) ([]string, error) {
				var j struct {
					Of, A, B, Verdict string
					Score             float64
					Reasons           []string
				}
				err := json.Unmarshal(o, &j)
				return []string{j.Of, j.A, j.B, j.Verdict, fmt.Sprintf("%.2f", j.Score), strings.Join(j.Reasons, "; ")}, err
			})
		})}
	list.Flags().StringVar(&verdict, "verdict", "", "explicit, suggested, confirmed or rejected")
	decide := func(use, short, verdict, done string) *cobra.Command {
		var of string
		cmd := &cobra.Command{Use: use + " A B", Short: short, Args: cobra.ExactArgs(2), RunE: p.asking(
			func(ctx context.Context, c *client.Client, args []string) error {
				if args[0] == args[1] {
					return fmt.Errorf("%s and %s are the same record; expected two", args[0], args[1])
				}
				if err := c.DecideJoin(ctx, of, args[0], args[1], verdict); err != nil {
					return err
				}
				p.say(done, args[0], args[1])
				return nil
			})}
		cmd.Flags().StringVar(&of, "of", "incident", "their kind: incident, change, pull-request, deployment or ticket")
		return cmd
	}
	cmd.AddCommand(list,
		decide("confirm", "Say that two records are one; A stands for both", "confirmed", "%[1]s and %[2]s are one now; %[1]s stands for both"),
		decide("reject", "Say that two records are two; joins are taken apart", "rejected", "%s and %s are two, and stay so"))
	return cmd
}
