package recall

import (
	"context"
	"fmt"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
)

// Taught is what a service has taught so far, the newest first.
type Taught struct {
	Lessons        []Taken     `json:"lessons"`
	FollowUps      []Open      `json:"follow_ups"` // the open ones
	Retrospectives []Published `json:"retrospectives"`
}

// Taken is a lesson and the retrospective it is from.
type Taken struct {
	Text          string    `json:"text"`
	Retrospective hansei.ID `json:"retrospective"`
	Title         string    `json:"title"`
	At            time.Time `json:"at,omitzero"` // when it was published or, before that, drafted
}

// Open is a follow-up that is still to be done.
type Open struct {
	ID       hansei.ID `json:"id"`
	Title    string    `json:"title"`
	Type     string    `json:"type,omitempty"`
	Priority string    `json:"priority,omitempty"`
	Due      time.Time `json:"due_at,omitzero"`
}

// Published is a retrospective, whether it is published yet or not.
type Published struct {
	ID    hansei.ID `json:"id"`
	Title string    `json:"title"`
	State string    `json:"state"`
	At    time.Time `json:"at,omitzero"`
}

// shownOfService bounds what is read of each.
const shownOfService = 200

// OfService reads what a service has taught so far. Drafts are among it:
// what is known is known.
func (m *Memory) OfService(ctx context.Context, who auth.Scope, service hansei.ID) (Taught, error) {
	out := Taught{Lessons: []Taken{}, FollowUps: []Open{}, Retrospectives: []Published{}}
	if _, err := who.MayRead(); err != nil {
		return out, err
	}
	id := fact.Literal(string(service))
	err := m.each(ctx, `SELECT r.id, r.title, r.state, coalesce(r.published_at, r.drafted_at) AS happened FROM retrospective r
		JOIN retrospective_service s ON s.retrospective = r.id WHERE s.service = `+id+` ORDER BY happened DESC NULLS LAST, r.id`, func(row []any) {
		out.Retrospectives = append(out.Retrospectives, Published{hansei.ID(str(row[0])), str(row[1]), str(row[2]), at(row[3])})
	})
	if err != nil {
		return out, err
	}
	err = m.each(ctx, `SELECT l.lesson, r.id, r.title, coalesce(r.published_at, r.drafted_at) AS happened FROM retrospective_lesson l JOIN retrospective r ON r.id = l.retrospective
		JOIN retrospective_service s ON s.retrospective = r.id WHERE s.service = `+id+` ORDER BY happened DESC NULLS LAST, r.id, l.lesson`, func(row []any) {
		out.Lessons = append(out.Lessons, Taken{str(row[0]), hansei.ID(str(row[1])), str(row[2]), at(row[3])})
	})
	if err != nil {
		return out, err
	}
	err = m.each(ctx, `SELECT f.id, f.title, f.type, f.priority, f.due_at FROM follow_up f JOIN follow_up_service s ON s.follow_up = f.id
		WHERE f.status = 'open' AND s.service = `+id+` ORDER BY f.due_at NULLS LAST, f.created_at, f.id`, func(row []any) {
		out.FollowUps = append(out.FollowUps, Open{hansei.ID(str(row[0])), str(row[1]), str(row[2]), str(row[3]), at(row[4])})
	})
	return out, err
}

func (m *Memory) each(ctx context.Context, sql string, fn func([]any)) error {
	rows, err := m.Facts.SQL(ctx, sql, shownOfService)
	if err != nil {
		return fmt.Errorf("what a service has taught: %w", err)
	}
	for _, row := range rows.Rows {
		fn(row)
	}
	return nil
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

func at(v any) time.Time {
	t, _ := v.(time.Time)
	return t
}
