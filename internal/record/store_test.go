package record_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/record/recordtest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("HANSEI_CRASH_DIR"); dir != "" {
		if err := writeUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

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

// half is how many records the child's large writes have: a reader must see
// none or all of them.
const half = 700

// writeUntilKilled appends for ever: single records, whose ids it prints once
// they are acknowledged, and large groups.
func writeUntilKilled(dir string) error {
	ctx, who := context.Background(), auth.Local()
	s, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		id := fmt.Sprintf("%d-%d", time.Now().UnixNano(), i)
		n := 1
		if i%3 == 2 {
			n, id = half, "group-"+id
		}
		_, err := s.Write(ctx, who, func(tx *record.Tx) error {
			for k := range n {
				name := id
				if n > 1 {
					name = fmt.Sprintf("%s-%d", id, k)
				}
				if err := record.Put(tx, &hansei.Team{Header: hansei.Header{ID: hansei.ID(name)}, Name: id}, 0); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		fmt.Println(id)
	}
}

// TestKill kills a writing process at random moments: nothing acknowledged is
// lost, and no write is half there. HANSEI_CRASH_ROUNDS=200 is the long form.
func TestKill(t *testing.T) {
	rounds := 8
	if n, err := strconv.Atoi(os.Getenv("HANSEI_CRASH_ROUNDS")); err == nil {
		rounds = n
	}
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(7, 7))
	var acknowledged []string
	for range rounds {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "HANSEI_CRASH_DIR="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if lines.Scan() { // it has begun
			acknowledged = append(acknowledged, lines.Text())
		}
		time.AfterFunc(time.Duration(rng.IntN(60))*time.Millisecond, func() { _ = child.Process.Kill() })
		for lines.Scan() {
			acknowledged = append(acknowledged, lines.Text())
		}
		_ = child.Wait() // it was killed; its exit code says so
		verify(t, dir, acknowledged)
	}
	if len(acknowledged) < rounds {
		t.Errorf("only %d writes in %d rounds: the test tried nothing", len(acknowledged), rounds)
	}
}

func verify(t *testing.T, dir string, acknowledged []string) {
	t.Helper()
	ctx, who := context.Background(), auth.Local().Scope()
	s, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	have, next := map[string]int{}, record.Seq(1)
	for {
		page, err := s.Feed(ctx, who, next-1, 5000)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Changes {
			if c.Seq != next {
				t.Fatalf("a gap: %d comes after %d", c.Seq, next-1)
			}
			next++
			rec, err := record.Decode(c)
			if err != nil {
				t.Fatal(err)
			}
			have[rec.(*hansei.Team).Name]++
		}
		if len(page.Changes) == 0 {
			break
		}
	}
	for _, id := range acknowledged {
		want := 1
		if strings.HasPrefix(id, "group-") {
			want = half
		}
		if have[id] != want {
			t.Fatalf("%s was acknowledged, but %d of its %d records are there", id, have[id], want)
		}
	}
	for id, n := range have {
		if strings.HasPrefix(id, "group-") && n != half {
			t.Fatalf("%s is half there: %d of %d records", id, n, half)
		}
	}
}

func TestSecondProcessIsToldWhoHoldsIt(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	s, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	_, err = record.Open(ctx, record.Options{Dir: dir})
	var in *record.InUseError
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
	s, err := record.Open(context.Background(), record.Options{Dir: b.TempDir()})
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
