package notify

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// Spec is what a person fills in to add a channel.
type Spec struct {
	Type     string            `json:"type"`
	Name     string            `json:"name"`
	Settings map[string]string `json:"settings,omitempty"` // secrets among them
	Teams    []hansei.ID       `json:"teams,omitempty"`
	Events   []string          `json:"events,omitempty"`
}

// Change is what a person changes of a channel; nil leaves it as it is.
type Change struct {
	Settings map[string]string // those to change; an empty value takes one away
	Teams    *[]hansei.ID
	Events   *[]string
	Paused   *bool
	Rotate   bool // make a new signing secret
}

// Saved is a channel that was saved, with its signing secret when that was
// just made.
type Saved struct {
	Channel *hansei.Channel
	Secret  string
	Seq     record.Seq
}

// View is a channel and how it fares.
type View struct {
	Name    string      `json:"name"`
	Type    string      `json:"type"`
	Place   string      `json:"place"` // where it leads, in the open
	Teams   []hansei.ID `json:"teams"`
	Events  []string    `json:"events"`
	Secrets []string    `json:"secrets"` // those that are kept
	State   string      `json:"state"`   // new, works, failing, paused
	Says    string      `json:"says,omitempty"`
	Last    time.Time   `json:"last_sent,omitzero"`

	Settings map[string]string `json:"settings"`
}

// maxChannels bounds how many channels are read at once.
const maxChannels = 1000

// Channels are all channels that are there.
func Channels(ctx context.Context, records *record.Store, who auth.Scope) ([]*hansei.Channel, error) {
	list, err := records.List(ctx, who, hansei.KindChannel, "", maxChannels)
	var out []*hansei.Channel
	for _, s := range list {
		if c := s.Record.(*hansei.Channel); !c.Deleted {
			out = append(out, c)
		}
	}
	return out, err
}

// List are all channels and how they fare.
func (o *Outbox) List(ctx context.Context, who auth.Scope) ([]View, error) {
	list, err := Channels(ctx, o.Records, who)
	if err != nil {
		return nil, err
	}
	out := []View{}
	for _, c := range list {
		v, err := o.view(ctx, who, c)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// Get is one channel and how it fares.
func (o *Outbox) Get(ctx context.Context, who auth.Scope, name string) (View, error) {
	c, _, err := o.channel(ctx, o.Records, who, name)
	if err != nil {
		return View{}, err
	}
	return o.view(ctx, who, c)
}

func (o *Outbox) channel(ctx context.Context, r record.Reader, who auth.Scope, name string) (*hansei.Channel, record.Revision, error) {
	c, rev, err := record.Get[*hansei.Channel](ctx, r, who, hansei.ID(name))
	if err == nil && c.Deleted {
		err = fmt.Errorf("channel %s: %w", name, hansei.ErrNotFound)
	}
	return c, rev, err
}

// recent is how many messages say how a channel fares.
const recent = 20

func (o *Outbox) view(ctx context.Context, who auth.Scope, c *hansei.Channel) (View, error) {
	v := View{Name: string(c.ID), Type: c.Type, Place: place(c), Teams: c.Teams, Events: c.Events, Settings: maps.Clone(c.Settings), Secrets: []string{}, State: "new"}
	delete(v.Settings, settingHost)
	if v.Teams == nil {
		v.Teams = []hansei.ID{}
	}
	if len(v.Events) == 0 {
		v.Events = hansei.DefaultChannelEvents
	}
	boxes, err := record.Secrets(ctx, o.Records, who)
	if err != nil {
		return v, err
	}
	v.Secrets = append(v.Secrets, slices.Sorted(maps.Keys(boxes[owner(c.ID)]))...)
	sent, err := record.Notices(ctx, o.Records, who, record.NoticeFilter{Channel: c.ID, Limit: recent})
	if err != nil {
		return v, err
	}
	for _, n := range sent { // the newest first
		if v.State == "new" && n.Error != "" && n.State != record.NoticeDropped {
			v.State, v.Says = "failing", n.Error
		}
		if n.State == record.NoticeSent {
			if v.State == "new" {
				v.State = "works"
			}
			v.Last = n.Ended
			break
		}
	}
	if c.Paused {
		v.State, v.Says = "paused", ""
	}
	return v, nil
}

func owner(id hansei.ID) string { return "channel/" + string(id) }

func (o *Outbox) secrets(ctx context.Context, r record.Reader, who auth.Scope, id hansei.ID) (map[string]string, error) {
	boxes, err := record.Secrets(ctx, r, who)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for name, box := range boxes[owner(id)] {
		text, openErr := o.Seal.Open(owner(id), name, box)
		err = errors.Join(err, openErr)
		out[name] = text
	}
	return out, err
}

// prepare makes the record and the secrets of a spec.
func prepare(spec Spec) (*hansei.Channel, map[string]string, error) {
	kind, err := KindNamed(spec.Type)
	if err != nil {
		return nil, nil, err
	}
	if spec.Name == "" {
		spec.Name = kind.Name
	}
	rec := &hansei.Channel{Header: hansei.Header{ID: hansei.ID(spec.Name)}, Type: kind.Name, Teams: spec.Teams, Events: spec.Events}
	if err := rec.Validate(); err != nil {
		return nil, nil, err
	}
	settings := clone(spec.Settings)
	if kind.Name == hansei.ChannelWebhook && settings[settingSecret] == "" {
		settings[settingSecret] = newSecret()
	}
	secrets, err := configure(kind, rec, settings, nil)
	return rec, secrets, err
}

func newSecret() string {
	key := make([]byte, 32)
	rand.Read(key) // never fails; see its documentation
	return whsec + base64.StdEncoding.EncodeToString(key)
}

// Add makes a channel.
func (o *Outbox) Add(ctx context.Context, who auth.Actor, spec Spec) (Saved, error) {
	rec, secrets, err := prepare(spec)
	if err != nil {
		return Saved{}, err
	}
	out := Saved{Channel: rec}
	if spec.Settings[settingSecret] == "" {
		out.Secret = secrets[settingSecret]
	}
	out.Seq, err = o.Records.Write(ctx, who, func(tx *record.Tx) error {
		read := record.Revision(0)
		found, err := record.Load(ctx, tx, who.Scope(), hansei.KindChannel, []hansei.ID{rec.ID})
		if err != nil {
			return err
		}
		if old, ok := found[rec.ID]; ok {
			if !old.Record.Head().Deleted {
				return hansei.Invalid("name", "there is a channel named %s already", rec.ID)
			}
			read = old.Revision
		}
		return o.keep(tx, rec, read, secrets)
	})
	return out, err
}

// keep writes a channel and its secrets.
func (o *Outbox) keep(tx *record.Tx, rec *hansei.Channel, read record.Revision, secrets map[string]string) error {
	if err := record.Put(tx, rec, read); err != nil {
		return err
	}
	if err := tx.DropSecrets(owner(rec.ID)); err != nil {
		return err
	}
	for name, value := range secrets {
		if err := tx.PutSecret(owner(rec.ID), name, o.Seal.Seal(owner(rec.ID), name, value)); err != nil {
			return err
		}
	}
	return nil
}

// Edit changes a channel.
func (o *Outbox) Edit(ctx context.Context, who auth.Actor, name string, c Change) (out Saved, err error) {
	out.Seq, err = o.Records.Write(ctx, who, func(tx *record.Tx) error {
		rec, read, err := o.channel(ctx, tx, who.Scope(), name)
		if err != nil {
			return err
		}
		kind, err := KindNamed(rec.Type)
		if err != nil {
			return err
		}
		have, err := o.secrets(ctx, tx, who.Scope(), rec.ID)
		if err != nil {
			return err
		}
		settings := clone(c.Settings)
		out = Saved{Channel: rec}
		if rec.Type == hansei.ChannelWebhook {
			given, asked := settings[settingSecret]
			if c.Rotate || asked && given == "" {
				out.Secret = newSecret()
				settings[settingSecret] = out.Secret
			}
		} else if c.Rotate {
			return hansei.Invalid("rotate_secret", "only webhooks have a signing secret that is made here")
		}
		if c.Teams != nil {
			rec.Teams = *c.Teams
		}
		if c.Events != nil {
			rec.Events = *c.Events
		}
		if c.Paused != nil {
			rec.Paused = *c.Paused
		}
		secrets, err := configure(kind, rec, settings, have)
		if err != nil {
			return err
		}
		return o.keep(tx, rec, read, secrets)
	})
	return out, err
}

// Remove takes a channel away, or puts it back; its secrets stay for a day, so
// that it can be.
func (o *Outbox) Remove(ctx context.Context, who auth.Actor, name string, removed bool) (record.Seq, error) {
	return o.Records.Write(ctx, who, func(tx *record.Tx) error {
		rec, read, err := record.Get[*hansei.Channel](ctx, tx, who.Scope(), hansei.ID(name))
		if err != nil {
			return err
		}
		if rec.Deleted == removed {
			return fmt.Errorf("channel %s: %w", name, hansei.ErrNotFound)
		}
		rec.Deleted = removed
		return record.Put(tx, rec, read)
	})
}

// expired are channels that cannot be put back any more.
func (o *Outbox) expired(ctx context.Context, who auth.Scope) ([]hansei.ID, error) {
	list, err := o.Records.List(ctx, who, hansei.KindChannel, "", maxChannels)
	var out []hansei.ID
	for _, s := range list {
		if s.Record.Head().Deleted && s.At.Before(o.Now().Add(-undoTime)) {
			out = append(out, s.Record.Head().ID)
		}
	}
	return out, err
}

// Finding is one line of what a test found.
type Finding struct {
	OK   bool   `json:"ok"`
	Says string `json:"says"`
}

// Test sends a message to a channel and says exactly what is wrong.
func (o *Outbox) Test(ctx context.Context, who auth.Actor, name string) ([]Finding, error) {
	if _, err := who.MayWrite(); err != nil {
		return nil, err
	}
	c, _, err := o.channel(ctx, o.Records, who.Scope(), name)
	if err != nil {
		return nil, err
	}
	secrets, err := o.secrets(ctx, o.Records, who.Scope(), c.ID)
	if err != nil {
		return []Finding{{Says: err.Error()}}, nil
	}
	return o.try(ctx, c, secrets)
}

// TestSpec is Test of a channel that is not saved.
func (o *Outbox) TestSpec(ctx context.Context, who auth.Actor, spec Spec) ([]Finding, error) {
	if _, err := who.MayWrite(); err != nil {
		return nil, err
	}
	if spec.Name == "" {
		spec.Name = "test"
	}
	c, secrets, err := prepare(spec)
	if err != nil {
		return nil, err
	}
	return o.try(ctx, c, secrets)
}

func (o *Outbox) try(ctx context.Context, c *hansei.Channel, secrets map[string]string) ([]Finding, error) {
	err := o.send(ctx, c, secrets, "msg_test_"+rand.Text(), Message{Event: hansei.EventTest, Subject: "A test message of Hansei",
		Lead: "Somebody tried this channel in the settings. If you can read this, it works.", Path: "/settings/notifications", Action: "Open the settings"})
	var no *Refusal
	switch {
	case err == nil:
		return []Finding{{true, "the message was taken by " + place(c)}}, nil
	case errors.As(err, &no):
		return []Finding{{false, no.Says}}, nil
	}
	return nil, err
}
