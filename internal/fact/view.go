package fact

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"hansei/internal/fact/duck"
	"hansei/internal/record"
)

// Options say where the facts live and what they may use.
type Options struct {
	Dir         string // the data directory; facts are Dir/facts.duckdb
	MemoryLimit string // DuckDB's own limit, "320MB" when empty
	Log         *slog.Logger
}

// View is the open fact database. One connection writes; a few read.
type View struct {
	path    string
	options Options
	log     *slog.Logger

	writing sync.Mutex   // held by a batch and by Reset
	swap    sync.RWMutex // held by readers; Reset takes it to replace the connections
	db      *duck.DB
	writer  *duck.Conn
	readers chan *duck.Conn

	state   sync.Mutex
	head    record.Seq
	epoch   record.Epoch
	moved   chan struct{} // closed and replaced when head moves
	hurry   chan struct{} // somebody waits for the facts
	failure error
}

// readers is how many statements may read at once; more wait their turn.
const readers = 4

// Open opens the facts of a data directory. A file that cannot be read or has
// another shape is deleted, with a log line: the journal builds it again.
func Open(ctx context.Context, o Options) (*View, error) {
	if o.MemoryLimit == "" {
		o.MemoryLimit = "320MB"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	v := &View{path: filepath.Join(o.Dir, "facts.duckdb"), options: o, log: o.Log, moved: make(chan struct{}), hurry: make(chan struct{}, 1)}
	err := v.open(ctx)
	if err == nil {
		return v, nil
	}
	if _, statErr := os.Stat(v.path); statErr != nil {
		return nil, err // it could not even be created
	}
	v.log.Warn("facts cannot be used and are rebuilt from the journal", "reason", err)
	if err := v.recreate(ctx); err != nil {
		return nil, err
	}
	return v, nil
}

var errShape = errors.New("the file has another shape")

func (v *View) open(ctx context.Context) error {
	_, statErr := os.Stat(v.path)
	fresh := errors.Is(statErr, os.ErrNotExist)
	db, err := duck.Open(v.path, map[string]string{
		"memory_limit":   v.options.MemoryLimit,
		"temp_directory": v.path + ".tmp",
		// Rows of the running transaction have no statistics; a guess of
		// "few" would make the join of change_lead a nested loop.
		"asof_loop_join_threshold": "0",
		// Nothing is ever fetched: what is not built in is not there.
		"autoinstall_known_extensions": "false",
		"autoload_known_extensions":    "false",
	})
	if err != nil {
		return err
	}
	v.db = db
	if err := v.connect(ctx, fresh); err != nil {
		v.Close()
		return err
	}
	return nil
}

func (v *View) connect(ctx context.Context, fresh bool) error {
	var err error
	if v.writer, err = v.db.Connect(); err != nil {
		return err
	}
	if fresh {
		if err := v.create(ctx); err != nil {
			return err
		}
	}
	if err := v.readMeta(ctx); err != nil {
		return err
	}
	// From here on nobody's SQL, ours included, can reach a file or the
	// network, and nobody can change that.
	for _, s := range []string{"SET enable_external_access = false", "SET lock_configuration = true"} {
		if err := v.writer.Exec(ctx, s); err != nil {
			return err
		}
	}
	v.readers = make(chan *duck.Conn, readers)
	for range readers {
		c, err := v.db.Connect()
		if err != nil {
			return err
		}
		v.readers <- c
	}
	return nil
}

func (v *View) create(ctx context.Context) error {
	stmts := append([]string{"BEGIN"}, ddl()...)
	stmts = append(stmts, fmt.Sprintf("INSERT INTO history.meta VALUES (%d, '', 0)", schemaVersion), "COMMIT")
	for _, s := range stmts {
		if err := v.writer.Exec(ctx, s); err != nil {
			return fmt.Errorf("create the facts: %w", err)
		}
	}
	return nil
}

func (v *View) readMeta(ctx context.Context) error {
	r, err := v.writer.Query(ctx, "SELECT version, head, epoch FROM history.meta")
	if err != nil {
		return errShape
	}
	defer r.Close()
	if !r.Next() || r.Int64s(0)[0] != schemaVersion {
		return errShape
	}
	v.state.Lock()
	defer v.state.Unlock()
	v.head, v.epoch = record.Seq(r.Int64s(1)[0]), record.Epoch(r.Strings(2)[0])
	return nil
}

// Close closes the database.
func (v *View) Close() {
	if v.readers != nil {
		for range readers {
			c := <-v.readers
			c.Close()
		}
		v.readers = nil
	}
	if v.writer != nil {
		v.writer.Close()
		v.writer = nil
	}
	if v.db != nil {
		v.db.Close()
		v.db = nil
	}
}

// Reset forgets everything: the next Follow builds it again.
func (v *View) Reset(ctx context.Context) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	v.swap.Lock()
	defer v.swap.Unlock()
	return v.recreate(ctx)
}

func (v *View) recreate(ctx context.Context) error {
	v.Close()
	for _, suffix := range []string{"", ".wal"} {
		if err := os.Remove(v.path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove the old facts: %w", err)
		}
	}
	if err := os.RemoveAll(v.path + ".tmp"); err != nil {
		return fmt.Errorf("remove the old facts: %w", err)
	}
	if err := v.open(ctx); err != nil {
		return fmt.Errorf("create the facts: %w", err)
	}
	v.advance(0, "")
	return nil
}

// Head is the last sequence applied, and the epoch it belongs to.
func (v *View) Head() (record.Seq, record.Epoch) {
	v.state.Lock()
	defer v.state.Unlock()
	return v.head, v.epoch
}

func (v *View) advance(head record.Seq, epoch record.Epoch) {
	v.state.Lock()
	defer v.state.Unlock()
	v.head, v.epoch = head, epoch
	close(v.moved)
	v.moved = make(chan struct{})
}

// Wait returns once the facts have reached a sequence, so that people read
// their own writes.
func (v *View) Wait(ctx context.Context, seq record.Seq) error {
	for {
		v.state.Lock()
		head, moved, failure := v.head, v.moved, v.failure
		v.state.Unlock()
		if head >= seq {
			return nil
		}
		if failure != nil {
			return failure
		}
		select {
		case v.hurry <- struct{}{}:
		default: // Follow knows already
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// fail wakes those who wait when the facts cannot go on, or clears that.
func (v *View) fail(err error) {
	v.state.Lock()
	defer v.state.Unlock()
	v.failure = err
	close(v.moved)
	v.moved = make(chan struct{})
}
