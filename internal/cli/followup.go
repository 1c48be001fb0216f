package cli

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hansei/client"
)

func (p *program) followUp() *cobra.Command {
	cmd := &cobra.Command{Use: "follow-up", Short: "Follow-ups: what is to be done after incidents"}
	cmd.AddCommand(p.listFollowUps(), p.showFollowUp(), p.addFollowUp(), p.pushFollowUp(), p.verifyFollowUp(),
		p.endFollowUp("done", "Say that a follow-up is done", "done"),
		p.endFollowUp("decline", "Say that a follow-up will not be done, and why", "declined"),
		p.endFollowUp("reopen", "Open a follow-up again", "open"),
		&cobra.Command{Use: "retry ID", Short: "Try again what the tracker refused", Args: cobra.ExactArgs(1), RunE: p.asking(
			func(ctx context.Context, c *client.Client, args []string) error {
				_, err := c.RetryFollowUp(ctx, args[0])
				return err
			})},
		&cobra.Command{Use: "unlink ID", Short: "Take a follow-up out of the tracker; the issue stays", Args: cobra.ExactArgs(1), RunE: p.asking(
			func(ctx context.Context, c *client.Client, args []string) error {
				return c.UnlinkFollowUp(ctx, args[0])
			})},
		&cobra.Command{Use: "trackers", Short: "List where follow-ups can be created", Args: cobra.NoArgs, RunE: p.asking(
			func(ctx context.Context, c *client.Client, _ []string) error {
				places, err := c.Trackers(ctx)
				if err != nil {
					return err
				}
				return p.objects(each(places), []string{"source", "tool", "place"}, func(o json.RawMessage) ([]string, error) {
					var l struct{ Source, Tool, Place string }
					err := json.Unmarshal(o, &l)
					return []string{l.Source, l.Tool, l.Place}, err
				})
			})})
	return cmd
}

// followUpLine is what a list shows of a follow-up.
type followUpLine struct {
	FollowUp struct {
		ID, Title, Type, Status, Priority string
		Due                               time.Time                   `json:"due_at"`
		Tracker                           struct{ Key, Place string } `json:"tracker"`
	} `json:"follow_up"`
	Due     string  `json:"due"`
	Tracker string  `json:"tracker"`
	Days    float64 `json:"age_days"`
}

func (p *program) listFollowUps() *cobra.Command {
	filter := map[string]*string{}
	var limit int
	cmd := &cobra.Command{Use: "list", Short: "List follow-ups, the open ones first as they are due", Args: cobra.NoArgs,
		Example: "  hansei follow-up list --due overdue --team payments\n  hansei follow-up list --tracker refused",
		RunE: p.asking(func(ctx context.Context, c *client.Client, _ []string) error {
			q := url.Values{}
			for name, v := range filter {
				if *v != "" {
					q.Set(name, *v)
				}
			}
			list, err := c.FollowUps(ctx, q, limit)
			if err != nil {
				return err
			}
			return p.objects(each(list), []string{"id", "title", "kind", "status", "priority", "due", "", "tracker"}, func(o json.RawMessage) ([]string, error) {
				var l followUpLine
				err := json.Unmarshal(o, &l)
				f := l.FollowUp
				late := ""
				if l.Due == "overdue" {
					late = l.Due
				}
				where := f.Tracker.Key
				if where == "" || l.Tracker != "synced" {
					where = strings.TrimSpace(where + " " + l.Tracker)
				}
				return []string{f.ID, f.Title, f.Type, f.Status, f.Priority, dayOf(f.Due), late, where}, err
			})
		})}
	for name, help := range map[string]string{"status": "open, done or declined", "due": "overdue, soon (within a week), later or none", "type": "prevent, detect, mitigate, process or investigate", "priority": "of this priority",
		"factor": "that addresses this contributing factor", "team": "of this team (its id)", "service": "about this service (its id)", "owner": "with this owner (their id)", "retrospective": "of this retrospective",
		"incident": "of this incident", "tracker": "none, synced, waiting, refused, or the name of a source"} {
		filter[name] = cmd.Flags().String(name, "", help)
	}
	cmd.Flags().IntVar(&limit, "limit", 100, "how many at most (all when 0)")
	return cmd
}

func (p *program) showFollowUp() *cobra.Command {
	return &cobra.Command{Use: "show ID", Short: "Show a follow-up, how it stands in the tracker, and incidents that began while it was open", Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			text, err := c.FollowUp(ctx, args[0])
			if err != nil {
				return err
			}
			return p.pairs(text)
		})}
}

func (p *program) addFollowUp() *cobra.Command {
	fields := map[string]*string{}
	cmd := &cobra.Command{Use: "add TITLE", Short: "Make a follow-up", Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			said := map[string]any{"title": args[0]}
			for name, value := range fields {
				if *value != "" {
					said[name] = *value
				}
			}
			v, err := c.AddFollowUp(ctx, said)
			if err != nil {
				return err
			}
			return p.pairs(v.Record)
		})}
	for name, help := range map[string]string{"retrospective": "the id of the retrospective it comes from", "type": "prevent, detect, mitigate, process or investigate", "priority": "high, medium or low; with kind and severity it decides when it is due",
		"owner": "the id of who sees that it gets done", "team": "the id of the team that does it", "factor": "the contributing factor it addresses", "verify": "how its effect will be seen", "description": "what it says", "size": "how much work it is"} {
		fields[name] = cmd.Flags().String(name, "", help)
	}
	return cmd
}

func (p *program) endFollowUp(use, short, status string) *cobra.Command {
	var reason string
	cmd := &cobra.Command{Use: use + " ID", Short: short, Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			return c.CloseFollowUp(ctx, args[0], status, reason)
		})}
	if status == "declined" {
		cmd.Flags().StringVar(&reason, "reason", "", "why")
	}
	return cmd
}

func (p *program) pushFollowUp() *cobra.Command {
	var source, place, issue string
	cmd := &cobra.Command{Use: "push ID", Short: "Create a follow-up in the tracker, or link it with an issue there", Args: cobra.ExactArgs(1),
		Example: "  hansei follow-up push follow-up-x1 --source github --place acme/shop\n  hansei follow-up push follow-up-x1 --source jira --issue OPS-12",
		RunE: p.asking(func(ctx context.Context, c *client.Client, args []string) error {
			text, err := c.PushFollowUp(ctx, args[0], source, place, issue)
			if err != nil {
				return err
			}
			return p.pairs(text)
		})}
	cmd.Flags().StringVar(&source, "source", "", "the source of the tracker (as the rules say, or the first, when empty)")
	cmd.Flags().StringVar(&place, "place", "", "its repository, project or team")
	cmd.Flags().StringVar(&issue, "issue", "", "an issue that is there already, such as acme/shop#12 or OPS-12")
	return cmd
}

func (p *program) verifyFollowUp() *cobra.Command {
	var worked string
	cmd := &cobra.Command{Use: "verify ID", Short: "Say whether a follow-up had the effect it was made for", Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			var said *bool
			switch worked {
			case "yes", "no":
				yes := worked == "yes"
				said = &yes
			case "unknown":
			default:
				return errors.New("--worked: expected yes, no or unknown")
			}
			text, err := c.VerifyFollowUp(ctx, args[0], said)
			if err != nil {
				return err
			}
			return p.pairs(text)
		})}
	cmd.Flags().StringVar(&worked, "worked", "", "yes, no, or unknown to take it back")
	return cmd
}
