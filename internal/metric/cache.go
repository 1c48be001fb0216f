package metric

import (
	"container/list"
	"context"
	"sync"
)

// cache keeps answers by question and sequence of the journal, so that an
// answer is never stale: a new sequence is a new key. Two who ask the same at
// once share one computation.
type cache struct {
	mu    sync.Mutex
	max   int
	items map[string]*list.Element
	used  *list.List // most recent first
}

type entry struct {
	key  string
	done chan struct{}
	figs []Figure
	err  error
}

func newCache(max int) *cache {
	return &cache{max: max, items: map[string]*list.Element{}, used: list.New()}
}

func (c *cache) get(ctx context.Context, key string, compute func(context.Context) ([]Figure, error)) ([]Figure, error) {
	c.mu.Lock()
	if el, ok := c.items[key]; ok {
		c.used.MoveToFront(el)
		c.mu.Unlock()
		en := el.Value.(*entry)
		select {
		case <-en.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if en.err == nil || ctx.Err() != nil {
			return en.figs, en.err
		}
		// Whoever computed it failed, perhaps because they went away.
		return compute(ctx)
	}
	en := &entry{key: key, done: make(chan struct{})}
	el := c.used.PushFront(en)
	c.items[key] = el
	for c.used.Len() > c.max {
		last := c.used.Back()
		c.used.Remove(last)
		delete(c.items, last.Value.(*entry).key)
	}
	c.mu.Unlock()
	en.figs, en.err = compute(ctx)
	close(en.done)
	if en.err != nil {
		c.mu.Lock()
		if c.items[key] == el {
			c.used.Remove(el)
			delete(c.items, key)
		}
		c.mu.Unlock()
	}
	return en.figs, en.err
}
