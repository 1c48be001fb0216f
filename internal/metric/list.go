package metric

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/fact/duck"
	"hansei/internal/record"
)

// ListQuery asks for a page of records of one kind, with the same filters
// that figures take.
type ListQuery struct {
	Kind   hansei.Kind
	Since  time.Time // zero: no bound
	Until  time.Time
	Where  []Filter
	Search string // words that must all stand in the id, title, name or description
	Sort   string // a column; "-" before it for descending; "" for the newest first
	Limit  int    // at most MaxList; 50 when 0
	Cursor string // of the page before
}

// MaxList is the most records on a page.
const MaxList = 1000

// List is a page of records.
type List struct {
	Columns []string         `json:"columns"`
	Records []map[string]any `json:"records"` // by column; times are time.Time, absent means empty
	Total   int              `json:"total"`   // records that match, on all pages
	Next    string           `json:"next,omitempty"`
	Prev    string           `json:"prev,omitempty"`
	Offset  int              `json:"offset"`
	Seq     record.Seq       `json:"seq"` // all pages of one list show the journal as of here
}

// listed says by which time the records of a kind are placed and, when they
// have several, how their services are found.
func listed(kind hansei.Kind) (Population, error) {
	at := map[hansei.Kind]string{
		hansei.KindIncident: "start_at", hansei.KindDeployment: Deployments.At, hansei.KindPullRequest: PullRequests.At,
		hansei.KindChange: "changed_at", hansei.KindAlert: "triggered_at", hansei.KindTicket: "created_at", hansei.KindWorkItem: "created_at", hansei.KindShift: "began_at",
		hansei.KindRetrospective: Retrospectives.At, hansei.KindFollowUp: "created_at",
		hansei.KindService: "NULL", hansei.KindTeam: "NULL", hansei.KindPerson: "NULL", hansei.KindOrganization: "NULL",
	}
	sql, ok := at[kind]
	if !ok {
		return Population{}, hansei.Invalid("kind", "%q has no list", kind)
	}
	if sql == "NULL" {
		sql = "CAST(NULL AS TIMESTAMP)"
	}
	return Population{Kind: kind, Noun: string(kind) + "s", Table: fact.TableOf(kind), At: sql}, nil
}

// List answers a ListQuery.
func (e *Engine) List(ctx context.Context, who auth.Scope, q ListQuery) (List, error) {
	if _, err := who.MayRead(); err != nil {
		return List{}, err
	}
	p, err := listed(q.Kind)
	if err != nil {
		return List{}, err
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, MaxList)
	out := List{Records: []map[string]any{}}
	if out.Seq, out.Offset, err = e.cursor(q.Cursor); err != nil {
		return out, err
	}
	holds := fact.Holds(out.Seq)
	if head, _ := e.facts.Head(); head == out.Seq {
		holds = fact.Holds(0) // the same rows, found by one comparison
	}
	where, err := q.where(p, holds)
	if err != nil {
		return out, err
	}
	t := tableNamed(p.Table)
	order, err := q.order(t, p)
	if err != nil {
		return out, err
	}
	cols := columns(t, q.Kind, holds)
	if out.Total, err = e.total(ctx, out.Seq, p.Table, where); err != nil {
		return out, err
	}
	// The page is picked first, and names are looked up for its rows alone.
	sql := fmt.Sprintf("WITH page AS MATERIALIZED (SELECT * FROM history.%s r WHERE %s ORDER BY %s LIMIT %d OFFSET %d) SELECT %s FROM page r ORDER BY %s",
		p.Table, where, order, q.Limit, out.Offset, strings.Join(cols, ", "), order)
	err = e.facts.Read(ctx, sql, func(r *duck.Result) error {
		out.Columns = r.Names
		values := make([][]any, len(out.Columns))
		for i := range values {
			values[i] = r.Values(i)
		}
		for row := range r.Rows() {
			rec := map[string]any{}
			for i, name := range out.Columns {
				if v := values[i][row]; v != nil {
					rec[name] = v
				}
			}
			out.Records = append(out.Records, rec)
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	out.links(q.Limit)
	return out, nil
}

// total counts the records that match, once for each sequence of the journal.
func (e *Engine) total(ctx context.Context, seq record.Seq, table, where string) (int, error) {
	return e.count(ctx, fmt.Sprintf("total %d %s %s", seq, table, where), fmt.Sprintf("SELECT count(*) FROM history.%s r WHERE %s", table, where))
}

// links makes the cursors of the pages beside this one.
func (l *List) links(limit int) {
	at := func(offset int) string {
		return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", l.Seq, offset))
	}
	if l.Offset+len(l.Records) < l.Total {
		l.Next = at(l.Offset + len(l.Records))
	}
	if l.Offset > 0 {
		l.Prev = at(max(0, l.Offset-limit))
	}
}

func (e *Engine) cursor(s string) (record.Seq, int, error) {
	head, _ := e.facts.Head()
	if s == "" {
		return head, 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(s)
	var seq record.Seq
	var offset int
	if err == nil {
		_, err = fmt.Sscanf(string(text), "%d.%d", &seq, &offset)
	}
	if err != nil || offset < 0 || seq < 0 || seq > head {
		return 0, 0, hansei.Invalid("cursor", "%q is not a cursor of this list", s)
	}
	return seq, offset, nil
}

func tableNamed(name string) fact.Table {
	tables := fact.Schema()
	i := slices.IndexFunc(tables, func(t fact.Table) bool { return t.Name == name })
	return tables[i]
}

// columns are a table's, with ids of services and teams shown by name.
func columns(t fact.Table, kind hansei.Kind, holds func(string) string) []string {
	var out []string
	for _, c := range t.Columns {
		out = append(out, `r."`+c.Name+`"`)
	}
	for _, f := range hansei.FieldsOf(kind) {
		own := fact.TableOf(kind)
		if f.Type == hansei.Refs && f.Of == hansei.KindService && f.Name == "services" {
			out = append(out, fmt.Sprintf("(SELECT string_agg(n.name, ', ' ORDER BY n.name) FROM history.%s_service x JOIN %s n ON n.id = x.service WHERE x.%s = r.id AND %s) AS services",
				own, names("service", holds), own, holds("x")))
		}
		if f.Type == hansei.Ref && (f.Of == hansei.KindService || f.Of == hansei.KindTeam) {
			out = append(out, fmt.Sprintf("(SELECT max(n.name) FROM %s n WHERE n.id = r.%s) AS %s_name", names(string(f.Of), holds), f.Name, f.Name))
		}
	}
	return out
}

func (q ListQuery) where(p Population, holds func(string) string) (string, error) {
	parts := []string{holds("r"), "r.merged_into IS NULL"}
	at := col(p.At)
	if !q.Since.IsZero() {
		parts = append(parts, fmt.Sprintf("%s >= %s", at, stamp(q.Since)))
	}
	if !q.Until.IsZero() {
		parts = append(parts, fmt.Sprintf("%s < %s", at, stamp(q.Until)))
	}
	for _, f := range q.Where {
		d, err := dimensionOf(p, f.Field, holds)
		if err != nil {
			return "", err
		}
		parts = append(parts, d.filter(f))
	}
	if len(q.Search) > 200 {
		return "", hansei.Invalid("q", "%d characters are too many; at most 200", len(q.Search))
	}
	var hay []string
	for _, c := range tableNamed(p.Table).Columns {
		switch c.Name {
		case "id", "external", "title", "name", "description":
			hay = append(hay, `coalesce(r."`+c.Name+`", '')`)
		}
	}
	for word := range strings.FieldsSeq(q.Search) {
		parts = append(parts, fmt.Sprintf("contains(lower(%s), %s)", strings.Join(hay, " || ' ' || "), fact.Literal(strings.ToLower(word))))
	}
	return strings.Join(parts, " AND "), nil
}

// order is the ORDER BY; the id settles what would be tied.
func (q ListQuery) order(t fact.Table, p Population) (string, error) {
	name, dir := strings.TrimPrefix(q.Sort, "-"), "ASC"
	if strings.HasPrefix(q.Sort, "-") {
		dir = "DESC"
	}
	if q.Sort == "" {
		if strings.HasPrefix(p.At, "CAST(NULL") {
			return "r.id", nil
		}
		return col(p.At) + " DESC, r.id", nil
	}
	if name == "duration" && p.Kind == hansei.KindIncident {
		return fmt.Sprintf("epoch_us(r.resolved_at) - epoch_us(r.start_at) %s NULLS LAST, r.id", dir), nil
	}
	if !slices.ContainsFunc(t.Columns, func(c fact.Column) bool { return c.Name == name }) {
		return "", hansei.Invalid("sort", "%q is not a column; expected one of %s", name, columnNames(t))
	}
	return fmt.Sprintf("%s %s NULLS LAST, r.id", col(name), dir), nil
}

func columnNames(t fact.Table) string {
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}
