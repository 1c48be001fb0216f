package file

import (
	"time"

	"hansei"
	"hansei/internal/source/file/table"
)

// Options say what is known of a file before it is looked at.
type Options struct {
	Kind    hansei.Kind    // "": recognised
	Source  string         // "": the mapping's, or DefaultSource
	Mapping *Mapping       // overrides what is recognised; may be nil
	Partial bool           // rows may tell only part of a thing
	Strict  bool           // a status that means nothing is a fault; else it is left out
	Zone    *time.Location // of times that name no zone; nil: the mapping's, or UTC
}

// DefaultSource is the source of files that nobody named one for. It does not
// depend on the file's name, so that a corrected copy updates the records of
// the first.
const DefaultSource = "file"

// Reject is a row that could not be used: where it is and what was expected.
type Reject = table.Reject

// How a column came to its field.
const (
	HowName    = "name"    // by its name
	HowMapping = "mapping" // a mapping said so
	HowCustom  = "custom"  // no field of ours: kept as one of the organization's own
	HowIgnored = "ignored"
)

// Plan is how a file will be read: what it is and what each column becomes.
// It is complete: Observe needs nothing else, so a plan can be stored, shown
// and read again later with the same result.
type Plan struct {
	Format      string      `json:"format"`                // csv, json, jsonl or parquet
	Compression string      `json:"compression,omitempty"` // gzip, zstd or bzip2
	Separator   string      `json:"separator,omitempty"`   // of CSV
	List        []string    `json:"list,omitempty"`        // keys to the list that holds the rows of JSON
	Kind        hansei.Kind `json:"kind"`
	Source      string      `json:"source"`
	Zone        string      `json:"zone"`               // IANA name for times that name no zone
	DateOrder   string      `json:"date_order"`         // how 03-04-2016 is read
	Key         string      `json:"key,omitempty"`      // the column that names each thing; empty: made from its contents
	Partial     bool        `json:"partial,omitempty"`  // a row may tell only part of a thing: it need not be valid by itself
	Strict      bool        `json:"strict,omitempty"`   // a status that means nothing is a fault
	EventLog    bool        `json:"event_log"`          // several rows with one key: its history, the last is its state
	RowsRead    int         `json:"rows_read"`          // how many rows this was learnt from
	Complete    bool        `json:"complete,omitempty"` // that was the whole file
	Columns     []Column    `json:"columns"`
	Notes       []string    `json:"notes,omitempty"` // what a person should know before importing
}

// Column is one column of the file, or a jq expression of the mapping.
type Column struct {
	Name       string            `json:"name,omitempty"`
	JQ         string            `json:"jq,omitempty"`
	Field      string            `json:"field,omitempty"` // a field of the kind, "id", "custom.NAME"; empty when ignored
	How        string            `json:"how"`
	TimeFormat string            `json:"time_format,omitempty"`
	Zone       string            `json:"zone,omitempty"` // when it differs from the plan's
	Values     map[string]string `json:"values,omitempty"`
	Samples    []string          `json:"samples,omitempty"` // the first different values, shortened
}

// Of lists the columns that become a field.
func (p *Plan) Of(field string) []Column {
	var found []Column
	for _, c := range p.Columns {
		if c.Field == field {
			found = append(found, c)
		}
	}
	return found
}

// Mapping writes the plan as a mapping, for a person to change: with it the
// same file reads the same way, whatever would be recognised.
func (p *Plan) Mapping() *Mapping {
	m := &Mapping{Kind: p.Kind, Source: p.Source, Zone: p.Zone, ID: p.Key}
	for _, c := range p.Columns {
		if c.Field == fieldID {
			if c.JQ != "" {
				m.ID = c.JQ
			}
			continue
		}
		m.Fields = append(m.Fields, FieldMapping{
			Column: c.Name, JQ: c.JQ, Field: c.Field, Time: c.TimeFormat, Zone: c.Zone, Values: c.Values, Ignore: c.How == HowIgnored,
		})
	}
	return m
}
