package record

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/file"
)

// opened opens a store that is closed with the test.
func opened(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// crashed copies the files of a store that is at work: what a process killed
// at this moment leaves behind.
func crashed(t *testing.T, s *Store) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"hansei.db", "hansei.db-wal", "arrivals.db", "arrivals.db-wal"} {
		duplicate(t, filepath.Join(s.dir, name), filepath.Join(dir, name))
	}
	return dir
}

func duplicate(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func teams(prefix string, n int) func(*Tx) error {
	return func(tx *Tx) error {
		for i := range n {
			id := hansei.ID(fmt.Sprintf("%s-%05d", prefix, i))
			if err := Put(tx, &hansei.Team{Header: hansei.Header{ID: id}, Name: strings.Repeat("x", 300)}, 0); err != nil {
				return err
			}
		}
		return nil
	}
}

// TestCrashInALargeImport: a transaction larger than the cache is in the log
// on disk before it is committed. None of it may be seen after a crash.
func TestCrashInALargeImport(t *testing.T) {
	s, who := opened(t, t.TempDir()), auth.Local()
	if _, err := s.Write(t.Context(), who, teams("before", 10)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.ExecContext(t.Context(), "PRAGMA cache_size = 10"); err != nil {
		t.Fatal(err)
	}
	wal := func() int64 {
		info, err := os.Stat(s.engine.name() + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	small, gaveUp := wal(), errors.New("gave up")
	var left string
	_, err := s.Write(t.Context(), who, func(tx *Tx) error {
		if err := teams("import", 5000)(tx); err != nil {
			return err
		}
		if wal() < small+1<<20 {
			t.Error("the import did not reach the log; the test tried nothing")
		}
		left = crashed(t, s)
		return gaveUp
	})
	if !errors.Is(err, gaveUp) {
		t.Fatal(err)
	}
	for name, s := range map[string]*Store{"killed": opened(t, left), "gave up": s} {
		list, err := s.List(t.Context(), who.Scope(), hansei.KindTeam, "", 10_000)
		head, headErr := s.Head(t.Context(), who.Scope())
		if err != nil || headErr != nil || len(list) != 10 || head.Seq != 10 {
			t.Errorf("%s: got %d records, head %d, %v, %v; want the 10 from before", name, len(list), head.Seq, err, headErr)
		}
		if _, err := s.Write(t.Context(), who, teams("import", 5)); err != nil {
			t.Errorf("%s: the same ids again: %v", name, err)
		}
	}
}

// cutShort reads a payload and copies the store's files before its last byte.
type cutShort struct {
	left int
	stop func()
}

func (c *cutShort) Read(b []byte) (int, error) {
	if c.left == 0 {
		c.stop()
		return 0, errors.New("cut off")
	}
	n := min(len(b), c.left)
	clear(b[:n])
	c.left -= n
	return n, nil
}

// TestCrashInADelivery: the parts of a delivery that was still arriving are
// removed when the store is opened again, and those of others are not.
func TestCrashInADelivery(t *testing.T) {
	s, who := opened(t, t.TempDir()), auth.Local()
	whole, _, err := s.PutDelivery(t.Context(), who, hansei.Delivery{Source: "file"}, "{}", strings.NewReader("a,b\n1,2\n"))
	if err != nil {
		t.Fatal(err)
	}
	var left string
	body := &cutShort{left: 3 << 20, stop: func() { left = crashed(t, s) }}
	if _, _, err := s.PutDelivery(t.Context(), who, hansei.Delivery{Source: "file"}, "{}", body); err == nil {
		t.Fatal("a delivery that was cut off was taken")
	}
	count := func(s *Store) (n int) {
		t.Helper()
		if err := s.read.DB.QueryRowContext(t.Context(), "SELECT count(*) FROM part").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for name, s := range map[string]*Store{"killed": opened(t, left), "cut off": s} {
		if n := count(s); n != 1 {
			t.Errorf("%s: %d parts are left, want the 1 of the whole delivery", name, n)
		}
		list, err := s.Deliveries(t.Context(), who.Scope(), DeliveryFilter{})
		if err != nil || len(list) != 1 || list[0].ID != whole.ID {
			t.Errorf("%s: got %+v, %v; want the whole delivery alone", name, list, err)
		}
	}
}

// TestLogIsShortened: what a large transaction left in the log is given back
// with it, and not only when the store is closed.
func TestLogIsShortened(t *testing.T) {
	s, who := opened(t, t.TempDir()), auth.Local()
	_, err := s.Write(t.Context(), who, func(tx *Tx) error {
		doc := []byte(`{"id":"x","name":"` + strings.Repeat("x", 1<<20) + `"}`)
		for i := range 80 {
			if err := PutEncoded(tx, &hansei.Team{Header: hansei.Header{ID: hansei.ID(fmt.Sprint(i))}}, doc, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		info, err := os.Stat(s.engine.name() + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() < file.LogLimit {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the log still has %d bytes", info.Size())
		}
	}
}

// TestTxMustNotOutliveItsFunction: what a Tx gathers after its end would be
// written into somebody else's transaction.
func TestTxMustNotOutliveItsFunction(t *testing.T) {
	s, who := opened(t, t.TempDir()), auth.Local()
	var stale *Tx
	if _, err := s.Write(t.Context(), who, func(tx *Tx) error { stale = tx; return nil }); err != nil {
		t.Fatal(err)
	}
	_, _, get := Get[*hansei.Team](t.Context(), stale, who.Scope(), "a")
	for name, err := range map[string]error{
		"Put":            Put(stale, &hansei.Team{Header: hansei.Header{ID: "a"}, Name: "a"}, 0),
		"Get":            get,
		"FinishDelivery": stale.FinishDelivery("d", DeliveryDone, "", ""),
	} {
		if !errors.Is(err, errEnded) {
			t.Errorf("%s: got %v, want %v", name, err, errEnded)
		}
	}
}

// TestHeadIsOfTheLastEntry: a transaction without entries moves neither the
// head nor its time.
func TestHeadIsOfTheLastEntry(t *testing.T) {
	now := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	who := auth.Local()
	if _, err := s.Write(t.Context(), who, teams("a", 1)); err != nil {
		t.Fatal(err)
	}
	want, err := s.Head(t.Context(), who.Scope())
	if err != nil || !want.At.Equal(now) {
		t.Errorf("got %+v, %v; want %s", want, err, now)
	}
	now = now.Add(time.Hour)
	if err := s.PutSession(context.Background(), who, "token", nil, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Head(t.Context(), who.Scope()); err != nil || got != want {
		t.Errorf("after a session was stored: got %+v, %v; want %+v", got, err, want)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
