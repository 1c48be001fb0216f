package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"hansei/client"
)

// planAnswer is the part of a plan that people read.
type planAnswer struct {
	Plan struct {
		Format, Compression, Separator, Kind, Source, Zone, Key string
		DateOrder                                               string `json:"date_order"`
		EventLog                                                bool   `json:"event_log"`
		Columns                                                 []struct {
			Name, JQ, Field, How, Zone string
			TimeFormat                 string `json:"time_format"`
			Values                     map[string]string
			Samples                    []string
		}
		Notes []string
	}
	Mapping string
	Rows    []struct {
		Kind, ID string
		Record   json.RawMessage
	}
	Rejects  []client.Reject
	Rejected int64
	Read     int64
}

// plans shows how files would be read.
func (p *program) plans(ctx context.Context, c *client.Client, f importFlags, files []string) error {
	var all []json.RawMessage
	for _, name := range files {
		raw, err := p.plan(ctx, c, f.Options, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if p.format == asTable || p.format == asCSV {
			var a planAnswer
			if err := json.Unmarshal(raw, &a); err != nil {
				return fmt.Errorf("the plan of the server is not what was expected: %w", err)
			}
			if err := p.tellPlan(name, a); err != nil {
				return err
			}
			continue
		}
		label, err := json.Marshal(name)
		if err != nil {
			return err
		}
		all = append(all, fmt.Appendf(nil, `{"file":%s,%s`, label, bytes.TrimPrefix(bytes.TrimSpace(raw), []byte("{"))))
	}
	if p.format == asTable || p.format == asCSV {
		return nil
	}
	return p.objects(each(all), nil, nil)
}

func (p *program) plan(ctx context.Context, c *client.Client, o client.Options, name string) (json.RawMessage, error) {
	body, as, size, err := p.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }() // only read from
	o.Name = as
	bar := newBar(p.stderr, as)
	defer bar.clear()
	return c.PlanImport(ctx, o, bar.sending(body, size))
}

// tellPlan prints a plan: what the file is, where each column goes, the first
// records, and what would be rejected. With -o csv it is the columns alone.
func (p *program) tellPlan(name string, a planAnswer) error {
	sheet, end := p.sheet([]string{"column", "field", "how", "samples"})
	for _, col := range a.Plan.Columns {
		from := col.Name
		if col.JQ != "" {
			from = col.JQ
		}
		how := col.How
		for _, more := range []string{col.TimeFormat, col.Zone} {
			if more != "" {
				how += ", " + more
			}
		}
		field := col.Field
		if field == "" {
			field = "–"
		}
		if err := sheet([]string{from, field, how, strings.Join(col.Samples, ", ")}); err != nil {
			return err
		}
	}
	if p.format == asCSV {
		return end()
	}
	if err := p.printf("%s: %s\n\n", name, a.what()); err != nil {
		return err
	}
	if err := end(); err != nil {
		return err
	}
	for _, note := range a.Plan.Notes {
		if err := p.printf("note: %s\n", note); err != nil {
			return err
		}
	}
	if err := p.printf("\nThe first rows as records:\n"); err != nil {
		return err
	}
	for _, r := range a.Rows {
		if err := p.printf("  %s %s  %s\n", r.Kind, r.ID, compact(r.Record)); err != nil {
			return err
		}
	}
	if a.Rejected > 0 {
		p.say("%s: %s of %s rows would be rejected:", name, count(a.Rejected), count(a.Read))
		for _, r := range a.Rejects[:min(len(a.Rejects), firstRejects)] {
			p.say("  %s", reject(r))
		}
	}
	return p.printf("\n%s rows read, %s would be rejected. Nothing was imported.\n", count(a.Read), count(a.Rejected))
}

// what says in words what the file was recognised as.
func (a planAnswer) what() string {
	pl := a.Plan
	is := pl.Format
	if pl.Compression != "" {
		is += " in " + pl.Compression
	}
	is += " of " + pl.Kind + "s, source " + pl.Source
	if pl.Key != "" {
		is += ", each named by " + pl.Key
	} else {
		is += ", each named by its contents"
	}
	if pl.EventLog {
		is += ", several rows to each (its history)"
	}
	if pl.Zone != "" {
		is += ", times without a zone are in " + pl.Zone
	}
	return is
}
