package metric

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"hansei"
)

// file is a metric as an organization writes it in YAML:
//
//	id: time_to_first_update
//	title: Time to first update
//	asks: How long until customers heard from us?
//	of: incident              # incident, deployment or pull-request
//	measure:
//	  between: [began, first_update]   # any two milestones or time fields
//	where: [severity=sev1]    # optional
//	better: lower             # lower, higher or neither
//
// measure is one of between (two moments), count (true), and share (a filter
// that a record must pass to count as a hit).
type file struct {
	ID      string      `yaml:"id"`
	Title   string      `yaml:"title"`
	Asks    string      `yaml:"asks"`
	Of      string      `yaml:"of"`
	Measure fileMeasure `yaml:"measure"`
	Where   []string    `yaml:"where"`
	Better  string      `yaml:"better"`
	Caveats string      `yaml:"caveats"`
}

type fileMeasure struct {
	Between []string `yaml:"between"`
	Count   bool     `yaml:"count"`
	Share   []string `yaml:"share"`
	Amount  string   `yaml:"amount"`
}

var metricID = regexp.MustCompile(`^[a-z][a-z0-9_]{2,60}$`)

// ParseDefinition reads a metric that an organization defined.
func ParseDefinition(text []byte) (Definition, error) {
	if len(text) > 20_000 {
		return Definition{}, hansei.Invalid("definition", "%d bytes are too long; at most 20,000", len(text))
	}
	var f file
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.Strict()); err != nil {
		return Definition{}, hansei.Invalid("definition", "%s", yaml.FormatError(err, false, true))
	}
	d := Definition{ID: f.ID, Version: 1, Title: f.Title, Asks: f.Asks, Caveats: f.Caveats,
		Better: Direction(f.Better), Source: "Defined by the organization", Custom: true}
	if !metricID.MatchString(f.ID) {
		return d, hansei.Invalid("id", "%q: expected 3 to 61 lower-case letters, digits and underscores, beginning with a letter", f.ID)
	}
	if _, err := find(nil, f.ID); err == nil {
		return d, hansei.Invalid("id", "%q is a metric that ships with Hansei; choose another", f.ID)
	}
	if strings.TrimSpace(f.Title) == "" {
		return d, hansei.Invalid("title", "a metric needs a title")
	}
	if d.Better == "" {
		d.Better = Neither
	}
	if !slices.Contains([]Direction{Lower, Higher, Neither}, d.Better) {
		return d, hansei.Invalid("better", "%q: expected lower, higher or neither", f.Better)
	}
	var err error
	if d.Of, err = populationOf(f.Of); err != nil {
		return d, err
	}
	for _, w := range f.Where {
		flt, err := ParseFilter(w)
		if err != nil {
			return d, err
		}
		d.Where = append(d.Where, flt)
	}
	return d, d.measureOf(f.Measure)
}

func populationOf(name string) (Population, error) {
	kind, err := hansei.ParseKind(name)
	for _, p := range []Population{Incidents, Deployments, PullRequests, WorkItems} {
		if err == nil && p.Kind == kind {
			return p, nil
		}
	}
	return Population{}, hansei.Invalid("of", "%q: expected incident, deployment, pull-request or work-item", name)
}

func (d *Definition) measureOf(m fileMeasure) error {
	set := 0
	for _, is := range []bool{len(m.Between) > 0, m.Count, len(m.Share) > 0, m.Amount != ""} {
		if is {
			set++
		}
	}
	if set != 1 {
		return hansei.Invalid("measure", "expected exactly one of between, count, share and amount")
	}
	switch {
	case m.Count:
		d.Measure, d.Unit, d.Default, d.Formula = Count{}, Per30d, Rate, "Number of "+d.Of.Noun+" divided by the window's length in 30-day units."
	case m.Amount != "":
		f, err := hansei.FieldNamed(d.Of.Kind, m.Amount)
		if err != nil || f.Type != hansei.Number {
			return hansei.Invalid("measure.amount", "%q is not a number of %s", m.Amount, d.Of.Noun)
		}
		amount := Amount{Field: f.Name}
		if d.Of.Kind == hansei.KindIncident && f.Name == "customers_affected" {
			amount.Least = atLeast
		}
		d.Measure, d.Unit, d.Default, d.Formula = amount, One, P50, f.Help+"."
	case len(m.Share) > 0:
		return d.share(m.Share)
	default:
		return d.between(m.Between)
	}
	return nil
}

func (d *Definition) share(filters []string) error {
	var hits []Cond
	for _, s := range filters {
		f, err := ParseFilter(s)
		if err != nil {
			return err
		}
		dim, err := dimensionOf(d.Of, f.Field, holdsNow)
		if err != nil {
			return err
		}
		hits = append(hits, cond(dim.filter(f)))
	}
	d.Measure, d.Unit, d.Default = Portion{Hit: And(hits...)}, Ratio, Share
	d.Formula = "Share of " + d.Of.Noun + " with " + strings.Join(filters, " and ") + "."
	return nil
}

func (d *Definition) between(ends []string) error {
	if len(ends) != 2 {
		return hansei.Invalid("measure.between", "expected two moments, got %d", len(ends))
	}
	cols := make([]string, 2)
	for i, name := range ends {
		c, err := d.moment(name)
		if err != nil {
			return err
		}
		cols[i] = c
	}
	b := Between{From: cols[:1], To: cols[1:]}
	if d.Of.Kind == hansei.KindIncident {
		b.Open = open
	}
	d.Measure, d.Unit, d.Default = b, Seconds, P50
	d.Formula = fmt.Sprintf("%s − %s.", ends[1], ends[0])
	return nil
}

// named says whether something is of at most so many letters, digits and these
// signs. As a regular expression that would cost every start of the program
// more than all else it begins with.
func named(s string, atMost int, signs string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune(signs, r) {
			return false
		}
	}
	return s != "" && utf8.RuneCountInString(s) <= atMost
}

// moment is the column of a milestone or time field; an organization's own
// milestone is looked up among the milestones.
func (d *Definition) moment(name string) (string, error) {
	if d.Of.Kind == hansei.KindIncident && name == "start" {
		return "start_at", nil
	}
	for _, f := range hansei.FieldsOf(d.Of.Kind) {
		if f.Type == hansei.Time && (f.Name == name || f.Name == name+"_at") {
			return f.Name, nil
		}
	}
	if d.Of.Kind == hansei.KindIncident && named(name, 60, "_ -") {
		return ownMoment(name), nil
	}
	return "", hansei.Invalid("measure.between", "%q is not a moment of %s", name, d.Of.Noun)
}

// ownMoment is the time of a milestone that is not a column, on row r.
func ownMoment(role string) string {
	return fmt.Sprintf("(SELECT max(m.occurred_at) FROM history.milestone m WHERE m.incident = r.id AND m.role = '%s' AND {holds m})", strings.ReplaceAll(role, "'", "''"))
}

// holdsNow stands for the rows that hold; compile puts in as of when.
func holdsNow(alias string) string { return "{holds " + alias + "}" }
