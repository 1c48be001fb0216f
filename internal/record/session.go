package record

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/verdict"
)

// Sessions are kept under the hash of their token: who reads the database
// cannot become anybody.
func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// PutSession stores or replaces a session until a time.
func (s *Store) PutSession(ctx context.Context, who auth.Actor, token string, data []byte, expires time.Time) error {
	if data == nil {
		data = []byte{} // a session may hold nothing; NULL is not nothing
	}
	_, err := s.Write(ctx, who, func(tx *Tx) error {
		j, h := string(tx.journal), hashed(token)
		if err := tx.exec("DELETE FROM session WHERE journal = ? AND (token = ? OR expires < ?)", j, h, tx.Now().UnixMicro()); err != nil {
			return err
		}
		return tx.exec("INSERT INTO session (journal, token, expires, data) VALUES (?, ?, ?, ?)", j, h, expires.UnixMicro(), data)
	})
	return err
}

// GetSession reads a session that has not expired, or returns ErrNotFound.
func (s *Store) GetSession(ctx context.Context, who auth.Scope, token string) ([]byte, error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	var data []byte
	err = s.queryRow(ctx, "SELECT data FROM session WHERE journal = ? AND token = ? AND expires > ?", []any{string(journal), hashed(token), s.now().UnixMicro()}, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("session: %w", hansei.ErrNotFound)
	}
	return data, verdict.Readable(err)
}

// DeleteSession ends a session.
func (s *Store) DeleteSession(ctx context.Context, who auth.Actor, token string) error {
	_, err := s.Write(ctx, who, func(tx *Tx) error {
		return tx.exec("DELETE FROM session WHERE journal = ? AND token = ?", string(tx.journal), hashed(token))
	})
	return err
}
