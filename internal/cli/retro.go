package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hansei/client"
)

func (p *program) retro() *cobra.Command {
	cmd := &cobra.Command{Use: "retro", Short: "Retrospectives: draft, read, publish, take elsewhere"}
	cmd.AddCommand(
		p.draftRetro(), p.draftBatch(),
		p.listRetros(),
		&cobra.Command{Use: "show ID", Short: "Show a retrospective, what it lacks and its follow-ups (ID: its own or its incident's)", Args: cobra.ExactArgs(1), RunE: p.asking(p.showRetro)},
		&cobra.Command{Use: "brief INCIDENT", Short: "What the record knows about an incident: spans, load, changes near it, similar ones, questions", Args: cobra.ExactArgs(1), RunE: p.asking(
			func(ctx context.Context, c *client.Client, args []string) error {
				text, err := c.Brief(ctx, args[0])
				if err != nil {
					return err
				}
				return p.pairs(text)
			})},
		p.agenda(), p.invite(), p.exportRetro(), p.moveRetro(), p.retroRules(), p.writeRetro(), p.acceptSection(),
	)
	return cmd
}

// retroLine is what a list shows of a retrospective.
type retroLine struct {
	ID           string    `json:"id"`
	Title        string    `json:"title"`
	State        string    `json:"state"`
	Severity     string    `json:"severity"`
	Due          time.Time `json:"due_at"`
	Published    time.Time `json:"published_at"`
	Completeness float64   `json:"completeness"`
	Factors      []string  `json:"factors"`
	Timeline     []any     `json:"timeline"`
}

func (l retroLine) cells() []string {
	return []string{l.ID, l.Title, l.State, l.Severity, dayOf(l.Due), dayOf(l.Published), fmt.Sprintf("%.0f %%", 100*l.Completeness)}
}

var retroHead = []string{"id", "title", "state", "severity", "due", "published", "complete"}

func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func (p *program) draftRetros(ctx context.Context, c *client.Client, args []string) error {
	var docs []json.RawMessage
	for _, id := range args {
		began := time.Now()
		doc, err := c.Draft(ctx, id)
		if err != nil {
			return fmt.Errorf("incident %s: %w", id, err)
		}
		docs = append(docs, doc)
		var d struct{ Retrospective retroLine }
		if err := json.Unmarshal(doc, &d); err != nil {
			return err
		}
		p.say("%s: drafted in %d ms, %d entries in its timeline; read it with: hansei retro show %s", d.Retrospective.ID, time.Since(began).Milliseconds(), len(d.Retrospective.Timeline), d.Retrospective.ID)
	}
	return p.objects(each(docs), retroHead, func(o json.RawMessage) ([]string, error) {
		var d struct{ Retrospective retroLine }
		err := json.Unmarshal(o, &d)
		return d.Retrospective.cells(), err
	})
}

func (p *program) listRetros() *cobra.Command {
	var f client.Filter
	var state string
	var limit int
	cmd := &cobra.Command{Use: "list", Short: "List retrospectives, the newest first", Args: cobra.NoArgs, RunE: p.asking(
		func(ctx context.Context, c *client.Client, _ []string) error {
			if state != "" {
				f.Where = append(f.Where, "state="+state)
			}
			return p.objects(recordsOf(c.Records(ctx, "retrospective", f, limit)), retroHead, func(o json.RawMessage) ([]string, error) {
				var l retroLine
				err := json.Unmarshal(o, &l)
				return l.cells(), err
			})
		})}
	cmd.Flags().StringVar(&state, "state", "", "not_required, draft, in_review, published or revised")
	cmd.Flags().StringVar(&f.Since, "since", "", "begun since a day or a time")
	cmd.Flags().StringVar(&f.Until, "until", "", "begun before a day or a time")
	cmd.Flags().StringArrayVar(&f.Where, "where", nil, "FIELD=VALUE; may be repeated")
	cmd.Flags().IntVar(&limit, "limit", 100, "how many at most (all when 0)")
	return cmd
}

// recordsOf are the documents alone.
func recordsOf(list func(func(client.Version, error) bool)) func(func(json.RawMessage, error) bool) {
	return func(yield func(json.RawMessage, error) bool) {
		for v, err := range list {
			if !yield(v.Record, err) || err != nil {
				return
			}
		}
	}
}

func (p *program) showRetro(ctx context.Context, c *client.Client, args []string) error {
	if p.format == asTable {
		text, err := c.Document(ctx, args[0], "markdown")
		if err != nil {
			return err
		}
		_, err = p.out.Write(text)
		return err
	}
	text, err := c.Retrospective(ctx, args[0])
	if err != nil {
		return err
	}
	return p.pairs(text)
}

func (p *program) exportRetro() *cobra.Command {
	var format, file string
	var all bool
	var f client.RetroFilter
	cmd := &cobra.Command{Use: "export [ID]", Short: "Write a retrospective, or all of them, as Markdown, HTML, PDF, for Word, for Google Docs, for Confluence, or as JSON",
		Example: "  hansei retro export pd:Q1 -o html\n  hansei retro export --all --state published --file retrospectives.zip",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case all == (len(args) > 0) || len(args) > 1:
				return errors.New("name a retrospective, or say --all")
			case all && file == "":
				return errors.New("--all needs --file NAME.zip (- is standard output)")
			case !all && f != client.RetroFilter{}:
				return errors.New("filters go with --all")
			}
			return nil
		}}
	cmd.RunE = p.asking(
		func(ctx context.Context, c *client.Client, args []string) (err error) {
			if all {
				return p.exportAll(ctx, c, f, format, file)
			}
			var text []byte
			if format == "json" {
				text, err = c.Retrospective(ctx, args[0])
			} else {
				text, err = c.Document(ctx, args[0], format)
			}
			if err != nil {
				return err
			}
			if file != "" {
				return os.WriteFile(file, text, 0o600)
			}
			if format != "pdf" {
				text = append(text, '\n')
			}
			_, err = p.out.Write(text)
			return err
		})
	cmd.Flags().BoolVar(&all, "all", false, "all that the filters let through, as one zip file")
	for name, flag := range map[string]struct {
		to   *string
		help string
	}{
		"state": {&f.State, "not_required, draft, in_review, published or revised"}, "severity": {&f.Severity, "of this severity"}, "service": {&f.Service, "of the service with this id"},
		"owner": {&f.Owner, "of the person with this id, me, or none"}, "due": {&f.Due, "overdue or soon"}, "complete": {&f.Complete, "low (less than half) or high (80 % or more)"},
		"q": {&f.Q, "with these words in their title"}, "batch": {&f.Batch, "drafted by this batch"},
	} {
		cmd.Flags().StringVar(flag.to, name, "", "with --all: "+flag.help)
	}
	cmd.Flags().StringVarP(&format, "output", "o", "markdown", "markdown, html, pdf, word, docs, confluence or json")
	cmd.Flags().StringVar(&file, "file", "", "write to this file (standard output when empty)")
	return cmd
}

func (p *program) moveRetro() *cobra.Command {
	return &cobra.Command{Use: "move ID STATE", Short: "Bring a retrospective into a state: draft, in_review, published or not_required", Args: cobra.ExactArgs(2), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			_, err := c.Move(ctx, args[0], args[1])
			return err
		})}
}

// documents finds the files of the past in what was named: files, and folders
// with everything below them.
func documents(names []string) (out []string, err error) {
	for _, name := range names {
		err := filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if ext := strings.ToLower(filepath.Ext(path)); path == name || slices.Contains([]string{".md", ".markdown", ".html", ".htm", ".xhtml", ".xml"}, ext) {
				out = append(out, path)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, errors.New("there is no Markdown or HTML file in what was named")
	}
	return out, nil
}

// importDocuments takes in retrospectives of the past. One that cannot be read
// does not stop the others.
func (p *program) importDocuments(ctx context.Context, c *client.Client, names []string, review bool) error {
	send := c.ImportRetrospective
	if review {
		send = c.ReviewRetrospective
	}
	files, err := documents(names)
	if err != nil {
		return err
	}
	var all []json.RawMessage
	var problems []error
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err == nil {
			var one json.RawMessage
			if one, err = send(ctx, filepath.ToSlash(name), text); err == nil {
				all = append(all, one)
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	}
	if err := p.objects(each(all), []string{"id", "title", "incident", "services", "factors", "sections", "moments", "follow-ups", "new"}, func(o json.RawMessage) ([]string, error) {
		var d struct {
			ID, Title, Incident string
			Services, Factors   []string
			Sections, Moments   int
			FollowUps           int `json:"follow_ups"`
			New                 bool
		}
		err := json.Unmarshal(o, &d)
		return []string{d.ID, d.Title, d.Incident, strings.Join(d.Services, ", "), strings.Join(d.Factors, ", "), fmt.Sprint(d.Sections), fmt.Sprint(d.Moments), fmt.Sprint(d.FollowUps), yes(d.New)}, err
	}); err != nil {
		return err
	}
	if review {
		p.say("%d of %d documents were read; they wait on the page /retrospective-imports", len(all), len(files))
		return errors.Join(problems...)
	}
	p.say("%d of %d documents are in; their metadata waits to be confirmed: publish each when it is right", len(all), len(files))
	return errors.Join(problems...)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
