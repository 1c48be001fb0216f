package watch

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/notify"
	"hansei/internal/record"
	"hansei/internal/record/follow"
)

const (
	cursor   = "watch"
	feedPage = 1000
	// openFor is how long ago an incident may have begun whose likes are told.
	openFor = 24 * time.Hour
)

// Follow acts on what the journal says since the last time. What was written
// before the first time, or in another journal, cannot tell of anything recent.
func (w *Watch) Follow(ctx context.Context, who auth.Actor) error {
	f := follow.Follower{Records: w.Records, Cursor: cursor, Page: feedPage, Begin: func(ctx context.Context) (record.Seq, error) {
		return w.Records.SeqAt(ctx, who.Scope(), w.Now().Add(-Recent))
	}}
	return f.Run(ctx, who, func(ctx context.Context, page record.Page) (func(*record.Tx) error, error) {
		acts, err := w.judge(ctx, who.Scope(), page.Changes)
		if err != nil || len(acts) == 0 {
			return nil, err
		}
		return func(tx *record.Tx) error {
			for _, a := range acts {
				if err := a(tx); err != nil {
					return err
				}
			}
			return nil
		}, nil
	})
}

// act is something to be done in the transaction that moves the cursor.
type act func(tx *record.Tx) error

// judge decides what changes ask for. Of several revisions the last counts.
func (w *Watch) judge(ctx context.Context, who auth.Scope, changes []record.Change) ([]act, error) {
	last := map[record.Ref]int{}
	for i, c := range changes {
		if c.Kind == hansei.KindIncident || c.Kind == hansei.KindRetrospective {
			last[record.Ref{Kind: c.Kind, ID: c.ID}] = i
		}
	}
	if len(last) == 0 {
		return nil, nil
	}
	p, err := w.policy(ctx, who)
	if err != nil {
		return nil, err
	}
	var out []act
	for i, c := range changes {
		if last[record.Ref{Kind: c.Kind, ID: c.ID}] != i || c.Kind != hansei.KindIncident && c.Kind != hansei.KindRetrospective {
			continue
		}
		rec, err := record.Decode(c)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", c.Seq, err)
		}
		switch x := rec.(type) {
		case *hansei.Incident:
			out = append(out, w.ofIncident(p, x, c.At)...)
		case *hansei.Retrospective:
			acts, err := w.ofRetrospective(ctx, who, p, x)
			if err != nil {
				return nil, err
			}
			out = append(out, acts...)
		}
	}
	return out, nil
}

// counts says that an incident is one that hurt, and is in every view.
func counts(in *hansei.Incident) bool {
	return !in.Deleted && in.MergedInto == "" && (in.Type == "" || in.Type == hansei.IncidentReal)
}

// ofIncident decides what an incident asks for as it is now.
func (w *Watch) ofIncident(p policy, in *hansei.Incident, written time.Time) (out []act) {
	later := func(kind string) {
		out = append(out, func(tx *record.Tx) error { return w.Later(tx, kind, in.ID) })
	}
	if w.wantsDraft(p, in, written) {
		later(JobDraft)
	}
	if w.wantsSimilar(p, in) {
		later(JobSimilar)
	}
	return out
}

// wantsDraft says that an incident has just been resolved and is severe enough.
func (w *Watch) wantsDraft(p policy, in *hansei.Incident, written time.Time) bool {
	if !counts(in) || in.Status != hansei.StatusResolved && in.Status != hansei.StatusClosed || !hansei.Needs(in.Severity, p.retros.DraftFrom) {
		return false
	}
	_, over, known := in.Milestones.First(hansei.RoleResolved, hansei.RoleMitigated, hansei.RoleClosed)
	if !known {
		// Nobody said when. It cannot have been before it began, nor after
		// this was written.
		if over, known = in.Start(); !known || written.Sub(over) > Recent {
			return false
		}
	}
	return w.recent(over)
}

func (w *Watch) wantsSimilar(p policy, in *hansei.Incident) bool {
	start, known := in.Start()
	return counts(in) && known && in.Status == hansei.StatusOpen && p.rules.Tells(hansei.EventSimilar) && hansei.Needs(in.Severity, p.rules.SimilarFrom) &&
		w.recent(start) && w.Now().Sub(start) <= openFor
}

// recent says that something happened not long ago, and not in a future that
// no clock explains.
func (w *Watch) recent(t time.Time) bool {
	ago := w.Now().Sub(t)
	return ago <= Recent && ago > -time.Hour
}

// ofRetrospective decides whom a retrospective is told to as it is now.
func (w *Watch) ofRetrospective(ctx context.Context, who auth.Scope, p policy, r *hansei.Retrospective) ([]act, error) {
	if r.Deleted || r.MergedInto != "" {
		return nil, nil
	}
	var out []act
	tell := func(key string, to notify.To, m notify.Message) {
		out = append(out, func(tx *record.Tx) error { return w.once(tx, key, to, m) })
	}
	teams, err := w.teams(ctx, who, r.Teams, r.Services)
	if err != nil {
		return nil, err
	}
	people, err := w.people(ctx, who, slices.Concat(r.Reviewers, mentioned(r.Comments)))
	if err != nil {
		return nil, err
	}
	if r.State == hansei.RetroInReview && w.recent(r.InReview) {
		key := fmt.Sprintf("review/%s/%d/", r.ID, r.InReview.Unix())
		for _, id := range r.Reviewers {
			if to, ok := p.mailed(hansei.EventReview, people[id], w.Now()); ok {
				tell(key+"person/"+string(to.Person), to, review(r, true))
			}
		}
		for _, to := range p.hearing(hansei.EventReview, teams) {
			tell(key+"channel/"+string(to.Channel), to, review(r, false))
		}
	}
	if r.State == hansei.RetroPublished && w.recent(r.Published) {
		for _, to := range p.hearing(hansei.EventPublished, teams) {
			tell("published/"+string(r.ID)+"/"+string(to.Channel), to, published(r))
		}
	}
	for _, c := range r.Comments {
		if c.Resolved || !w.recent(c.At) {
			continue
		}
		for _, id := range mentioned([]hansei.Comment{c}) {
			if person := people[id]; person != nil && c.By != string(person.ID) && c.By != person.Name {
				if to, ok := p.mailed(hansei.EventMention, person, w.Now()); ok {
					tell("mention/"+string(r.ID)+"/"+c.ID+"/"+string(to.Person), to, mention(r, c))
				}
			}
		}
	}
	return out, nil
}

// once puts a message in the outbox unless that was done under its key.
func (w *Watch) once(tx *record.Tx, key string, to notify.To, m notify.Message) error {
	isNew, err := tx.Tell(key, "")
	if err != nil || !isNew {
		return err
	}
	return w.Outbox.Put(tx, to, m)
}

// atPerson finds "@ann-lee" in a comment; the @ begins a word.
var atPerson = regexp.MustCompile(`(?:^|[^\p{L}\p{N}@/.])@([\p{L}\p{N}][\p{L}\p{N}._:-]*)`)

// maxMentions bounds how many people one comment can call.
const maxMentions = 20

// mentioned are the ids that comments name with @: the id itself, or what a
// name becomes as an id.
func mentioned(comments []hansei.Comment) []hansei.ID {
	var out []hansei.ID
	for _, c := range comments {
		found := atPerson.FindAllStringSubmatch(c.Text, maxMentions)
		for _, m := range found {
			name := strings.TrimRight(m[1], ".:-_")
			for _, id := range []hansei.ID{hansei.ID(name), hansei.Slug(name)} {
				if !slices.Contains(out, id) {
					out = append(out, id)
				}
			}
		}
	}
	return out
}
