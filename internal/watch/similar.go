package watch

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
)

// mostTold is how often one incident's likes are told at most: when it opens,
// and when what is known of it changes them materially.
const mostTold = 3

// Similar tells channels which earlier incidents an open one is like, and what
// helped then: once, and again only when the list is mostly another.
func (w *Watch) Similar(ctx context.Context, who auth.Actor, incident hansei.ID) error {
	in, err := w.incident(ctx, who.Scope(), incident)
	if in == nil || err != nil {
		return err
	}
	p, err := w.policy(ctx, who.Scope())
	if err != nil || !w.wantsSimilar(p, in) {
		return err
	}
	teams, err := w.teams(ctx, who.Scope(), in.Teams, in.Services)
	if err != nil {
		return err
	}
	to := p.hearing(hansei.EventSimilar, teams)
	if len(to) == 0 {
		return nil
	}
	if err := w.settled(ctx, who.Scope()); err != nil {
		return err
	}
	brief, err := w.Retros.Brief(ctx, who.Scope(), in.ID)
	if err != nil {
		return err
	}
	past := worth(brief.Before)
	if len(past) == 0 {
		return nil
	}
	var ids []string
	for _, x := range past {
		ids = append(ids, string(x.ID))
	}
	_, err = w.Records.Write(ctx, who, func(tx *record.Tx) error {
		prefix := "similar/" + string(in.ID) + "/"
		told, err := record.Told(ctx, tx, who.Scope(), prefix)
		if err != nil {
			return err
		}
		n := len(told)
		if n >= mostTold || n > 0 && !another(strings.Split(told[fmt.Sprintf("%s%d", prefix, n)], " "), ids) {
			return nil
		}
		if isNew, err := tx.Tell(fmt.Sprintf("%s%d", prefix, n+1), strings.Join(ids, " ")); err != nil || !isNew {
			return err
		}
		for _, x := range to {
			if err := w.Outbox.Put(tx, x, similar(in, past, p.zone, n > 0)); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// worth are those of the incidents that were found which something in common
// speaks for, the best first. Words alone are little: several are asked for.
func worth(all []retro.Past) []retro.Past {
	var out []retro.Past
	for _, p := range all {
		telling := slices.ContainsFunc(p.Reasons, func(r string) bool {
			return !strings.HasPrefix(r, "words in common") || strings.Count(r, ",") >= 2
		})
		if telling && len(out) < shownPast {
			out = append(out, p)
		}
	}
	return out
}

// another says that at least half of a list was not in the one before.
func another(before, now []string) bool {
	fresh := 0
	for _, id := range now {
		if !slices.Contains(before, id) {
			fresh++
		}
	}
	return fresh*2 >= len(now) && fresh > 0
}
