// Package gather keeps entries of the journal that are to be written many at a
// time: those of one transaction, of whoever in its group appended them.
package gather

import "hansei/internal/record/words"

// Where the rows go.
var (
	Entry   = words.Insert{Table: "entry", Columns: []string{"journal", "seq", "kind", "id", "revision", "prev", "at", "who", "doc"}}
	Current = words.Insert{Table: "current", Columns: []string{"journal", "kind", "id", "seq", "revision"}}
)

// Rows are the arguments of rows that are not written yet.
type Rows struct {
	Entries []any // of entries
	Fresh   []any // of the current rows of new records

	records map[[3]string]bool // that are new
}

// New is no rows.
func New() Rows { return Rows{records: map[[3]string]bool{}} }

// Place is how far rows were gathered.
type Place struct{ entries, fresh int }

// Place is how far they are.
func (r *Rows) Place() Place { return Place{len(r.Entries), len(r.Fresh)} }

// Add gathers an entry, and the current row of a new record: revision 1.
func (r *Rows) Add(journal, kind, id string, seq, revision, prev, at int64, who, doc string) {
	r.Entries = append(r.Entries, journal, seq, kind, id, revision, prev, at, who, doc)
	if revision == 1 {
		r.Fresh = append(r.Fresh, journal, kind, id, seq, revision)
		r.records[[3]string{journal, kind, id}] = true
	}
}

// Has says whether a record is among the new ones.
func (r *Rows) Has(journal, kind, id string) bool { return r.records[[3]string{journal, kind, id}] }

// Cut drops what was gathered since a place.
func (r *Rows) Cut(p Place) {
	for i := p.fresh; i < len(r.Fresh); i += len(Current.Columns) {
		delete(r.records, [3]string{r.Fresh[i].(string), r.Fresh[i+1].(string), r.Fresh[i+2].(string)})
	}
	r.Entries, r.Fresh = r.Entries[:p.entries], r.Fresh[:p.fresh]
}

// Clear drops everything; it is written, or never will be.
func (r *Rows) Clear() {
	r.Entries, r.Fresh = r.Entries[:0], r.Fresh[:0]
	clear(r.records)
}
