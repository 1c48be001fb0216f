package file

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// logged is a file with a table, the one connection that writes it, and its log,
// which is kept until the test ends.
func logged(t *testing.T) (path string, l *Log, conn *sql.Conn, write func(kilobytes int)) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "x.db")
	db := Open(path, ReadWrite, "busy_timeout = 100", "journal_mode = wal", "synchronous = normal", "wal_autocheckpoint = 0")
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l = NewLog(path)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.Keep(ctx, func(err error) { t.Error(err) })
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	write = func(kilobytes int) {
		t.Helper()
		for _, q := range []string{"CREATE TABLE IF NOT EXISTS x (a BLOB)", "INSERT INTO x VALUES (randomblob(1024 * ?1))"} {
			var args []any
			if q[0] == 'I' {
				args = []any{kilobytes}
			}
			if _, err := conn.ExecContext(t.Context(), q, args...); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Committed(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
	}
	return path, l, conn, write
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestLogIsTakenOver: what is committed gets into the file though nobody who
// commits takes it there.
func TestLogIsTakenOver(t *testing.T) {
	path, _, _, write := logged(t)
	write(1 << 10)
	before := size(t, path)
	write(enough * 4) // 4 KB a page
	eventually(t, "the log is not taken over", func() bool { return size(t, path) > before+enough*4<<10 })
}

// TestLogBeginsAnew: the log of a file that is written without a pause does not
// grow for ever.
func TestLogBeginsAnew(t *testing.T) {
	path, _, _, write := logged(t)
	for range 50 {
		write(2 << 10)
	}
	if n := size(t, path+"-wal"); n >= LogLimit {
		t.Errorf("after 100 MB the log has %d bytes", n)
	}
}

// TestLargeLogIsGivenBack: also when somebody who reads was in the way at first.
func TestLargeLogIsGivenBack(t *testing.T) {
	path, l, conn, write := logged(t)
	write(1)
	db := Open(path, ReadOnly)
	t.Cleanup(func() { _ = db.Close() })
	reading, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reading.QueryRowContext(t.Context(), "SELECT count(*) FROM x").Scan(&n); err != nil {
		t.Fatal(err)
	}
	write(LogLimit >> 10)
	for range 20 {
		write(1)
	}
	if n := size(t, path+"-wal"); n < LogLimit {
		t.Fatalf("the log has %d bytes; the test tries nothing", n)
	}
	if err := l.Empty(t.Context(), conn); err == nil {
		t.Error("emptied while somebody reads what stands in it")
	}
	if err := reading.Rollback(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log stays large", func() bool {
		write(1)
		return size(t, path+"-wal") < LogLimit
	})
	if err := l.Empty(t.Context(), conn); err != nil || size(t, path+"-wal") != 0 {
		t.Errorf("got %v, %d bytes; want an empty log", err, size(t, path+"-wal"))
	}
}
