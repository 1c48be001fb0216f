package hansei

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"
)

// Header is what every record carries beside its own fields.
type Header struct {
	ID ID `json:"id"`
	// From is what each source last said of this record, best first.
	From []Observed `json:"from,omitempty"`
	// Edits are a person's words; they stand above every source.
	Edits []Edit `json:"edits,omitempty"`
	// Custom holds the organization's own fields, by name. Each is a fact.
	Custom map[string]string `json:"custom,omitempty"`
	// MergedInto names the record that replaced this one.
	MergedInto ID `json:"merged_into,omitempty"`
	// Deleted records stay in the journal and leave every view.
	Deleted bool `json:"deleted,omitzero"`
	// ByHand says of a record whose every source is out that it was deleted
	// before they were: it stays so when one of them returns.
	ByHand bool `json:"by_hand,omitzero"`
	Made   bool `json:"made,omitzero"` // by people: it stands whether sources tell of it or not
	// Counted is what Hansei counted itself among the records linked with this.
	Counted *Counted `json:"counted,omitempty"`
}

// Counted are the customers who wrote to support about an incident: fewer than
// were affected. They are its customers while nobody says how many those are.
type Counted struct {
	Tickets   int  `json:"tickets"` // that are linked with it and not deleted
	Customers int  `json:"customers"`
	Stands    bool `json:"stands,omitzero"` // nobody says: they are its customers
}

// Head lets a record be asked for its header.
func (h *Header) Head() *Header { return h }

// Observed is what one source last said of a record.
type Observed struct {
	Source   string `json:"source"`
	External string `json:"external"` // the source's own id for it
	// Record is the source's own version, kept as its JSON when the record
	// is a merge of several sources or of a source and a person. Empty means
	// that the record's fields are exactly what this source said.
	Record json.RawMessage `json:"record,omitempty"`
	// At is how new, by the source's own clock, every field here is that
	// Stamps does not name. Zero for what came in a file.
	At time.Time `json:"at,omitzero"`
	// Stamps are the times of fields that are newer or older than At, and of
	// single elements that were added to a list ("responders/Ann").
	Stamps map[string]time.Time `json:"stamps,omitempty"`
	// Names are what else the source calls this thing: its URL, its key.
	Names []string `json:"names,omitempty"`
	// Mentions are names of other things that the source says belong to it.
	Mentions []string `json:"mentions,omitempty"`
	// Out says why this source's word does not count now, one of the Out
	// constants. A record whose every source is out is Deleted, and comes back when one of them does.
	Out string `json:"out,omitempty"`
}

// Why a source's word does not count.
const (
	OutDeleted    = "deleted"    // at the source
	OutOther      = "other"      // the source says that it is something else
	OutFiltered   = "filtered"   // the organization does not count it as an incident
	OutIncomplete = "incomplete" // what makes it whole has not arrived yet
	OutRemoved    = "removed"    // the source was removed with its data; what it tells again begins anew
)

// Edit is one field set by a person.
type Edit struct {
	Field  string          `json:"field"`
	Value  json.RawMessage `json:"value"`
	By     string          `json:"by"`
	At     time.Time       `json:"at"`
	Reason string          `json:"reason,omitempty"`
}

// EditOf returns the standing edit of a field.
func (h *Header) EditOf(field string) (Edit, bool) {
	i := slices.IndexFunc(h.Edits, func(e Edit) bool { return e.Field == field })
	if i < 0 {
		return Edit{}, false
	}
	return h.Edits[i], true
}

// Key is a source's own name for a thing.
type Key struct {
	Kind     Kind
	Source   string
	External string
}

// maxExternal bounds the part of an ID that a source chose, in bytes.
const maxExternal = 120

// ID is the record id this key leads to unless people merged it elsewhere:
// "source:external". An external id that is long or could not stand in a URL
// path is replaced by its hash.
func (k Key) ID() ID {
	ext := k.External
	if len(ext) > maxExternal || !plain(ext) {
		sum := sha256.Sum256([]byte(ext))
		ext = "~" + hex.EncodeToString(sum[:12])
	}
	return ID(k.Source + ":" + ext)
}

func plain(s string) bool {
	if s == "" || s == "." || s == ".." || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case r == '-', r == '_', r == '.', r == '@', r == ':', r == '#', r == '+':
		default:
			return false
		}
	}
	return true
}

// Delivery is one raw payload, stored before it is understood.
type Delivery struct {
	ID       string    // content hash and key, so a repeat is the same delivery
	Source   string    // the configured source it belongs to
	Name     string    // the file or event name, for people
	Media    string    // what it claims to be, e.g. "text/csv"
	Size     int64     // bytes
	Received time.Time // when it was stored
}
