package record_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/record/lock"
	"hansei/internal/record/pgtest"
	"hansei/internal/record/recordtest"
)

func TestSQLite(t *testing.T) {
	recordtest.Run(t, recordtest.Engine{
		Place: func(t *testing.T) string { return t.TempDir() },
		Open: func(t *testing.T, dir string, now func() time.Time) *record.Store {
			t.Helper()
			s, err := record.Open(context.Background(), record.Options{Dir: dir, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	})
}

func TestSecondProcessIsToldWhoHoldsIt(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	s, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	_, err = record.Open(ctx, record.Options{Dir: dir})
	var in *lock.InUseError
	if !errors.As(err, &in) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Errorf("got %v, want the process named", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = record.Open(ctx, record.Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFilesThatCannotBeUsedAreLeftAlone(t *testing.T) {
	ctx := context.Background()
	whole := t.TempDir()
	s, err := record.Open(ctx, record.Options{Dir: whole})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Write(ctx, auth.Local(), func(tx *record.Tx) error {
		for i := range 2000 {
			if err := record.Put(tx, &hansei.Team{Header: hansei.Header{ID: hansei.ID(fmt.Sprintf("t-%04d", i))}, Name: strings.Repeat("x", 50)}, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Join(whole, "hansei.db"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		spoil func([]byte) []byte
		says  string
	}{
		"another program's": {func(b []byte) []byte { copy(b[68:], "\x00\x00\x00\x01"); return b }, "another program"},
		"a newer version's": {func(b []byte) []byte { b[63] = 99; return b }, "newer version"},
		"not a database":    {func([]byte) []byte { return []byte(strings.Repeat("hello ", 100)) }, "damaged"},
		"cut short":         {func(b []byte) []byte { return b[:len(b)/2] }, "damaged"},
		"a page of noise": {func(b []byte) []byte {
			for i := 8192 * 4; i < 8192*5; i++ {
				b[i] = byte(i * 7)
			}
			return b
		}, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "hansei.db")
			spoilt := tc.spoil(append([]byte(nil), good...))
			if err := os.WriteFile(path, spoilt, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := record.Open(ctx, record.Options{Dir: dir})
			if err == nil {
				t.Fatal(errors.Join(errors.New("it was opened"), s.Close()))
			}
			if !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want %q in it", err, tc.says)
			}
			now, err := os.ReadFile(path)
			if err != nil || sha256.Sum256(now) != sha256.Sum256(spoilt) {
				t.Errorf("the file was changed (%v)", err)
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkAppend(b, record.Options{Dir: b.TempDir()}) })
	b.Run("postgres", func(b *testing.B) {
		url, _ := pgtest.Start(b)
		benchmarkAppend(b, record.Options{Dir: b.TempDir(), Database: url})
	})
}

func benchmarkAppend(b *testing.B, o record.Options) {
	s, err := record.Open(context.Background(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	ctx, who, n := context.Background(), auth.Local(), 0
	text := strings.Repeat("error rate above threshold ", 15)
	add := func(tx *record.Tx) error {
		n++
		return record.Put(tx, &hansei.WorkItem{Header: hansei.Header{ID: hansei.ID(fmt.Sprintf("d-%09d", n))}, Title: text}, 0)
	}
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Write(ctx, who, add); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("32writers", func(b *testing.B) {
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := s.Write(ctx, who, add); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
	b.Run("bulk100k", func(b *testing.B) {
		for b.Loop() {
			_, err := s.Write(ctx, who, func(tx *record.Tx) error {
				for range 100_000 {
					if err := add(tx); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("feed", func(b *testing.B) {
		rows := 0
		for b.Loop() {
			page, err := s.Feed(ctx, who.Scope(), 0, 5000)
			if err != nil {
				b.Fatal(err)
			}
			rows += len(page.Changes)
		}
		b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
	})
}
