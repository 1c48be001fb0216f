package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/pack"
	"hansei/internal/record/spool"
	"hansei/internal/record/verdict"
	"hansei/internal/record/words"
)

// arrivals are deliveries that are durable in a spool and have no row of their
// own yet: whoever waits for an answer does not wait for the one writer. The
// spool is a file beside the database's, or a table where servers share one.
type arrivals struct {
	*spool.Queue[arrivalKey, pack.Packed]
	repeated atomic.Bool // one of them was met in the table of deliveries
	looking  sync.Mutex
	looked   time.Time // when it was looked for servers that have ended
}

type arrivalKey struct {
	journal auth.Journal
	id      string
}

// courier writes what becomes of arrivals that nobody asked about by name.
// Webhooks come into the main journal alone.
func courier() auth.Actor { return auth.Local().As("webhooks") }

// arrive takes deliveries into the spool. Whether one has its row already, for
// its sender repeats it, is found out when it is to be written.
func (s *Store) arrive(ctx context.Context, journal auth.Journal, list []pack.Packed) (isNew map[string]bool, err error) {
	sleep(ctx, s.arrivals.Pace())
	items, at := make([]spool.Item[arrivalKey, pack.Packed], len(list)), s.now().UTC().Truncate(time.Microsecond)
	for i, p := range list {
		p.Received = at
		entry, err := p.Entry(string(journal))
		if err != nil {
			return nil, err
		}
		items[i] = spool.Item[arrivalKey, pack.Packed]{Key: arrivalKey{journal, p.ID}, Value: p, Size: p.Size, Entry: entry}
	}
	added, err := s.arrivals.Add(ctx, items)
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", verdict.Readable(err))
	}
	isNew = make(map[string]bool, len(added))
	for k := range added {
		isNew[k.id] = true
	}
	return isNew, nil
}

// oldest are the arrivals that came first: at most limit of them, and no more
// than about maxBytes of payload.
func (a *arrivals) oldest(journal auth.Journal, limit int, maxBytes int64) (out []Waiting) {
	a.Each(func(k arrivalKey, p pack.Packed) bool {
		if k.journal != journal {
			return true
		}
		if maxBytes -= p.Size; len(out) == limit || (maxBytes < 0 && len(out) > 0) {
			return false
		}
		out = append(out, Waiting{Delivery: Delivery{Delivery: p.Delivery, State: DeliveryReceived}, Body: p.Raw})
		return true
	})
	return out
}

// fresh are the oldest arrivals that are not in the table. Senders repeat
// seldom, and looking for all of them in the table is dear, so it is only done
// when writing met one that is there.
func (s *Store) fresh(ctx context.Context, journal auth.Journal, limit int, maxBytes int64) ([]Waiting, error) {
	list := s.arrivals.oldest(journal, limit, maxBytes)
	for s.arrivals.repeated.Load() {
		dropped, err := s.dropRepeats(ctx, journal, list)
		if err != nil {
			return nil, err
		}
		if !dropped {
			s.arrivals.repeated.Store(false)
			break
		}
		list = s.arrivals.oldest(journal, limit, maxBytes)
	}
	return list, nil
}

// inTable says which of some ids have a row.
func (s *Store) inTable(ctx context.Context, journal auth.Journal, ids []string) (map[string]bool, error) {
	has := map[string]bool{}
	for chunk := range slices.Chunk(ids, maxIDs) {
		rows, err := lookUp(ctx, s, words.Lookup{Columns: "id", From: "delivery", Where: "journal = ?", Key: "id"}, []any{string(journal)}, chunk)
		if err == nil {
			err = column(rows, has)
		}
		if err != nil {
			return nil, fmt.Errorf("deliveries: %w", verdict.Readable(err))
		}
	}
	return has, nil
}

// withoutRow are the arrivals of a source that are not counted in the table,
// the newest first. It is asked after the table was read.
func (s *Store) withoutRow(ctx context.Context, journal auth.Journal, waits []Delivery) ([]Delivery, error) {
	if len(waits) == 0 {
		return nil, nil
	}
	ids := make([]string, len(waits))
	for i, d := range waits {
		ids[i] = d.ID
	}
	has, err := s.inTable(ctx, journal, ids)
	return slices.DeleteFunc(waits, func(d Delivery) bool { return has[d.ID] }), err
}

// dropRepeats forgets those of a list that have their row already, understood or
// waiting, and counts them as what they are.
func (s *Store) dropRepeats(ctx context.Context, journal auth.Journal, list []Waiting) (dropped bool, err error) {
	ids := make([]string, len(list))
	for i, w := range list {
		ids[i] = w.ID
	}
	has, err := s.inTable(ctx, journal, ids)
	if err != nil || len(has) == 0 {
		return false, err
	}
	_, err = s.Write(ctx, courier(), func(tx *Tx) error {
		var keys []arrivalKey
		for _, w := range list {
			if !has[w.ID] {
				continue
			}
			keys = append(keys, arrivalKey{journal, w.ID})
			for name, n := range map[string]int64{CountReceived: -1, CountRepeated: 1} {
				if err := tx.AddCount(Count{w.Source, w.Received, name, n}); err != nil {
					return err
				}
			}
		}
		tx.after(func() { s.arrivals.End(keys) })
		return nil
	})
	return true, err
}

// waits are the arrivals that a filter picks, the newest first. Whoever lists
// deliveries asks for them before the table, so that none is missed that gets
// its row meanwhile. What another server was given is seen once that has
// understood it, or has ended.
func (s *Store) waits(journal auth.Journal, f DeliveryFilter) (out []Delivery) {
	if !f.Live || (f.State != "" && f.State != DeliveryReceived) {
		return nil
	}
	s.arrivals.Each(func(k arrivalKey, p pack.Packed) bool {
		if k.journal == journal && (f.Source == "" || p.Source == f.Source) && f.follows(p.Received, p.ID) {
			out = append(out, Delivery{Delivery: p.Delivery, State: DeliveryReceived})
		}
		return true
	})
	slices.SortFunc(out, newestFirst)
	return out[:min(len(out), f.Limit)]
}

// follows says whether a delivery comes after the filter's cursor.
func (f DeliveryFilter) follows(received time.Time, id string) bool {
	return f.Before.IsZero() || received.Before(f.Before) || (f.After != "" && received.Equal(f.Before) && id > f.After)
}

func newestFirst(a, b Delivery) int {
	return cmp.Or(b.Received.Compare(a.Received), strings.Compare(a.ID, b.ID))
}

// arrived are the arrivals of the journal at this server.
func (tx *Tx) arrived() (list []pack.Packed, keys []arrivalKey) {
	tx.store.arrivals.Each(func(k arrivalKey, p pack.Packed) bool {
		if k.journal == tx.journal {
			list, keys = append(list, p), append(keys, k)
		}
		return true
	})
	return list, keys
}

// finishArrivals gives those that have no row yet their first and last one, and
// returns the others.
func (tx *Tx) finishArrivals(list []Finished) (others []Finished, err error) {
	a := tx.store.arrivals
	fresh, keys, numbers := make([]landing, 0, len(list)), make([]arrivalKey, 0, len(list)), make([]int64, 0, len(list))
	for _, f := range list {
		k := arrivalKey{tx.journal, f.ID}
		if p, n := a.Get(k); n > 0 {
			fresh, keys, numbers = append(fresh, landing{p, f, tx.head.seq}), append(keys, k), append(numbers, n)
		} else {
			others = append(others, f)
		}
	}
	if len(fresh) == 0 {
		return others, nil
	}
	if err := tx.stillOurs(keys, numbers); err != nil {
		return nil, err
	}
	err = tx.insert(insertDeliveries(tx.journal, fresh, ""))
	if verdict.Conflict(err) {
		a.repeated.Store(true)
		err = hansei.ErrConflict
	}
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	tx.after(func() { a.End(keys) })
	return others, nil
}

// Unspool gives every arrival its row, whichever server has it, and leaves none
// in a spool: from now on they are in the table alone, where they can be
// forgotten.
func (s *Store) Unspool(ctx context.Context, who auth.Actor) error {
	if _, err := s.WriteAlone(ctx, who, (*Tx).unspool); err != nil {
		return err
	}
	// Before anything is forgotten: a crash after that must not bring it back.
	return verdict.Readable(s.arrivals.Tidy(ctx))
}

// unspool is Unspool within a transaction. That is its own, or another of its
// group would put back what it holds in memory.
func (tx *Tx) unspool() error {
	switch {
	case !tx.request.once:
		return errors.New("deliveries are forgotten by a writer that is alone")
	case tx.store.engine.shared():
		for more, err := true, error(nil); more; {
			if more, err = tx.takeOver("", allOfThem); err != nil {
				return err
			}
		}
		return nil
	}
	list, keys := tx.arrived()
	if _, err := tx.AddDeliveries(list); err != nil {
		return err
	}
	tx.after(func() {
		tx.store.arrivals.End(keys)
		if err := tx.store.arrivals.Tidy(context.Background()); err != nil {
			tx.store.log.Warn("deliveries are in the spool still; it is tried again", "error", verdict.Readable(err))
		}
	})
	return nil
}

// openSpool opens the spool. What a crash, or the end of the last process, left
// in a file gets its row.
func (s *Store) openSpool(ctx context.Context) error {
	if s.engine.shared() {
		s.arrivals = &arrivals{Queue: spool.NewQueue[arrivalKey, pack.Packed](spool.NewTable(arrivedRows{s}))}
		return nil
	}
	sp, err := spool.Open(ctx, filepath.Join(s.dir, "arrivals.db"))
	if err != nil {
		return err
	}
	s.arrivals = &arrivals{Queue: spool.NewQueue[arrivalKey, pack.Packed](sp)}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return verdict.Readable(err)
	}
	last, err := sp.Left(ctx, func(n int64, entry []byte) error {
		journal, p, err := pack.FromEntry(entry)
		if err != nil {
			return fmt.Errorf("arrivals.db, which holds what was received and is not in the database yet: entry %d cannot be read: %w; move it away to start without that", n, err)
		}
		into, values := insertDeliveries(auth.Journal(journal), []landing{{Packed: p, Finished: Finished{State: DeliveryReceived}}}, " ON CONFLICT (journal, id) DO NOTHING")
		return verdict.Readable(s.insert(ctx, into, values))
	})
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return verdict.Readable(err)
	}
	sp.Release(last)
	return sp.Tidy(ctx)
}
