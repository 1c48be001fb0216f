package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"hansei/client"
)

// templateLine is what a list shows of a template.
type templateLine struct {
	Name       string   `json:"name"`
	Severities []string `json:"severities"`
	Types      []string `json:"types"`
	Sections   []struct {
		Title string `json:"title"`
	} `json:"sections"`
}

// standardTemplate is the name of the one that is for all other incidents.
const standardTemplate = "Standard"

func (p *program) template() *cobra.Command {
	cmd := &cobra.Command{Use: "template", Short: "Templates of retrospectives, by severity and type of incident"}
	var before string
	set := &cobra.Command{Use: "set FILE", Short: "Add a template from YAML, or change the one of its name (- is standard input)", Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			var t json.RawMessage
			if err := p.document(args[0], &t); err != nil {
				return err
			}
			return p.tell(c.PutTemplate(ctx, before, t))
		})}
	set.Flags().StringVar(&before, "rename", "", "the name that it had")
	cmd.AddCommand(
		&cobra.Command{Use: "list", Short: "List the templates; an incident gets the first that fits", Args: cobra.NoArgs, RunE: p.asking(
			func(ctx context.Context, c *client.Client, _ []string) error {
				all, err := templatesOf(ctx, c)
				if err != nil {
					return err
				}
				return p.objects(each(all), []string{"name", "severities", "types", "parts"}, func(o json.RawMessage) ([]string, error) {
					var l templateLine
					err := json.Unmarshal(o, &l)
					return []string{l.Name, strings.Join(l.Severities, ", "), strings.Join(l.Types, ", "), strconv.Itoa(len(l.Sections))}, err
				})
			})},
		&cobra.Command{Use: "show NAME", Short: "Show a template; -o yaml writes what set reads", Args: cobra.ExactArgs(1), RunE: p.asking(
			func(ctx context.Context, c *client.Client, args []string) error {
				all, err := templatesOf(ctx, c)
				if err != nil {
					return err
				}
				for _, o := range all {
					var l templateLine
					if err := json.Unmarshal(o, &l); err != nil {
						return err
					}
					if strings.EqualFold(l.Name, args[0]) {
						return p.pairs(o)
					}
				}
				return fmt.Errorf("there is no template %q", args[0])
			})},
		set,
		&cobra.Command{Use: "use RETROSPECTIVE NAME", Short: "Give a retrospective another template; every answer stays", Args: cobra.ExactArgs(2), RunE: p.asking(
			func(ctx context.Context, c *client.Client, args []string) error {
				_, err := c.Retemplate(ctx, args[0], args[1])
				return err
			})},
	)
	return cmd
}

// templatesOf are the templates, the standard one last.
func templatesOf(ctx context.Context, c *client.Client) ([]json.RawMessage, error) {
	r, err := rulesOf(ctx, c)
	if err != nil {
		return nil, err
	}
	standard, err := json.Marshal(map[string]any{"name": standardTemplate, "sections": r.Rules.Sections})
	return append(r.Rules.Templates, standard), err
}

// fieldLine is what a list shows of a field.
type fieldLine struct {
	Kind         string   `json:"kind"`
	Name         string   `json:"name"`
	Type         string   `json:"type"`
	Label        string   `json:"label,omitempty"`
	Help         string   `json:"help,omitempty"`
	Options      []string `json:"options,omitempty"`
	RequiredFrom string   `json:"required_from,omitempty"`
	Retired      bool     `json:"retired,omitempty"`
}

func (p *program) field() *cobra.Command {
	cmd := &cobra.Command{Use: "field", Short: "Your own fields of retrospectives, incidents and follow-ups"}
	var f fieldLine
	add := &cobra.Command{Use: "add KIND NAME", Short: "Add a field, or change the one of that kind and name", Args: cobra.ExactArgs(2), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			f.Kind, f.Name = args[0], args[1]
			text, err := json.Marshal(f)
			if err != nil {
				return err
			}
			return p.tell(c.PutField(ctx, text))
		})}
	flags := add.Flags()
	flags.StringVar(&f.Type, "type", "text", "text, number, choice, list, date or yes_no")
	flags.StringVar(&f.Label, "label", "", "what people see")
	flags.StringVar(&f.Help, "about", "", "what to write, and why it matters")
	flags.StringArrayVar(&f.Options, "option", nil, "one of the options of a choice or a list; may be repeated")
	flags.StringVar(&f.RequiredFrom, "required-from", "", "the mildest severity at which it must be filled, as sev2")
	cmd.AddCommand(
		&cobra.Command{Use: "list", Short: "List your own fields", Args: cobra.NoArgs, RunE: p.asking(
			func(ctx context.Context, c *client.Client, _ []string) error {
				r, err := rulesOf(ctx, c)
				if err != nil {
					return err
				}
				return p.objects(each(r.Rules.Fields), []string{"kind", "name", "type", "label", "options", "required from", "retired"}, func(o json.RawMessage) ([]string, error) {
					var l fieldLine
					err := json.Unmarshal(o, &l)
					return []string{l.Kind, l.Name, l.Type, l.Label, strings.Join(l.Options, ", "), l.RequiredFrom, yes(l.Retired)}, err
				})
			})},
		add,
		p.retireField("retire", "Stop asking for a field; what was written stays", true),
		p.retireField("restore", "Ask for a retired field again", false),
	)
	return cmd
}

func (p *program) retireField(use, short string, retired bool) *cobra.Command {
	return &cobra.Command{Use: use + " KIND NAME", Short: short, Args: cobra.ExactArgs(2), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			r, err := rulesOf(ctx, c)
			if err != nil {
				return err
			}
			for _, o := range r.Rules.Fields {
				var f fieldLine
				if err := json.Unmarshal(o, &f); err != nil {
					return err
				}
				if f.Kind != args[0] || f.Name != args[1] {
					continue
				}
				f.Retired = retired
				text, err := json.Marshal(f)
				if err != nil {
					return err
				}
				return p.tell(c.PutField(ctx, text))
			}
			return fmt.Errorf("a %s has no field %q of yours; see: hansei field list", args[0], args[1])
		})}
}
