package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/verdict"
	"hansei/internal/record/words"
)

// Ref names one record.
type Ref struct {
	Kind hansei.Kind `json:"kind"`
	ID   hansei.ID   `json:"id"`
}

// Naming is one name of a record, or one that it mentions.
type Naming struct {
	Ref
	Name string
}

// AddNames notes what records are called, AddMentions what they mention. What is
// noted already stays.
func (tx *Tx) AddNames(list []Naming) error { return tx.note("name", list, true) }

// AddMentions notes what records mention.
func (tx *Tx) AddMentions(list []Naming) error { return tx.note("mention", list, true) }

// NoteNew notes names and mentions of new records, of which none is noted yet:
// looking for each takes PostgreSQL a fifth of the time. Where one is all the
// same it returns ErrConflict, and from then on looks.
func (tx *Tx) NoteNew(names, mentions []Naming) error {
	err := errors.Join(tx.note("name", names, tx.store.looks.Load()), tx.note("mention", mentions, tx.store.looks.Load()))
	if verdict.Conflict(err) {
		tx.store.looks.Store(true)
		return fmt.Errorf("names of new records: %w", hansei.ErrConflict)
	}
	return err
}

// DropNames forgets names of records, DropMentions what they mentioned.
func (tx *Tx) DropNames(list []Naming) error { return tx.unnote("name", list) }

// DropMentions forgets what records mentioned.
func (tx *Tx) DropMentions(list []Naming) error { return tx.unnote("mention", list) }

func (tx *Tx) note(table string, list []Naming, look bool) error {
	into := words.Insert{Table: table, Columns: []string{"journal", "name", "kind", "id"}}
	if look {
		into.Then = " ON CONFLICT (journal, name, kind, id) DO NOTHING"
	}
	values := make([]any, 0, 4*len(list))
	for _, x := range list {
		values = append(values, string(tx.journal), x.Name, string(x.Kind), string(x.ID))
	}
	if err := tx.insert(into, values); err != nil {
		return fmt.Errorf("note a %s: %w", table, err)
	}
	return nil
}

func (tx *Tx) unnote(table string, list []Naming) error {
	for _, x := range list {
		if err := tx.exec("DELETE FROM "+table+" WHERE journal = ? AND name = ? AND kind = ? AND id = ?",
			string(tx.journal), x.Name, string(x.Kind), string(x.ID)); err != nil {
			return fmt.Errorf("note a %s: %w", table, err)
		}
	}
	return nil
}

// Named finds the records that go by any of some names, and Mentioning those
// that mention any of them.
func Named(ctx context.Context, r Reader, who auth.Scope, names []string) ([]Naming, error) {
	return namings(ctx, r, who, "name", names)
}

// Mentioning finds the records that mention any of some names.
func Mentioning(ctx context.Context, r Reader, who auth.Scope, names []string) ([]Naming, error) {
	return namings(ctx, r, who, "mention", names)
}

// maxLinked bounds how many records are found by one name.
const maxLinked = 1000

// namings asks in the order of the key: by kind and id alone, SQLite would
// walk through the names of all records for the sake of that order.
func namings(ctx context.Context, r Reader, who auth.Scope, table string, names []string) (out []Naming, err error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	of := words.Lookup{Columns: "name, kind, id", From: table, Where: "journal = ?", Key: "name", Then: " ORDER BY name, kind, id LIMIT ?"}
	for todo := slices.Collect(slices.Chunk(names, maxIDs)); len(todo) > 0; {
		chunk := todo[0]
		todo = todo[1:]
		rows, err := lookUp(ctx, r, of, []any{string(journal)}, chunk, maxLinked)
		found, err := scanNamings(rows, err)
		if err != nil {
			return nil, err
		}
		if n := len(chunk) / 2; n > 0 && len(found) == maxLinked { // there may be more
			todo = append(todo, chunk[:n], chunk[n:])
			continue
		}
		out = append(out, found...)
	}
	return out, nil
}

func scanNamings(rows *sql.Rows, asked error) (out []Naming, err error) {
	if err := asked; err != nil {
		return nil, fmt.Errorf("names: %w", verdict.Readable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var x Naming
		if err := rows.Scan(&x.Name, &x.Kind, &x.ID); err != nil {
			return nil, fmt.Errorf("names: %w", err)
		}
		out = append(out, x)
	}
	return out, verdict.Readable(rows.Err())
}

// Linked finds what is linked with a record, either way: what mentions any of the
// names by which it is called, and what is called by one that it mentions. At
// most 1,000, by kind and id, after one.
func Linked(ctx context.Context, r Reader, who auth.Scope, of Ref, called, mentions []string, after Ref) (out []Ref, err error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	// No name is empty; a list must not be.
	called, mentions = words.Several(append(slices.Clip(called), "")), words.Several(append(slices.Clip(mentions), ""))
	args := words.With(append(words.With([]any{string(journal)}, called), string(journal)), mentions)
	from := string(after.Kind)
	// Materialized, or SQLite walks through all mentions in the order of kinds.
	rows, err := r.query(ctx, `WITH l AS MATERIALIZED (
		SELECT kind, id FROM mention WHERE journal = ? AND name IN (`+words.Marks(len(called))+`)
		UNION SELECT kind, id FROM name WHERE journal = ? AND name IN (`+words.Marks(len(mentions))+`))
		SELECT '', kind, id FROM l WHERE NOT (kind = ? AND id = ?) AND (kind > ? OR kind = ? AND id > ?) ORDER BY kind, id LIMIT ?`,
		append(args, string(of.Kind), string(of.ID), from, from, string(after.ID), maxLinked)...)
	list, err := scanNamings(rows, err)
	for _, x := range list {
		out = append(out, x.Ref)
	}
	return out, err
}

// LastChange is the sequence of the newest current record of any of some kinds,
// 0 if there is none.
func LastChange(ctx context.Context, r Reader, who auth.Scope, kinds ...hansei.Kind) (seq Seq, err error) {
	journal, err := who.MayRead()
	if err != nil {
		return 0, err
	}
	args := []any{string(journal)}
	for _, kind := range kinds {
		args = append(args, string(kind))
	}
	rows, err := r.query(ctx, "SELECT coalesce(max(seq), 0) FROM current WHERE journal = ? AND kind IN ("+words.Marks(len(kinds))+")", args...)
	if err != nil {
		return 0, fmt.Errorf("last change: %w", verdict.Readable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Next() {
		err = rows.Scan(&seq)
	}
	return seq, errors.Join(err, rows.Err())
}

// OfSource lists the records that a live source told of, after a place in their
// order, and the place from which to go on; it is empty at the end. Several
// records may go by one name, so a place is one in the whole key.
func OfSource(ctx context.Context, r Reader, who auth.Scope, source, after string, limit int) (out []Ref, next string, err error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, "", err
	}
	// A record's own names begin with its source and a colon; ';' is the byte after ':'.
	place := []string{"", "", source + ":"}
	if after != "" {
		place = strings.SplitN(after, "\x00", len(place)) // which is in no kind and no id
	}
	rows, err := r.query(ctx, "SELECT name, kind, id FROM name WHERE journal = ? AND (name, kind, id) > (?, ?, ?) AND name < ? ORDER BY name, kind, id LIMIT ?",
		string(journal), place[2], place[0], place[1], source+";", limit)
	list, err := scanNamings(rows, err)
	for _, x := range list {
		out, next = append(out, x.Ref), strings.Join([]string{string(x.Kind), string(x.ID), x.Name}, "\x00")
	}
	if len(out) < limit {
		next = ""
	}
	return out, next, err
}
