package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"hansei/client"
)

func (p *program) model() *cobra.Command {
	cmd := &cobra.Command{Use: "model", Short: "The language model that may draft sections of retrospectives; there is none unless one is set"}
	show := &cobra.Command{Use: "show", Short: "Show which is set; its key is shown to nobody", Args: cobra.NoArgs, RunE: p.asking(
		func(ctx context.Context, c *client.Client, _ []string) error {
			text, err := c.Model(ctx)
			if err != nil {
				return err
			}
			return p.pairs(text)
		})}
	test := &cobra.Command{Use: "test", Short: "Ask it for a word and say exactly what is wrong", Args: cobra.NoArgs, RunE: p.asking(
		func(ctx context.Context, c *client.Client, _ []string) error {
			found, err := c.TestModel(ctx)
			if err != nil {
				return err
			}
			for _, f := range found {
				if !f.OK {
					return fmt.Errorf("the language model: %s", f.Says)
				}
				p.say("%s", f.Says)
			}
			return nil
		})}
	remove := &cobra.Command{Use: "remove", Short: "Forget it and its key; what it drafted stays as it is", Args: cobra.NoArgs, RunE: p.asking(
		func(ctx context.Context, c *client.Client, _ []string) error { return c.RemoveModel(ctx) })}
	cmd.AddCommand(show, p.setModel(), test, remove)
	return cmd
}

func (p *program) setModel() *cobra.Command {
	var keyFile string
	var noKey bool
	cmd := &cobra.Command{
		Use:   "set URL NAME",
		Short: "Set it up: any endpoint that speaks OpenAI's chat completions",
		Long: "Set the language model up: the address under which /chat/completions stands, and the name of the model there.\n\n" +
			"  hansei model set https://api.openai.com/v1 gpt-5-mini --key-file key.txt\n" +
			"  hansei model set http://127.0.0.1:11434/v1 llama3.1:8b        (Ollama here; serve with --allow-private 127.0.0.1)",
		Args: cobra.ExactArgs(2),
	}
	cmd.RunE = p.asking(func(ctx context.Context, c *client.Client, args []string) error {
		s := client.ModelSettings{URL: args[0], Name: args[1]}
		if noKey {
			s.Key = new(string)
		}
		if keyFile != "" {
			text, err := p.read(keyFile)
			if err != nil {
				return err
			}
			key := strings.TrimSpace(string(text))
			s.Key = &key
		}
		text, err := c.SetModel(ctx, s)
		if err != nil {
			return err
		}
		return p.pairs(text)
	})
	cmd.Flags().StringVar(&keyFile, "key-file", "", "a file with its key (- is standard input); the one for the same server stays when this is left out")
	cmd.Flags().BoolVar(&noKey, "no-key", false, "forget the key that is kept")
	cmd.MarkFlagsMutuallyExclusive("key-file", "no-key")
	return cmd
}

// writeRetro has the language model draft sections.
func (p *program) writeRetro() *cobra.Command {
	var sections []string
	cmd := &cobra.Command{Use: "write ID", Short: "Have the language model draft the sections that are empty; each sentence cites the timeline, and you accept it", Args: cobra.ExactArgs(1)}
	cmd.RunE = p.asking(func(ctx context.Context, c *client.Client, args []string) error {
		text, err := c.DraftSections(ctx, args[0], sections...)
		if err != nil {
			return err
		}
		var doc struct {
			Outcome struct {
				Written, Left []string
				Refused       []struct{ Section, Sentence, Why string }
				LeftOut       int `json:"entries_left_out"`
			}
			Retrospective struct {
				Sections []struct{ ID, Text string }
			}
		}
		if err := json.Unmarshal(text, &doc); err != nil {
			return err
		}
		if err := p.objects(func(yield func(json.RawMessage, error) bool) {
			for _, s := range doc.Retrospective.Sections {
				for _, id := range doc.Outcome.Written {
					if o, err := json.Marshal(s); id == s.ID && !yield(o, err) {
						return
					}
				}
			}
		}, []string{"section", "text"}, func(o json.RawMessage) ([]string, error) {
			var s struct{ ID, Text string }
			err := json.Unmarshal(o, &s)
			return []string{s.ID, strings.TrimSpace(s.Text)}, err
		}); err != nil {
			return err
		}
		out := doc.Outcome
		for _, r := range out.Refused {
			p.say("refused in %s, %s: %s", r.Section, r.Why, r.Sentence)
		}
		for _, id := range out.Left {
			p.say("%s was left: somebody wrote there meanwhile, or its entries are gone", id)
		}
		if out.LeftOut > 0 {
			p.say("%d entries of the timeline were left out: there were too many", out.LeftOut)
		}
		p.say("%d written; read it, then: hansei retro accept %s SECTION", len(out.Written), args[0])
		return nil
	})
	cmd.Flags().StringSliceVar(&sections, "section", nil, "the id of a section; again for more (all that are empty when left out)")
	return cmd
}

// acceptSection stands for what the language model drafted.
func (p *program) acceptSection() *cobra.Command {
	return &cobra.Command{Use: "accept ID SECTION…", Short: "Stand for sections that the language model drafted", Args: cobra.MinimumNArgs(2), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			for _, section := range args[1:] {
				if _, err := c.AcceptSection(ctx, args[0], section); err != nil {
					return err
				}
			}
			return nil
		})}
}
