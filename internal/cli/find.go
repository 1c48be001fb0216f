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

func (p *program) search() *cobra.Command {
	var f client.SearchFilter
	by := map[string]*[]string{}
	cmd := &cobra.Command{Use: "search WORDS", Short: "Find incidents, retrospectives, lessons, follow-ups, services and teams by their words", Args: cobra.MinimumNArgs(1),
		Example: "  hansei search expired certificate --kind retrospective\n  hansei search '\"connection pool\" -postgres' --service checkout --since 2025-01-01",
		RunE: p.asking(func(ctx context.Context, c *client.Client, args []string) error {
			for name, values := range by {
				for _, v := range *values {
					f.Tags = append(f.Tags, name+":"+v)
				}
			}
			for _, at := range []*string{&f.Since, &f.Until} {
				if _, err := time.Parse(time.DateOnly, *at); err == nil {
					*at += "T00:00:00Z"
				}
			}
			hits, corrected, err := c.Search(ctx, strings.Join(args, " "), f)
			if err != nil {
				return err
			}
			if corrected != "" {
				p.say("looked for: %s", corrected)
			}
			return p.objects(each(hits), []string{"kind", "id", "title", "at", "score", "text"}, func(o json.RawMessage) ([]string, error) {
				var h struct {
					Kind, ID, Title string
					At              time.Time
					Score           float64
					Snippet         []struct {
						Text   string
						Marked bool
					}
				}
				err := json.Unmarshal(o, &h)
				var text strings.Builder
				for _, s := range h.Snippet {
					text.WriteString(s.Text)
				}
				return []string{h.Kind, h.ID, h.Title, dayOf(h.At), fmt.Sprintf("%.2f", h.Score), strings.Join(strings.Fields(text.String()), " ")}, err
			})
		})}
	cmd.Flags().StringArrayVar(&f.Kinds, "kind", nil, "only of this kind, a record's or lesson; may be repeated")
	cmd.Flags().StringVar(&f.Since, "since", "", "only what happened from then on, a day or a time")
	cmd.Flags().StringVar(&f.Until, "until", "", "only what happened before, a day or a time")
	for name, help := range map[string]string{"service": "only about this service, by its id", "team": "only of this team, by its id", "factor": "only with this contributing factor", "severity": "only of this severity", "status": "only in this state"} {
		by[name] = cmd.Flags().StringArray(name, nil, help+"; may be repeated")
	}
	cmd.Flags().StringArrayVar(&f.Tags, "tag", nil, "only with service:ID, team:ID, factor:NAME, severity:sev1 or status:open; may be repeated")
	cmd.Flags().IntVar(&f.Limit, "limit", 20, "how many at most, up to 100")
	return cmd
}

func (p *program) similar() *cobra.Command {
	var l client.Like
	cmd := &cobra.Command{Use: "similar KIND/ID", Short: "Find records like one, and say why", Args: cobra.ExactArgs(1), Example: "  hansei similar incident/pd:Q1 -n 5",
		RunE: p.asking(func(ctx context.Context, c *client.Client, args []string) error {
			kind, id, ok := strings.Cut(args[0], "/")
			if !ok {
				return fmt.Errorf("%q: expected a kind and an id, such as incident/pd:Q1", args[0])
			}
			list, err := c.Similar(ctx, kind, id, l)
			if err != nil {
				return err
			}
			return p.objects(each(list), []string{"id", "score", "title", "at", "reasons"}, func(o json.RawMessage) ([]string, error) {
				var s struct {
					ID, Title string
					At        time.Time
					Score     float64
					Reasons   []string
				}
				err := json.Unmarshal(o, &s)
				return []string{s.ID, fmt.Sprintf("%.4f", s.Score), s.Title, dayOf(s.At), strings.Join(s.Reasons, "; ")}, err
			})
		})}
	cmd.Flags().IntVarP(&l.N, "number", "n", 10, "how many at most, up to 100")
	cmd.Flags().StringArrayVar(&l.Of, "of", nil, "of this kind instead of its own; may be repeated")
	cmd.Flags().BoolVar(&l.Before, "before", false, "only what happened before it")
	cmd.Flags().BoolVar(&l.After, "after", false, "only what happened after it")
	cmd.MarkFlagsMutuallyExclusive("before", "after")
	return cmd
}
