package app

import (
	"context"
	"errors"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/job"
	"hansei/internal/notify"
	"hansei/internal/record"
	"hansei/internal/watch"
)

const (
	watchEvery  = 30 * time.Second
	remindEvery = 15 * time.Minute
	sendTimeout = 2 * time.Minute
)

// deliver has a message brought out after the transaction commits.
func (a *App) deliver(tx *record.Tx, notice string, at time.Time) error {
	return a.jobs.Enqueue(tx, job.Job{Kind: notify.JobDeliver, Args: map[string]string{"notice": notice}, Unique: true, At: at, Attempts: notify.Attempts})
}

// forIncident has a job about an incident done after the transaction commits.
func (a *App) forIncident(tx *record.Tx, kind string, incident hansei.ID) error {
	return a.jobs.Enqueue(tx, job.Job{Kind: kind, Args: map[string]string{"incident": string(incident)}, Unique: true})
}

// settled waits until the views hold a sequence.
func (a *App) settled(ctx context.Context, seq record.Seq) error {
	return errors.Join(a.facts.Wait(ctx, seq), a.search.Wait(ctx, seq))
}

// watches are the jobs of what Hansei does by itself.
func (a *App) watches(who auth.Actor) {
	a.handle(notify.JobDeliver, sendTimeout, func(ctx context.Context, args map[string]string) error {
		err := a.outbox.Deliver(ctx, who, args["notice"])
		var no *notify.Refusal
		switch {
		case !errors.As(err, &no):
			return err
		case no.Final:
			return job.Cancel(err)
		case no.After > 0:
			return job.Snooze(no.After)
		}
		return err
	})
	a.handle(watch.JobDraft, shortTimeout, func(ctx context.Context, args map[string]string) error {
		return a.watch.Draft(ctx, who, hansei.ID(args["incident"]))
	})
	a.handle(watch.JobSimilar, shortTimeout, func(ctx context.Context, args map[string]string) error {
		return a.watch.Similar(ctx, who, hansei.ID(args["incident"]))
	})
	a.handle(watch.JobFollow, shortTimeout, func(ctx context.Context, _ map[string]string) error { return a.watch.Follow(ctx, who) })
	a.handle(watch.JobRemind, shortTimeout, func(ctx context.Context, _ map[string]string) error { return a.watch.Remind(ctx, who) })
	a.jobs.Every(watch.JobFollow, watchEvery, true)
	a.jobs.Every(watch.JobRemind, remindEvery, true)
}
