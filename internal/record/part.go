package record

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/pack"
	"hansei/internal/record/verdict"
)

// pending begins the owner of parts that are still arriving.
const pending = "pending-"

// pendingOwner tells in its order when the parts began to arrive, so that
// those that nobody will finish can be told.
func pendingOwner(began time.Time, id string) string {
	return fmt.Sprintf("%s%016d-%s", pending, began.UnixMicro(), id)
}

// putParts stores a stream under an owner, a part a transaction, so that a
// long upload holds up nobody. It returns the size in bytes.
func (s *Store) putParts(ctx context.Context, who auth.Actor, owner string, body io.Reader) (size int64, err error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, enc.Close()) }()
	buf := make([]byte, pack.PartSize)
	for n := 0; ; n++ {
		k, err := readPart(body, buf)
		if err != nil && !errors.Is(err, io.EOF) {
			return size, fmt.Errorf("receive: %w", err)
		}
		if k > 0 {
			size += int64(k)
			part := enc.EncodeAll(buf[:k], nil)
			_, werr := s.Write(ctx, who, func(tx *Tx) error {
				return tx.exec("INSERT INTO part (journal, owner, n, bytes) VALUES (?, ?, ?, ?)", string(tx.journal), owner, n, part)
			})
			if werr != nil {
				return size, werr
			}
		}
		if err != nil {
			return size, nil
		}
	}
}

// readPart fills buf as far as there is something. Unlike io.ReadFull it keeps
// the reader's error: io.EOF alone is the end, and io.ErrUnexpectedEOF an
// upload that broke off, which must not pass for a whole one.
func readPart(body io.Reader, buf []byte) (k int, err error) {
	for k < len(buf) && err == nil {
		var n int
		n, err = body.Read(buf[k:])
		k += n
	}
	return k, err
}

func (s *Store) dropParts(ctx context.Context, who auth.Actor, owner string) error {
	_, err := s.Write(ctx, who, func(tx *Tx) error {
		return tx.exec("DELETE FROM part WHERE journal = ? AND owner = ?", string(tx.journal), owner)
	})
	return err
}

// parts reads a stream back part by part.
type parts struct {
	ctx     context.Context
	store   *Store
	journal auth.Journal
	owner   string
	dec     *zstd.Decoder
	n       int
	rest    bytes.Reader
}

func (s *Store) openParts(ctx context.Context, who auth.Scope, owner string) (io.ReadCloser, error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return &parts{ctx: ctx, store: s, journal: journal, owner: owner, dec: dec}, nil
}

// Read implements io.Reader.
func (p *parts) Read(b []byte) (int, error) {
	for p.rest.Len() == 0 {
		part, err := p.next()
		if err != nil {
			return 0, err
		}
		p.rest.Reset(part)
	}
	return p.rest.Read(b)
}

func (p *parts) next() (part []byte, err error) {
	rows, err := p.store.query(p.ctx, "SELECT bytes FROM part WHERE journal = ? AND owner = ? AND n = ?", string(p.journal), p.owner, p.n)
	if err != nil {
		return nil, verdict.Readable(err)
	}
	defer func() {
		if closeErr := rows.Close(); err == nil { // io.EOF must stay bare
			err = closeErr
		}
	}()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, verdict.Readable(err)
		}
		return nil, io.EOF
	}
	var packed []byte
	if err := rows.Scan(&packed); err != nil {
		return nil, err
	}
	p.n++
	if part, err = p.dec.DecodeAll(packed, nil); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return part, nil
}

var errDamaged = errors.New("what is stored is damaged")

// Close implements io.Closer.
func (p *parts) Close() error {
	p.dec.Close()
	return nil
}

// PutBlob stores content under its SHA-256 and returns that; the same content
// is stored once.
func (s *Store) PutBlob(ctx context.Context, who auth.Actor, name, media string, body io.Reader) (string, error) {
	sum := sha256.New()
	owner := pendingOwner(s.now(), random())
	size, err := s.putParts(ctx, who, owner, io.TeeReader(body, sum))
	if err != nil {
		return "", errors.Join(err, s.dropParts(context.WithoutCancel(ctx), who, owner))
	}
	hash := hex.EncodeToString(sum.Sum(nil))
	_, err = s.Write(ctx, who, func(tx *Tx) error {
		isNew, err := tx.added(`INSERT INTO blob (journal, hash, name, media, size) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (journal, hash) DO NOTHING`, string(tx.journal), hash, name, media, size)
		if err != nil {
			return err
		}
		if !isNew {
			return tx.exec("DELETE FROM part WHERE journal = ? AND owner = ?", string(tx.journal), owner)
		}
		return tx.exec("UPDATE part SET owner = ? WHERE journal = ? AND owner = ?", "blob-"+hash, string(tx.journal), owner)
	})
	if err != nil {
		return "", errors.Join(err, s.dropParts(context.WithoutCancel(ctx), who, owner))
	}
	return hash, nil
}

// OpenBlob reads a blob, or returns ErrNotFound.
func (s *Store) OpenBlob(ctx context.Context, who auth.Scope, hash string) (io.ReadCloser, error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	var n int
	if err := s.queryRow(ctx, "SELECT count(*) FROM blob WHERE journal = ? AND hash = ?", []any{string(journal), hash}, &n); err != nil {
		return nil, verdict.Readable(err)
	}
	if n == 0 {
		return nil, fmt.Errorf("blob %s: %w", hash, hansei.ErrNotFound)
	}
	return s.openParts(ctx, who, "blob-"+hash)
}
