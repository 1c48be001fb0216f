package model

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/seal"
)

// Writer asks the organization's language model.
type Writer struct {
	Records *record.Store
	Desk    *retro.Desk
	Seal    *seal.Box
	Allow   []netip.Prefix // private addresses that it may be at, as those of sources
	Timeout time.Duration  // of one call; Deadline when 0
}

// Deadline is how long a model may take.
const Deadline = 60 * time.Second

// Settings are what a person sets.
type Settings struct {
	URL  string  `json:"url"`
	Name string  `json:"name"`
	Key  *string `json:"key,omitempty"` // nil keeps the one that is there, "" takes it away
}

func (s Settings) model() hansei.LanguageModel {
	return hansei.LanguageModel{URL: s.URL, Name: s.Name}.Tidy()
}

// State is what is set. The key is shown to nobody.
type State struct {
	On   bool   `json:"on"`
	URL  string `json:"url,omitempty"`
	Name string `json:"name,omitempty"`
	Key  bool   `json:"key"` // one is kept for the server of that address
}

// Saved is what became of settings.
type Saved struct {
	Seq      record.Seq
	Revision record.Revision // of the rules, to undo it by; 0 when they are as before
}

// owner is whose secrets the keys are. A key is kept under the server that it
// was given for: with another address it is sent nowhere.
const owner = "language-model"

// endpoint is a model with the key for it.
type endpoint struct {
	hansei.LanguageModel
	key string
}

// ErrOff means that no language model is set up.
var ErrOff = fmt.Errorf("no language model is set up: %w", hansei.ErrNotFound)

// State reads what is set.
func (w *Writer) State(ctx context.Context, who auth.Scope) (State, error) {
	m, err := w.set(ctx, w.Records, who)
	if errors.Is(err, ErrOff) {
		return State{}, nil
	}
	if err != nil {
		return State{}, err
	}
	boxes, err := record.Secrets(ctx, w.Records, who)
	if err != nil {
		return State{}, err
	}
	_, has := boxes[owner][m.Origin()]
	return State{On: true, URL: m.URL, Name: m.Name, Key: has}, nil
}

func (w *Writer) set(ctx context.Context, r record.Reader, who auth.Scope) (hansei.LanguageModel, error) {
	rules, err := retro.Rules(ctx, r, who)
	if err == nil && rules.Model == nil {
		err = ErrOff
	}
	if err != nil {
		return hansei.LanguageModel{}, err
	}
	return rules.Model.Tidy(), nil
}

// key opens the key for a server; "" when there is none.
func (w *Writer) key(ctx context.Context, r record.Reader, who auth.Scope, origin string) (string, error) {
	boxes, err := record.Secrets(ctx, r, who)
	if err != nil {
		return "", err
	}
	box, ok := boxes[owner][origin]
	if !ok {
		return "", nil
	}
	key, err := w.Seal.Open(owner, origin, box)
	if err != nil {
		return "", hansei.Invalid("key", "%v; set it again", err)
	}
	return key, nil
}

// maxKey bounds a key, in bytes.
const maxKey = 4_000

func validKey(key string) error {
	if len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return hansei.Invalid("key", "expected at most %d letters and signs without a space", maxKey)
	}
	return nil
}

// Set sets the model up. A key that was for another server is forgotten.
func (w *Writer) Set(ctx context.Context, who auth.Actor, s Settings) (out Saved, err error) {
	m := s.model()
	if err := m.Validate(); err != nil {
		return out, err
	}
	out.Seq, err = w.Records.Write(ctx, who, func(tx *record.Tx) error {
		key := ""
		if s.Key != nil {
			key = strings.TrimSpace(*s.Key)
		} else if key, err = w.key(ctx, tx, who.Scope(), m.Origin()); err != nil {
			return err
		}
		if err := validKey(key); err != nil {
			return err
		}
		if out.Revision, err = change(ctx, tx, who.Scope(), &m); err != nil {
			return err
		}
		if err := tx.DropSecrets(owner); err != nil || key == "" {
			return err
		}
		return tx.PutSecret(owner, m.Origin(), w.Seal.Seal(owner, m.Origin(), key))
	})
	return out, err
}

// Remove forgets the model and its key. The address can be brought back by
// undoing the change of the rules; the key is gone.
func (w *Writer) Remove(ctx context.Context, who auth.Actor) (out Saved, err error) {
	out.Seq, err = w.Records.Write(ctx, who, func(tx *record.Tx) error {
		if _, err := w.set(ctx, tx, who.Scope()); err != nil {
			return err
		}
		if out.Revision, err = change(ctx, tx, who.Scope(), nil); err != nil {
			return err
		}
		return tx.DropSecrets(owner)
	})
	return out, err
}

// change writes the model into the rules; 0 when it stands there already.
func change(ctx context.Context, tx *record.Tx, who auth.Scope, m *hansei.LanguageModel) (record.Revision, error) {
	org, rev, err := record.Get[*hansei.Organization](ctx, tx, who, hansei.OrganizationID)
	if errors.Is(err, hansei.ErrNotFound) {
		org, err = &hansei.Organization{Header: hansei.Header{ID: hansei.OrganizationID}}, nil
	}
	if err != nil {
		return 0, err
	}
	if org.Retrospectives == nil {
		org.Retrospectives = &hansei.RetroRules{}
	}
	if had := org.Retrospectives.Model; had != nil && m != nil && *had == *m {
		return 0, nil
	}
	org.Retrospectives.Model = m
	return rev + 1, record.Put(tx, org, rev)
}

// Finding is one line of what a test found.
type Finding struct {
	OK   bool   `json:"ok"`
	Says string `json:"says"`
}

// Test asks the model for a word and says exactly what is wrong. s are settings
// that are not saved; nil tries those that are.
func (w *Writer) Test(ctx context.Context, who auth.Actor, s *Settings) ([]Finding, error) {
	if _, err := who.MayWrite(); err != nil {
		return nil, err
	}
	e, err := w.endpoint(ctx, who.Scope(), s)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	text, err := w.ask(ctx, e, []message{{"system", "You answer with a JSON object and nothing else."}, {"user", `Answer with {"ready": true}`}})
	var failed *FailedError
	if errors.As(err, &failed) {
		return []Finding{{Says: failed.Says}}, nil
	}
	if err != nil {
		return nil, err
	}
	var ready map[string]any
	if !object(text, func(dec decoder) bool { return dec.Decode(&ready) == nil }) {
		return []Finding{{true, "it answers"}, {Says: "its answer is not the JSON that it was asked for; a larger model may do better"}}, nil
	}
	return []Finding{{true, fmt.Sprintf("%s at %s answers in JSON, in %.1f s", e.Name, e.Origin(), time.Since(began).Seconds())}}, nil
}

// endpoint is the model with its key, by settings that are not saved when s is
// not nil.
func (w *Writer) endpoint(ctx context.Context, who auth.Scope, s *Settings) (e endpoint, err error) {
	if s == nil {
		if e.LanguageModel, err = w.set(ctx, w.Records, who); err != nil {
			return e, err
		}
	} else {
		e.LanguageModel = s.model()
		if err := e.Validate(); err != nil {
			return e, err
		}
	}
	if s != nil && s.Key != nil {
		e.key = strings.TrimSpace(*s.Key)
		return e, validKey(e.key)
	}
	e.key, err = w.key(ctx, w.Records, who, e.Origin())
	return e, err
}
