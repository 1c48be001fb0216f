package file

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source/file/clock"
	"hansei/internal/source/file/table"
	"hansei/internal/source/jq"
)

// Observe reads a file by its plan and hands each row on as an observation,
// in the file's order. A row that cannot be used goes to reject and does not
// stop the others. Rows with the key of an earlier row are later revisions of
// the same thing: whole, so that a field that became empty is empty.
//
// It keeps one row in memory, and the same bytes and plan give the same calls
// every time. Records carry no ID: intake gives it. References to services,
// teams and people are the names that stand in the file.
//
// It ends early with the error of emit or reject, with the error of body, and
// with an *hansei.InvalidError when the file as a whole cannot be read.
func Observe(body io.Reader, p *Plan, emit func(hansei.Observation) error, reject func(Reject) error) error {
	f := table.Frame{Format: p.Format, List: p.List}
	if p.Separator != "" {
		f.Separator = p.Separator[0]
	}
	t, err := table.Open(body, f)
	if err != nil {
		return err
	}
	defer t.Close()
	o, err := newObserver(p)
	if err != nil {
		return err
	}
	for {
		r, err := t.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var observation hansei.Observation
		if err == nil {
			observation, err = o.observe(r, t.Names())
		}
		var wrong *Reject
		switch {
		case errors.As(err, &wrong):
			err = reject(*wrong)
		case err == nil:
			err = emit(observation)
		}
		if err != nil {
			return err
		}
	}
}

// observer turns rows into observations.
type observer struct {
	plan     *Plan
	binder   binder
	columns  map[string]Column // of the plan, by name
	setters  []setter          // by position in the table
	bound    []string          // the names that setters stand for
	jq       []expression
	late     *recogniser
	style    clock.Style
	roles    map[string]hansei.Role
	hasKey   bool
	byName   bool // the key is the name
	fieldsAt map[string]string
}

type expression struct {
	column Column
	code   *jq.Program
	set    setter
}

func newObserver(p *Plan) (*observer, error) {
	if _, ok := synonyms[p.Kind]; !ok {
		return nil, hansei.Invalid("kind", "%q is not a kind that files are imported as", p.Kind)
	}
	zone, err := p.zone("")
	if err != nil {
		return nil, err
	}
	o := &observer{
		plan: p, binder: binder{plan: p, intern: interner{}}, columns: map[string]Column{}, fieldsAt: map[string]string{},
		byName: p.Kind == hansei.KindService || p.Kind == hansei.KindTeam || p.Kind == hansei.KindPerson,
		style:  clock.Style{Zone: zone, DayFirst: p.DateOrder == clock.DayFirst},
		late:   &recogniser{lexicon: lexiconOf(p.Kind), plan: p, taken: map[string]bool{}, custom: map[string]bool{}},
	}
	o.roles = o.late.lexicon.roles
	for _, c := range p.Columns {
		o.note(c)
		if c.JQ == "" {
			o.columns[c.Name] = c
			continue
		}
		e := expression{column: c}
		if e.code, err = jq.Compile(c.JQ); err != nil {
			return nil, hansei.Invalid("jq", "%v", err)
		}
		if e.set, err = o.binder.setter(c); err != nil {
			return nil, err
		}
		o.jq = append(o.jq, e)
	}
	return o, nil
}

// note remembers that a field has its column.
func (o *observer) note(c Column) {
	o.hasKey = o.hasKey || c.Field == fieldID
	if c.Field == "" {
		return
	}
	o.late.taken[c.Field] = true
	if name, ok := strings.CutPrefix(c.Field, customPrefix); ok {
		o.late.custom[name] = true
	}
	if o.fieldsAt[c.Field] == "" {
		o.fieldsAt[c.Field] = c.Name + c.JQ
	}
}

// bind makes setters for columns that the table shows for the first time.
func (o *observer) bind(names []string) error {
	for _, name := range names[len(o.setters):] {
		c, ok := o.columns[name]
		if !ok {
			c = o.late.late(name)
			o.note(c)
		}
		set, err := o.binder.setter(c)
		if err != nil {
			return err
		}
		o.setters = append(o.setters, set)
		o.bound = append(o.bound, name)
	}
	return nil
}

func (o *observer) observe(r table.Row, names []string) (hansei.Observation, error) {
	var none hansei.Observation
	if len(names) > len(o.setters) {
		if err := o.bind(names); err != nil {
			return none, err
		}
	}
	record, err := hansei.New(o.plan.Kind)
	if err != nil {
		return none, err
	}
	d := draft{record: record}
	d.incident, _ = record.(*hansei.Incident)
	for i, c := range r.Cells {
		if set := o.setters[i]; set != nil && (len(c.Text) > 0 || c.List != nil) {
			if f := set(&d, c); f != nil {
				return none, o.fault(r.Line, o.bound[i], f)
			}
		}
	}
	if err := o.expressions(&d, r, names); err != nil {
		return none, err
	}
	if err := o.finish(&d, r.Line); err != nil {
		return none, err
	}
	return hansei.Observation{
		Key:    hansei.Key{Kind: o.plan.Kind, Source: o.plan.Source, External: d.key},
		Record: record, Line: r.Line,
	}, nil
}

func (o *observer) fault(line int, column string, f *fault) error {
	return &Reject{Line: line, Column: column, Value: table.Shorten(f.value), Expected: f.expected}
}

// expressions evaluates the jq of the plan on a row.
func (o *observer) expressions(d *draft, r table.Row, names []string) error {
	if len(o.jq) == 0 {
		return nil
	}
	input, err := jqInput(r, names)
	if err != nil {
		return &Reject{Line: r.Line, Expected: err.Error()}
	}
	for _, e := range o.jq {
		c, err := runJQ(e.code, input)
		if err != nil {
			return o.fault(r.Line, e.column.JQ, &fault{nil, "an expression that does not fail; this one does: " + strings.TrimPrefix(err.Error(), "jq "+e.column.JQ+": ")})
		}
		if len(c.Text) == 0 && c.List == nil {
			continue
		}
		if f := e.set(d, c); f != nil {
			return o.fault(r.Line, e.column.JQ, f)
		}
	}
	return nil
}

// finish completes a record, names it and checks it.
func (o *observer) finish(d *draft, line int) error {
	switch r := d.record.(type) {
	case *hansei.Incident:
		if f := o.finishIncident(d); f != nil {
			return o.fault(line, o.fieldsAt[fieldUpdates], f)
		}
	case *hansei.PullRequest:
		finishPullRequest(r)
	}
	head := d.record.Head()
	head.ID = "checked"
	err := d.record.Validate()
	head.ID = ""
	if err != nil && !o.plan.Partial {
		return o.invalid(line, err)
	}
	if d.key == "" && o.hasKey && !o.byName {
		return o.fault(line, o.fieldsAt[fieldID], &fault{nil, "an id"})
	}
	if d.key == "" {
		d.key = contentKey(d.record)
	}
	if c, ok := d.record.(*hansei.Change); ok && c.Commit == "" && isCommit(d.key) {
		c.Commit = d.key
	}
	return nil
}

// isCommit recognises the full name of a commit.
func isCommit(s string) bool {
	const length = 40
	return len(s) == length && strings.Trim(s, "0123456789abcdef") == ""
}

// invalid turns what a record lacks into a reject that names the column.
func (o *observer) invalid(line int, err error) error {
	var wrong *hansei.InvalidError
	if !errors.As(err, &wrong) {
		return err
	}
	column := wrong.Field
	for _, field := range []string{wrong.Field, wrong.Field + "_at"} {
		if name := o.fieldsAt[field]; name != "" {
			column = name
			break
		}
	}
	return o.fault(line, column, &fault{nil, wrong.Reason})
}

// hash makes a stable key of what tells a thing from others.
func hash(parts ...any) string {
	var text []byte
	for _, p := range parts {
		if at, ok := p.(time.Time); ok {
			p = at.UTC().Format(time.RFC3339Nano)
		}
		text = fmt.Appendf(text, "%q\n", fmt.Sprint(p))
	}
	sum := sha256.Sum256(text)
	const length = 12
	return hex.EncodeToString(sum[:length])
}
