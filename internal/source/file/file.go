// Package file understands files that people bring: exports of incident
// tools, trackers and pipelines, and plain spreadsheets, as CSV, JSON, JSON
// Lines or Parquet, packed or not.
//
// It works in two steps. Inspect reads the first part of a file and writes a
// Plan: the format, the kind of record, and for each column which field it
// becomes and how its values are read. The plan is shown to a person, who may
// correct it with a Mapping. Observe then streams the whole file by the plan
// and hands on one observation for each row, and one reject for each row that
// cannot be used.
//
// Everything is recognised by content: the format by the first bytes, a
// column by its name and by what it holds. The tables of names (synonym.go)
// and of words (value.go) are the knowledge of tools' exports; no file has a
// path of its own.
//
// The package is pure: it stores nothing, resolves no identity and knows no
// clock. The one thing it touches is a temporary copy of a Parquet file,
// because that format is read from its end.
package file

import (
	"bytes"
	"errors"
	"io"

	"hansei"
	"hansei/internal/source/file/table"
)

// Inspect looks at so many rows, or at fewer when they are long.
const (
	inspectRows  = 2_000
	inspectBytes = 4 << 20

	// Dates such as 03-04-2016 are worth looking further: a log in the order
	// of time may not reach the 13th of a month for long.
	searchRows = 200_000
)

// Inspect reads the first part of a file and plans how to read the whole.
// The name is used only as a hint at the kind of record.
//
// It returns an *hansei.InvalidError when the file cannot be read at all, when
// its kind cannot be told, or when the mapping does not fit it.
func Inspect(name string, body io.Reader, o Options) (*Plan, error) {
	if o.Mapping == nil {
		o.Mapping = &Mapping{}
	}
	if err := o.Mapping.check(); err != nil {
		return nil, hansei.Invalid("mapping", "%v", err)
	}
	t, err := table.Recognise(body)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	p := &Plan{Format: t.Format, Compression: t.Compression, List: t.List, Kind: o.Kind, Source: o.Source, Partial: o.Partial, Strict: o.Strict}
	if t.Separator != 0 {
		p.Separator = string(t.Separator)
	}
	s, err := sample(t)
	if err != nil {
		return nil, err
	}
	if err := s.searchDates(t); err != nil {
		return nil, err
	}
	p.RowsRead, p.Complete = s.rows, s.complete
	if err := p.settle(name, t.Names(), o); err != nil {
		return nil, err
	}
	s.name(p.Kind)
	if err := recognise(p, s, o.Mapping); err != nil {
		return nil, err
	}
	p.explain(s)
	return p, nil
}

// settle fills in what the options, the mapping and the file's names say.
func (p *Plan) settle(name string, columns []string, o Options) error {
	if p.Kind == "" {
		p.Kind = o.Mapping.Kind
	}
	if p.Kind == "" {
		kind, err := kindOf(name, p.List, columns)
		if err != nil {
			return err
		}
		p.Kind = kind
	}
	if _, ok := synonyms[p.Kind]; !ok {
		return hansei.Invalid("kind", "%q is not a kind that files are imported as", p.Kind)
	}
	for _, source := range []string{o.Mapping.Source, DefaultSource} {
		if p.Source == "" {
			p.Source = source
		}
	}
	p.Zone = "UTC"
	if o.Zone != nil {
		p.Zone = o.Zone.String()
	} else if o.Mapping.Zone != "" {
		p.Zone = o.Mapping.Zone
	}
	_, err := p.zone("")
	return err
}

// sample reads the first rows. Rows that cannot be read are left to Observe,
// unless there are no others.
func sample(t *table.Table) (*survey, error) {
	s := newSurvey()
	var wrong *Reject
	size := 0
	for tried := 0; tried < inspectRows || s.rows == 0 && tried < 10*inspectRows; tried++ {
		r, err := t.Read()
		if errors.Is(err, io.EOF) {
			s.complete = true
			break
		}
		if errors.As(err, &wrong) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s.see(r, t.Names())
		for _, c := range r.Cells {
			size += len(c.Text) + len(c.List) + 1
		}
		if size > inspectBytes {
			break
		}
	}
	if s.rows == 0 && wrong != nil {
		return nil, hansei.Invalid("file", "no row of it can be read; the first: %s", wrong.Error())
	}
	if s.rows == 0 {
		return nil, hansei.Invalid("file", "it has no rows")
	}
	return s, nil
}

// searchDates reads on, if the sample left open whether day or month comes
// first in its dates, to the first date that shows it.
func (s *survey) searchDates(t *table.Table) error {
	open := s.openDates()
	for n := 0; len(open) > 0 && n < searchRows; n++ {
		r, err := t.Read()
		var wrong *Reject
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &wrong):
			continue
		case err != nil:
			return err
		}
		for _, i := range open {
			if i < len(r.Cells) {
				s.columns[i].order.See(bytes.TrimSpace(r.Cells[i].Text))
			}
		}
		open = s.openDates()
	}
	return nil
}

// explain adds what a person should know before importing.
func (p *Plan) explain(s *survey) {
	for i, c := range p.Columns[len(p.Columns)-len(s.columns):] {
		if c.Field == fieldID && s.columns[i].repeated() {
			p.EventLog = true
			p.Notes = append(p.Notes, "several rows have the same "+c.Name+": each row is a revision, in the order of the file, and the last is how it stands")
		}
	}
	named := p.Kind == hansei.KindService || p.Kind == hansei.KindTeam || p.Kind == hansei.KindPerson
	if p.Key == "" && !named {
		p.Notes = append(p.Notes, "no column holds an id: each row is known by what it says (its time, title and service), so a corrected row is a new record; a mapping can name the id")
	}
}

// errEnough ends a preview.
var errEnough = errors.New("enough rows")

// Preview reads the first n observations, and the rows rejected before them.
func (p *Plan) Preview(body io.Reader, n int) ([]hansei.Observation, []Reject, error) {
	var rows []hansei.Observation
	var rejects []Reject
	err := Observe(body, p, func(o hansei.Observation) error {
		rows = append(rows, o)
		if len(rows) >= n {
			return errEnough
		}
		return nil
	}, func(r Reject) error {
		rejects = append(rejects, r)
		if len(rejects) >= 10*n {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return rows, rejects, err
}
