package spool

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Queue keeps what waits in a Spool in memory, too, in the order in which it
// came, until whoever takes it out has done with it. It may be used by many
// goroutines.
type Queue[K comparable, V any] struct {
	spool  *Spool
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
func NewQueue[K comparable, V any](s *Spool) *Queue[K, V] {
	return &Queue[K, V]{spool: s, byKey: map[K]*item[K, V]{}, idle: make(chan struct{}, 1)}
}

// How much waits at most.
const (
	maxItems = 4096
	maxBytes = 64 << 20
	slowest  = 20 * time.Millisecond
)

// Full says that nothing more may be added.
func (q *Queue[K, V]) Full() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list) >= maxItems || q.bytes >= maxBytes
}

// Pace is how long those who add are to be held back, the longer the more
// waits once the queue is half full: so that what comes in is dealt with soon,
// and nobody waits long for a place.
func (q *Queue[K, V]) Pace() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) < maxItems/2 {
		return 0
	}
	return slowest * time.Duration(len(q.list)) / maxItems
}

// Add makes those of a list durable that do not wait already, and returns their
// keys, each once.
func (q *Queue[K, V]) Add(ctx context.Context, list []Item[K, V]) (added map[K]bool, err error) {
	q.adding.Lock()
	defer q.adding.Unlock()
	added = make(map[K]bool, len(list))
	items, entries := make([]*item[K, V], 0, len(list)), make([][]byte, 0, len(list))
	for _, x := range list {
		if _, waits := q.Get(x.Key); waits || added[x.Key] {
			continue
		}
		added[x.Key] = true
		items, entries = append(items, &item[K, V]{Item: x}), append(entries, x.Entry)
	}
	if len(items) == 0 {
		return added, nil
	}
	first, err := q.spool.Append(ctx, entries)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, x := range items {
		x.n, x.Entry = first+int64(i), nil
		q.byKey[x.Key] = x
		q.bytes += x.Size
	}
	q.list = append(q.list, items...)
	return added, nil
}

// Get is what waits under a key.
func (q *Queue[K, V]) Get(key K) (v V, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	x, ok := q.byKey[key]
	if ok {
		v = x.Value
	}
	return v, ok
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

// First is what has waited longest, nil if nothing waits.
func (q *Queue[K, V]) First() (v *V) {
	q.Each(func(_ K, x V) bool {
		v = &x
		return false
	})
	return v
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
	q.spool.Release(q.list[n-1].n)
	clear(q.list[:n])
	if q.list = q.list[n:]; len(q.list) == 0 {
		select {
		case q.idle <- struct{}{}:
		default:
		}
	}
}

// Tidy empties the spool whenever nothing waits, until ctx ends. failed is told
// when that did not succeed.
func (q *Queue[K, V]) Tidy(ctx context.Context, failed func(error)) {
	for {
		select {
		case <-q.idle:
		case <-ctx.Done():
			return
		}
		if err := q.spool.Tidy(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
	}
}

// Purge removes from the spool now what was ended, also behind what waits.
func (q *Queue[K, V]) Purge(ctx context.Context) error {
	var gone []int64
	q.mu.Lock()
	q.list = slices.DeleteFunc(q.list, func(x *item[K, V]) bool {
		if x.ended {
			gone = append(gone, x.n)
		}
		return x.ended
	})
	q.mu.Unlock()
	return q.spool.Remove(ctx, gone)
}

// Compact writes the spool anew, so that what was ended is not in it any more.
func (q *Queue[K, V]) Compact(ctx context.Context) error {
	if err := q.Purge(ctx); err != nil {
		return err
	}
	return q.spool.Compact(ctx)
}

// Close closes the spool; what waits stays in it.
func (q *Queue[K, V]) Close() error { return q.spool.Close() }
