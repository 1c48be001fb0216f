// Package duck is the thin layer over DuckDB that package fact needs: run a
// statement, read a result a column at a time, append rows in chunks.
//
// It speaks to DuckDB's own C API (as the Go driver exposes it) rather than
// through database/sql, because a figure over a million records reads a
// million numbers: a column of them arrives here as one []float64 without a
// copy, where a row-wise driver would box each of them. It is the only
// package that imports DuckDB.
package duck

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// DB is one open database file, or memory when the path is empty.
type DB struct {
	db mapping.Database
}

// Open opens or creates a database with the given settings.
func Open(path string, settings map[string]string) (*DB, error) {
	var config mapping.Config
	if mapping.CreateConfig(&config) == mapping.StateError {
		return nil, errors.New("duckdb: no memory for its configuration")
	}
	defer mapping.DestroyConfig(&config)
	for k, v := range settings {
		if mapping.SetConfig(config, k, v) == mapping.StateError {
			return nil, fmt.Errorf("duckdb: setting %s=%s is not accepted", k, v)
		}
	}
	var db mapping.Database
	var msg string
	if mapping.OpenExt(path, &db, config, &msg) == mapping.StateError {
		return nil, fmt.Errorf("duckdb: open %s: %s", path, msg)
	}
	return &DB{db: db}, nil
}

// Close closes the database. Its connections must be closed first.
func (d *DB) Close() { mapping.Close(&d.db) }

// Conn is one connection; one statement runs on it at a time.
type Conn struct {
	conn mapping.Connection
}

// Connect makes a connection.
func (d *DB) Connect() (*Conn, error) {
	var c mapping.Connection
	if mapping.Connect(d.db, &c) == mapping.StateError {
		return nil, errors.New("duckdb: could not connect")
	}
	return &Conn{conn: c}, nil
}

// Close ends the connection.
func (c *Conn) Close() { mapping.Disconnect(&c.conn) }

// Exec runs statements whose results do not matter.
func (c *Conn) Exec(ctx context.Context, sql string) error {
	r, err := c.Query(ctx, sql)
	if err != nil {
		return err
	}
	r.Close()
	return nil
}

// Query runs one statement. When ctx ends, the statement is interrupted and
// the context's error returned.
func (c *Conn) Query(ctx context.Context, sql string) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	stop := c.watch(ctx)
	r := &Result{}
	state := mapping.Query(c.conn, sql, &r.res)
	stop()
	if state == mapping.StateError {
		msg := mapping.ResultError(&r.res)
		mapping.DestroyResult(&r.res)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, &Error{Message: msg}
	}
	r.columns()
	return r, nil
}

// Error is what DuckDB says is wrong with a statement.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

// watch interrupts the running statement when ctx ends, until stop is called.
func (c *Conn) watch(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		select {
		case <-ctx.Done():
			mapping.Interrupt(c.conn)
		case <-done:
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

// Prepared describes a statement without running it.
type Prepared struct {
	Statements int
	ReadOnly   bool // a SELECT or an EXPLAIN
	Select     bool
	Names      []string
	Types      []mapping.Type
}

// Describe parses and plans the text: how many statements it holds and, of
// the first, whether it only reads and which columns it returns.
func (c *Conn) Describe(sql string) (Prepared, error) {
	var all mapping.ExtractedStatements
	n := mapping.ExtractStatements(c.conn, sql, &all)
	defer mapping.DestroyExtracted(&all)
	p := Prepared{Statements: int(n)}
	if n == 0 {
		if msg := mapping.ExtractStatementsError(all); msg != "" {
			return p, &Error{Message: msg}
		}
		return p, nil
	}
	var st mapping.PreparedStatement
	state := mapping.PrepareExtractedStatement(c.conn, all, 0, &st)
	defer mapping.DestroyPrepare(&st)
	if state == mapping.StateError {
		return p, &Error{Message: mapping.PrepareError(st)}
	}
	kind := mapping.PreparedStatementType(st)
	p.Select = kind == mapping.StatementTypeSelect
	p.ReadOnly = p.Select || kind == mapping.StatementTypeExplain
	for i := range mapping.PreparedStatementColumnCount(st) {
		p.Names = append(p.Names, mapping.PreparedStatementColumnName(st, i))
		p.Types = append(p.Types, mapping.PreparedStatementColumnType(st, i))
	}
	return p, nil
}

// Readable returns the text, wrapped where needed so that columns of types
// that Result.Values cannot read come as numbers or as text.
func (p Prepared) Readable(text string) string {
	if !p.Select || !slices.ContainsFunc(p.Types, func(t mapping.Type) bool { return !readable(t) }) {
		return text
	}
	var cols, names []string
	for i, t := range p.Types {
		name := fmt.Sprintf("c%d", i)
		names = append(names, name)
		switch {
		case readable(t):
		case t == mapping.TypeDecimal:
			name = fmt.Sprintf("CAST(%s AS DOUBLE)", name)
		default:
			name = fmt.Sprintf("CAST(%s AS VARCHAR)", name)
		}
		cols = append(cols, name)
	}
	body := strings.TrimRight(text, "; \t\r\n")
	return fmt.Sprintf("SELECT %s FROM (\n%s\n) q(%s)", strings.Join(cols, ", "), body, strings.Join(names, ", "))
}
