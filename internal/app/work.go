package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"hansei"
	"hansei/internal/affected"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/fact"
	"hansei/internal/fact/duck"
	"hansei/internal/intake"
	"hansei/internal/job"
	"hansei/internal/notify"
	"hansei/internal/record"
	"hansei/internal/retro/batch"
	"hansei/internal/rulebook"
	"hansei/internal/watch"
)

// The timetable of periodic jobs. One server runs each.
const (
	dueEvery     = 30 * time.Second
	expireEvery  = 6 * time.Hour
	suggestEvery = 2 * time.Minute
	linkEvery    = 15 * time.Second

	pullTimeout  = 6 * time.Hour // years of history, politely
	shortTimeout = 10 * time.Minute
)

// later has a job done after the transaction commits.
func (a *App) later(tx *record.Tx, j connect.Job) error {
	return a.jobs.Enqueue(tx, job.Job{Kind: j.Kind, Args: j.Args, Unique: j.Kind == connect.JobPull})
}

// renewLater has the factors of many records renewed by a job.
func (a *App) renewLater(tx *record.Tx, names []string) error {
	return a.jobs.Enqueue(tx, job.Job{Kind: rulebook.JobRenew, Args: map[string]string{"names": strings.Join(names, "\n")}})
}

// draftLater has a batch of drafts worked on after the transaction commits.
func (a *App) draftLater(tx *record.Tx, id string) error {
	return a.jobs.Enqueue(tx, job.Job{Kind: batch.Job, Args: map[string]string{"batch": id}})
}

// Alone has this process itself draft a batch that is begun, for a command that
// serves itself and does no jobs. The job stays: a server goes on where the
// command was broken off. It is called before the first request.
func (a *App) Alone() {
	a.batches.Begun = func(who auth.Actor, id string) {
		a.Background(func(ctx context.Context) {
			if err := a.batches.Work(ctx, who, id); err != nil && ctx.Err() == nil {
				a.log.Error("a batch of drafts broke off; the next server goes on with it", "batch", id, "error", err)
			}
		})
	}
}

// timetable says which jobs there are and what does them.
func (a *App) timetable() {
	who := auth.Local().As("jobs")
	a.handle(connect.JobPull, pullTimeout, func(ctx context.Context, args map[string]string) error {
		err := a.sources.PullStream(ctx, who, args["source"], args["stream"], a.hooks.Packer)
		if errors.Is(err, hansei.ErrNotFound) {
			return nil // removed meanwhile
		}
		// The failure is noted with the source, which is pulled again in its
		// own time: the job need not repeat it.
		if err != nil && ctx.Err() == nil {
			a.log.Warn("a pull failed; it is tried again", "source", args["source"], "stream", args["stream"], "error", err)
			return nil
		}
		return err
	})
	a.handle(connect.JobRejudge, shortTimeout, func(ctx context.Context, args map[string]string) error {
		return a.sources.Rejudge(ctx, who, args["source"])
	})
	a.handle(connect.JobForget, shortTimeout, func(ctx context.Context, args map[string]string) error {
		_, err := a.inbox.ForgetSource(ctx, who, args["source"])
		return err
	})
	a.handle(rulebook.JobRenew, pullTimeout, func(ctx context.Context, args map[string]string) error {
		return a.rules.Renew(ctx, who, strings.Split(args["names"], "\n"))
	})
	a.handle(batch.Job, pullTimeout, func(ctx context.Context, args map[string]string) error {
		return a.batches.Work(ctx, who, args["batch"])
	})
	a.handle(connect.JobDue, shortTimeout, func(ctx context.Context, _ map[string]string) error {
		due, err := a.sources.Due(ctx, who.Scope())
		if err != nil || len(due) == 0 {
			return err
		}
		_, err = a.records.Write(ctx, who, func(tx *record.Tx) error {
			for _, j := range due {
				if err := a.later(tx, j); err != nil {
					return err
				}
			}
			return nil
		})
		return err
	})
	a.handle(connect.JobExpire, shortTimeout, func(ctx context.Context, _ map[string]string) error {
		org, _, err := record.Get[*hansei.Organization](ctx, a.records, who.Scope(), hansei.OrganizationID)
		if errors.Is(err, hansei.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = a.sources.Expire(ctx, who, org.KeepPayloads)
		return err
	})
	a.handle(connect.JobSuggest, shortTimeout, func(ctx context.Context, _ map[string]string) error { return a.suggest(ctx, who) })
	a.handle(intake.JobLink, pullTimeout, func(ctx context.Context, _ map[string]string) error {
		if err := a.inbox.Link(ctx, who); err != nil {
			return err
		}
		return affected.Counter{Records: a.records}.Follow(ctx, who)
	})
	a.watches(who)
	a.jobs.In(job.Pulls, connect.JobPull, jobFollowUp, jobFollowUps)
	a.jobs.In(job.Bulk, rulebook.JobRenew, batch.Job, watch.JobDraft, watch.JobSimilar)
	a.jobs.In(job.Messages, notify.JobDeliver)
	a.jobs.Every(connect.JobDue, dueEvery, true)
	a.jobs.Every(connect.JobExpire, expireEvery, false)
	a.jobs.Every(connect.JobSuggest, suggestEvery, true)
	a.jobs.Every(intake.JobLink, linkEvery, true)
}

func (a *App) handle(kind string, timeout time.Duration, do func(context.Context, map[string]string) error) {
	a.jobs.Handle(kind, timeout, func(ctx context.Context, raw json.RawMessage) error {
		var args map[string]string
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &args); err != nil {
				return fmt.Errorf("arguments of job %s: %w", kind, err)
			}
		}
		return do(ctx, args)
	})
}

// suggest looks whether incidents that changed since the last look are like
// others of other sources.
func (a *App) suggest(ctx context.Context, who auth.Actor) error {
	for {
		page, err := a.records.Feed(ctx, who.Scope(), a.suggested, feedPage)
		if err != nil || len(page.Changes) == 0 {
			return err
		}
		// The facts say what is near; they must know what changed.
		last := page.Changes[len(page.Changes)-1].Seq
		if err := a.facts.Wait(ctx, last); err != nil {
			return err
		}
		changed := map[hansei.ID]bool{}
		for _, c := range page.Changes {
			if c.Kind == hansei.KindIncident {
				changed[c.ID] = true
			}
		}
		if _, err := a.joins.Suggest(ctx, who, slices.Sorted(maps.Keys(changed))); err != nil {
			return err
		}
		a.suggested = last
	}
}

const (
	feedPage = 2000   // entries of the journal that one look takes, for it passes over all incidents
	maxNear  = 20_000 // pairs that it compares
	maxEach  = 50     // of one incident, those that began at about the same time
)

// near pairs incidents with those of other sources that went on at about the
// same time, for package intake: each with the nearest first.
func (a *App) near(ctx context.Context, _ auth.Scope, ids []hansei.ID, within time.Duration) (out [][2]hansei.ID, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	w := fmt.Sprintf("INTERVAL %d SECOND", int(within.Seconds()))
	// Comparing everything with everything is dear where one source tells of
	// most; its own incidents cannot pair, so they leave before.
	err = a.facts.Read(ctx, fmt.Sprintf(`WITH x AS (SELECT id, source, start_at, coalesce(resolved_at, start_at) AS end_at FROM incident
			WHERE id IN (%[2]s) AND merged_into IS NULL),
		one AS (SELECT count(DISTINCT source) = 1 AS alone, any_value(source) AS source FROM x),
		y AS (SELECT incident.id, incident.source, incident.start_at FROM incident, one WHERE merged_into IS NULL AND NOT (one.alone AND incident.source = one.source)),
		pair AS (SELECT x.id AS a, y.id AS b, row_number() OVER (PARTITION BY x.id ORDER BY abs(epoch_us(y.start_at) - epoch_us(x.start_at)), y.id) AS nth
			FROM x JOIN y ON y.source <> x.source AND y.start_at BETWEEN x.start_at - %[1]s AND x.end_at + %[1]s)
		SELECT a, b FROM pair WHERE nth <= %[3]d ORDER BY nth, a LIMIT %[4]d`, w, fact.Literals(ids), maxEach, maxNear), func(r *duck.Result) error {
		one, other := r.Strings(0), r.Strings(1)
		for i := range one {
			out = append(out, [2]hansei.ID{hansei.ID(one[i]), hansei.ID(other[i])})
		}
		return nil
	})
	return out, err
}

// work runs what goes on beside answering requests, until ctx ends.
func (a *App) work(ctx context.Context) error {
	who := auth.Local()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.facts.Follow(ctx, a.records, who.Scope()) })
	g.Go(func() error { return a.search.Follow(ctx, a.records, who.Scope()) })
	g.Go(func() error {
		return a.lasting(ctx, "imports", func() error { return a.imports.Resume(ctx, who) })
	})
	g.Go(func() error {
		return a.lasting(ctx, "documents", func() error { return a.past.Work(ctx, who) })
	})
	g.Go(func() error { return a.inbox.Run(ctx, who) })
	g.Go(func() error { return a.sources.Run(ctx) })
	g.Go(func() error { return a.jobs.Run(ctx) })
	return g.Wait()
}

// lasting does something that was interrupted, again until it succeeds or ctx
// ends: the database may be away for a while.
func (a *App) lasting(ctx context.Context, what string, do func() error) error {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		err := do()
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		a.log.Error("what was interrupted cannot go on yet; it is tried again", "what", what, "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
