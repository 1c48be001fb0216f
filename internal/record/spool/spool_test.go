package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hansei/internal/record/file"
)

func opened(t *testing.T, path string) *File {
	t.Helper()
	s, err := Open(t.Context(), path)
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

// left are the entries that a spool holds, as "number text".
func left(t *testing.T, s *File) (out []string) {
	t.Helper()
	_, err := s.Left(t.Context(), func(n int64, entry []byte) error {
		out = append(out, fmt.Sprintf("%d %s", n, entry))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func appended(t *testing.T, s *File, texts ...string) int64 {
	t.Helper()
	var entries [][]byte
	for _, x := range texts {
		entries = append(entries, []byte(x))
	}
	numbers, err := s.Append(t.Context(), entries)
	if err != nil || len(numbers) != len(texts) {
		t.Fatal(numbers, err)
	}
	return numbers[0]
}

// crashed copies the files of a spool as a crash would leave them.
func crashed(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "x.db")
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + end)
		if err == nil {
			err = os.WriteFile(to+end, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// TestSpool: what was appended is there after a crash until it is removed, and
// numbers go on.
func TestSpool(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := opened(t, path)
	if n := appended(t, s, "a", "b"); n != 1 {
		t.Errorf("the first have the number %d", n)
	}
	if n := appended(t, s, "c"); n != 2 {
		t.Errorf("the third has the number %d", n)
	}
	if got := left(t, opened(t, crashed(t, path))); !slices.Equal(got, []string{"1 a", "1 b", "2 c"}) {
		t.Errorf("after a crash: %q", got)
	}
	s.Release(1)
	if got := left(t, s); len(got) != 3 {
		t.Errorf("released, and not removed yet: %q", got)
	}
	appended(t, s, "d")
	if got := left(t, s); !slices.Equal(got, []string{"2 c", "3 d"}) {
		t.Errorf("removed with the next append: %q", got)
	}
	s.Release(3)
	s.Release(1) // later, and of less
	if err := s.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := left(t, s); len(got) != 0 {
		t.Errorf("tidied: %q", got)
	}
	many := make([]string, 300)
	for i := range many {
		many[i] = fmt.Sprint("m", i)
	}
	first := appended(t, s, many...)
	again := opened(t, crashed(t, path))
	if got := left(t, again); len(got) != len(many) || got[len(many)-1] != fmt.Sprintf("%d m299", first) {
		t.Errorf("got %d entries, the last %q", len(got), got[len(got)-1])
	}
	if n := appended(t, again, "next"); n != first+1 {
		t.Errorf("opened again: the next has the number %d after %d", n, first)
	}
}

// TestEntriesOfTheirOwn: rows from when each entry had its own are read.
func TestEntriesOfTheirOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := opened(t, path)
	if _, err := s.conn.ExecContext(t.Context(), "INSERT INTO entry VALUES (7, ?), (8, ?)", []byte("{a"), []byte("{b")); err != nil {
		t.Fatal(err)
	}
	s = opened(t, crashed(t, path))
	if n := appended(t, s, "c", "d"); n != 9 {
		t.Errorf("the next have the number %d", n)
	}
	if got := left(t, s); !slices.Equal(got, []string{"7 {a", "8 {b", "9 c", "9 d"}) {
		t.Errorf("got %q", got)
	}
}

// TestDamagedRow: no damaged row is passed over.
func TestDamagedRow(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "x.db"))
	appended(t, s, strings.Repeat("a", 100), "b")
	if _, err := s.conn.ExecContext(t.Context(), "UPDATE entry SET bytes = substr(bytes, 1, length(bytes) - 1)"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Left(t.Context(), func(int64, []byte) error { return nil }); err == nil || !strings.Contains(err.Error(), "row 1") {
		t.Errorf("got %v", err)
	}
}

// TestNotOurs: a file that is damaged or somebody else's stays as it is.
func TestNotOurs(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.db")
	s := opened(t, good)
	for range 20 {
		appended(t, s, strings.Repeat("x", 3000))
	}
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	theirs := filepath.Join(dir, "theirs.db")
	db := file.Open(theirs, file.ReadWrite)
	_, err = db.ExecContext(t.Context(), "CREATE TABLE theirs (a)")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(theirs)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"cut short": whole[:len(whole)/2], "no database": bytes.Repeat([]byte("hello "), 2000), "of another program": other} {
		path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), path)
		if err == nil {
			t.Error(name, errors.Join(errors.New("it was opened"), s.Close()))
		} else if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "move it away") {
			t.Errorf("%s: %v", name, err)
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, text) {
			t.Errorf("%s: the file was changed (%v)", name, err)
		}
	}
}

// TestLogWithoutItsFile: what may still be saved from the log is not deleted.
func TestLogWithoutItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	appended(t, opened(t, path), "a", "b")
	to := crashed(t, path)
	if err := os.Truncate(to, 0); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(to + "-wal")
	if err != nil || len(before) == 0 {
		t.Fatalf("%d bytes of log, %v: the test tries nothing", len(before), err)
	}
	if s, err := Open(t.Context(), to); err == nil {
		t.Error(errors.Join(errors.New("it was opened"), s.Close()))
	}
	if now, err := os.ReadFile(to + "-wal"); err != nil || !bytes.Equal(now, before) {
		t.Errorf("the log was changed (%v)", err)
	}
}

// TestCompact: nothing of what was removed is in the files.
func TestCompact(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := opened(t, path)
	appended(t, s, strings.Repeat("Ann Example ", 2000))
	appended(t, s, "stays")
	s.Release(1)
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-wal"} {
		if b, err := os.ReadFile(path + end); err != nil || bytes.Contains(b, []byte("Ann Example")) {
			t.Errorf("%s: %d bytes with the name in them, %v", path+end, len(b), err)
		}
	}
	if got := left(t, s); !slices.Equal(got, []string{"2 stays"}) {
		t.Errorf("got %q", got)
	}
}

func thing(key string) Item[string, string] {
	return Item[string, string]{Key: key, Value: "value of " + key, Size: int64(len(key)), Entry: []byte(key)}
}

func waiting(q *Queue[string, string]) (out []string) {
	q.Each(func(k, v string) bool {
		if v != "value of "+k {
			out = append(out, "wrong value "+v)
		}
		out = append(out, k)
		return true
	})
	return out
}

// TestQueue: each waits once, and leaves the spool once all before it have.
func TestQueue(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "x.db"))
	q := NewQueue[string, string](s)
	add := func(keys ...string) []string {
		t.Helper()
		var list []Item[string, string]
		for _, k := range keys {
			list = append(list, thing(k))
		}
		added, err := q.Add(t.Context(), list)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Sorted(maps.Keys(added))
	}
	if got := add("a", "b", "a"); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("added %q", got)
	}
	if got := add("b", "c"); !slices.Equal(got, []string{"c"}) {
		t.Errorf("then added %q", got)
	}
	q.End([]string{"b", "unknown"})
	add("d")
	if got := left(t, s); len(got) != 4 {
		t.Errorf("b ended and a still waits: %q", got)
	}
	if _, n := q.Get("b"); n > 0 || !slices.Equal(waiting(q), []string{"a", "c", "d"}) {
		t.Errorf("waiting: %q", waiting(q))
	}
	q.End([]string{"a"})
	add("b") // it may come again
	if got := left(t, s); !slices.Equal(got, []string{"2 c", "3 d", "4 b"}) {
		t.Errorf("left %q", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	tidied := make(chan bool)
	go func() {
		q.KeepTidy(ctx, func(err error) { t.Error(err) })
		close(tidied)
	}()
	q.End([]string{"c", "d", "b"})
	for began := time.Now(); len(left(t, s)) > 0; { // until Tidy had its turn
		if time.Since(began) > time.Minute {
			t.Fatal("it was not tidied")
		}
	}
	stop()
	<-tidied
	if len(q.byKey) != 0 || q.bytes != 0 || len(q.list) != 0 {
		t.Errorf("something stayed: %d, %d bytes", len(q.byKey), q.bytes)
	}
}

// TestTraces: what ended is gone from memory at once, also behind one that
// waits, and from the files once that one has ended, too.
func TestTraces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := opened(t, path)
	q := NewQueue[string, string](s)
	for _, k := range []string{"first", "Ann Example", "third"} {
		if _, err := q.Add(t.Context(), []Item[string, string]{thing(k)}); err != nil {
			t.Fatal(err)
		}
	}
	q.End([]string{"Ann Example"})
	if q.list[1].Value != "" || q.list[0].Value == "" {
		t.Errorf("in memory: %q and %q", q.list[0].Value, q.list[1].Value)
	}
	q.End([]string{"first"})
	if err := q.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-wal"} {
		if b, err := os.ReadFile(path + end); err != nil || bytes.Contains(b, []byte("Ann Example")) {
			t.Errorf("%s holds what ended, %v", end, err)
		}
	}
	if got := left(t, opened(t, crashed(t, path))); !slices.Equal(got, []string{"3 third"}) {
		t.Errorf("after a crash: %q", got)
	}
}

// TestQueueBounds: who brings much is held back, and then refused a place.
func TestQueueBounds(t *testing.T) {
	q := NewQueue[string, string](opened(t, filepath.Join(t.TempDir(), "x.db")))
	fill := func(from, to int) {
		t.Helper()
		var list []Item[string, string]
		for i := from; i < to; i++ {
			list = append(list, thing(fmt.Sprint(i)))
		}
		if _, err := q.Add(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	fill(0, easy)
	if q.Pace() != 0 || q.Full() {
		t.Errorf("little waits: pace %s, full %v", q.Pace(), q.Full())
	}
	fill(easy, maxItems/2)
	some := q.Pace()
	if some <= 0 || q.Full() {
		t.Errorf("half full: pace %s, full %v", some, q.Full())
	}
	fill(maxItems/2, maxItems-1)
	if pace := q.Pace(); pace <= some || pace > slowest || q.Full() {
		t.Errorf("nearly full: pace %s, half full %s, full %v", pace, some, q.Full())
	}
	fill(maxItems-1, maxItems)
	if !q.Full() {
		t.Error("it is not full")
	}
	var all []string
	for i := range maxItems {
		all = append(all, fmt.Sprint(i))
	}
	q.End(all)
	large := thing("large")
	large.Size = maxBytes
	if _, err := q.Add(t.Context(), []Item[string, string]{large}); err != nil || !q.Full() {
		t.Errorf("of bytes it is full: %v, %v", q.Full(), err)
	}
}

// TestQueueByMany: many add and end at once, and nothing is lost or there twice.
func TestQueueByMany(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "x.db"))
	q := NewQueue[string, string](s)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 40 {
				k := fmt.Sprintf("%d-%d", w, i)
				if added, err := q.Add(t.Context(), []Item[string, string]{thing(k), thing(fmt.Sprint("both-", i))}); err != nil || !added[k] {
					t.Errorf("%s: %v, %v", k, added, err)
				}
				if i%2 == 0 {
					q.End([]string{k})
				}
			}
		})
	}
	wg.Wait()
	got := waiting(q)
	slices.Sort(got)
	if len(got) != 8*20+40 || len(slices.Compact(got)) != len(got) {
		t.Errorf("%d wait, want %d different ones", len(got), 8*20+40)
	}
}
