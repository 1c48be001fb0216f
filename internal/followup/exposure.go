package followup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
)

// Exposed is an incident that began while a follow-up was open, of a service
// that it is to improve or with the factor that it addresses. Whether the
// follow-up would have helped, nobody knows.
type Exposed struct {
	ID       hansei.ID `json:"id"`
	Title    string    `json:"title"`
	Severity string    `json:"severity,omitempty"`
	Start    time.Time `json:"start_at"`
	Service  bool      `json:"same_service"`
	Factor   bool      `json:"same_factor"`
}

// Exposure are those incidents, the latest first, at most max, and how many
// there are in all. The incidents that it came from are not among them.
func (d *Desk) Exposure(ctx context.Context, _ auth.Scope, f *hansei.FollowUp, max int) ([]Exposed, int, error) {
	out := []Exposed{}
	if len(f.Services) == 0 && f.Factor == "" {
		return out, 0, nil
	}
	until := d.Now()
	if f.Status != hansei.FollowUpOpen && !f.Closed.IsZero() {
		until = f.Closed
	}
	literals := func(ids []hansei.ID) string {
		list := []string{"''"}
		for _, id := range ids {
			list = append(list, fact.Literal(string(id)))
		}
		return strings.Join(list, ", ")
	}
	at := func(t time.Time) string {
		return "TIMESTAMP " + fact.Literal(t.UTC().Format("2006-01-02 15:04:05.000000"))
	}
	rows, err := d.Facts.SQL(ctx, fmt.Sprintf(`WITH x AS (SELECT id, title, severity, start_at,
			EXISTS (SELECT 1 FROM incident_service s WHERE s.incident = i.id AND s.service IN (%s)) AS same_service,
			EXISTS (SELECT 1 FROM incident_factor k WHERE k.incident = i.id AND lower(k.factor) = lower(%s)) AS same_factor
		FROM incident i WHERE merged_into IS NULL AND coalesce(type, 'real') = 'real' AND start_at >= %s AND start_at < %s AND id NOT IN (%s))
		SELECT id, coalesce(title, ''), coalesce(severity, ''), epoch_us(start_at), same_service, same_factor, count(*) OVER () FROM x WHERE same_service OR same_factor ORDER BY start_at DESC LIMIT %d`,
		literals(f.Services), fact.Literal(f.Factor), at(f.Created), at(until), literals(f.Incidents), max), max)
	if err != nil {
		return nil, 0, err
	}
	n := 0
	for _, r := range rows.Rows {
		e := Exposed{ID: hansei.ID(fmt.Sprint(r[0])), Title: fmt.Sprint(r[1]), Severity: fmt.Sprint(r[2])}
		us, ok := r[3].(int64)
		total, is := r[6].(int64)
		if !ok || !is {
			return nil, 0, fmt.Errorf("exposure: got %T and %T, want numbers", r[3], r[6])
		}
		e.Start, n = time.UnixMicro(us).UTC(), int(total)
		e.Service, _ = r[4].(bool)
		e.Factor, _ = r[5].(bool)
		out = append(out, e)
	}
	return out, n, nil
}
