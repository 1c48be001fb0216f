package retro

import (
	"context"
	"errors"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro/prose"
)

// Machine is a text that a language model drafted for a section.
type Machine struct {
	Section string
	Before  string // what stood there when it was asked
	Text    string
}

// Draftable says that a model may draft a section: nobody has written there.
// What another model wrote and nobody accepted is no person's word.
func Draftable(s hansei.Section) bool {
	return (strings.TrimSpace(s.Text) == "" || s.Machine) && len(s.Others) == 0 && s.Earlier == ""
}

// TakeDrafts writes what a language model drafted, marked as such until a person
// accepts it. A section in which somebody wrote meanwhile is left, and so is a
// text that cites an entry that the timeline lacks; written are the others.
func (d *Desk) TakeDrafts(ctx context.Context, who auth.Actor, id hansei.ID, drafts []Machine) (seq record.Seq, written []string, err error) {
	seq, err = d.change(ctx, who, id, func(_ *record.Tx, r *hansei.Retrospective) error {
		written = nil
		if r.Done() {
			return hansei.Invalid("state", "it is published: what stands in it is written by people")
		}
		for _, m := range drafts {
			s := r.Section(m.Section)
			if s == nil || s.Text != m.Before || !Draftable(*s) || len(m.Text) > hansei.MaxSection || !founded(r, m.Text) {
				continue
			}
			s.Text, s.Machine = m.Text, true
			written = append(written, s.ID)
		}
		if len(written) == 0 {
			return errUnchanged
		}
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return 0, nil, nil
	}
	return seq, written, err
}

// founded says that a text cites entries of the timeline and none that is not
// there or was dropped.
func founded(r *hansei.Retrospective, text string) bool {
	var refs prose.Refs
	prose.Parse(text).Refs(&refs)
	for _, id := range refs.Moments {
		if !slices.ContainsFunc(r.Timeline, func(m hansei.Moment) bool { return m.ID == id && !m.Dropped }) {
			return false
		}
	}
	return len(refs.Moments) > 0
}
