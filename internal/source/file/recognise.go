package file

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source/file/clock"
	"hansei/internal/source/file/table"
	"hansei/internal/source/file/word"
)

// recogniser decides what each column of a file becomes.
type recogniser struct {
	lexicon *lexicon
	plan    *Plan
	survey  *survey
	columns []Column // one per column of the file, by position
	taken   map[string]bool
	custom  map[string]bool
	order   clock.Order
}

// recognise fills in the plan's columns: first what the mapping says, then
// names, then what is left.
func recognise(p *Plan, s *survey, m *Mapping) error {
	r := &recogniser{
		lexicon: lexiconOf(p.Kind), plan: p, survey: s, columns: make([]Column, len(s.columns)),
		taken: map[string]bool{}, custom: map[string]bool{},
	}
	for i, e := range s.columns {
		r.columns[i] = Column{Name: e.name, Samples: e.samples}
	}
	var added []Column
	if m != nil {
		var err error
		if added, err = r.mapped(m); err != nil {
			return err
		}
	}
	for _, field := range r.lexicon.fields {
		r.claim(field)
	}
	for _, c := range added { // a column that is a field by an expression is no field of its own
		if i := r.find(strings.TrimPrefix(c.JQ, ".")); i >= 0 && r.columns[i].How == "" {
			r.columns[i].How = HowIgnored
		}
	}
	r.rest()
	r.dates()
	p.Columns = append(added, r.columns...)
	for _, c := range p.Of(fieldID) {
		p.Key = c.Name + c.JQ
	}
	return nil
}

// mapped applies the mapping and returns the columns that are expressions.
func (r *recogniser) mapped(m *Mapping) ([]Column, error) {
	var added []Column
	if isJQ(m.ID) && r.find(m.ID) < 0 {
		added = append(added, Column{JQ: m.ID, Field: fieldID, How: HowMapping})
		r.taken[fieldID] = true
	} else if m.ID != "" {
		if err := r.put(FieldMapping{Column: m.ID, Field: fieldID}); err != nil {
			return nil, err
		}
	}
	for _, f := range m.Fields {
		if f.JQ == "" {
			if err := r.put(f); err != nil {
				return nil, err
			}
			continue
		}
		if _, ok := typeOf(r.plan.Kind, f.Field); !ok {
			return nil, r.noField(f.Field)
		}
		added = append(added, Column{JQ: f.JQ, Field: f.Field, How: HowMapping, TimeFormat: f.Time, Zone: f.Zone, Values: f.Values})
		r.taken[f.Field] = true
	}
	return added, nil
}

func (r *recogniser) noField(name string) error {
	return hansei.Invalid("mapping", "%q is not a field of %s; expected custom.NAME or one of %s", name, r.plan.Kind, fieldNames(r.plan.Kind))
}

// put gives a column to the field that the mapping names.
func (r *recogniser) put(f FieldMapping) error {
	i := r.find(f.Column)
	if i < 0 && r.plan.Format == table.FormatCSV {
		return hansei.Invalid("mapping", "the file has no column %q; it has %s", f.Column, firstNames(r.names()))
	}
	c := Column{Name: f.Column, Field: f.Field, How: HowMapping, TimeFormat: f.Time, Zone: f.Zone, Values: f.Values}
	if f.Ignore {
		c.Field, c.How = "", HowIgnored
	} else if _, ok := typeOf(r.plan.Kind, f.Field); !ok {
		return r.noField(f.Field)
	}
	if c.Field != "" {
		r.taken[c.Field] = true
	}
	if name, ok := strings.CutPrefix(c.Field, customPrefix); ok {
		r.custom[name] = true
	}
	if i < 0 { // a field that stands in later objects
		r.columns = append(r.columns, c)
		r.survey.columns = append(r.survey.columns, &evidence{name: c.Name, alias: word.AliasOf(c.Name, r.lexicon.noun)})
		return nil
	}
	c.Name, c.Samples = r.columns[i].Name, r.columns[i].Samples
	r.columns[i] = c
	return nil
}

// find looks a column up as a person writes it.
func (r *recogniser) find(name string) int {
	exact := func(c Column) bool { return c.Name == name }
	if i := slices.IndexFunc(r.columns, exact); i >= 0 {
		return i
	}
	return slices.IndexFunc(r.columns, func(c Column) bool { return strings.EqualFold(c.Name, name) })
}

func (r *recogniser) names() []string {
	names := make([]string, len(r.columns))
	for i, c := range r.columns {
		names[i] = c.Name
	}
	return names
}

// claim gives a field the best column that names it.
func (r *recogniser) claim(field string) {
	if r.taken[field] {
		return
	}
	type candidate struct{ index, rank int }
	var found []candidate
	for i, e := range r.survey.columns {
		if r.columns[i].How != "" {
			continue
		}
		for _, c := range r.lexicon.claims(e.alias) {
			if c.field == field && r.fits(e, field) {
				rank := c.rank
				if e.filled == 0 { // an empty column only if there is no other
					rank += 1000
				}
				found = append(found, candidate{i, rank})
				break
			}
		}
	}
	if len(found) == 0 {
		return
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.rank - b.rank })
	best := r.survey.columns[found[0].index]
	for n, c := range found {
		again := repeats(best.name, r.survey.columns[c.index].name) && r.multiple(field)
		if n == 0 || several[field] || again {
			r.columns[c.index].Field, r.columns[c.index].How = field, HowName
		}
	}
	r.taken[field] = true
}

// repeats says whether a column is another of the same name, as Jira writes
// a field with several values.
func repeats(first, name string) bool {
	return strings.HasPrefix(name, first+" (") && strings.HasSuffix(name, ")")
}

func (r *recogniser) multiple(field string) bool {
	t, _ := typeOf(r.plan.Kind, field)
	return t == hansei.List || t == hansei.Refs
}

// fits asks whether what a column holds can be meant by a field.
func (r *recogniser) fits(e *evidence, field string) bool {
	t, _ := typeOf(r.plan.Kind, field)
	switch {
	case field == fieldUpdates || field == fieldMilestones || field == fieldAcks:
		return e.objects > 0 && e.objects == e.filled || e.filled > 0 && e.lists == e.filled
	case t == hansei.List || t == hansei.Refs:
		return true
	case t == hansei.Ref:
		return e.objects == 0
	case e.lists > 0:
		return false
	case t == hansei.Time:
		return e.most(e.times)
	case t == hansei.Number:
		return e.most(e.numbers)
	case t == hansei.Bool:
		return e.most(e.flags)
	case field == fieldID:
		return 2*e.filled >= r.survey.rows
	case r.plan.Kind == hansei.KindIncident && field == "type":
		return e.most(e.types)
	case r.plan.Kind == hansei.KindIncident && field == "severity" && e.alias.Owner() == "impact":
		return e.filled > 0 && 5*e.impacts >= 4*e.filled
	}
	return true
}

// rest keeps other plain columns as custom fields and passes over the others.
func (r *recogniser) rest() {
	var passed []string
	for i, e := range r.survey.columns {
		c := &r.columns[i]
		if c.How != "" {
			continue
		}
		*c = r.leftover(*c, e)
		if c.How == HowIgnored && e.filled > 0 {
			passed = append(passed, c.Name)
		}
	}
	if len(passed) > 0 {
		r.plan.Notes = append(r.plan.Notes, fmt.Sprintf("not imported, because they are lists or lie deeper: %s; a mapping with jq reaches them", firstNames(passed)))
	}
}

func (r *recogniser) leftover(c Column, e *evidence) Column {
	if e.lists > 0 || e.alias.Depth > 0 && e.alias.Owner() == e.alias.Flat() || e.filled == 0 && r.opened(e.name) {
		c.How = HowIgnored
		return c
	}
	c.How = HowCustom
	c.Field = customPrefix + r.freeName(e.alias.Owner())
	return c
}

// opened says whether an empty column is an object in other rows, whose
// values have columns of their own.
func (r *recogniser) opened(name string) bool {
	return r.survey != nil && slices.ContainsFunc(r.survey.columns, func(e *evidence) bool { return strings.HasPrefix(e.name, name+".") })
}

// freeName makes a name for a custom field that no other field has.
func (r *recogniser) freeName(name string) string {
	const longest = 60
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "")
	}
	if name == "" {
		name = "column"
	}
	if _, ok := typeOf(r.plan.Kind, name); ok {
		name = "source_" + name
	}
	free := name
	for n := 2; r.custom[free]; n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	r.custom[free] = true
	return free
}

// dates decides on day-month-year or month-day-year from all times of the
// file together, and notes columns that name their zone.
func (r *recogniser) dates() {
	for i, e := range r.survey.columns {
		if !r.isTime(i) {
			continue
		}
		if r.columns[i].TimeFormat == "" {
			r.order.Add(e.order)
		}
		name := e.alias.Flat()
		if r.columns[i].Zone == "" && r.plan.Zone != "UTC" && (strings.HasSuffix(name, "_utc") || strings.HasSuffix(name, "_gmt")) {
			r.columns[i].Zone = "UTC"
		}
	}
	format, note := r.order.Decide()
	if note != "" {
		r.plan.Notes = append(r.plan.Notes, note+"; a mapping can say otherwise")
	}
	r.plan.DateOrder = format
	if format == "" {
		return
	}
	for i := range r.columns {
		c := &r.columns[i]
		if r.isTime(i) && c.TimeFormat == "" && r.survey.columns[i].order.Any() {
			c.TimeFormat = format
		}
	}
}

func (r *recogniser) isTime(i int) bool {
	t, ok := typeOf(r.plan.Kind, r.columns[i].Field)
	return ok && t == hansei.Time
}

// late recognises a column that first appeared after the plan was made, by
// its name alone.
func (r *recogniser) late(name string) Column {
	a := word.AliasOf(name, r.lexicon.noun)
	claims := r.lexicon.claims(a)
	slices.SortStableFunc(claims, func(x, y claim) int { return x.rank - y.rank })
	for _, c := range claims {
		if a.Owner() == "impact" || r.taken[c.field] && !several[c.field] {
			continue
		}
		r.taken[c.field] = true
		return Column{Name: name, Field: c.field, How: HowName, TimeFormat: r.plan.DateOrder}
	}
	return r.leftover(Column{Name: name}, &evidence{name: name, alias: a})
}

// zone loads a zone of the plan; "" is the plan's own.
func (p *Plan) zone(name string) (*time.Location, error) {
	if name == "" {
		name = p.Zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, hansei.Invalid("zone", "%q is not a time zone; expected a name such as Europe/Berlin", name)
	}
	return zone, nil
}
