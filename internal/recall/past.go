package recall

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/record"
	"hansei/internal/search"
)

// Past is a similar incident, what was learned from it and whether it was
// acted on.
type Past struct {
	ID            hansei.ID `json:"id"`
	Title         string    `json:"title"`
	At            time.Time `json:"at"`
	Score         float64   `json:"score"` // means something only beside the others of one list
	Reasons       []string  `json:"reasons"`
	Verdict       string    `json:"verdict,omitempty"` // LessonSame when a person said so
	Retrospective hansei.ID `json:"retrospective,omitempty"`
	Mitigation    string    `json:"mitigation,omitempty"`
	Lessons       []string  `json:"lessons,omitempty"`
	Open          int       `json:"open_follow_ups"`
	Closed        int       `json:"closed_follow_ups"`
}

// Before finds incidents like one from before it began, and what came of them.
func (m *Memory) Before(ctx context.Context, who auth.Scope, in *hansei.Incident, n int) ([]Past, error) {
	start, _ := in.Start()
	return m.like(ctx, who, search.Like{Of: search.Key{Kind: hansei.KindIncident, ID: in.ID}, Before: start, N: n})
}

// Later finds incidents like one from after it began, and what came of them.
func (m *Memory) Later(ctx context.Context, who auth.Scope, in *hansei.Incident, n int) ([]Past, error) {
	start, ok := in.Start()
	if !ok {
		return []Past{}, nil
	}
	return m.like(ctx, who, search.Like{Of: search.Key{Kind: hansei.KindIncident, ID: in.ID}, After: start, N: n})
}

func (m *Memory) like(ctx context.Context, who auth.Scope, l search.Like) ([]Past, error) {
	out := []Past{}
	l.Kinds = []hansei.Kind{hansei.KindIncident}
	found, err := m.Search.Similar(ctx, who, l)
	if err != nil || len(found) == 0 {
		return out, err
	}
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = fact.Literal(string(f.ID))
	}
	in := strings.Join(ids, ", ")
	written, err := m.written(ctx, who, in)
	if err != nil {
		return nil, err
	}
	acted, err := m.acted(ctx, in)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		p := Past{ID: f.ID, Title: f.Doc.Title, At: f.At, Score: f.Score, Reasons: f.Reasons, Verdict: f.Verdict}
		if r := written[f.ID]; r != nil {
			p.Retrospective, p.Mitigation, p.Lessons = r.ID, r.Mitigation, r.Lessons
		}
		p.Open, p.Closed = acted[f.ID][0], acted[f.ID][1]
		out = append(out, p)
	}
	return out, nil
}

// maxRows bounds what is read of the facts at once.
const maxRows = 5_000

// written are the retrospectives of incidents, one for each.
func (m *Memory) written(ctx context.Context, who auth.Scope, incidents string) (map[hansei.ID]*hansei.Retrospective, error) {
	rows, err := m.Facts.SQL(ctx, "SELECT incident, retrospective FROM retrospective_incident WHERE incident IN ("+incidents+") ORDER BY 1, 2", maxRows)
	if err != nil {
		return nil, fmt.Errorf("retrospectives of incidents: %w", err)
	}
	var ids []hansei.ID
	for _, row := range rows.Rows {
		ids = append(ids, hansei.ID(fmt.Sprint(row[1])))
	}
	found, err := record.Load(ctx, m.Records, who, hansei.KindRetrospective, ids)
	if err != nil {
		return nil, err
	}
	out := map[hansei.ID]*hansei.Retrospective{}
	for _, row := range rows.Rows {
		if s, ok := found[hansei.ID(fmt.Sprint(row[1]))]; ok && !s.Record.Head().Deleted {
			out[hansei.ID(fmt.Sprint(row[0]))] = s.Record.(*hansei.Retrospective)
		}
	}
	return out, nil
}

// acted counts the follow-ups of incidents: those open, and those done or
// declined.
func (m *Memory) acted(ctx context.Context, incidents string) (map[hansei.ID][2]int, error) {
	rows, err := m.Facts.SQL(ctx, `SELECT i.incident, count(*) FILTER (f.status = 'open'), count(*) FILTER (f.status <> 'open')
		FROM follow_up_incident i JOIN follow_up f ON f.id = i.follow_up WHERE i.incident IN (`+incidents+`) GROUP BY ALL`, maxRows)
	if err != nil {
		return nil, fmt.Errorf("follow-ups of incidents: %w", err)
	}
	out := map[hansei.ID][2]int{}
	for _, row := range rows.Rows {
		out[hansei.ID(fmt.Sprint(row[0]))] = [2]int{count(row[1]), count(row[2])}
	}
	return out, nil
}

func count(v any) int {
	switch n := v.(type) {
	case int64:
		return int(n)
	case float64:
		return int(n)
	}
	return 0
}
