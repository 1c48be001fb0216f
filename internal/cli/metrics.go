package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"hansei/client"
)

func (p *program) metrics() *cobra.Command {
	list := p.asking(func(ctx context.Context, c *client.Client, _ []string) error {
		all, err := c.Metrics(ctx)
		if err != nil {
			return err
		}
		return p.objects(each(all), []string{"id", "title", "unit", "asks"}, func(o json.RawMessage) ([]string, error) {
			var m struct{ ID, Title, Unit, Asks string }
			err := json.Unmarshal(o, &m)
			return []string{m.ID, m.Title, m.Unit, m.Asks}, err
		})
	})
	cmd := &cobra.Command{Use: "metrics", Short: "The catalogue of metrics: what each is and which question it answers", Args: cobra.NoArgs, RunE: list}
	cmd.AddCommand(
		&cobra.Command{Use: "list", Short: "List the catalogue", Args: cobra.NoArgs, RunE: list},
		&cobra.Command{Use: "show ID", Short: "Show one metric: formula, caveats, source and worked example", Args: cobra.ExactArgs(1), RunE: p.asking(p.showMetric)},
		&cobra.Command{Use: "add FILE", Short: "Define a metric of your own, or change it, from a YAML file (- is standard input)", Args: cobra.ExactArgs(1), RunE: p.asking(p.addMetric)},
		&cobra.Command{Use: "remove ID", Short: "Remove a metric of your own", Args: cobra.ExactArgs(1), RunE: p.asking(
			func(ctx context.Context, c *client.Client, args []string) error {
				if err := c.DeleteMetric(ctx, args[0]); err != nil {
					return unknown(err)
				}
				p.say("removed %s", args[0])
				return nil
			})},
	)
	return cmd
}

func (p *program) showMetric(ctx context.Context, c *client.Client, args []string) error {
	m, err := c.Metric(ctx, args[0])
	if err != nil {
		return unknown(err)
	}
	return p.pairs(m)
}

func (p *program) addMetric(ctx context.Context, c *client.Client, args []string) error {
	definition, err := p.read(args[0])
	if err != nil {
		return err
	}
	var named struct {
		ID string `yaml:"id"`
	}
	if err := yaml.Unmarshal(definition, &named); err != nil {
		return fmt.Errorf("%s is not YAML: %w", args[0], errors.New(yaml.FormatError(err, false, false)))
	}
	if named.ID == "" {
		return fmt.Errorf("%s has no id; expected a line such as id: time_to_declare", args[0])
	}
	m, err := c.PutMetric(ctx, named.ID, bytes.NewReader(definition))
	if err != nil {
		return err
	}
	if p.format != asTable {
		return p.pairs(m)
	}
	p.say("defined %s; ask it with: hansei figure %s", named.ID, named.ID)
	return nil
}

// unknown adds to an error about a metric that does not exist where to find
// those that do.
func unknown(err error) error {
	if client.NotFound(err) {
		return fmt.Errorf("%w; hansei metrics lists them all", err)
	}
	return err
}

// read reads a small file, or standard input for "-".
func (p *program) read(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(p.in)
	}
	return os.ReadFile(name)
}
