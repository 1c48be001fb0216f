package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"hansei/client"
)

func (p *program) sql() *cobra.Command {
	var limit int
	var schema bool
	cmd := &cobra.Command{
		Use:     "sql QUERY",
		Short:   "Run one read-only statement on the facts (- reads it from standard input)",
		Example: "  hansei sql --schema\n  hansei sql \"select severity, count(*) from incident group by all\" -o csv",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case schema && len(args) > 0:
				return fmt.Errorf("--schema takes no statement")
			case !schema && len(args) != 1:
				return fmt.Errorf("expected one statement (in quotes), or --schema")
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 0, "rows at most (10,000 when 0)")
	cmd.Flags().BoolVar(&schema, "schema", false, "list the tables and columns")
	cmd.RunE = p.asking(func(ctx context.Context, c *client.Client, args []string) error {
		if schema {
			return p.schema(ctx, c)
		}
		statement, err := args[0], error(nil)
		if statement == "-" {
			var text []byte
			text, err = p.read("-")
			statement = string(text)
		}
		if err != nil {
			return err
		}
		rows, err := c.SQL(ctx, statement, limit)
		if err != nil {
			return err
		}
		if err := p.rows(rows); err != nil {
			return err
		}
		if rows.Truncated {
			p.say("only the first %s rows are shown", count(int64(len(rows.Rows))))
		}
		return nil
	})
	return cmd
}

func (p *program) schema(ctx context.Context, c *client.Client) error {
	tables, err := c.Schema(ctx)
	if err != nil {
		return err
	}
	if p.format == asJSON || p.format == asYAML {
		return p.objects(encoded(values(tables)), nil, nil)
	}
	sheet, end := p.sheet([]string{"table", "column", "type", "help"})
	for _, t := range tables {
		if err := sheet([]string{t.Name, "", "", t.Help}); err != nil {
			return err
		}
		for _, col := range t.Columns {
			name := t.Name
			if p.format == asTable {
				name = ""
			}
			if err := sheet([]string{name, col.Name, col.Type, col.Help}); err != nil {
				return err
			}
		}
	}
	return end()
}

func values[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// rows prints the answer of a statement: objects by column, or cells.
func (p *program) rows(r client.Rows) error {
	if p.format == asTable || p.format == asCSV {
		sheet, end := p.sheet(r.Columns)
		for _, row := range r.Rows {
			cells := make([]string, len(row))
			for i, v := range row {
				cells[i] = scalar(v)
			}
			if err := sheet(cells); err != nil {
				return err
			}
		}
		return end()
	}
	objects := make([]json.RawMessage, len(r.Rows))
	for n, row := range r.Rows {
		var b bytes.Buffer
		for i, v := range row {
			name, err := json.Marshal(r.Columns[i])
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, ",%s:%s", name, v)
		}
		objects[n] = append(append([]byte("{"), bytes.TrimPrefix(b.Bytes(), []byte(","))...), '}')
	}
	return p.objects(each(objects), nil, nil)
}
