package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"hansei/client"
)

func (p *program) imports() *cobra.Command {
	var limit int
	list := p.asking(func(ctx context.Context, c *client.Client, _ []string) error {
		head := []string{"id", "received", "name", "source", "state", "kind", "rows", "created", "updated", "rejected"}
		return p.objects(encoded(c.Imports(ctx, limit)), head, func(o json.RawMessage) ([]string, error) {
			var i client.Import
			if err := json.Unmarshal(o, &i); err != nil {
				return nil, err
			}
			row := []string{i.ID, i.Received.Format(time.RFC3339), i.Name, i.Source, i.State, "", "", "", "", ""}
			if s := i.Summary; s != nil {
				row = append(row[:5], s.Kind, fmt.Sprint(s.Rows), fmt.Sprint(s.Created), fmt.Sprint(s.Updated), fmt.Sprint(s.Rejected))
			}
			return row, nil
		})
	})
	cmd := &cobra.Command{Use: "imports", Short: "The files that were imported, and what came of each", Args: cobra.NoArgs, RunE: list}
	all := &cobra.Command{Use: "list", Short: "List the files that were imported, the newest first", Args: cobra.NoArgs, RunE: list}
	rejects := &cobra.Command{Use: "rejects ID", Short: "List the rows of an import that could not be used", Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			head := []string{"line", "column", "value", "expected"}
			return p.objects(encoded(c.Rejects(ctx, args[0], limit)), head, func(o json.RawMessage) ([]string, error) {
				var r client.Reject
				err := json.Unmarshal(o, &r)
				return []string{fmt.Sprint(r.Line), r.Column, r.Value, r.Expected}, err
			})
		})}
	for _, c := range []*cobra.Command{cmd, all, rejects} {
		c.Flags().IntVar(&limit, "limit", 0, "how many at most (all when 0)")
	}
	cmd.AddCommand(all, rejects,
		&cobra.Command{Use: "show ID", Short: "Show one import", Args: cobra.ExactArgs(1), RunE: p.asking(p.showImport)},
		&cobra.Command{Use: "replay ID", Short: "Understand an import again, from its stored file", Args: cobra.ExactArgs(1), RunE: p.asking(p.replayImport)},
	)
	return cmd
}

// encoded turns typed answers back into JSON to print.
func encoded[T any](list iter.Seq2[T, error]) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for v, err := range list {
			var text json.RawMessage
			if err == nil {
				text, err = json.Marshal(v)
			}
			if !yield(text, err) || err != nil {
				return
			}
		}
	}
}

func (p *program) showImport(ctx context.Context, c *client.Client, args []string) error {
	i, err := c.Import(ctx, args[0])
	if err != nil {
		return err
	}
	text, err := json.Marshal(i)
	if err != nil {
		return err
	}
	return p.pairs(text)
}

func (p *program) replayImport(ctx context.Context, c *client.Client, args []string) error {
	if err := c.Replay(ctx, args[0]); err != nil {
		return err
	}
	i, err := c.Import(ctx, args[0])
	for ; err == nil && !i.Ended(); i, err = c.Import(ctx, args[0]) {
		if err := wait(ctx, pollEvery); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if i.State == client.Failed {
		return fmt.Errorf("%s: nothing was imported: %s", i.Name, i.Error)
	}
	return p.showImport(ctx, c, args)
}
