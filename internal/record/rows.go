package record

import (
	"hansei"
	"hansei/internal/auth"
)

// rows are entries that are gathered to be written many at a time: those of
// one transaction, of whoever in its group appended them.
type rows struct {
	entries []any // arguments of entries not written yet
	fresh   []any // arguments of new current rows not written yet
	pending map[string]bool
}

const (
	rowsPerInsert = 50
	entryColumns  = 9
	freshColumns  = 5
	flushAt       = 500 // rows gathered at most
)

// place is how far rows were gathered.
type place struct{ entries, fresh int }

func (r *rows) place() place { return place{len(r.entries), len(r.fresh)} }

func pendingKey(j auth.Journal, kind hansei.Kind, id hansei.ID) string {
	return string(j) + "/" + string(kind) + "/" + string(id)
}

// add gathers an entry, and the current row of a new record.
func (r *rows) add(j auth.Journal, seq Seq, kind hansei.Kind, id hansei.ID, revision Revision, prev Seq, at int64, who string, doc []byte) {
	r.entries = append(r.entries, string(j), int64(seq), string(kind), string(id), int64(revision), int64(prev), at, who, string(doc))
	if revision == 1 {
		r.fresh = append(r.fresh, string(j), string(kind), string(id), int64(seq), int64(1))
		r.pending[pendingKey(j, kind, id)] = true
	}
}

// cut drops what was gathered since a place.
func (r *rows) cut(p place) {
	for i := p.fresh; i < len(r.fresh); i += freshColumns {
		delete(r.pending, pendingKey(auth.Journal(r.fresh[i].(string)), hansei.Kind(r.fresh[i+1].(string)), hansei.ID(r.fresh[i+2].(string))))
	}
	r.entries, r.fresh = r.entries[:p.entries], r.fresh[:p.fresh]
}

// clear drops everything; it is written, or never will be.
func (r *rows) clear() {
	r.entries, r.fresh = r.entries[:0], r.fresh[:0]
	clear(r.pending)
}
