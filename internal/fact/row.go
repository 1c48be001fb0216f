package fact

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/fact/duck"
)

// sink appends to one table; the last two columns are always seq and upto.
type sink struct {
	app  *duck.Appender
	cols int // columns before seq
}

func (b *batch) sink(table string, cols int) (*sink, error) {
	if s, ok := b.tables[table]; ok {
		return s, nil
	}
	app, err := b.conn.Appender("history", table)
	if err != nil {
		return nil, err
	}
	s := &sink{app: app, cols: cols}
	b.tables[table] = s
	return s, nil
}

func (s *sink) row(seq, upto int64) error {
	s.app.Int(s.cols, seq)
	s.app.Int(s.cols+1, upto)
	return s.app.Row()
}

// keeps says whether a record that was merged into another stays a row: the
// names of merged services, teams and people must still resolve.
func keeps(k hansei.Kind) bool {
	return k == hansei.KindService || k == hansei.KindTeam || k == hansei.KindPerson
}

// add writes the rows of one version of one record.
func (b *batch) add(c Decoded, upto int64) error {
	rec, head := c.Record, c.Record.Head()
	kind := rec.Kind()
	b.touch(rec)
	if !slices.Contains(factKinds, kind) || head.Deleted || (head.MergedInto != "" && !keeps(kind)) {
		return nil
	}
	if err := b.main(c, upto); err != nil {
		return err
	}
	if in, ok := rec.(*hansei.Incident); ok {
		if err := b.incident(in, int64(c.Seq), upto); err != nil {
			return err
		}
	}
	if err := b.told(rec, int64(c.Seq), upto); err != nil {
		return err
	}
	return b.custom(rec, int64(c.Seq), upto)
}

// told writes what each source that counts says of a record, where the record
// is not just what one of them said.
func (b *batch) told(rec hansei.Record, seq, upto int64) error {
	head := rec.Head()
	if head.MergedInto != "" {
		return nil
	}
	for _, o := range head.From {
		if len(o.Record) == 0 || o.Out != "" {
			continue
		}
		said, err := hansei.New(rec.Kind())
		if err != nil {
			return err
		}
		if err := json.Unmarshal(o.Record, said); err != nil {
			return fmt.Errorf("what %s said of %s %s: %w", o.Source, rec.Kind(), head.ID, err)
		}
		var filled []string
		for _, f := range hansei.FieldsOf(rec.Kind()) {
			if _, ok := f.Get(said); ok {
				filled = append(filled, f.Name)
			}
		}
		s, err := b.sink(ToldTable, 4)
		if err != nil {
			return err
		}
		s.app.String(0, string(head.ID))
		s.app.String(1, string(rec.Kind()))
		s.app.String(2, o.Source)
		s.app.String(3, strings.Join(filled, ","))
		if err := s.row(seq, upto); err != nil {
			return err
		}
	}
	return nil
}

// touch remembers services whose pull requests may have met another deployment.
func (b *batch) touch(rec hansei.Record) {
	switch r := rec.(type) {
	case *hansei.Deployment:
		b.dirty[string(r.Service)] = true
	case *hansei.PullRequest:
		b.dirty[string(r.Service)] = true
	}
}

func (b *batch) main(c Decoded, upto int64) error {
	rec, seq := c.Record, int64(c.Seq)
	kind, head := rec.Kind(), rec.Head()
	fields := hansei.FieldsOf(kind)
	cols := 4 + scalars(fields)
	switch kind {
	case hansei.KindIncident:
		cols += 4
	case hansei.KindFollowUp:
		cols++
	}
	s, err := b.sink(TableOf(kind), cols)
	if err != nil {
		return err
	}
	a := s.app
	a.String(0, string(head.ID))
	if len(head.From) > 0 {
		a.String(1, head.From[0].Source)
		a.String(2, head.From[0].External)
	} else {
		a.Null(1)
		a.Null(2)
	}
	a.String(3, string(head.MergedInto))
	col := 4
	if in, ok := rec.(*hansei.Incident); ok {
		role, at, _ := in.Milestones.First(hansei.StartRoles...)
		a.Time(col, at)
		a.String(col+1, string(role))
		if d, ok := in.Impact(); ok {
			a.Float(col+2, d.Seconds())
		} else {
			a.Null(col + 2)
		}
		a.Bool(col+3, in.CustomersAtLeast())
		col += 4
	}
	if kind == hansei.KindFollowUp {
		a.Time(col, c.At)
		col++
	}
	for _, f := range fields {
		v, ok := f.Get(rec)
		if f.Type == hansei.List || f.Type == hansei.Refs {
			if ok {
				if err := b.bridge(kind, f, string(head.ID), v, seq, upto); err != nil {
					return err
				}
			}
			continue
		}
		set(a, col, v, ok)
		col++
	}
	return s.row(seq, upto)
}

func scalars(fields []hansei.Field) int {
	n := 0
	for _, f := range fields {
		if sqlType(f.Type) != "" {
			n++
		}
	}
	return n
}

func set(a *duck.Appender, col int, v any, ok bool) {
	if !ok {
		a.Null(col)
		return
	}
	switch x := v.(type) {
	case string:
		a.String(col, x)
	case hansei.ID:
		a.String(col, string(x))
	case float64:
		a.Float(col, x)
	case bool:
		a.Bool(col, x)
	case time.Time:
		a.Time(col, x)
	}
}

func (b *batch) bridge(kind hansei.Kind, f hansei.Field, id string, v any, seq, upto int64) error {
	t, _ := bridgeOf(kind, f)
	s, err := b.sink(t.Name, 2)
	if err != nil {
		return err
	}
	one := func(val string) error {
		s.app.String(0, id)
		s.app.String(1, val)
		return s.row(seq, upto)
	}
	switch list := v.(type) {
	case []string:
		for _, x := range list {
			if err := one(x); err != nil {
				return err
			}
		}
	case []hansei.ID:
		for _, x := range list {
			if err := one(string(x)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *batch) incident(in *hansei.Incident, seq, upto int64) error {
	id := string(in.ID)
	s, err := b.sink(milestoneTable, 5)
	if err != nil {
		return err
	}
	for _, m := range in.Milestones {
		s.app.String(0, id)
		s.app.String(1, string(m.Role))
		s.app.Time(2, m.At)
		s.app.String(3, m.Source)
		s.app.Null(4)
		if m.Moved != nil {
			s.app.Time(4, *m.Moved)
		}
		if err := s.row(seq, upto); err != nil {
			return err
		}
	}
	if s, err = b.sink(impactTable, 3); err != nil {
		return err
	}
	for _, w := range in.Impacts {
		s.app.String(0, id)
		s.app.Time(1, w.Since)
		s.app.Time(2, w.Until)
		if err := s.row(seq, upto); err != nil {
			return err
		}
	}
	if s, err = b.sink(updateTable, 4); err != nil {
		return err
	}
	for _, u := range in.Updates {
		s.app.String(0, id)
		s.app.Time(1, u.At)
		s.app.String(2, u.Status)
		s.app.String(3, u.Text)
		if err := s.row(seq, upto); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) custom(rec hansei.Record, seq, upto int64) error {
	head := rec.Head()
	if len(head.Custom) == 0 {
		return nil
	}
	s, err := b.sink(customTable, 5)
	if err != nil {
		return err
	}
	for name, value := range head.Custom {
		values := hansei.OwnItems(value) // of a list each is a row
		if values == nil {
			values = []string{value}
		}
		for _, v := range values {
			s.app.String(0, string(head.ID))
			s.app.String(1, string(rec.Kind()))
			s.app.String(2, name)
			s.app.String(3, v)
			if n, err := strconv.ParseFloat(v, 64); err == nil {
				s.app.Float(4, n)
			} else {
				s.app.Null(4)
			}
			if err := s.row(seq, upto); err != nil {
				return err
			}
		}
	}
	return nil
}
