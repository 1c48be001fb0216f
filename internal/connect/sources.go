package connect

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/seal"
	"hansei/internal/source"
)

// Sources is what people do with sources. Its fields are set before the first
// call.
type Sources struct {
	Records *record.Store
	Kinds   []source.Kind
	Seal    *seal.Box
	Inbox   *intake.Inbox
	Log     *slog.Logger
	Now     func() time.Time
	Base    string         // the URL under which tools reach this server, without a path
	Allow   []netip.Prefix // private addresses that sources may be at
	// Later runs a job after the transaction commits: a pull, a replay's end.
	Later func(tx *record.Tx, job Job) error
	// Cover says of each source what it covers; nil: nobody can.
	Cover func(ctx context.Context, who auth.Scope, list []View) error

	mu      sync.Mutex
	open    map[string]*opened // by name
	hooks   map[string]*opened // by the unguessable part of the address
	looked  time.Time
	version record.Seq
	counts  counts
	limits  limits
}

// Job is work to be done soon, once.
type Job struct {
	Kind string
	Args map[string]string
}

// The kinds of job.
const (
	JobPull     = "pull"     // source, stream
	JobRejudge  = "rejudge"  // source: its filter changed
	JobForget   = "forget"   // source: it was removed with its data
	JobDue      = "pull-due" // every stream whose time has come
	JobExpire   = "expire-payloads"
	JobSuggest  = "suggest-joins"
	settingRate = "rate_limit"
)

// common are settings that every source has.
var common = []source.Setting{{
	Name: settingRate, Title: "Webhooks a second", Part: "Limits", Default: "10000",
	Help: "More than this are answered 429 Too Many Requests, so that one tool gone wild cannot hold up the others.",
}}

// Spec is what a person fills in.
type Spec struct {
	Tool     string             `json:"tool"`
	Name     string             `json:"name"`
	Settings map[string]string  `json:"settings,omitempty"` // secrets among them
	Filter   []hansei.Condition `json:"filter,omitempty"`
	Since    time.Time          `json:"since,omitzero"`
}

// DefaultHistory is how far back history is pulled unless a person says otherwise.
const DefaultHistory = 365 * 24 * time.Hour

// Kind finds a kind of source by its name.
func (s *Sources) Kind(name string) (source.Kind, error) {
	i := slices.IndexFunc(s.Kinds, func(k source.Kind) bool { return k.Name == name })
	if i < 0 {
		names := make([]string, len(s.Kinds))
		for i, k := range s.Kinds {
			names[i] = k.Name
		}
		return source.Kind{}, hansei.Invalid("tool", "%q is not a kind of source; expected one of %s", name, strings.Join(names, ", "))
	}
	return s.Kinds[i], nil
}

// SettingsOf are the settings of a kind with those that every source has.
func SettingsOf(k source.Kind) []source.Setting { return append(slices.Clone(k.Settings), common...) }

// Added is a new source with what a person must paste at the vendor.
type Added struct {
	Source *hansei.Source
	URL    string // of its webhook; empty for one that is only pulled
	Secret string // of its webhook, shown this once; empty when a person gave it
	Again  int64  // deliveries that are understood again, for they mean something else now
	Seq    record.Seq
}

// Add makes a source. Its history begins to be pulled at once.
func (s *Sources) Add(ctx context.Context, who auth.Actor, spec Spec) (Added, error) {
	kind, err := s.Kind(spec.Tool)
	if err != nil {
		return Added{}, err
	}
	if spec.Name == "" {
		spec.Name = kind.Name
	}
	if err := s.begun(spec.Since); err != nil {
		return Added{}, err
	}
	rec := &hansei.Source{Header: hansei.Header{ID: hansei.ID(spec.Name)}, Tool: kind.Name, Filter: spec.Filter, Since: spec.Since.UTC(), Hook: strings.ToLower(rand.Text())}
	if spec.Since.IsZero() {
		rec.Since = s.Now().Add(-DefaultHistory).UTC().Truncate(time.Second)
	}
	settings := maps.Clone(spec.Settings)
	if settings == nil {
		settings = map[string]string{}
	}
	out := Added{Source: rec}
	if ours(kind) && settings[source.WebhookSecret] == "" {
		settings[source.WebhookSecret] = strings.ToLower(rand.Text() + rand.Text())
	}
	src, secrets, err := s.configure(kind, rec, settings, nil)
	if err != nil {
		return Added{}, err
	}
	if _, ok := src.(source.Receiver); ok {
		out.URL = s.URL(rec)
		if strings.TrimSpace(spec.Settings[source.WebhookSecret]) == "" { // else the person knows it
			out.Secret = secrets[source.WebhookSecret]
		}
	}
	// What one of that name told that was removed with its data must be out
	// before this one tells anything.
	if _, err := s.Inbox.ForgetSource(ctx, who, spec.Name); err != nil {
		return Added{}, err
	}
	out.Seq, err = s.Records.Write(ctx, who, func(tx *record.Tx) error {
		read, before := record.Revision(0), (*hansei.Source)(nil)
		found, err := record.Load(ctx, tx, who.Scope(), hansei.KindSource, []hansei.ID{rec.ID})
		if err != nil {
			return err
		}
		if old, ok := found[rec.ID]; ok {
			if !old.Record.Head().Deleted {
				return hansei.Invalid("name", "there is a source named %s already", rec.ID)
			}
			read, before = old.Revision, old.Record.(*hansei.Source)
			if err := s.mayFollow(ctx, tx, who.Scope(), before, rec); err != nil {
				return err
			}
		}
		if err := s.keep(tx, rec, read, secrets); err != nil {
			return err
		}
		// What came under this name before says nothing of the new address.
		if err := tx.DropCounts(string(rec.ID)); err != nil {
			return err
		}
		if before != nil && before.Tool == rec.Tool {
			if out.Again, err = takeUp(tx, kind, before, rec); err != nil {
				return err
			}
		}
		return s.pullAll(tx, rec, src)
	})
	s.forget()
	s.Inbox.Wake()
	return out, err
}

// takeUp has what is kept of a source that was removed understood as it is set
// now, and what came while that was paused understood at all. It returns how much
// is understood again.
func takeUp(tx *record.Tx, kind source.Kind, before, rec *hansei.Source) (again int64, err error) {
	if meant(kind, given{open: before.Settings}, given{open: rec.Settings}) {
		again, err = tx.ReopenDeliveries(string(rec.ID), time.Time{}, "")
	}
	if err == nil {
		_, err = tx.ReleaseDeliveries(string(rec.ID))
	}
	return again, err
}

// begun refuses a day that has not begun as the one from which history is read.
func (s *Sources) begun(since time.Time) error {
	if since.After(s.Now()) {
		return hansei.Invalid("since", "that day has not begun; expected one from which there is something to read")
	}
	return nil
}

// mayFollow says why a source may not have the name of one that was removed: what
// that one told would be taken for this one's.
func (s *Sources) mayFollow(ctx context.Context, r record.Reader, who auth.Scope, before, rec *hansei.Source) error {
	if before.Forget || before.Tool == rec.Tool {
		return nil
	}
	told, _, err := record.OfSource(ctx, r, who, string(rec.ID), "", 1)
	if err == nil && len(told) > 0 {
		title := before.Tool
		if kind, err := s.Kind(before.Tool); err == nil {
			title = kind.Title
		}
		err = hansei.Invalid("name", "a source of %s that was removed had the name %s, and what it told is kept; expected another name", title, rec.ID)
	}
	return err
}

// ours says whether the webhook secret of a kind is made here.
func ours(k source.Kind) bool {
	return slices.ContainsFunc(k.Settings, func(x source.Setting) bool { return x.Name == source.WebhookSecret && !x.Theirs })
}

// URL is the address of a source's webhook.
func (s *Sources) URL(rec *hansei.Source) string {
	return strings.TrimSuffix(s.Base, "/") + "/hooks/" + rec.Hook
}

// configure checks settings and parts them: what is secret goes to the map it
// returns, the rest into the record. have are the secrets kept so far.
func (s *Sources) configure(kind source.Kind, rec *hansei.Source, settings, have map[string]string) (source.Source, map[string]string, error) {
	secrets := maps.Clone(have)
	if secrets == nil {
		secrets = map[string]string{}
	}
	known := SettingsOf(kind)
	rec.Settings = maps.Clone(rec.Settings)
	if rec.Settings == nil {
		rec.Settings = map[string]string{}
	}
	for name, value := range settings {
		i := slices.IndexFunc(known, func(x source.Setting) bool { return x.Name == name })
		if i < 0 {
			names := make([]string, len(known))
			for i, x := range known {
				names[i] = x.Name
			}
			return nil, nil, hansei.Invalid(name, "%s has no such setting; expected one of %s", kind.Title, strings.Join(names, ", "))
		}
		to := rec.Settings
		if known[i].Secret {
			to = secrets
		}
		if value = strings.TrimSpace(value); value == "" {
			delete(to, name)
			continue
		}
		if len(value) > maxSetting {
			return nil, nil, hansei.Invalid(name, "%d characters are too many; at most %d", len(value), maxSetting)
		}
		to[name] = value
	}
	if err := rec.Validate(); err != nil {
		return nil, nil, err
	}
	src, err := build(kind, rec, secrets)
	if err != nil {
		return nil, nil, err
	}
	if _, err := Filter(rec.Filter); err != nil {
		return nil, nil, err
	}
	return src, secrets, nil
}

const maxSetting = 100_000

// build makes the source of a record and its secrets.
func build(kind source.Kind, rec *hansei.Source, secrets map[string]string) (source.Source, error) {
	all := map[string]string{}
	for _, x := range SettingsOf(kind) {
		v := rec.Settings[x.Name]
		if x.Secret {
			v = secrets[x.Name]
		}
		if v == "" {
			v = x.Default
		}
		switch {
		case v == "" && x.Required:
			return nil, hansei.Invalid(x.Name, "%s is needed: %s", x.Title, x.Help)
		case v != "" && len(x.Enum) > 0 && !slices.Contains(x.Enum, v):
			return nil, hansei.Invalid(x.Name, "%q: expected one of %s", v, strings.Join(x.Enum, ", "))
		}
		if v != "" {
			all[x.Name] = v
		}
	}
	if n, err := strconv.ParseFloat(all[settingRate], 64); err != nil || !(n > 0 && n <= 1e6) {
		return nil, hansei.Invalid(settingRate, "%q: expected a number of webhooks a second, more than 0", all[settingRate])
	}
	delete(all, settingRate)
	return kind.New(source.Config{Name: string(rec.ID), Settings: all})
}

// keep writes a source and its secrets.
func (s *Sources) keep(tx *record.Tx, rec *hansei.Source, read record.Revision, secrets map[string]string) error {
	if err := record.Put(tx, rec, read); err != nil {
		return err
	}
	if err := tx.DropSecrets(owner(rec.ID)); err != nil {
		return err
	}
	for name, value := range secrets {
		if err := tx.PutSecret(owner(rec.ID), name, s.Seal.Seal(owner(rec.ID), name, value)); err != nil {
			return err
		}
	}
	return nil
}

func owner(id hansei.ID) string { return "source/" + string(id) }

// secrets opens what was kept of a source. Whoever writes them back reads them in
// the same transaction: another may make a new one at the same time.
func (s *Sources) secrets(ctx context.Context, r record.Reader, who auth.Scope, id hansei.ID) (map[string]string, error) {
	boxes, err := record.Secrets(ctx, r, who)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	var bad error
	for name, box := range boxes[owner(id)] {
		text, err := s.Seal.Open(owner(id), name, box)
		bad = errors.Join(bad, err)
		out[name] = text
	}
	return out, bad
}
