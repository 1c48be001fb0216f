package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hansei/client"
)

// figureAnswer is the part of a figure that is printed in columns. Numbers
// stay as the server wrote them.
type figureAnswer struct {
	Metric    string            `json:"metric"`
	Version   json.Number       `json:"version"`
	Group     map[string]string `json:"group"`
	Since     string            `json:"since"`
	Until     string            `json:"until"`
	Value     *json.Number      `json:"value"`
	Unit      string            `json:"unit"`
	Statistic string            `json:"statistic"`
	N         json.Number       `json:"n"`
	Censored  json.Number       `json:"censored"`
	Excluded  map[string]int    `json:"excluded"`
	Low       *json.Number      `json:"low"`
	High      *json.Number      `json:"high"`
	Level     json.Number       `json:"level"`
	Method    string            `json:"method"`
	Partial   bool              `json:"partial"`
	Warnings  []struct {
		Code string `json:"code"`
		Says string `json:"says"`
	} `json:"warnings"`
	Compare  *comparisonAnswer `json:"compare"`
	Evidence string            `json:"evidence"`
	AsOf     json.Number       `json:"as_of"`
}

type comparisonAnswer struct {
	Since      string       `json:"since"`
	Until      string       `json:"until"`
	Value      *json.Number `json:"value"`
	N          json.Number  `json:"n"`
	Kind       string       `json:"kind"`
	Effect     *json.Number `json:"ratio_or_difference"`
	Low        *json.Number `json:"low"`
	High       *json.Number `json:"high"`
	P          *json.Number `json:"p"`
	Method     string       `json:"method"`
	Verdict    string       `json:"verdict"`
	Detectable *json.Number `json:"detectable"`
	Says       string       `json:"says"`
}

// questionFlags are those that figure and explain share.
func questionFlags(f *pflag.FlagSet, q *client.Question) {
	f.StringVar(&q.Since, "since", "", "from this date or time on (from the first record when empty)")
	f.StringVar(&q.Until, "until", "", "before this date or time (now when empty)")
	f.StringSliceVar(&q.By, "by", nil, "group by a dimension; repeat it or separate by commas")
	f.StringVar(&q.Every, "every", "", "cut into periods: day, week, month, quarter or year")
	f.StringArrayVar(&q.Where, "where", nil, "only records with field=value, field=a,b or field!=value; repeat it, and all must hold")
	f.StringVar(&q.Statistic, "statistic", "", "p50, p90, p95, mean, sum, … where the metric has it")
	f.StringVar(&q.AsOf, "as-of", "", "answer as of a sequence of the journal or a time")
}

func (p *program) figure() *cobra.Command {
	var q client.Question
	cmd := &cobra.Command{
		Use:   "figure METRIC",
		Short: "Ask a metric for figures, each with its interval and sample size",
		Example: "  hansei figure time_to_resolve --since 2025-01-01 --until 2026-01-01 --by service --every month\n" +
			"  hansei figure incident_rate --since 2025-01-01 --until 2026-01-01 --compare previous -o json",
		Args: cobra.ExactArgs(1),
	}
	questionFlags(cmd.Flags(), &q)
	cmd.Flags().StringVar(&q.Compare, "compare", "", "set against another window: previous, year-ago or SINCE..UNTIL")
	cmd.RunE = p.asking(func(ctx context.Context, c *client.Client, args []string) error {
		q.Metric = args[0]
		list, err := c.Figures(ctx, q)
		if err != nil {
			return unknown(err)
		}
		switch p.format {
		case asJSON:
			return p.jsonList(each(list))
		case asYAML:
			return p.yamlList(each(list))
		}
		figures := make([]figureAnswer, len(list))
		for i, raw := range list {
			if err := json.Unmarshal(raw, &figures[i]); err != nil {
				return fmt.Errorf("a figure of the server is not what was expected: %w", err)
			}
		}
		if p.format == asCSV {
			return p.figureCSV(figures)
		}
		z, err := zoneOf(ctx, c)
		if err != nil {
			return err
		}
		return p.figureTable(figures, z)
	})
	return cmd
}

// each makes a sequence of a list.
func each(list []json.RawMessage) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for _, o := range list {
			if !yield(o, nil) {
				return
			}
		}
	}
}

// dimensions lists what figures are grouped by, sorted.
func dimensions(figures []figureAnswer) []string {
	var out []string
	for _, f := range figures {
		for d := range f.Group {
			if !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	slices.Sort(out)
	return out
}

// figureCSV flattens figures into columns; lists and objects become text of
// the form key=value, separated by semicolons.
func (p *program) figureCSV(figures []figureAnswer) error {
	by := dimensions(figures)
	head := []string{"metric", "version"}
	for _, d := range by {
		head = append(head, "group."+d)
	}
	head = append(head, "since", "until", "value", "unit", "statistic", "n", "censored", "excluded",
		"low", "high", "level", "method", "warnings")
	compared := slices.ContainsFunc(figures, func(f figureAnswer) bool { return f.Compare != nil })
	if compared {
		for _, c := range []string{"since", "until", "value", "n", "kind", "ratio_or_difference", "low", "high", "p", "method", "verdict", "detectable", "says"} {
			head = append(head, "compare."+c)
		}
	}
	head = append(head, "partial", "evidence", "as_of")
	row, end := p.sheet(head)
	for _, f := range figures {
		cells := []string{f.Metric, f.Version.String()}
		for _, d := range by {
			cells = append(cells, f.Group[d])
		}
		cells = append(cells, f.Since, f.Until, text(f.Value), f.Unit, f.Statistic, f.N.String(), f.Censored.String(),
			leftOut(f.Excluded, "=", ";"), text(f.Low), text(f.High), f.Level.String(), f.Method, f.warnings())
		if compared {
			cells = append(cells, f.Compare.cells()...)
		}
		if err := row(append(cells, fmt.Sprint(f.Partial), f.Evidence, f.AsOf.String())); err != nil {
			return err
		}
	}
	return end()
}

func (f figureAnswer) warnings() string {
	var out []string
	for _, w := range f.Warnings {
		out = append(out, w.Code+"="+w.Says)
	}
	return strings.Join(out, ";")
}

func (c *comparisonAnswer) cells() []string {
	if c == nil {
		c = &comparisonAnswer{}
	}
	return []string{c.Since, c.Until, text(c.Value), c.N.String(), c.Kind, text(c.Effect), text(c.Low), text(c.High),
		text(c.P), c.Method, c.Verdict, text(c.Detectable), c.Says}
}

func text(n *json.Number) string {
	if n == nil {
		return ""
	}
	return n.String()
}

// leftOut writes the reasons of exclusion, the most frequent first.
func leftOut(excluded map[string]int, is, sep string) string {
	var reasons []string
	for r := range excluded {
		reasons = append(reasons, r)
	}
	slices.SortFunc(reasons, func(a, b string) int {
		if excluded[a] != excluded[b] {
			return excluded[b] - excluded[a]
		}
		return strings.Compare(a, b)
	})
	for i, r := range reasons {
		reasons[i] = fmt.Sprintf("%s%s%d", r, is, excluded[r])
	}
	return strings.Join(reasons, sep)
}

// zoneOf is the organization's zone, in which dates are shown.
func zoneOf(ctx context.Context, c *client.Client) (*time.Location, error) {
	o, err := c.Organization(ctx)
	if err != nil {
		return nil, err
	}
	z, err := time.LoadLocation(o.Zone)
	if err != nil {
		return time.UTC, nil // this machine does not know it; UTC is labelled as such
	}
	return z, nil
}
