package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/verdict"
)

// The states of a notice.
const (
	NoticeWaiting = "waiting" // to be sent, or to be tried again
	NoticeSent    = "sent"
	NoticeFailed  = "failed"  // given up; a person may have it sent again
	NoticeDropped = "dropped" // its channel or person is not there any more
)

// Notice is a message to a channel or a person, and what became of it.
type Notice struct {
	ID       string    `json:"id"`
	Event    string    `json:"event"` // why it is sent: "overdue"
	Channel  hansei.ID `json:"channel,omitempty"`
	Person   hansei.ID `json:"person,omitempty"` // when it goes to a person instead
	Subject  string    `json:"subject"`
	Doc      []byte    `json:"-"` // the message; what it holds is known to who sends
	Created  time.Time `json:"created"`
	Due      time.Time `json:"due"` // not sent before
	State    string    `json:"state"`
	Attempts int       `json:"attempts"`
	Error    string    `json:"error,omitempty"` // of the last attempt
	Ended    time.Time `json:"ended,omitzero"`  // when it was sent or given up
}

const noticeColumns = "id, event, channel, person, subject, doc, created, due, state, attempts, error, ended"

// AddNotice keeps a message that waits to be sent.
func (tx *Tx) AddNotice(n Notice) error {
	return tx.exec("INSERT INTO notice (journal, "+noticeColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		string(tx.journal), n.ID, n.Event, string(n.Channel), string(n.Person), n.Subject, string(n.Doc),
		tx.Now().UnixMicro(), micro(n.Due), NoticeWaiting, 0, "", 0)
}

// EndNotice notes an attempt to send a notice, and its state after it.
func (tx *Tx) EndNotice(id, state, problem string) error {
	ended := int64(0)
	if state != NoticeWaiting {
		ended = tx.Now().UnixMicro()
	}
	return tx.exec("UPDATE notice SET state = ?, attempts = attempts + 1, error = ?, ended = ? WHERE journal = ? AND id = ?", state, problem, ended, string(tx.journal), id)
}

// ReviveNotice has a notice wait again that was given up; false when it was not.
func (tx *Tx) ReviveNotice(id string) (bool, error) {
	n, err := tx.changed("UPDATE notice SET state = ?, attempts = 0, error = '', ended = 0, due = ? WHERE journal = ? AND id = ? AND state IN ('failed', 'dropped')",
		NoticeWaiting, tx.Now().UnixMicro(), string(tx.journal), id)
	return n > 0, err
}

// DropNotices forgets what was sent, and what was told, before a time.
func (tx *Tx) DropNotices(before time.Time) error {
	if err := tx.exec("DELETE FROM notice WHERE journal = ? AND created < ?", string(tx.journal), before.UnixMicro()); err != nil {
		return err
	}
	return tx.exec("DELETE FROM told WHERE journal = ? AND at < ?", string(tx.journal), before.UnixMicro())
}

// Tell notes that something is told and says whether it is new; what is kept
// with it, for who wants to know later what was told.
func (tx *Tx) Tell(key, what string) (bool, error) {
	return tx.added("INSERT INTO told (journal, key, at, what) VALUES (?, ?, ?, ?) ON CONFLICT (journal, key) DO NOTHING", string(tx.journal), key, tx.Now().UnixMicro(), what)
}

// Told reads what was told under keys with a beginning in common, by key.
func Told(ctx context.Context, r Reader, who auth.Scope, prefix string) (out map[string]string, err error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	out = map[string]string{}
	rows, err := r.query(ctx, "SELECT key, what FROM told WHERE journal = ? AND key >= ? AND key < ?", string(journal), prefix, prefix+"\U0010FFFF")
	if err := each(rows, err, func(rows *sql.Rows) error {
		var key, what string
		err := rows.Scan(&key, &what)
		out[key] = what
		return err
	}); err != nil {
		return nil, fmt.Errorf("what was told: %w", err)
	}
	return out, nil
}

// NoticeFilter picks notices; empty fields pick all.
type NoticeFilter struct {
	ID            string
	Channel       hansei.ID
	State         string
	CreatedBefore time.Time // with Before: the next page
	Before        string    // the id after which, at CreatedBefore, to go on
	Limit         int       // 100 when 0, at most 1000
}

// Notices reads what is sent and was, the newest first.
func Notices(ctx context.Context, r Reader, who auth.Scope, f NoticeFilter) (out []Notice, err error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	where, args := []string{"journal = ?"}, []any{string(journal)}
	for _, c := range []struct{ column, value string }{{"id", f.ID}, {"channel", string(f.Channel)}, {"state", f.State}} {
		if c.value != "" {
			where, args = append(where, c.column+" = ?"), append(args, c.value)
		}
	}
	if !f.CreatedBefore.IsZero() {
		where, args = append(where, "(created < ? OR created = ? AND id < ?)"), append(args, f.CreatedBefore.UnixMicro(), f.CreatedBefore.UnixMicro(), f.Before)
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	rows, err := r.query(ctx, "SELECT "+noticeColumns+" FROM notice WHERE "+strings.Join(where, " AND ")+" ORDER BY created DESC, id DESC LIMIT ?", append(args, min(f.Limit, 1000))...)
	if err := each(rows, err, func(rows *sql.Rows) error {
		n, err := scanNotice(rows)
		out = append(out, n)
		return err
	}); err != nil {
		return nil, fmt.Errorf("notices: %w", err)
	}
	return out, nil
}

func scanNotice(rows *sql.Rows) (n Notice, err error) {
	var doc string
	var created, due, ended int64
	err = rows.Scan(&n.ID, &n.Event, (*string)(&n.Channel), (*string)(&n.Person), &n.Subject, &doc, &created, &due, &n.State, &n.Attempts, &n.Error, &ended)
	n.Doc, n.Created, n.Due, n.Ended = []byte(doc), ofMicro(created), ofMicro(due), ofMicro(ended)
	return n, err
}

// NoticeByID reads one notice, or ErrNotFound.
func NoticeByID(ctx context.Context, r Reader, who auth.Scope, id string) (Notice, error) {
	if id == "" {
		return Notice{}, fmt.Errorf("a notice without an id: %w", hansei.ErrNotFound)
	}
	found, err := Notices(ctx, r, who, NoticeFilter{ID: id, Limit: 1})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("notice %s: %w", id, hansei.ErrNotFound)
	}
	if err != nil {
		return Notice{}, err
	}
	return found[0], nil
}

// Cursor is how far somebody has acted on what the journal says.
type Cursor struct {
	Name  string
	Epoch Epoch
	Seq   Seq
}

// PutCursor notes how far somebody is.
func (tx *Tx) PutCursor(c Cursor) error {
	return tx.exec(`INSERT INTO follower (journal, name, epoch, seq) VALUES (?, ?, ?, ?)
		ON CONFLICT (journal, name) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq`, string(tx.journal), c.Name, string(c.Epoch), int64(c.Seq))
}

// CursorOf reads how far somebody is; the zero one when they never began.
func CursorOf(ctx context.Context, r Reader, who auth.Scope, name string) (c Cursor, err error) {
	c.Name = name
	journal, err := who.MayRead()
	if err != nil {
		return c, err
	}
	rows, err := r.query(ctx, "SELECT epoch, seq FROM follower WHERE journal = ? AND name = ?", string(journal), name)
	if err != nil {
		return c, fmt.Errorf("cursor %s: %w", name, verdict.Readable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Next() {
		err = rows.Scan((*string)(&c.Epoch), &c.Seq)
	}
	return c, errors.Join(err, verdict.Readable(rows.Err()))
}
