// Package app wires everything: it is the only package that knows everyone.
//
// New opens what there is, Run runs it until its context ends, Close closes
// it. Nothing starts by itself.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"hansei"
	"hansei/internal/api"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/coverage"
	"hansei/internal/fact"
	"hansei/internal/followup"
	"hansei/internal/forget"
	"hansei/internal/intake"
	"hansei/internal/job"
	"hansei/internal/metric"
	"hansei/internal/notify"
	"hansei/internal/recall"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/retro/batch"
	"hansei/internal/retro/block"
	"hansei/internal/retro/model"
	"hansei/internal/retro/past"
	"hansei/internal/rulebook"
	"hansei/internal/search"
	"hansei/internal/tune"
	"hansei/internal/watch"
	"hansei/internal/web"
)

// Config is what an operator decides.
type Config struct {
	Dir    string // the data directory
	Listen string // host:port on the loopback interface; "" serves the Unix socket only
	// HooksListen is a further address that takes webhooks and nothing else;
	// unlike Listen it may be reached from other machines.
	HooksListen string
	URL         string         // under which tools reach this server; http:// and Listen when empty
	KeyFile     string         // seals secrets; hansei.key in the data directory when empty
	Allow       []netip.Prefix // private addresses that sources may be at
	SMTP        string         // smtp:// or smtps:// URL by which e-mail leaves; none when empty
	MailFrom    string         // whom e-mail is from
	Database    string         // postgres:// URL; "" keeps the records in the data directory
	Log         *slog.Logger
	Now         func() time.Time // time.Now when nil
}

// App is an open installation.
type App struct {
	config    Config
	log       *slog.Logger
	records   *record.Store
	facts     *fact.View
	metrics   *metric.Engine
	imports   *intake.Imports
	inbox     *intake.Inbox
	joins     intake.Joins
	sources   *connect.Sources
	hooks     *connect.Hooks
	jobs      *job.Queue
	search    *search.View
	retros    *retro.Desk
	past      *past.Shelf
	batches   *batch.Batches
	followups *followup.Desk
	recall    *recall.Memory
	outbox    *notify.Outbox
	watch     *watch.Watch
	rules     *rulebook.Book
	model     *model.Writer
	api       *api.Server
	web       *web.Server

	suggested record.Seq // how far incidents were looked at for joins; of one job at a time

	background sync.WaitGroup
	life       context.Context // of background work; ends with Close
	stop       context.CancelFunc
}

// DefaultDir is where the data lives unless somebody says otherwise:
// $XDG_DATA_HOME/hansei, or ~/.local/share/hansei.
func DefaultDir() string {
	base := os.Getenv("XDG_DATA_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "hansei-data"
		}
		base = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(base, "hansei")
}

// Version is the version of this build.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// New opens the data directory.
func New(ctx context.Context, c Config) (*App, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if err := loopback(c.Listen); err != nil {
		return nil, err
	}
	a := &App{config: c, log: c.Log}
	a.life, a.stop = context.WithCancel(context.WithoutCancel(ctx))
	var err error
	if a.records, err = record.Open(ctx, record.Options{Dir: c.Dir, Database: c.Database, Now: c.Now, Log: c.Log}); err != nil {
		return nil, err
	}
	if a.facts, err = fact.Open(ctx, fact.Options{Dir: c.Dir, Log: c.Log}); err != nil {
		return nil, errors.Join(err, a.records.Close())
	}
	a.followups = &followup.Desk{Records: a.records, Facts: a.facts, Kinds: trackers, Now: c.Now}
	if err := a.connect(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	a.metrics = metric.New(a.facts, a.records, c.Now)
	a.sources.Cover = (&coverage.Reader{Facts: a.facts, Metrics: a.metrics}).Cover
	a.imports = &intake.Imports{Records: a.records, Log: c.Log}
	people := intake.People{Records: a.records, Before: a.followups.Before}
	a.search = search.NewView(c.Log)
	a.recall = &recall.Memory{Records: a.records, Facts: a.facts, Search: a.search, Now: c.Now}
	a.retros = &retro.Desk{Records: a.records, Facts: a.facts, Search: a.search, People: people, Now: c.Now}
	a.followups.Retros, a.followups.People = a.retros, people
	a.retros.Figure = func(ctx context.Context, who auth.Scope, directive string) (hansei.Frozen, error) {
		return block.Compute(ctx, a.metrics, who, directive, c.Now())
	}
	a.past = &past.Shelf{Records: a.records}
	a.batches = &batch.Batches{Records: a.records, Facts: a.facts, Desk: a.retros, Settled: a.settled, Later: a.draftLater, Random: rand.Text, Log: c.Log}
	a.watch = &watch.Watch{Records: a.records, Retros: a.retros, Outbox: a.outbox, Settled: a.settled, Later: a.forIncident, Now: c.Now, Log: c.Log}
	a.rules = &rulebook.Book{Records: a.records, Facts: a.facts, People: people, Desk: a.retros, Later: a.renewLater}
	a.api = &api.Server{Rules: a.rules, Records: a.records, Facts: a.facts, Metrics: a.metrics, Imports: a.imports, People: people, Joins: a.joins, Sources: a.sources, Retros: a.retros, FollowUps: a.followups, Outbox: a.outbox, Search: a.search, Recall: a.recall,
		Actor: a.who, Now: c.Now, Log: c.Log, Version: Version(), Background: a.Background}
	a.web = &web.Server{Rules: a.rules, Records: a.records, Facts: a.facts, Metrics: a.metrics, Imports: a.imports, People: people,
		Sources: a.sources, Joins: a.joins, Jobs: a.jobs, Outbox: a.outbox, Retros: a.retros, FollowUps: a.followups, Search: a.search, Recall: a.recall,
		Actor: a.who, Now: c.Now, Log: c.Log, Version: Version(), Background: a.Background}
	a.api.Past, a.web.Past = a.past, a.past
	a.model.Desk = a.retros
	a.api.Model, a.web.Model = a.model, a.model
	a.api.Batches, a.web.Batches = a.batches, a.batches
	a.api.Clerk = &forget.Clerk{Records: a.records, Random: rand.Text, Settle: a.sources.Settle}
	a.web.Clerk = a.api.Clerk
	return a, nil
}

// Background runs work that outlives the request that began it. Close waits
// for it.
func (a *App) Background(fn func(context.Context)) {
	a.background.Go(func() { fn(a.life) })
}

// CatchUp finishes imports that were interrupted, understands what was
// delivered, and brings the facts to the journal's head.
func (a *App) CatchUp(ctx context.Context) error {
	if err := a.imports.Resume(ctx, auth.Local()); err != nil {
		return fmt.Errorf("finish interrupted imports: %w", err)
	}
	for {
		n, err := a.inbox.Drain(ctx, auth.Local())
		if err != nil {
			return fmt.Errorf("understand what was delivered: %w", err)
		}
		if n == 0 {
			break
		}
	}
	if err := a.search.CatchUp(ctx, a.records, auth.Local().Scope()); err != nil {
		return err
	}
	return a.facts.CatchUp(ctx, a.records, auth.Local().Scope(), nil)
}

// Run serves, keeps the facts at the journal's head and finishes interrupted
// imports, until ctx ends.
func (a *App) Run(ctx context.Context) error {
	defer tune.Server()()
	if err := a.checkKey(ctx); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.work(ctx) })
	g.Go(func() error { return a.serve(ctx) })
	g.Go(func() error { return a.web.Warm(ctx) })
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Follow keeps the views at the journal's head until ctx ends, for a command
// that serves itself.
func (a *App) Follow(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.facts.Follow(ctx, a.records, auth.Local().Scope()) })
	g.Go(func() error { return a.search.Follow(ctx, a.records, auth.Local().Scope()) })
	return g.Wait()
}

// Close ends background work and closes the data directory.
func (a *App) Close() error {
	a.stop()
	a.background.Wait()
	a.facts.Close()
	var err error
	if a.jobs != nil {
		err = a.jobs.Close()
	}
	return errors.Join(err, a.records.Close())
}
