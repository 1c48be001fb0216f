package recall

import (
	"context"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/stat"
)

// shownBest is how many of the best suggestions are measured.
const shownBest = 5

// Precision is how good suggestions are: of the pairs that stood among the
// first five when a person judged them, the share that teach the same lesson.
// Pairs nobody judged are not counted, and people may judge the striking ones
// first: it is an estimate of precision@5 among judged pairs.
type Precision struct {
	Same  int      `json:"same"`
	Other int      `json:"other"`
	N     int      `json:"n"`               // Same + Other
	Share *float64 `json:"share,omitempty"` // Same / N; none without n
	Low   *float64 `json:"low,omitempty"`   // Wilson's score interval at 95 % (Wilson 1927)
	High  *float64 `json:"high,omitempty"`
	// Elsewhere are judgements of pairs that were not among the first five.
	Elsewhere int `json:"elsewhere"`
}

// Measure computes it from judgements.
func Measure(all []*hansei.Judgement) (p Precision) {
	for _, j := range all {
		switch {
		case j.Place == nil || *j.Place > shownBest:
			p.Elsewhere++
		case j.Verdict == hansei.LessonSame:
			p.Same++
		default:
			p.Other++
		}
	}
	if p.N = p.Same + p.Other; p.N > 0 {
		share, i := float64(p.Same)/float64(p.N), stat.Wilson(p.Same, p.N, 0.95)
		p.Share, p.Low, p.High = &share, &i.Low, &i.High
	}
	return p
}

const page = 5_000

// Judgements are those that stand; of all kinds when of is empty.
func (m *Memory) Judgements(ctx context.Context, who auth.Scope, of hansei.Kind) ([]*hansei.Judgement, error) {
	out := []*hansei.Judgement{}
	for after := hansei.ID(""); ; {
		list, err := m.Records.List(ctx, who, hansei.KindJudgement, after, page)
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			after = s.Record.Head().ID
			if j := s.Record.(*hansei.Judgement); !j.Deleted && (of == "" || j.Of == of) {
				out = append(out, j)
			}
		}
		if len(list) < page {
			return out, nil
		}
	}
}
