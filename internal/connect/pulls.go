package connect

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/record/pack"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
)

// PullStream reads one stream from where it stopped to its end. Each page is
// stored with the cursor after it in one transaction, so that whatever
// happens, no page is skipped. A failure is noted where people see it.
func (s *Sources) PullStream(ctx context.Context, who auth.Actor, name, stream string, packer *pack.Packer) error {
	o, err := s.findNow(ctx, who.Scope(), name)
	if err != nil {
		return err
	}
	if o.rec.Paused {
		return nil
	}
	st, err := streamOf(o, stream)
	if err != nil {
		return err
	}
	states, err := record.Pulls(ctx, s.Records, who.Scope(), name)
	if err != nil {
		return err
	}
	if notBefore(states, name).After(s.Now()) {
		return nil
	}
	run := &pulling{s: s, who: who.As("pull " + name), name: name, packer: packer, state: stateOf(states, o, st.Name), settings: o.rec.Settings}
	pull := s.pullOf(ctx, run.state.Cursor, run.state.Began)
	pull.Emit = run.emit
	err = st.Pull(pull)
	return run.end(ctx, err)
}

func streamOf(o *opened, stream string) (source.Stream, error) {
	p, ok := o.source.(source.Puller)
	if !ok {
		return source.Stream{}, hansei.Invalid("source", "%s only sends webhooks", o.rec.ID)
	}
	for _, st := range p.Streams() {
		if st.Name == stream {
			return st, nil
		}
	}
	return source.Stream{}, hansei.Invalid("stream", "%s has no stream %q", o.rec.ID, stream)
}

// pullOf makes a run without a place to put pages.
func (s *Sources) pullOf(ctx context.Context, cursor string, from time.Time) *source.Pull {
	return &source.Pull{Ctx: ctx, Client: &fetch.Client{HTTP: fetch.Guarded(s.Allow), Log: s.Log, Now: s.Now}, Cursor: cursor, From: from, Now: s.Now()}
}

func stateOf(states []record.PullState, o *opened, stream string) record.PullState {
	if i := slices.IndexFunc(states, func(p record.PullState) bool { return p.Stream == stream }); i >= 0 {
		return states[i]
	}
	return record.PullState{Source: string(o.rec.ID), Stream: stream, Began: o.rec.Since}
}

// notBefore is until when a source's tool asks not to be asked, or a moment that
// is past. What it says of one stream holds for all: they share its limit.
func notBefore(states []record.PullState, name string) time.Time {
	var t time.Time
	for _, p := range states {
		if p.Source == name {
			t = later(t, p.Later)
		}
	}
	return t
}

// waitsUntil is until when a source's tool asks not to be asked; zero: it may be.
func (s *Sources) waitsUntil(ctx context.Context, who auth.Scope, name string) (time.Time, error) {
	states, err := record.Pulls(ctx, s.Records, who, name)
	if t := notBefore(states, name); t.After(s.Now()) {
		return t, err
	}
	return time.Time{}, err
}

// longestWait bounds what a tool may ask for; after that it is asked again.
const longestWait = 24 * time.Hour

// pulling is one run through a stream.
type pulling struct {
	s      *Sources
	who    auth.Actor
	name   string
	packer *pack.Packer
	state  record.PullState

	settings map[string]string // it was begun with
}

// emit stores a page and moves the cursor.
func (p *pulling) emit(page source.Page) error {
	next := p.state
	next.Cursor, next.At = page.Cursor, p.s.Now()
	if !page.Through.IsZero() { // a tool's clock may be ahead of ours
		next.Through = later(next.Through, earlier(page.Through, next.At))
	}
	if !page.Back.IsZero() && (next.Back.IsZero() || page.Back.Before(next.Back)) {
		next.Back = page.Back
	}
	next.Things += int64(page.Things)
	name, id := "pull/"+p.state.Stream, ""
	if page.Flawed { // also when it says the same as one before
		name, id = name+"/flaws", next.At.Format(time.RFC3339Nano)
	}
	var packed pack.Packed
	if len(page.Body) > 0 {
		packed = p.packer.Pack(p.name, name, "application/json", id, page.Body)
		next.Pages++
	}
	_, err := p.s.Records.Write(context.Background(), p.who, func(tx *record.Tx) error {
		if err := p.mine(tx); err != nil {
			return err
		}
		if page.Flawed {
			if err := tx.Supersede(p.name, name); err != nil {
				return err
			}
		}
		if len(page.Body) > 0 {
			if err := tx.AddPage(packed); err != nil {
				return err
			}
		}
		return tx.PutPull(next)
	})
	if err != nil {
		return err
	}
	p.state = next
	if len(page.Body) > 0 {
		p.s.count(p.name, "pulled", 1)
		p.s.Inbox.Wake()
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// errMoved ends a run whose cursor somebody else moved, or whose source was
// removed or set back meanwhile.
var errMoved = errors.New("somebody else is pulling this stream, or its source was changed")

func (p *pulling) mine(tx *record.Tx) error {
	src, _, err := record.Get[*hansei.Source](context.Background(), tx, p.who.Scope(), hansei.ID(p.name))
	if err != nil {
		return err
	}
	if src.Deleted || src.Paused || !maps.Equal(src.Settings, p.settings) {
		return errMoved
	}
	list, err := record.Pulls(context.Background(), tx, p.who.Scope(), p.name)
	if err != nil {
		return err
	}
	now := record.PullState{Began: src.Since} // of a stream that was never pulled
	if i := slices.IndexFunc(list, func(x record.PullState) bool { return x.Stream == p.state.Stream }); i >= 0 {
		now = list[i]
	} else if p.state.Pages > 0 {
		return errMoved
	}
	if now.Cursor != p.state.Cursor || !now.Began.Equal(p.state.Began) {
		return errMoved
	}
	return nil
}

// end notes how the run ended.
func (p *pulling) end(ctx context.Context, err error) error {
	if errors.Is(err, errMoved) || ctx.Err() != nil {
		return ctx.Err()
	}
	p.state.At, p.state.Later = p.s.Now(), time.Time{}
	var wait *fetch.LaterError
	switch {
	case errors.As(err, &wait) && wait.After > 0: // nothing failed: it goes on then
		p.state.Later = p.state.At.Add(min(wait.After, longestWait))
		p.state.Error, p.state.Failures, err = "", 0, nil
		p.s.count(p.name, "pull put off", 1)
	case err == nil:
		// It read to the end, and every page of it was stored.
		p.state.Error, p.state.Failures, p.state.Whole, p.state.Ended = "", 0, true, p.state.At
	default:
		p.state.Error = says(err)
		p.state.Failures++
		p.s.count(p.name, "pull failed", 1)
	}
	_, writeErr := p.s.Records.Write(context.WithoutCancel(ctx), p.who, func(tx *record.Tx) error {
		if err := p.mine(tx); err != nil {
			if errors.Is(err, errMoved) {
				return nil
			}
			return err
		}
		return tx.PutPull(p.state)
	})
	return errors.Join(err, writeErr)
}

// says is an error for people, without what they need not know.
func says(err error) string {
	text := source.Words(err)
	const most = 500
	if len(text) > most {
		text = text[:most] + "…"
	}
	return text
}

// Due lists the streams whose time has come: those never pulled, and those
// whose last run is longer ago than they are to be followed. After failures
// the wait doubles, up to an hour.
func (s *Sources) Due(ctx context.Context, who auth.Scope) ([]Job, error) {
	if err := s.look(ctx, who); err != nil {
		return nil, err
	}
	states, err := record.Pulls(ctx, s.Records, who, "")
	if err != nil {
		return nil, err
	}
	last := map[string]record.PullState{}
	for _, st := range states {
		last[st.Source+"\x00"+st.Stream] = st
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Job
	for name, o := range s.open {
		p, ok := o.source.(source.Puller)
		if !ok || o.bad != nil || o.rec.Paused || notBefore(states, name).After(s.Now()) {
			continue
		}
		for _, st := range p.Streams() {
			if wait, at := every(st), last[name+"\x00"+st.Name]; s.Now().Sub(at.At) >= backOff(wait, at.Failures) {
				out = append(out, Job{JobPull, map[string]string{"source": name, "stream": st.Name}})
			}
		}
	}
	return out, nil
}

func every(st source.Stream) time.Duration {
	if st.Every == 0 {
		return source.DefaultEvery
	}
	return st.Every
}

func backOff(wait time.Duration, failures int64) time.Duration {
	for range min(failures, 10) {
		wait *= 2
	}
	return min(wait, max(time.Hour, wait>>min(failures, 10)))
}
