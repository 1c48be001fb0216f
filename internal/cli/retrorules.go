package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"hansei/client"
)

// changed is what a change of the rules answered.
type changed struct {
	Rules struct {
		Templates []json.RawMessage `json:"templates"`
		Sections  []json.RawMessage `json:"sections"`
		Taxonomy  json.RawMessage   `json:"taxonomy"`
		Fields    []json.RawMessage `json:"fields"`
	} `json:"rules"`
	Revision int64 `json:"revision"`
	Change   *struct {
		Revision int64 `json:"revision"`
		Renewed  int   `json:"renewed"`
		Waiting  int   `json:"waiting"`
	} `json:"change"`
}

// rulesOf are the rules as they are.
func rulesOf(ctx context.Context, c *client.Client) (changed, error) {
	text, err := c.RetroRules(ctx)
	if err != nil {
		return changed{}, err
	}
	var r changed
	return r, json.Unmarshal(text, &r)
}

// tell says what a change did and how it is undone.
func (p *program) tell(text json.RawMessage, err error) error {
	if err != nil {
		return err
	}
	var r changed
	if err := json.Unmarshal(text, &r); err != nil || r.Change == nil {
		return err
	}
	did := "done"
	switch {
	case r.Change.Waiting > 0:
		did += fmt.Sprintf("; %d records get the new name by a job of the server", r.Change.Waiting)
	case r.Change.Renewed > 0:
		did += fmt.Sprintf("; %d records have the new name", r.Change.Renewed)
	}
	p.say("%s; undo with: hansei retro rules undo %d", did, r.Change.Revision)
	return nil
}

func (p *program) retroRules() *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "Show the rules for retrospectives: policies, templates, taxonomy, fields", Args: cobra.NoArgs, RunE: p.asking(
		func(ctx context.Context, c *client.Client, _ []string) error {
			text, err := c.RetroRules(ctx)
			if err != nil {
				return err
			}
			return p.pairs(text)
		})}
	set := &cobra.Command{Use: "set FILE", Short: "Set parts of the rules from YAML, as \"due_days: 5\"; null brings a default back (- is standard input)", Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			var parts map[string]json.RawMessage
			if err := p.document(args[0], &parts); err != nil {
				return err
			}
			all := map[string]any{}
			for name, v := range parts {
				all[name] = v
			}
			lacks, err := c.TryRetroRules(ctx, all)
			if err != nil {
				return err
			}
			if err := p.tell(c.EditRetroRules(ctx, all)); err != nil {
				return err
			}
			for _, l := range lacks {
				p.say("%s: %d published retrospectives lack it and stay published; %d drafts need it", l.Label, l.Published, l.Drafts)
			}
			return nil
		})}
	undo := &cobra.Command{Use: "undo REVISION", Short: "Take a change of the rules back", Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			rev, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return fmt.Errorf("%q is not a revision; the change named it", args[0])
			}
			return p.tell(c.UndoRetroRules(ctx, rev))
		})}
	cmd.AddCommand(set, undo)
	return cmd
}

// document reads YAML or JSON from a file into v.
func (p *program) document(name string, v any) error {
	text, err := p.read(name)
	if err != nil {
		return err
	}
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		return fmt.Errorf("%s is not YAML: %w", name, errors.New(yaml.FormatError(err, false, false)))
	}
	if err := json.Unmarshal(asJSON, v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// factorLine is what a list shows of a factor.
type factorLine struct {
	Name           string   `json:"name"`
	Group          string   `json:"group"`
	Help           string   `json:"help"`
	Retired        bool     `json:"retired"`
	Earlier        []string `json:"earlier"`
	Retrospectives int      `json:"retrospectives"`
	Incidents      int      `json:"incidents"`
	FollowUps      int      `json:"follow_ups"`
}

func (p *program) factor() *cobra.Command {
	cmd := &cobra.Command{Use: "factor", Short: "The taxonomy of contributing factors"}
	var a client.FactorAct
	act := func(use, short, do string, args int, flags ...string) *cobra.Command {
		sub := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(args), RunE: p.asking(
			func(ctx context.Context, c *client.Client, args []string) error {
				a.Do, a.Name = do, args[0]
				if len(args) > 1 {
					a.To = args[1]
				}
				return p.tell(c.ChangeFactor(ctx, a))
			})}
		for _, f := range flags {
			to, help := &a.Group, "its group, as change or system"
			switch f {
			case "about":
				to, help = &a.Help, "what it means, in a sentence"
			case "before":
				to, help = &a.Before, "the factor that it comes before (last when empty)"
			}
			sub.Flags().StringVar(to, f, "", help)
		}
		return sub
	}
	cmd.AddCommand(p.listFactors(), p.factorAgreement(),
		act("add NAME", "Add a factor", "add", 1, "group", "about"),
		act("rename NAME NEW", "Rename a factor, also where it was used; the old name stays readable", "rename", 2),
		act("merge NAME INTO", "Say that a factor is another one, also where it was used", "merge", 2),
		act("retire NAME", "Stop offering a factor; where it was used it stays", "retire", 1),
		act("restore NAME", "Offer a factor again that was retired or merged", "restore", 1),
		act("describe NAME", "Set the group and the meaning of a factor", "describe", 1, "group", "about"),
		act("move NAME", "Put a factor before another one", "move", 1, "before"),
		p.exportFactors(), p.importFactors())
	return cmd
}

func (p *program) listFactors() *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the factors and how often each is named", Args: cobra.NoArgs, RunE: p.asking(
		func(ctx context.Context, c *client.Client, _ []string) error {
			factors, strays, err := c.Factors(ctx)
			if err != nil {
				return err
			}
			known := len(factors)
			i := 0
			return p.objects(each(slices.Concat(factors, strays)), []string{"name", "group", "retrospectives", "incidents", "follow-ups", "standing", "earlier names"}, func(o json.RawMessage) ([]string, error) {
				var l factorLine
				err := json.Unmarshal(o, &l)
				standing := ""
				if l.Retired {
					standing = "retired"
				}
				if i++; i > known {
					standing = "not in the taxonomy"
				}
				return []string{l.Name, l.Group, strconv.Itoa(l.Retrospectives), strconv.Itoa(l.Incidents), strconv.Itoa(l.FollowUps), standing, strings.Join(l.Earlier, ", ")}, err
			})
		})}
}

func (p *program) exportFactors() *cobra.Command {
	return &cobra.Command{Use: "export", Short: "Write the taxonomy as YAML", Args: cobra.NoArgs, RunE: p.asking(
		func(ctx context.Context, c *client.Client, _ []string) error {
			r, err := rulesOf(ctx, c)
			if err != nil {
				return err
			}
			text, err := yaml.JSONToYAML(r.Rules.Taxonomy)
			if err != nil {
				return fmt.Errorf("write YAML: %w", err)
			}
			_, err = p.out.Write(text)
			return err
		})}
}

func (p *program) importFactors() *cobra.Command {
	return &cobra.Command{Use: "import FILE", Short: "Take over a taxonomy from YAML; factors that it does not name are retired (- is standard input)", Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			var list []json.RawMessage
			if err := p.document(args[0], &list); err != nil {
				return err
			}
			return p.tell(c.EditRetroRules(ctx, map[string]any{"taxonomy": list}))
		})}
}
