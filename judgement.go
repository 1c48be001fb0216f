package hansei

import "time"

// The verdicts of a judgement.
const (
	LessonSame  = "same"  // the two teach the same lesson
	LessonOther = "other" // they are alike in words only
)

// LessonVerdicts lists them.
var LessonVerdicts = []string{LessonSame, LessonOther}

// Judgement is a person's word on whether two records of a kind (incidents, or
// retrospectives) teach the same lesson. There is one for a pair: a later word
// takes the place of an earlier one, whose revision stays; one that was taken
// back is Deleted and says nothing.
//
// A pair is what is suggested as similar, so judgements measure how good the
// suggestions are (recall.Precision), and an incident whose pair with an
// earlier one is LessonSame is a confirmed repeat. In the facts it is the table
// judgement: of, a, b, verdict, judged_at and place, A being the less of the
// two ids and not the earlier record. Who judged is in the record and not in
// the facts: nothing is counted by person.
type Judgement struct {
	Header
	Of      Kind      `json:"of"`
	A       ID        `json:"a"` // A < B
	B       ID        `json:"b"`
	Verdict string    `json:"verdict"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	// Place is where in the list of suggestions the pair stood when it was
	// judged, from 1; nil when it was not in one.
	Place *float64 `json:"place,omitempty"`
}

// Kind is KindJudgement.
func (*Judgement) Kind() Kind { return KindJudgement }

// NewJudgement is the empty judgement of a pair, whichever is named first.
func NewJudgement(of Kind, a, b ID) *Judgement {
	if b < a {
		a, b = b, a
	}
	id := Key{Source: "judgement-" + string(of), External: string(a) + "+" + string(b)}.ID()
	return &Judgement{Header: Header{ID: id}, Of: of, A: a, B: b}
}

// Other is the other one of the pair.
func (j *Judgement) Other(id ID) ID {
	if id == j.A {
		return j.B
	}
	return j.A
}

// maxPlace bounds where in a list a pair can have stood.
const maxPlace = 100

// Validate checks that there are two records and a verdict.
func (j *Judgement) Validate() error {
	if err := j.valid("judgement"); err != nil || j.gone() {
		return err
	}
	switch {
	case j.Of != KindIncident && j.Of != KindRetrospective:
		return Invalid("of", "%q: only incidents and retrospectives are judged", j.Of)
	case j.A == "" || j.B == "" || j.A >= j.B:
		return Invalid("b", "a judgement needs two different records")
	case j.Verdict != LessonSame && j.Verdict != LessonOther:
		return Invalid("verdict", "%q: expected same or other", j.Verdict)
	case j.Place != nil && !(*j.Place >= 1 && *j.Place <= maxPlace):
		return Invalid("place", "expected 1 to %d, got %v", maxPlace, *j.Place)
	case j.At.IsZero():
		return Invalid("at", "a judgement needs the time it was made")
	}
	return nil
}
