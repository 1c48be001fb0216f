package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"hansei/client"
)

func (p *program) channel() *cobra.Command {
	cmd := &cobra.Command{Use: "channel", Short: "Where messages go: e-mail, Slack, Microsoft Teams, webhooks"}
	one := func(use, short string, fn func(ctx context.Context, c *client.Client, name string) error) *cobra.Command {
		return &cobra.Command{Use: use + " NAME", Short: short, Args: cobra.ExactArgs(1), RunE: p.asking(
			func(ctx context.Context, c *client.Client, args []string) error { return fn(ctx, c, args[0]) })}
	}
	paused := func(is bool) func(ctx context.Context, c *client.Client, name string) error {
		return func(ctx context.Context, c *client.Client, name string) error {
			_, err := c.EditChannel(ctx, name, map[string]any{"paused": is})
			return err
		}
	}
	cmd.AddCommand(p.addChannel(), p.editChannel(),
		&cobra.Command{Use: "list", Short: "List the channels and how they fare", Args: cobra.NoArgs, RunE: p.asking(p.listChannels)},
		one("show", "Show one channel", func(ctx context.Context, c *client.Client, name string) error {
			text, err := c.Channel(ctx, name)
			if err != nil {
				return err
			}
			return p.pairs(text)
		}),
		one("test", "Send a test message and say exactly what is wrong", p.testChannel),
		one("pause", "Send nothing to a channel for now", paused(true)),
		one("resume", "Send to a paused channel again", paused(false)),
		one("remove", "Remove a channel; restore puts it back within a day", func(ctx context.Context, c *client.Client, name string) error { return c.RemoveChannel(ctx, name) }),
		one("restore", "Put a removed channel back", func(ctx context.Context, c *client.Client, name string) error { return c.RestoreChannel(ctx, name) }),
	)
	return cmd
}

func (p *program) addChannel() *cobra.Command {
	var s client.ChannelSpec
	var sets []string
	cmd := &cobra.Command{
		Use:   "add email|slack|teams|webhook",
		Short: "Add a channel; prints a webhook's signing secret",
		Long: "Add a channel. Its settings:\n\n  email    addresses\n  slack    url (an incoming webhook), or token and channel\n  teams    url (a workflow's)\n" +
			"  webhook  url, and secret unless one is to be made; it is shown this once",
		Args: cobra.ExactArgs(1),
	}
	cmd.RunE = p.asking(func(ctx context.Context, c *client.Client, args []string) (err error) {
		s.Type = args[0]
		if s.Settings, err = sourceSettings(sets); err != nil {
			return err
		}
		text, err := c.AddChannel(ctx, s)
		if err != nil {
			return err
		}
		return p.pairs(text)
	})
	f := cmd.Flags()
	f.StringVar(&s.Name, "name", "", "what to call it (the type's name when empty)")
	f.StringArrayVar(&sets, "set", nil, "a setting, KEY=VALUE, or KEY=@FILE for a file's content; again for more")
	f.StringSliceVar(&s.Teams, "team", nil, "ids of teams whose matters it hears of (everybody's when empty)")
	f.StringSliceVar(&s.Events, "event", nil, "what it hears of: similar, drafted, review, published, due, overdue, escalated, digest (all but due and escalated when empty)")
	return cmd
}

func (p *program) editChannel() *cobra.Command {
	var sets, teams, events []string
	var rotate bool
	cmd := &cobra.Command{Use: "edit NAME", Short: "Change a channel's settings, teams or events", Args: cobra.ExactArgs(1)}
	f := cmd.Flags()
	f.StringArrayVar(&sets, "set", nil, "a setting, KEY=VALUE, or KEY=@FILE; an empty value takes it away")
	f.StringSliceVar(&teams, "team", nil, "ids of teams whose matters it hears of; one empty one for everybody's")
	f.StringSliceVar(&events, "event", nil, "what it hears of; one empty one for the default")
	f.BoolVar(&rotate, "rotate-secret", false, "make a new signing secret and print it")
	cmd.RunE = p.asking(func(ctx context.Context, c *client.Client, args []string) error {
		fields := map[string]any{}
		if len(sets) > 0 {
			s, err := sourceSettings(sets)
			if err != nil {
				return err
			}
			fields["settings"] = s
		}
		for flag, list := range map[string][]string{"team": teams, "event": events} {
			if f.Changed(flag) {
				fields[flag+"s"] = slices.DeleteFunc(append([]string{}, list...), func(s string) bool { return s == "" })
			}
		}
		if rotate {
			fields["rotate_secret"] = true
		}
		text, err := c.EditChannel(ctx, args[0], fields)
		if err != nil {
			return err
		}
		return p.pairs(text)
	})
	return cmd
}

func (p *program) listChannels(ctx context.Context, c *client.Client, _ []string) error {
	list, err := c.Channels(ctx)
	if err != nil {
		return err
	}
	head := []string{"name", "type", "to", "state", "last sent", "teams", "hears of", "says"}
	return p.objects(each(list), head, func(o json.RawMessage) ([]string, error) {
		var v struct {
			Name, Type, Place, State, Says string
			Teams, Events                  []string
			Last                           time.Time `json:"last_sent"`
		}
		err := json.Unmarshal(o, &v)
		last := "–"
		if !v.Last.IsZero() {
			last = v.Last.Format(time.RFC3339)
		}
		teams := strings.Join(v.Teams, ", ")
		if teams == "" {
			teams = "all"
		}
		return []string{v.Name, v.Type, v.Place, v.State, last, teams, strings.Join(v.Events, ", "), v.Says}, err
	})
}

func (p *program) testChannel(ctx context.Context, c *client.Client, name string) error {
	list, err := c.TestChannel(ctx, name)
	if err != nil {
		return err
	}
	for _, f := range list {
		if !f.OK {
			return fmt.Errorf("%s: %s", name, f.Says)
		}
		p.say("%s", f.Says)
	}
	return nil
}

func (p *program) notice() *cobra.Command {
	cmd := &cobra.Command{Use: "notice", Short: "What Hansei tells people by itself: the rules, and the log"}
	var channel, state string
	var limit int
	list := &cobra.Command{Use: "list", Short: "What was told to whom, why, and what became of it; the newest first", Args: cobra.NoArgs, RunE: p.asking(
		func(ctx context.Context, c *client.Client, _ []string) error {
			head := []string{"id", "created", "event", "to", "subject", "state", "says"}
			return p.objects(c.Notices(ctx, channel, state, limit), head, func(o json.RawMessage) ([]string, error) {
				var n struct {
					ID, Event, Channel, Person, Subject, State, Error string
					Created                                           time.Time
				}
				err := json.Unmarshal(o, &n)
				return []string{n.ID, n.Created.Format(time.RFC3339), n.Event, n.Channel + n.Person, n.Subject, n.State, n.Error}, err
			})
		})}
	list.Flags().StringVar(&channel, "channel", "", "to one channel")
	list.Flags().StringVar(&state, "state", "", "waiting, sent, failed or dropped")
	list.Flags().IntVar(&limit, "limit", 100, "how many at most (all when 0)")
	var file string
	rules := &cobra.Command{Use: "rules", Short: "Show the rules, or set them from a file (YAML or JSON)", Args: cobra.NoArgs, RunE: p.asking(
		func(ctx context.Context, c *client.Client, _ []string) error {
			text, err := json.RawMessage(nil), error(nil)
			if file == "" {
				text, err = c.NoticeRules(ctx)
			} else if text, err = rulesFile(file); err == nil {
				text, err = c.SetNoticeRules(ctx, text)
			}
			if err != nil {
				return err
			}
			return p.pairs(text)
		})}
	rules.Flags().StringVar(&file, "from", "", "set the rules from this file; what it does not say is the default")
	cmd.AddCommand(list, rules, &cobra.Command{Use: "retry ID", Short: "Send a message that was given up", Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error { return c.RetryNotice(ctx, args[0]) })})
	return cmd
}

func rulesFile(name string) (json.RawMessage, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	out, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, false))
	}
	return out, nil
}
