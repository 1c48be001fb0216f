// Package spool keeps what has just come in until it has its place elsewhere.
package spool

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Spool is where a Queue makes durable what waits: entries are appended at the
// end and released from the front. It may be used by many goroutines.
type Spool interface {
	// Append makes entries durable, all or none, and returns the number of
	// each. Numbers grow; entries that can only be removed together share one.
	Append(ctx context.Context, entries [][]byte) ([]int64, error)
	// Release says that nobody needs the entries up to a number any more. They
	// are removed by Tidy, or with an append. It does not wait for an append
	// that goes on.
	Release(through int64)
	// Tidy removes what was released.
	Tidy(ctx context.Context) error
	// Compact removes what was released, and every trace of it.
	Compact(ctx context.Context) error
	// Close ends the use of it; what is in it stays.
	Close() error
}

// released is up to where entries may be removed.
type released struct{ through atomic.Int64 }

// Release implements Spool.
func (r *released) Release(through int64) {
	for old := r.through.Load(); old < through && !r.through.CompareAndSwap(old, through); {
		old = r.through.Load()
	}
}

// Queue keeps what waits in a Spool in memory, too, in the order in which it
// came, until whoever takes it out has done with it. It may be used by many
// goroutines.
type Queue[K comparable, V any] struct {
	spool  Spool
	adding sync.Mutex // held while some are appended, so that both have one order

	mu    sync.Mutex
	list  []*item[K, V]
	byKey map[K]*item[K, V]
	bytes int64
	idle  chan struct{} // nothing waits any more: the spool can be tidied
}

// Item is one thing that waits.
type Item[K comparable, V any] struct {
	Key   K
	Value V
	Size  int64  // in memory, bytes
	Entry []byte // as it stands in the spool
}

type item[K comparable, V any] struct {
	Item[K, V]
	n     int64 // its number in the spool
	ended bool
}

// NewQueue makes an empty queue over a spool from which everything was released.
func NewQueue[K comparable, V any](s Spool) *Queue[K, V] {
	return &Queue[K, V]{spool: s, byKey: map[K]*item[K, V]{}, idle: make(chan struct{}, 1)}
}

// How much waits at most.
const (
	maxItems = 4096
	maxBytes = 64 << 20
	// Up to this nobody is held back. It is about what the inbox takes at once.
	easy    = maxItems / 4
	slowest = 20 * time.Millisecond
)

// Full says that nothing more may be added.
func (q *Queue[K, V]) Full() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list) >= maxItems || q.bytes >= maxBytes
}

// Pace is how long those who add are to be held back, the longer the more
// waits: so that what comes in is dealt with soon, and nobody waits long for a
// place.
func (q *Queue[K, V]) Pace() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slowest * time.Duration(max(0, len(q.list)-easy)) / (maxItems - easy)
}

// Add makes those of a list durable that do not wait already, and returns their
// keys, each once.
func (q *Queue[K, V]) Add(ctx context.Context, list []Item[K, V]) (added map[K]bool, err error) {
	q.adding.Lock()
	defer q.adding.Unlock()
	added = make(map[K]bool, len(list))
	items, entries := make([]*item[K, V], 0, len(list)), make([][]byte, 0, len(list))
	for _, x := range list {
		if _, n := q.Get(x.Key); n > 0 || added[x.Key] {
			continue
		}
		added[x.Key] = true
		items, entries = append(items, &item[K, V]{Item: x}), append(entries, x.Entry)
	}
	if len(items) == 0 {
		return added, nil
	}
	numbers, err := q.spool.Append(ctx, entries)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, x := range items {
		x.n, x.Entry = numbers[i], nil
		q.byKey[x.Key] = x
		q.bytes += x.Size
	}
	q.list = append(q.list, items...)
	return added, nil
}

// Get is what waits under a key, and its number in the spool; 0 if nothing does.
func (q *Queue[K, V]) Get(key K) (v V, n int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if x := q.byKey[key]; x != nil {
		v, n = x.Value, x.n
	}
	return v, n
}

// Each calls fn with what waits, the oldest first, while it returns true. fn
// must not use the queue.
func (q *Queue[K, V]) Each(fn func(K, V) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, x := range q.list {
		if !x.ended && !fn(x.Key, x.Value) {
			return
		}
	}
}

// End takes out what need not wait any longer. It is released from the spool
// once everything before it is.
func (q *Queue[K, V]) End(keys []K) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, k := range keys {
		if x := q.byKey[k]; x != nil {
			x.ended, x.Value = true, *new(V) // it may stay in the list for long
			q.bytes -= x.Size
			delete(q.byKey, k)
		}
	}
	n := 0
	for n < len(q.list) && q.list[n].ended {
		n++
	}
	if n == 0 {
		return
	}
	through := q.list[n-1].n
	if n < len(q.list) { // which may share a number with one that ended
		through = min(through, q.list[n].n-1)
	}
	q.spool.Release(through)
	clear(q.list[:n])
	if q.list = q.list[n:]; len(q.list) == 0 {
		select {
		case q.idle <- struct{}{}:
		default:
		}
	}
}

// Tidy removes what was released from the spool.
func (q *Queue[K, V]) Tidy(ctx context.Context) error { return q.spool.Tidy(ctx) }

// tidyEvery is how long what was released stays at most.
const tidyEvery = time.Second

// KeepTidy removes what was released now and then, and whenever nothing waits,
// until ctx ends. failed is told when that did not succeed.
func (q *Queue[K, V]) KeepTidy(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		select {
		case <-q.idle:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := q.spool.Tidy(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
	}
}

// Compact removes every trace of what was released.
func (q *Queue[K, V]) Compact(ctx context.Context) error { return q.spool.Compact(ctx) }

// Close closes the spool; what waits stays in it.
func (q *Queue[K, V]) Close() error { return q.spool.Close() }
