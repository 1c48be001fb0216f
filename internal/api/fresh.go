package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hansei/internal/auth"
	"hansei/internal/record"
)

const (
	// settleFor is how long a write waits for the facts, so that people read
	// their own writes. The write is durable already.
	settleFor = 5 * time.Second
	// freshFor is how long a question waits for facts that are behind.
	freshFor = 2 * time.Second
)

// settle waits until the facts hold a write.
func (a *edge) settle(ctx context.Context, seq record.Seq) error {
	ctx, cancel := context.WithTimeout(ctx, settleFor)
	defer cancel()
	err := a.Facts.Wait(ctx, seq)
	if errors.Is(err, context.DeadlineExceeded) {
		a.Log.Warn("the facts are behind the journal; a write was answered before they had it", "seq", seq)
		return nil
	}
	return err
}

// fresh waits a little for facts that are behind the journal. While they are
// built from nothing they hold nothing, and no figure is better than a wrong
// one.
func (a *edge) fresh(ctx context.Context, who auth.Scope) error {
	head, err := a.Records.Head(ctx, who)
	if err != nil {
		return err
	}
	have, epoch := a.Facts.Head()
	if have >= head.Seq && (epoch == head.Epoch || head.Seq == 0) {
		return nil
	}
	wait, cancel := context.WithTimeout(ctx, freshFor)
	defer cancel()
	err = a.Facts.Wait(wait, head.Seq)
	if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return err
	}
	if have, _ = a.Facts.Head(); have > 0 {
		return nil // somewhat behind; every answer says as of which sequence it is
	}
	return problem(http.StatusServiceUnavailable, "the facts are being built from the journal; ask again in a moment")
}
