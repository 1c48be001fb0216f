package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hansei/client"
)

func (p *program) source() *cobra.Command {
	cmd := &cobra.Command{Use: "source", Short: "Connect tools, and see how they are"}
	var stream string
	var data bool
	pull := &cobra.Command{Use: "pull NAME", Short: "Pull a source's news now", Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.PullSource(ctx, args[0], stream); err != nil {
				return err
			}
			if p.alone {
				p.say("%s is pulled as soon as a server runs here: hansei serve", args[0])
				return nil
			}
			p.say("%s is being pulled; see how far it is with: hansei source show %s", args[0], args[0])
			return nil
		})}
	pull.Flags().StringVar(&stream, "stream", "", "one of its streams (all when empty)")
	remove := &cobra.Command{Use: "remove NAME", Short: "Remove a source; what it told stays", Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			return c.RemoveSource(ctx, args[0], data)
		})}
	remove.Flags().BoolVar(&data, "with-data", false, "also what it told: records that only it knew are deleted")
	cmd.AddCommand(p.addSource(), p.editSource(), pull, remove,
		&cobra.Command{Use: "kinds", Short: "List the tools that can be connected, and what each needs", Args: cobra.NoArgs, RunE: p.asking(p.sourceKinds)},
		&cobra.Command{Use: "list", Short: "List the sources and how they are", Long: listLong, Args: cobra.NoArgs, RunE: p.asking(p.listSources)},
		&cobra.Command{Use: "show NAME", Short: "Show one source", Args: cobra.ExactArgs(1), RunE: p.asking(
			func(ctx context.Context, c *client.Client, args []string) error {
				text, err := c.Source(ctx, args[0])
				if err != nil {
					return err
				}
				return p.sourcePairs(text)
			})},
		&cobra.Command{Use: "test NAME", Short: "Try a source's credentials and say what is missing", Args: cobra.ExactArgs(1), RunE: p.asking(p.testSource)},
		p.setPaused("pause", "Stop understanding and pulling a source; its webhooks are kept", true),
		p.setPaused("resume", "Let a paused source go on", false),
	)
	return cmd
}

// sourceSettings reads --set key=value. A value that begins with @ is the content of
// a file, so that secrets and mappings need not stand in a command line.
func sourceSettings(pairs []string) (map[string]string, error) {
	out := map[string]string{}
	for _, s := range pairs {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, fmt.Errorf("--set %q: expected KEY=VALUE", s)
		}
		if name, isFile := strings.CutPrefix(value, "@"); isFile {
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, fmt.Errorf("--set %s: %w", key, err)
			}
			value = strings.TrimRight(string(text), "\r\n")
		}
		out[key] = value
	}
	return out, nil
}

// filter reads --filter: field=a,b, field!=a,b or jq:EXPRESSION.
func filter(list []string) (json.RawMessage, error) {
	type condition struct {
		Field string   `json:"field,omitempty"`
		Not   bool     `json:"not,omitempty"`
		In    []string `json:"in,omitempty"`
		JQ    string   `json:"jq,omitempty"`
	}
	out := []condition{}
	for _, s := range list {
		if s == "" {
			continue
		}
		if text, ok := strings.CutPrefix(s, "jq:"); ok {
			out = append(out, condition{JQ: strings.TrimSpace(text)})
			continue
		}
		field, values, ok := strings.Cut(s, "=")
		in := strings.Split(values, ",")
		if !ok || slices.Contains(in, "") {
			return nil, fmt.Errorf("--filter %q: expected FIELD=VALUE,VALUE or FIELD!=VALUE or jq:EXPRESSION", s)
		}
		field, not := strings.CutSuffix(field, "!")
		out = append(out, condition{Field: field, Not: not, In: in})
	}
	return json.Marshal(out)
}

func day(flag, text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return &t, nil
		}
	}
	return nil, fmt.Errorf("--%s %q: expected a date such as 2025-01-31 or an RFC 3339 time", flag, text)
}

func (p *program) addSource() *cobra.Command {
	var name, since string
	var sets, filters []string
	cmd := &cobra.Command{
		Use:   "add KIND",
		Short: "Connect a tool; prints its webhook's URL and secret",
		Long:  "Connect a tool. The webhook's secret is shown this once.\n\nWhich kinds there are and which settings each has: hansei source kinds -o yaml",
		Args:  cobra.ExactArgs(1),
		RunE: p.asking(func(ctx context.Context, c *client.Client, args []string) error {
			spec, err := client.SourceSpec{Tool: args[0], Name: name}, error(nil)
			if spec.Settings, err = sourceSettings(sets); err != nil {
				return err
			}
			if spec.Filter, err = filter(filters); err != nil {
				return err
			}
			if spec.Since, err = day("since", since); err != nil {
				return err
			}
			text, err := c.AddSource(ctx, spec)
			if err != nil {
				return err
			}
			if err := p.sourcePairs(text); err != nil || p.format != asTable {
				return err
			}
			return p.sourceSteps(ctx, c, text)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&name, "name", "", "what to call it (the kind's name when empty)")
	f.StringVar(&since, "since", "", "from when on history is pulled (a year ago when empty)")
	f.StringArrayVar(&sets, "set", nil, "a setting, KEY=VALUE, or KEY=@FILE for a file's content; again for more")
	f.StringArrayVar(&filters, "filter", nil, "what of it counts as an incident: FIELD=VALUE,VALUE or FIELD!=VALUE or jq:EXPRESSION; again for more, all must hold")
	return cmd
}

func (p *program) editSource() *cobra.Command {
	var since string
	var sets, filters []string
	var rotate bool
	cmd := &cobra.Command{Use: "edit NAME", Short: "Change a source's settings, filter, or how far back it is pulled", Args: cobra.ExactArgs(1)}
	f := cmd.Flags()
	f.StringVar(&since, "since", "", "pull its history anew from this day on")
	f.StringArrayVar(&sets, "set", nil, "a setting, KEY=VALUE, or KEY=@FILE; an empty value goes back to the default")
	f.StringArrayVar(&filters, "filter", nil, "what of it counts as an incident, as with add; a single empty one takes the filter away")
	f.BoolVar(&rotate, "rotate-secret", false, "make a new webhook secret and print it")
	cmd.RunE = p.asking(func(ctx context.Context, c *client.Client, args []string) error {
		fields := map[string]any{}
		if len(sets) > 0 {
			s, err := sourceSettings(sets)
			if err != nil {
				return err
			}
			fields["settings"] = s
		}
		if f.Changed("filter") {
			text, err := filter(filters)
			if err != nil {
				return err
			}
			fields["filter"] = text
		}
		if since != "" {
			at, err := day("since", since)
			if err != nil {
				return err
			}
			fields["since"] = at
		}
		if rotate {
			fields["rotate_secret"] = true
		}
		if len(fields) == 0 {
			return errors.New("nothing was given to change; expected --set, --filter, --since or --rotate-secret")
		}
		text, err := c.EditSource(ctx, args[0], fields)
		if err != nil {
			return err
		}
		if p.alone && (since != "" || f.Changed("filter")) {
			p.say("What it told is judged and read anew as soon as a server runs here: hansei serve")
		}
		return p.sourcePairs(text)
	})
	return cmd
}

func (p *program) setPaused(use, short string, paused bool) *cobra.Command {
	return &cobra.Command{Use: use + " NAME", Short: short, Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			_, err := c.EditSource(ctx, args[0], map[string]any{"paused": paused})
			return err
		})}
}

func (p *program) sourceKinds(ctx context.Context, c *client.Client, _ []string) error {
	list, err := c.SourceKinds(ctx)
	if err != nil {
		return err
	}
	head := []string{"kind", "title", "gives", "settings"}
	return p.objects(each(list), head, func(o json.RawMessage) ([]string, error) {
		var k struct {
			Name, Title string
			Gives       []string
			Settings    []struct {
				Name     string
				Required bool
			}
		}
		err := json.Unmarshal(o, &k)
		var names []string
		for _, s := range k.Settings {
			if s.Required {
				s.Name += "*"
			}
			names = append(names, s.Name)
		}
		return []string{k.Name, k.Title, strings.Join(k.Gives, ", "), strings.Join(names, ", ")}, err
	})
}

func (p *program) testSource(ctx context.Context, c *client.Client, args []string) error {
	list, err := c.TestSource(ctx, args[0])
	if err != nil {
		return err
	}
	rows := make([][]string, len(list))
	for i, f := range list {
		rows[i] = []string{map[bool]string{true: "yes", false: "NO"}[f.OK], f.Says}
		if f.Open {
			rows[i][0] = "open"
		}
	}
	text, err := json.Marshal(list)
	if err == nil {
		err = p.object(text, []string{"ok", "says"}, rows)
	}
	if err == nil && slices.ContainsFunc(list, func(f client.Finding) bool { return !f.OK }) {
		err = fmt.Errorf("%s: something is missing", args[0])
	}
	return err
}
