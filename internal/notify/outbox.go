package notify

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/seal"
)

// Outbox is what goes out, and where to. Its fields are set before the first
// call.
type Outbox struct {
	Records *record.Store
	Seal    *seal.Box
	Mail    *Mail  // how e-mail leaves; nil when the operator named no server
	Base    string // before the paths in messages; no slash at its end
	Allow   []netip.Prefix
	HTTP    *http.Client // a guarded one when nil
	// SlackAPI is where bots write; Slack's own when empty.
	SlackAPI string
	Now      func() time.Time
	Log      *slog.Logger
	// Later has the job Deliver of a notice done after the transaction, not
	// before a time. It does nothing while that job waits or runs.
	Later func(tx *record.Tx, notice string, at time.Time) error
}

// JobDeliver is the kind of job that brings one message out; it has the notice's id.
const JobDeliver = "deliver-notice"

// Attempts is how often a message is tried, over some four hours.
const Attempts = 10

// To is who a message is for: a channel, or a person by e-mail.
type To struct {
	Channel hansei.ID
	Person  hansei.ID
	At      time.Time // not before; at once when zero
}

// Put has a message sent once the transaction commits. Whoever must not hear
// it twice has asked tx.Tell before.
func (o *Outbox) Put(tx *record.Tx, to To, m Message) error {
	m = m.bounded()
	doc, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if to.At.IsZero() {
		to.At = tx.Now()
	}
	n := record.Notice{ID: "msg_" + strings.ToLower(rand.Text()), Event: m.Event, Channel: to.Channel, Person: to.Person, Subject: m.Subject, Doc: doc, Due: to.At}
	if err := tx.AddNotice(n); err != nil {
		return err
	}
	return o.Later(tx, n.ID, to.At)
}

// Deliver sends a notice that waits. A *Refusal says whether to try again.
func (o *Outbox) Deliver(ctx context.Context, who auth.Actor, id string) error {
	n, err := record.NoticeByID(ctx, o.Records, who.Scope(), id)
	if errors.Is(err, hansei.ErrNotFound) {
		return nil // dropped meanwhile
	}
	if err != nil || n.State != record.NoticeWaiting {
		return err
	}
	var m Message
	if err := json.Unmarshal(n.Doc, &m); err != nil {
		return err
	}
	state, problem := record.NoticeSent, ""
	sent := o.bring(ctx, who.Scope(), n, m)
	var gone *goneError
	var no *Refusal
	switch {
	case sent == nil:
	case errors.As(sent, &gone):
		state, problem = record.NoticeDropped, gone.Error()
	case ctx.Err() != nil:
		return ctx.Err() // the server stops; nothing was decided
	default:
		state, problem = record.NoticeWaiting, sent.Error()
		if errors.As(sent, &no) && no.Final || n.Attempts+1 >= Attempts {
			state = record.NoticeFailed
		}
	}
	if _, err := o.Records.Write(ctx, who, func(tx *record.Tx) error { return tx.EndNotice(n.ID, state, problem) }); err != nil {
		return fmt.Errorf("note what became of message %s: %w", n.ID, err)
	}
	if state == record.NoticeFailed {
		o.Log.Warn("a message was not delivered", "event", n.Event, "channel", n.Channel, "notice", n.ID, "problem", problem)
		return &Refusal{Says: problem, Final: true}
	}
	if gone != nil {
		return nil
	}
	return sent
}

// goneError says that there is nobody to tell any more.
type goneError struct{ says string }

func (e *goneError) Error() string { return e.says }

// bring sends a message to its channel or person, as they are now.
func (o *Outbox) bring(ctx context.Context, who auth.Scope, n record.Notice, m Message) error {
	if n.Person != "" {
		p, _, err := record.Get[*hansei.Person](ctx, o.Records, who, n.Person)
		switch {
		case errors.Is(err, hansei.ErrNotFound) || err == nil && (p.Deleted || p.Email == ""):
			return &goneError{"nobody has this person's e-mail address"}
		case err != nil:
			return err
		case p.MergedInto != "":
			n.Person = p.MergedInto
			return o.bring(ctx, who, n, m)
		}
		return o.mail(ctx, n.ID, []string{p.Email}, m)
	}
	c, _, err := record.Get[*hansei.Channel](ctx, o.Records, who, n.Channel)
	switch {
	case errors.Is(err, hansei.ErrNotFound) || err == nil && c.Deleted:
		return &goneError{"the channel was removed"}
	case err != nil:
		return err
	case c.Paused:
		return &goneError{"the channel is paused"}
	}
	secrets, err := o.secrets(ctx, o.Records, who, c.ID)
	if err != nil {
		return &Refusal{Says: err.Error(), Final: true}
	}
	return o.send(ctx, c, secrets, n.ID, m)
}

// Again has a message sent that was given up.
func (o *Outbox) Again(ctx context.Context, who auth.Actor, id string) error {
	if _, err := record.NoticeByID(ctx, o.Records, who.Scope(), id); err != nil {
		return err
	}
	_, err := o.Records.Write(ctx, who, func(tx *record.Tx) error {
		again, err := tx.ReviveNotice(id)
		if err != nil {
			return err
		}
		if !again {
			return hansei.Invalid("id", "message %s was sent, or waits to be", id)
		}
		return o.Later(tx, id, time.Time{})
	})
	return err
}

const (
	sweepAfter = 15 * time.Minute
	// Keep is how long is remembered what was sent and told.
	Keep = 400 * 24 * time.Hour
	// undoTime is how long a removed channel can be put back.
	undoTime = 24 * time.Hour
)

// Sweep begins anew what waits without a job, as after a copy of the
// installation, and forgets what is old.
func (o *Outbox) Sweep(ctx context.Context, who auth.Actor) error {
	waiting, err := record.Notices(ctx, o.Records, who.Scope(), record.NoticeFilter{State: record.NoticeWaiting, Limit: 1000})
	if err != nil {
		return err
	}
	removed, err := o.expired(ctx, who.Scope())
	if err != nil {
		return err
	}
	_, err = o.Records.Write(ctx, who, func(tx *record.Tx) error {
		for _, n := range waiting {
			if late := tx.Now().Add(-sweepAfter); n.Due.Before(late) && n.Created.Before(late) {
				if err := o.Later(tx, n.ID, time.Time{}); err != nil {
					return err
				}
			}
		}
		for _, id := range removed {
			if err := tx.DropSecrets(owner(id)); err != nil {
				return err
			}
		}
		return tx.DropNotices(tx.Now().Add(-Keep))
	})
	return err
}
