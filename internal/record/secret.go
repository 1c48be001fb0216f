package record

import (
	"context"
	"database/sql"
	"fmt"

	"hansei/internal/auth"
)

// PutSecret keeps a sealed secret of an owner, or drops it when box is nil.
// What seals it is not known here.
func (tx *Tx) PutSecret(owner, name string, box []byte) error {
	if err := tx.exec("DELETE FROM secret WHERE journal = ? AND owner = ? AND name = ?", string(tx.journal), owner, name); err != nil {
		return fmt.Errorf("secret: %w", err)
	}
	if box == nil {
		return nil
	}
	return tx.exec("INSERT INTO secret (journal, owner, name, box) VALUES (?, ?, ?, ?)", string(tx.journal), owner, name, box)
}

// DropSecrets forgets every secret of an owner.
func (tx *Tx) DropSecrets(owner string) error {
	return tx.exec("DELETE FROM secret WHERE journal = ? AND owner = ?", string(tx.journal), owner)
}

// Secrets reads the sealed secrets of everybody, by owner and name.
func Secrets(ctx context.Context, r Reader, who auth.Scope) (out map[string]map[string][]byte, err error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	out = map[string]map[string][]byte{}
	rows, err := r.query(ctx, "SELECT owner, name, box FROM secret WHERE journal = ?", string(journal))
	if err := each(rows, err, func(rows *sql.Rows) error {
		var owner, name string
		var box []byte
		err := rows.Scan(&owner, &name, &box)
		if out[owner] == nil {
			out[owner] = map[string][]byte{}
		}
		out[owner][name] = box
		return err
	}); err != nil {
		return nil, fmt.Errorf("secrets: %w", err)
	}
	return out, nil
}
