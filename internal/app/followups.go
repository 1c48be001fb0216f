package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/followup"
	"hansei/internal/intake"
	"hansei/internal/job"
	"hansei/internal/record"
	"hansei/internal/tracker"
	"hansei/internal/tracker/github"
	"hansei/internal/tracker/gitlab"
	"hansei/internal/tracker/jira"
	"hansei/internal/tracker/linear"
)

// trackers are the tools in which follow-ups have doubles.
var trackers = []tracker.Kind{github.Kind, gitlab.Kind, jira.Kind, linear.Kind}

// The jobs of follow-ups.
const (
	jobFollowUp  = "follow-up-sync"  // id: bring it in step with its issue
	jobFollowUps = "follow-up-sweep" // all that still wait for their tracker

	sweepEvery   = 10 * time.Minute
	syncAttempts = 5 // over some six minutes; then the sweep sees to it
)

// followUps wires the follow-ups: their jobs, and what happens with a change.
func (a *App) followUps() {
	d := a.followups
	who := auth.Local().As("jobs")
	a.handle(jobFollowUp, shortTimeout, func(ctx context.Context, args map[string]string) error {
		err := d.Sync(ctx, who, hansei.ID(args["id"]))
		var later *followup.LaterError
		switch {
		case errors.As(err, &later):
			return job.Snooze(later.After)
		case errors.Is(err, hansei.ErrConflict): // somebody was faster
			return job.Snooze(time.Second)
		}
		return err
	})
	a.handle(jobFollowUps, shortTimeout, func(ctx context.Context, _ map[string]string) error { return d.Sweep(ctx, who) })
	a.jobs.Every(jobFollowUps, sweepEvery, false)
	d.Later = func(tx *record.Tx, id hansei.ID, again bool) error {
		j := job.Job{Kind: jobFollowUp, Args: map[string]string{"id": string(id)}, Attempts: syncAttempts}
		if again {
			j.Attempts, j.Unique = 1, true
		}
		return a.jobs.Enqueue(tx, j)
	}
	d.Accounts = a.accounts
	a.inbox.Told = a.told
}

// told is what happens in the transaction that writes what sources told: their
// follow-ups are looked at, and the customers of tickets are counted at once.
func (a *App) told(tx *record.Tx, changed []hansei.Record) error {
	if slices.ContainsFunc(changed, func(rec hansei.Record) bool { return rec.Kind() == hansei.KindTicket }) {
		if err := a.jobs.Enqueue(tx, job.Job{Kind: intake.JobLink, Unique: true}); err != nil {
			return err
		}
	}
	return a.followups.Told(tx, changed)
}

// accounts are the configured sources that are trackers.
func (a *App) accounts(ctx context.Context, who auth.Scope) ([]followup.Account, error) {
	tools := make([]string, len(trackers))
	for i, k := range trackers {
		tools[i] = k.Name
	}
	list, err := a.sources.Accounts(ctx, who, tools)
	out := make([]followup.Account, len(list))
	for i, x := range list {
		out[i] = followup.Account{Account: tracker.Account{Source: x.Source, Settings: x.Settings, Client: x.Client}, Tool: x.Tool, Paused: x.Paused, Bad: x.Bad}
	}
	return out, err
}
