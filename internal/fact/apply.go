package fact

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/fact/duck"
	"hansei/internal/record"
)

// Decoded is a change of the journal with its document read.
type Decoded struct {
	Seq      record.Seq
	Revision record.Revision
	At       time.Time // when it was written
	Record   hansei.Record
}

// batch is one transaction on the facts: rows of many changes, then commit.
type batch struct {
	view   *View
	conn   *duck.Conn
	tables map[string]*sink
	dirty  map[string]bool // services whose change_lead rows are out of date
}

// begin starts a transaction; end it with commit or abandon.
func (v *View) begin(ctx context.Context) (*batch, error) {
	v.writing.Lock()
	if err := v.writer.Exec(ctx, "BEGIN"); err != nil {
		v.writing.Unlock()
		return nil, err
	}
	return &batch{view: v, conn: v.writer, tables: map[string]*sink{}, dirty: map[string]bool{}}, nil
}

// abandon undoes everything since begin.
func (b *batch) abandon(ctx context.Context) {
	for _, s := range b.tables {
		_ = s.app.Close() // its rows go with the transaction
	}
	// The transaction is gone whether or not this succeeds, and the error
	// that led here is the one to tell.
	_ = b.conn.Exec(context.WithoutCancel(ctx), "ROLLBACK")
	b.view.writing.Unlock()
}

// commit makes the batch visible as of a sequence.
func (b *batch) commit(ctx context.Context, last record.Seq, epoch record.Epoch) error {
	defer b.view.writing.Unlock()
	err := b.refreshLead(ctx)
	if err == nil {
		err = b.conn.Exec(ctx, fmt.Sprintf("UPDATE history.meta SET head = %d, epoch = %s", last, literal(string(epoch))))
	}
	if err == nil {
		err = b.conn.Exec(ctx, "COMMIT")
	}
	if err != nil {
		_ = b.conn.Exec(context.WithoutCancel(ctx), "ROLLBACK")
		return err
	}
	b.view.advance(last, epoch)
	return nil
}

// refreshLead brings change_lead up to date for the services that changed.
func (b *batch) refreshLead(ctx context.Context) error {
	if len(b.dirty) == 0 {
		return nil
	}
	services := make([]string, 0, len(b.dirty))
	for s := range b.dirty {
		services = append(services, literal(s))
	}
	slices.Sort(services)
	list := strings.Join(services, ",")
	now := func(alias string) string { return fmt.Sprintf("%s.upto = %d", alias, int64(Forever)) }
	if err := b.conn.Exec(ctx, fmt.Sprintf("DELETE FROM history.%s WHERE coalesce(service, '') IN (%s)", LeadTable, list)); err != nil {
		return err
	}
	return b.conn.Exec(ctx, fmt.Sprintf("INSERT INTO history.%s %s", LeadTable, LeadSelect(now, list)))
}

type recordKey struct {
	kind hansei.Kind
	id   hansei.ID
}

// write adds changes, in the journal's order.
func (b *batch) write(ctx context.Context, changes []Decoded) error {
	until, first := supersede(changes)
	if err := b.end(ctx, first); err != nil {
		return err
	}
	for i, c := range changes {
		upto := int64(Forever)
		if until != nil {
			upto = until[i]
		}
		if err := b.add(c, upto); err != nil {
			return err
		}
	}
	for name, s := range b.tables {
		delete(b.tables, name)
		if err := s.app.Close(); err != nil {
			return err
		}
	}
	return nil
}

// supersede finds, for each change, the sequence that ends its row within the
// batch (nil when every record is new), and the first change of each record
// that had rows before.
func supersede(changes []Decoded) (until []int64, first map[recordKey]record.Seq) {
	if !slices.ContainsFunc(changes, func(c Decoded) bool { return c.Revision > 1 }) {
		return nil, nil
	}
	until = make([]int64, len(changes))
	next := make(map[recordKey]record.Seq, len(changes))
	first = map[recordKey]record.Seq{}
	for i := len(changes) - 1; i >= 0; i-- {
		c := changes[i]
		k := recordKey{c.Record.Kind(), c.Record.Head().ID}
		until[i] = Forever
		if s, ok := next[k]; ok {
			until[i] = int64(s)
		}
		next[k] = c.Seq
		if c.Revision > 1 {
			first[k] = c.Seq
		} else {
			delete(first, k)
		}
	}
	return until, first
}

// end closes the standing rows of records that have a newer version.
func (b *batch) end(ctx context.Context, first map[recordKey]record.Seq) error {
	if len(first) == 0 {
		return nil
	}
	byKind := map[hansei.Kind][]string{}
	for k, seq := range first {
		if !slices.Contains(factKinds, k.kind) {
			continue
		}
		byKind[k.kind] = append(byKind[k.kind], fmt.Sprintf("(%s,%d)", literal(string(k.id)), seq))
	}
	for kind, rows := range byKind {
		for chunk := range slices.Chunk(rows, 5000) {
			values := strings.Join(chunk, ",")
			for _, t := range tablesOf(kind) {
				sql := fmt.Sprintf("UPDATE history.%s AS t SET upto = n.seq FROM (VALUES %s) n(id, seq) WHERE t.%s = n.id AND t.upto = %d",
					t.Name, values, quote(t.owner), Forever)
				if t.ofAll() {
					sql += " AND t.kind = " + literal(string(kind))
				}
				if err := b.conn.Exec(ctx, sql); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// tablesOf lists the tables that hold rows of a kind's records.
func tablesOf(kind hansei.Kind) []Table {
	own := TableOf(kind)
	return slices.DeleteFunc(tables(), func(t Table) bool {
		return t.Name != own && t.owner != own && !t.ofAll()
	})
}

// ofAll says that a table has rows of records of every kind.
func (t Table) ofAll() bool { return t.owner == "record" }

// literal writes a string for SQL.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
