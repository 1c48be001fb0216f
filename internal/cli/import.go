package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"hansei/client"
)

// imported is one file's line of the summary.
type imported struct {
	File      string          `json:"file"`
	Delivery  string          `json:"delivery"`
	State     string          `json:"state"`
	Known     bool            `json:"known"` // it had been imported before
	Kind      string          `json:"kind"`
	Rows      int64           `json:"rows"`
	Created   int64           `json:"created"`
	Updated   int64           `json:"updated"`
	Unchanged int64           `json:"unchanged"`
	Rejected  int64           `json:"rejected"`
	Seconds   float64         `json:"seconds"` // until the figures have it
	Error     string          `json:"error,omitempty"`
	Notes     []string        `json:"notes,omitempty"`
	Rejects   []client.Reject `json:"rejects"` // the first of them
}

// importFlags are the flags of import.
type importFlags struct {
	client.Options
	mapping        string
	dryRun, strict bool
	review         bool
}

const (
	firstRejects = 20
	pollEvery    = 100 * time.Millisecond
)

func (p *program) importFiles() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE…",
		Short: "Import files: CSV, TSV, JSON, JSON Lines or Parquet, also compressed (- is standard input)",
		Long: "Import files of incidents, deployments, pull requests and the like. Columns and times are\n" +
			"recognised; --dry-run shows how, and a mapping file (--map) overrides it. Rows that cannot\n" +
			"be used never stop the others: they are listed with what was expected. Importing the same\n" +
			"file again changes nothing; a corrected file updates.",
		Example: "  hansei import incidents.csv --dry-run\n  hansei import incidents.csv deployments.jsonl.gz\n  hansei import postmortems/ --kind retrospective",
		Args:    cobra.MinimumNArgs(1),
	}
	fs := cmd.Flags()
	fs.StringVar(&f.Kind, "kind", "", "what the rows are: incident, deployment, change, pull-request, alert, ticket, work-item, person or service; or retrospective, for files or a folder of Markdown or HTML")
	fs.StringVar(&f.mapping, "map", "", "mapping file (YAML): columns or jq expressions to fields")
	fs.StringVar(&f.Source, "source", "", "name of the source they belong to")
	fs.StringVar(&f.Zone, "zone", "", "time zone of times that name none, such as Europe/Berlin")
	fs.BoolVar(&f.dryRun, "dry-run", false, "show how the file would be read, and import nothing")
	fs.BoolVar(&f.strict, "strict", false, "exit with an error when a row was rejected")
	fs.BoolVar(&f.review, "review", false, "retrospectives only: read them and let them wait on the page until somebody confirms what was found")
	cmd.RunE = p.asking(func(ctx context.Context, c *client.Client, args []string) error {
		if f.Kind == "retrospective" {
			return p.importDocuments(ctx, c, args, f.review)
		}
		if f.mapping != "" {
			var err error
			if f.Mapping, err = os.ReadFile(f.mapping); err != nil {
				return err
			}
		}
		if f.dryRun {
			return p.plans(ctx, c, f, args)
		}
		return p.importAll(ctx, c, f, args)
	})
	return cmd
}

// importAll imports one file after the other. A file that fails does not stop
// the next.
func (p *program) importAll(ctx context.Context, c *client.Client, f importFlags, files []string) error {
	var all []json.RawMessage
	var problems []error
	for _, name := range files {
		one, err := p.importOne(ctx, c, f.Options, name)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case err != nil:
			one.State, one.Error = client.Failed, line(err)
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		case one.State == client.Failed:
			problems = append(problems, fmt.Errorf("%s: nothing was imported: %s", name, one.Error))
		case f.strict && one.Rejected > 0:
			problems = append(problems, fmt.Errorf("%s: %d rows were rejected (--strict)", name, one.Rejected))
		}
		if p.format == asTable {
			if err := p.tellImport(one); err != nil {
				return err
			}
		}
		p.tellRejects(one)
		if p.format == asTable {
			continue
		}
		text, err := json.Marshal(one)
		if err != nil {
			return err
		}
		all = append(all, text)
	}
	if p.format != asTable {
		if err := p.objects(each(all), importHead, importCells); err != nil {
			return err
		}
	}
	return errors.Join(problems...)
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// open opens a file to import, or standard input for "-".
func (p *program) open(name string) (body io.ReadCloser, as string, size int64, err error) {
	if name == "-" {
		return io.NopCloser(p.in), "standard input", 0, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, "", 0, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a directory; expected a file")
	}
	if err != nil {
		return nil, "", 0, errors.Join(err, f.Close())
	}
	return f, filepath.Base(name), info.Size(), nil
}

func (p *program) importOne(ctx context.Context, c *client.Client, o client.Options, name string) (imported, error) {
	out := imported{File: name, Rejects: []client.Reject{}}
	body, as, size, err := p.open(name)
	if err != nil {
		return out, err
	}
	defer func() { _ = body.Close() }() // only read from
	o.Name = as
	bar := newBar(p.stderr, as)
	defer bar.clear()
	began := time.Now()
	got, err := c.StartImport(ctx, o, bar.sending(body, size))
	if err != nil {
		return out, err
	}
	out.Delivery = got.ID
	im, err := c.Import(ctx, got.ID)
	known := got.Known && im.State == client.Done
	for ; err == nil && !im.Ended(); im, err = c.Import(ctx, got.ID) {
		bar.understanding(im)
		if err := wait(ctx, pollEvery); err != nil {
			return out, err
		}
	}
	if err != nil {
		return out, err
	}
	out.State, out.Error, out.Known, out.Seconds = im.State, im.Error, known, time.Since(began).Seconds()
	if s := im.Summary; s != nil {
		out.Kind, out.Rejected, out.Notes = s.Kind, s.Rejected, s.Notes
		out.Rows = s.Created + s.Updated + s.Unchanged + s.Rejected
		out.Created, out.Updated, out.Unchanged = s.Created, s.Updated, s.Unchanged
		if known { // what came of it came of it then, not now
			out.Created, out.Updated, out.Unchanged = 0, 0, s.Created+s.Updated+s.Unchanged
		}
	}
	for r, err := range c.Rejects(ctx, got.ID, firstRejects) {
		if err != nil {
			return out, err
		}
		out.Rejects = append(out.Rejects, r)
	}
	return out, nil
}
