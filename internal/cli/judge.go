package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hansei/client"
)

func (p *program) judge() *cobra.Command {
	return &cobra.Command{Use: "judge KIND/ID KIND/ID same|other|undo", Short: "Say whether two incidents, or two retrospectives, teach the same lesson", Args: cobra.ExactArgs(3),
		Example: "  hansei judge incident/pd:Q1 incident/pd:Q7 same\n  hansei judge incident/pd:Q1 incident/pd:Q9 undo",
		RunE: p.asking(func(ctx context.Context, c *client.Client, args []string) error {
			kind, a, ok := strings.Cut(args[0], "/")
			other, b, also := strings.Cut(args[1], "/")
			if !ok || !also || kind != other {
				return fmt.Errorf("%q and %q: expected two of one kind, such as incident/pd:Q1 and incident/pd:Q7", args[0], args[1])
			}
			if args[2] == "undo" {
				return c.Retract(ctx, kind, a, b)
			}
			j, err := c.Judge(ctx, kind, a, b, args[2])
			if err != nil {
				return err
			}
			return p.pairs(j)
		})}
}

func (p *program) judgements() *cobra.Command {
	var kind string
	cmd := &cobra.Command{Use: "judgements", Short: "List which pairs people said to teach the same lesson, and how good suggestions are by that", Args: cobra.NoArgs,
		RunE: p.asking(func(ctx context.Context, c *client.Client, _ []string) error {
			list, good, err := c.Judgements(ctx, kind)
			if err != nil {
				return err
			}
			if good.Share != nil {
				p.say("of %d pairs judged among the first five suggestions %d teach the same lesson: %.0f %% (95 %% interval %.0f to %.0f %%)", good.N, good.Same, *good.Share*100, *good.Low*100, *good.High*100)
			}
			return p.objects(each(list), []string{"a", "b", "verdict", "at"}, func(o json.RawMessage) ([]string, error) {
				var j struct {
					A, B, Verdict string
					At            time.Time
				}
				err := json.Unmarshal(o, &j)
				return []string{j.A, j.B, j.Verdict, dayOf(j.At)}, err
			})
		})}
	cmd.Flags().StringVar(&kind, "kind", "incident", "incident or retrospective")
	return cmd
}
