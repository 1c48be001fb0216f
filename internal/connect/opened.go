package connect

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/source"
)

// opened is a configured source ready for use.
type opened struct {
	rec    *hansei.Source
	kind   source.Kind
	source source.Source
	counts func(*hansei.Incident) (bool, error)
	rate   float64 // webhooks a second
	secret map[string]string
	bad    error      // why it cannot be used; the others can
	seq    record.Seq // of the last change of any source when it was read
}

// fresh is how long what is known of sources is believed without asking.
// Another server may have changed it.
const fresh = time.Second

// forget makes the next call look again.
func (s *Sources) forget() {
	s.mu.Lock()
	s.looked = time.Time{}
	s.version = -1
	s.mu.Unlock()
}

const maxSources = 1000

// look reads the sources if they may have changed.
func (s *Sources) look(ctx context.Context, who auth.Scope) error {
	s.mu.Lock()
	recent, version := s.Now().Sub(s.looked) < fresh && s.open != nil, s.version
	s.mu.Unlock()
	if recent {
		return nil
	}
	now, err := record.LastChange(ctx, s.Records, who, hansei.KindSource)
	if err != nil {
		return err
	}
	var open, hooks map[string]*opened
	if now != version || version < 0 {
		if open, hooks, err = s.read(ctx, who); err != nil {
			return err
		}
		for _, o := range open {
			o.seq = now
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if open != nil {
		s.open, s.hooks, s.version = open, hooks, now
	}
	s.looked = s.Now()
	return nil
}

func (s *Sources) read(ctx context.Context, who auth.Scope) (open, hooks map[string]*opened, err error) {
	list, err := s.Records.List(ctx, who, hansei.KindSource, "", maxSources)
	if err != nil {
		return nil, nil, err
	}
	open, hooks = map[string]*opened{}, map[string]*opened{}
	for _, x := range list {
		rec := x.Record.(*hansei.Source)
		if rec.Deleted {
			continue
		}
		o := &opened{rec: rec}
		if o.bad = s.ready(ctx, who, o); o.bad != nil {
			s.Log.Warn("a source cannot be used", "source", rec.ID, "error", o.bad)
		}
		open[string(rec.ID)] = o
		if rec.Hook != "" {
			hooks[rec.Hook] = o
		}
	}
	return open, hooks, nil
}

func (s *Sources) ready(ctx context.Context, who auth.Scope, o *opened) (err error) {
	if o.kind, err = s.Kind(o.rec.Tool); err != nil {
		return err
	}
	if o.secret, err = s.secrets(ctx, s.Records, who, o.rec.ID); err != nil {
		return err
	}
	if o.source, err = build(o.kind, o.rec, o.secret); err != nil {
		return err
	}
	o.rate = 10_000
	if v := o.rec.Settings[settingRate]; v != "" {
		if o.rate, err = strconv.ParseFloat(v, 64); err != nil {
			return err
		}
	}
	o.counts, err = Filter(o.rec.Filter)
	return err
}

// find is a source by its name, ready for use.
func (s *Sources) find(ctx context.Context, who auth.Scope, name string) (*opened, error) {
	if err := s.look(ctx, who); err != nil {
		return nil, err
	}
	s.mu.Lock()
	o := s.open[name]
	s.mu.Unlock()
	if o == nil {
		return nil, fmt.Errorf("source %q: %w", name, hansei.ErrNotFound)
	}
	return o, o.bad
}

// findNow is find of a source that another server may have changed a moment ago.
func (s *Sources) findNow(ctx context.Context, who auth.Scope, name string) (*opened, error) {
	s.mu.Lock()
	s.looked = time.Time{}
	s.mu.Unlock()
	return s.find(ctx, who, name)
}

// byHook is a source by the address of its webhook.
func (s *Sources) byHook(ctx context.Context, who auth.Scope, hook string) (*opened, error) {
	if err := s.look(ctx, who); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.hooks[hook]; o != nil {
		return o, o.bad
	}
	return nil, hansei.ErrNotFound
}

// Reading is how deliveries of a source are understood, for the inbox. Another
// server may have changed it a moment ago, and have what it told understood again.
// What came of one while it was removed with its data goes as the rest did.
func (s *Sources) Reading(name string) (intake.Reading, error) {
	ctx, who := context.Background(), auth.Local()
	o, err := s.findNow(ctx, who.Scope(), name)
	if errors.Is(err, hansei.ErrNotFound) {
		err = errors.Join(err, s.dropLate(ctx, who.As("webhooks"), name))
	}
	if err != nil {
		return intake.Reading{}, err
	}
	return intake.Reading{Source: o.source, Counts: o.counts, Seq: o.seq}, nil
}
