package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hansei"
	"hansei/client"
)

func (p *program) get() *cobra.Command {
	var at string
	var history bool
	var limit int
	var f client.Filter
	cmd := &cobra.Command{
		Use:     "get KIND [ID]",
		Short:   "Get records of a kind, or one: as it is, as it was, or its history",
		Example: "  hansei get incident --where severity=sev1 -o json\n  hansei get incident 4711 --history\n  hansei get service checkout --at 2025-06-30",
	}
	cmd.Args = cobra.MatchAll(cobra.RangeArgs(1, 2), ofKind, func(_ *cobra.Command, args []string) error {
		one := len(args) == 2
		switch {
		case !one && (at != "" || history):
			return errors.New("--at and --history are about one record; expected its ID too")
		case at != "" && history:
			return errors.New("--at and --history exclude each other")
		case one && (f.Since != "" || f.Until != "" || len(f.Where) > 0 || limit != 0):
			return errors.New("--where, --since, --until and --limit are about lists; expected no ID")
		}
		return nil
	})
	fs := cmd.Flags()
	fs.StringVar(&at, "at", "", "as it was at a sequence of the journal or a time")
	fs.BoolVar(&history, "history", false, "every revision")
	fs.IntVar(&limit, "limit", 0, "records at most (all when 0)")
	fs.StringArrayVar(&f.Where, "where", nil, "only records with field=value, field=a,b or field!=value; repeat it, and all must hold")
	fs.StringVar(&f.Since, "since", "", "from this date or time on")
	fs.StringVar(&f.Until, "until", "", "before this date or time")
	cmd.RunE = p.asking(func(ctx context.Context, c *client.Client, args []string) error {
		kind, err := hansei.ParseKind(args[0])
		switch {
		case err != nil:
			return err
		case len(args) == 1:
			return p.list(ctx, c, kind, f, limit)
		case history:
			return p.history(ctx, c, kind, args[1])
		}
		v, err := c.Record(ctx, string(kind), args[1], at)
		if err != nil {
			return err
		}
		return p.record(kind, v.Whole())
	})
	return cmd
}

// ofKind refuses a first argument that is no kind of record.
func ofKind(_ *cobra.Command, args []string) error {
	_, err := hansei.ParseKind(args[0])
	return err
}

// list prints whole records of a kind.
func (p *program) list(ctx context.Context, c *client.Client, kind hansei.Kind, f client.Filter, limit int) error {
	head, fields := []string{"id"}, hansei.FieldsOf(kind)
	if p.format == asTable {
		fields = brief(kind)
	}
	for _, x := range fields {
		head = append(head, x.Name)
	}
	if p.format == asCSV {
		head = append(head, "custom", "revision", "seq")
	}
	return p.objects(wholes(c.Records(ctx, string(kind), f, limit)), head, func(o json.RawMessage) ([]string, error) {
		rec, v, err := decoded(kind, o)
		if err != nil {
			return nil, err
		}
		row := []string{string(rec.Head().ID)}
		for _, x := range fields {
			row = append(row, shown(x, rec))
		}
		if p.format == asCSV {
			custom := ""
			if own := rec.Head().Custom; len(own) > 0 {
				text, err := json.Marshal(own)
				if err != nil {
					return nil, err
				}
				custom = string(text)
			}
			row = append(row, custom, fmt.Sprint(v.Revision), fmt.Sprint(v.Seq))
		}
		return row, nil
	})
}

func wholes(list iter.Seq2[client.Version, error]) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for v, err := range list {
			if !yield(v.Whole(), err) || err != nil {
				return
			}
		}
	}
}

// brief is the few fields of a kind that fit on a terminal.
func brief(kind hansei.Kind) (out []hansei.Field) {
	for _, name := range []string{"title", "name", "status", "severity", "state", "result", "environment", "began_at", "resolved_at",
		"started_at", "finished_at", "created_at", "merged_at", "triggered_at", "at", "services", "service"} {
		if f, err := hansei.FieldNamed(kind, name); err == nil {
			out = append(out, f)
		}
	}
	return out
}

// decoded reads a whole record, with the revision and sequence beside it.
func decoded(kind hansei.Kind, o json.RawMessage) (rec hansei.Record, v client.Version, err error) {
	if rec, err = hansei.New(kind); err != nil {
		return nil, v, err
	}
	if err = json.Unmarshal(o, rec); err != nil {
		return nil, v, err
	}
	err = json.Unmarshal(o, &v)
	return rec, v, err
}

// shown is a field's value as text; empty when it has none.
func shown(f hansei.Field, rec hansei.Record) string {
	v, ok := f.Get(rec)
	if !ok {
		return ""
	}
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case []string:
		return strings.Join(v, ", ")
	case []hansei.ID:
		names := make([]string, len(v))
		for i, id := range v {
			names[i] = string(id)
		}
		return strings.Join(names, ", ")
	}
	return fmt.Sprint(v)
}

// record prints one record; people see the fields that are set, and who set
// those that a person set.
func (p *program) record(kind hansei.Kind, o json.RawMessage) error {
	rec, v, err := decoded(kind, o)
	if err != nil {
		return fmt.Errorf("the record of the server is not what was expected: %w", err)
	}
	h := rec.Head()
	rows := [][]string{{"id", string(h.ID)}}
	for _, f := range hansei.FieldsOf(kind) {
		if s := shown(f, rec); s != "" {
			rows = append(rows, []string{f.Name, s})
		}
	}
	for _, name := range sorted(h.Custom) {
		rows = append(rows, []string{"custom." + name, h.Custom[name]})
	}
	if h.MergedInto != "" {
		rows = append(rows, []string{"merged_into", string(h.MergedInto)})
	}
	if h.Deleted {
		rows = append(rows, []string{"deleted", "true"})
	}
	for _, from := range h.From {
		rows = append(rows, []string{"from", from.Source + " " + from.External})
	}
	for _, e := range h.Edits {
		says := fmt.Sprintf("%s to %s by %s at %s", e.Field, e.Value, e.By, e.At.UTC().Format(time.RFC3339))
		if e.Reason != "" {
			says += ": " + e.Reason
		}
		rows = append(rows, []string{"edited", says})
	}
	rows = append(rows, []string{"revision", fmt.Sprint(v.Revision)}, []string{"seq", fmt.Sprint(v.Seq)})
	return p.object(o, []string{"field", "value"}, rows)
}
