package connect

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/source"
)

// Change is what a person changes of a source; nil leaves it as it is.
type Change struct {
	// Settings are those to be changed; empty values go back to the default.
	// When payloads mean something else with them, those that are kept are
	// understood again.
	Settings map[string]string
	Filter   *[]hansei.Condition
	Since    *time.Time // reads its history anew from then
	Paused   *bool
	Rotate   bool // make a new webhook secret
}

// Edit changes a source and returns it with its new webhook secret if there is one.
func (s *Sources) Edit(ctx context.Context, who auth.Actor, name string, c Change) (out Added, err error) {
	out.Seq, err = s.Records.Write(ctx, who, func(tx *record.Tx) error {
		rec, read, err := record.Get[*hansei.Source](ctx, tx, who.Scope(), hansei.ID(name))
		if err != nil {
			return err
		}
		kind, err := s.Kind(rec.Tool)
		if err != nil {
			return err
		}
		have, err := s.secrets(ctx, tx, who.Scope(), rec.ID)
		if err != nil {
			return err
		}
		settings := maps.Clone(c.Settings)
		if c.Rotate {
			if !ours(kind) {
				return hansei.Invalid("rotate_secret", "the webhook secret of %s is made there; enter the new one as %s", kind.Title, source.WebhookSecret)
			}
			if settings == nil {
				settings = map[string]string{}
			}
			out.Secret = strings.ToLower(rand.Text() + rand.Text())
			settings[source.WebhookSecret] = out.Secret
		}
		wasPaused := rec.Paused
		if c.Filter != nil {
			rec.Filter = *c.Filter
		}
		if c.Since != nil {
			if err := s.begun(*c.Since); err != nil {
				return err
			}
			rec.Since = c.Since.UTC()
		}
		if c.Paused != nil {
			rec.Paused = *c.Paused
		}
		was := given{rec.Settings, have}
		src, secrets, err := s.configure(kind, rec, settings, have)
		if err != nil {
			return err
		}
		if err := s.keep(tx, rec, read, secrets); err != nil {
			return err
		}
		out.Source = rec
		if _, ok := src.(source.Receiver); ok {
			out.URL = s.URL(rec)
		}
		is := given{rec.Settings, secrets}
		if meant(kind, was, is) {
			if out.Again, err = tx.ReopenDeliveries(string(rec.ID), time.Time{}, ""); err != nil {
				return err
			}
		}
		return s.follow(tx, who.Scope(), rec, src, c, wasPaused && !rec.Paused, compare(kind, was, is))
	})
	s.forget()
	s.Inbox.Wake()
	return out, err
}

// follow does what a change entails.
func (s *Sources) follow(tx *record.Tx, who auth.Scope, rec *hansei.Source, src source.Source, c Change, resumed bool, reads more) error {
	if c.Filter != nil {
		// What failed may have failed by the filter before.
		if _, err := tx.ReopenDeliveries(string(rec.ID), time.Time{}, record.DeliveryFailed); err != nil {
			return err
		}
		if err := s.Later(tx, Job{JobRejudge, map[string]string{"source": string(rec.ID)}}); err != nil {
			return err
		}
	}
	switch {
	case c.Since != nil || reads == all:
		if err := anew(tx, who, rec, src); err != nil {
			return err
		}
	case reads == some:
		if err := notWhole(tx, who, rec); err != nil {
			return err
		}
	}
	if resumed {
		if _, err := tx.ReleaseDeliveries(string(rec.ID)); err != nil {
			return err
		}
	}
	if c.Since != nil || resumed || reads != nothing {
		return s.pullAll(tx, rec, src)
	}
	return nil
}

// anew forgets how far a source was pulled, but not until when its tool asks
// not to be asked.
func anew(tx *record.Tx, who auth.Scope, rec *hansei.Source, src source.Source) error {
	states, err := record.Pulls(context.Background(), tx, who, string(rec.ID))
	if err != nil {
		return err
	}
	if err := tx.DropPulls(string(rec.ID)); err != nil {
		return err
	}
	for _, st := range states { // its filter is as it was
		if st.Stream == filterState {
			if err := tx.PutPull(st); err != nil {
				return err
			}
		}
	}
	p, ok := src.(source.Puller)
	wait := notBefore(states, string(rec.ID))
	if !ok || wait.IsZero() || len(p.Streams()) == 0 {
		return nil
	}
	return tx.PutPull(record.PullState{Source: string(rec.ID), Stream: p.Streams()[0].Name, Began: rec.Since, Later: wait})
}

// pullAll asks for every stream of a source to be pulled now.
func (s *Sources) pullAll(tx *record.Tx, rec *hansei.Source, src source.Source) error {
	p, ok := src.(source.Puller)
	if !ok || rec.Paused {
		return nil
	}
	for _, st := range p.Streams() {
		if err := s.Later(tx, Job{JobPull, map[string]string{"source": string(rec.ID), "stream": st.Name}}); err != nil {
			return err
		}
	}
	return nil
}

// Pull asks for a source's streams, or one of them, to be pulled now. While the
// tool asks to wait it is refused, and says until when.
func (s *Sources) Pull(ctx context.Context, who auth.Actor, name, stream string) error {
	o, err := s.find(ctx, who.Scope(), name)
	if err != nil {
		return err
	}
	p, ok := o.source.(source.Puller)
	switch {
	case !ok:
		return hansei.Invalid("name", "%s only sends webhooks; there is nothing to pull", name)
	case o.rec.Paused:
		return hansei.Invalid("name", "%s is paused", name)
	case stream != "" && !slices.ContainsFunc(p.Streams(), func(x source.Stream) bool { return x.Name == stream }):
		return hansei.Invalid("stream", "%s has no stream %q", name, stream)
	}
	until, err := s.waitsUntil(ctx, who.Scope(), name)
	if err != nil {
		return err
	}
	if !until.IsZero() {
		return hansei.Invalid("name", "%s", WaitsUntil(shownUTC(until)))
	}
	_, err = s.Records.Write(ctx, who, func(tx *record.Tx) error {
		if stream != "" {
			return s.Later(tx, Job{JobPull, map[string]string{"source": name, "stream": stream}})
		}
		return s.pullAll(tx, o.rec, o.source)
	})
	return err
}

// Remove ends a source. Its records stay, or go when data is true: what only
// it told of is deleted, what others tell of too loses its part. They can go
// later, too, when it was removed without.
func (s *Sources) Remove(ctx context.Context, who auth.Actor, name string, data bool) (record.Seq, error) {
	if data {
		if err := s.Records.Unspool(ctx, who); err != nil {
			return 0, err
		}
	}
	seq, err := s.Records.WriteAlone(ctx, who, func(tx *record.Tx) error {
		rec, read, err := record.Get[*hansei.Source](ctx, tx, who.Scope(), hansei.ID(name))
		if err != nil {
			return err
		}
		if rec.Deleted && (!data || rec.Forget) {
			return fmt.Errorf("source %s: %w", name, hansei.ErrNotFound)
		}
		rec.Deleted, rec.Hook, rec.Forget = true, "", data
		if err := s.keep(tx, rec, read, nil); err != nil {
			return err
		}
		if err := tx.DropPulls(name); err != nil {
			return err
		}
		if !data {
			return nil
		}
		if err := tx.ForgetDeliveries(name); err != nil {
			return err
		}
		return s.Later(tx, Job{JobForget, map[string]string{"source": name}})
	})
	s.forget()
	return seq, err
}

// dropLate drops the payloads of a source that was removed with its data which
// came when the others had gone.
func (s *Sources) dropLate(ctx context.Context, who auth.Actor, name string) error {
	removed := func(r record.Reader) (bool, error) {
		rec, _, err := record.Get[*hansei.Source](ctx, r, who.Scope(), hansei.ID(name))
		if errors.Is(err, hansei.ErrNotFound) {
			return false, nil
		}
		return err == nil && rec.Forget, err
	}
	if yes, err := removed(s.Records); err != nil || !yes {
		return err
	}
	if err := s.Records.Unspool(ctx, who); err != nil {
		return err
	}
	_, err := s.Records.WriteAlone(ctx, who, func(tx *record.Tx) error {
		if yes, err := removed(tx); err != nil || !yes {
			return err // it was added again meanwhile
		}
		return tx.ForgetDeliveries(name)
	})
	return err
}
