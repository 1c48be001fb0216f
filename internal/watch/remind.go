package watch

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/notify"
	"hansei/internal/record"
)

// thing is a retrospective or a follow-up that is to be finished.
type thing struct {
	kind  hansei.Kind
	id    hansei.ID
	noun  string
	title string
	path  string
	due   time.Time // zero: nobody said
	owner *hansei.Person
	teams []hansei.ID
	pace  hansei.Pace
	since time.Time // what was overdue before that, when it was taken over from a tracker, stands in the digest alone
}

const (
	// staleAfter is how long after its date a thing is still brought to mind by
	// itself; what is older, years of an imported tracker perhaps, stands in
	// the digest alone.
	staleAfter = 180 * 24 * time.Hour
	// lateStart is how long after its hour a day's work is still done by a
	// server that was down then.
	lateStart = 9 * time.Hour
)

// Remind does what the clock asks for: on working days, from the hour that the
// organization chose, reminders; once a week, the digest. Doing it again on the
// same day does nothing.
func (w *Watch) Remind(ctx context.Context, who auth.Actor) error {
	if err := w.Outbox.Sweep(ctx, who); err != nil {
		return err
	}
	p, err := w.policy(ctx, who.Scope())
	if err != nil {
		return err
	}
	now := w.Now()
	today, local := day(now, p.zone), now.In(p.zone)
	begins := time.Date(local.Year(), local.Month(), local.Day(), p.rules.Hour, 0, 0, 0, p.zone)
	if p.rules.Off || !working(today) || now.Before(begins) || now.Sub(begins) > lateStart {
		return nil
	}
	key := "day/" + today.Format(time.DateOnly)
	done, err := record.Told(ctx, w.Records, who.Scope(), key)
	if err != nil || len(done) > 0 {
		return err
	}
	things, err := w.open(ctx, who.Scope(), p)
	if err != nil {
		return err
	}
	_, err = w.Records.Write(ctx, who, func(tx *record.Tx) error {
		if isNew, err := tx.Tell(key, ""); err != nil || !isNew {
			return err
		}
		if err := w.remind(tx, p, things, today); err != nil {
			return err
		}
		if p.rules.Digest == weekday(today) {
			return w.digests(tx, p, things, today)
		}
		return nil
	})
	return err
}

func weekday(d time.Time) string {
	return map[time.Weekday]string{time.Monday: "monday", time.Tuesday: "tuesday", time.Wednesday: "wednesday", time.Thursday: "thursday", time.Friday: "friday"}[d.Weekday()]
}

// stage is a step of bringing something to mind.
type stage struct {
	event string
	key   string
	owner bool // to the owner, else to channels
}

// stages are the steps that a thing has reached today, the mildest first. A
// step that was told leaves its key behind; repeats have keys of their own.
// Where its owner is nobody who can be written to, channels are told at once.
func (t thing) stages(p policy, today time.Time, reachable bool) []stage {
	if t.due.IsZero() {
		return nil
	}
	due := day(t.due, p.zone)
	base := fmt.Sprintf("%s/%s/%s/", t.kind, t.id, due.Format(time.DateOnly))
	late := workdays(due, today)
	if !due.Before(today) {
		left := workdays(today, due)
		if t.pace.Soon < 0 || left > t.pace.Soon {
			return nil
		}
		return []stage{{event: hansei.EventDue, key: base + "due", owner: true}, {event: hansei.EventDue, key: base + "due-channel"}}
	}
	if today.Sub(due) > staleAfter || late < 1 || t.due.Before(t.since) {
		return nil
	}
	again := func(since int) int {
		if t.pace.Repeat < 1 {
			return 0
		}
		return (late - since) / t.pace.Repeat
	}
	out := []stage{{event: hansei.EventOverdue, key: fmt.Sprintf("%soverdue/%d", base, again(1)), owner: true}}
	n := t.pace.Channel
	if !reachable {
		n = min(n, 1)
	}
	if n > 0 && late >= n {
		out = append(out, stage{event: hansei.EventOverdue, key: fmt.Sprintf("%schannel/%d", base, again(n))})
	}
	if n := t.pace.Escalate; n > 0 && late >= n {
		out = append(out, stage{event: hansei.EventEscalated, key: base + "escalated"})
	}
	return out
}

// reader is who one message of the day is for.
type reader struct {
	channel, person hansei.ID
	event           string // of a channel; a person gets one message with all
}

// remind puts the day's reminders in the outbox: for each thing the first step
// that was not told yet, for each reader one message.
func (w *Watch) remind(tx *record.Tx, p policy, things []thing, today time.Time) error {
	list, told, events := map[reader][]thing{}, []reader{}, map[reader]string{}
	add := func(r reader, event string, t thing) {
		if _, ok := list[r]; !ok {
			told = append(told, r)
		}
		list[r] = append(list[r], t)
		events[r] = worse(events[r], event)
	}
	for _, t := range things {
		_, reachable := p.mailed(hansei.EventOverdue, t.owner, w.Now())
		for _, s := range t.stages(p, today, reachable) {
			to := w.reached(p, t, s)
			if len(to) == 0 {
				continue // nobody hears of this step; perhaps of the next
			}
			isNew, err := tx.Tell(s.key, "")
			if err != nil {
				return err
			}
			if !isNew {
				continue
			}
			for _, x := range to {
				r := reader{channel: x.Channel, person: x.Person}
				if x.Channel != "" {
					r.event = s.event
				}
				add(r, s.event, t)
			}
			break // one reminder a day about one thing
		}
	}
	for _, r := range told {
		to, m := notify.To{Channel: r.channel}, reminder(events[r], list[r], today, p.zone, r.person != "")
		if r.person != "" {
			to, _ = p.mailed(events[r], ownerOf(list[r]), w.Now())
		}
		if err := w.Outbox.Put(tx, to, m); err != nil {
			return err
		}
	}
	return nil
}

func ownerOf(things []thing) *hansei.Person { return things[0].owner }

// reached are who a step is told to: the owner, if they can be written to, or
// channels.
func (w *Watch) reached(p policy, t thing, s stage) []notify.To {
	if !s.owner {
		return p.hearing(s.event, t.teams)
	}
	if to, ok := p.mailed(s.event, t.owner, w.Now()); ok {
		return []notify.To{to}
	}
	return nil
}

// worse is the graver of two events.
func worse(a, b string) string {
	order := []string{"", hansei.EventDue, hansei.EventOverdue, hansei.EventEscalated}
	if slices.Index(order, a) > slices.Index(order, b) {
		return a
	}
	return b
}

// digests puts the week's digest in the outbox of each channel that hears it.
func (w *Watch) digests(tx *record.Tx, p policy, things []thing, today time.Time) error {
	if !p.rules.Tells(hansei.EventDigest) {
		return nil
	}
	sorted := slices.Clone(things)
	slices.SortStableFunc(sorted, func(a, b thing) int {
		if a.due.IsZero() != b.due.IsZero() {
			if a.due.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.title, b.title))
	})
	for _, c := range p.channels {
		if !c.Hears(hansei.EventDigest, c.Teams) {
			continue
		}
		var theirs []thing
		for _, t := range sorted {
			if len(c.Teams) == 0 || slices.ContainsFunc(t.teams, func(id hansei.ID) bool { return slices.Contains(c.Teams, id) }) {
				theirs = append(theirs, t)
			}
		}
		if len(theirs) == 0 {
			continue
		}
		if err := w.once(tx, "digest/"+string(c.ID)+"/"+today.Format(time.DateOnly), notify.To{Channel: c.ID}, digest(theirs, today, p.zone)); err != nil {
			return err
		}
	}
	return nil
}
