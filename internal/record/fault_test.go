package record_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/record/pgtest"
)

func opened(t *testing.T, url string) *record.Store {
	t.Helper()
	s, err := record.Open(t.Context(), record.Options{Dir: t.TempDir(), Database: url})
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

// load writes to stores from many goroutines: each appends new records and, with
// each, a revision of one of its own, so that a write that was done twice, or
// half, is seen.
type load struct {
	t     *testing.T
	until chan struct{}
	wg    sync.WaitGroup
	n     atomic.Int64 // acknowledged
	mu    sync.Mutex
	ids   map[hansei.ID]bool
}

func begin(t *testing.T, writers int, stores ...*record.Store) *load {
	l := &load{t: t, until: make(chan struct{}), ids: map[hansei.ID]bool{}}
	for w := range writers {
		l.wg.Go(func() { l.write(w, stores[w%len(stores)]) })
	}
	return l
}

func (l *load) write(w int, s *record.Store) {
	own := hansei.ID(fmt.Sprintf("own-%d", w))
	for i := 0; ; i++ {
		select {
		case <-l.until:
			return
		default:
		}
		id := hansei.ID(fmt.Sprintf("new-%d-%d", w, i))
		_, err := s.Write(context.Background(), auth.Local(), func(tx *record.Tx) error {
			if err := record.Put(tx, &hansei.Team{Header: hansei.Header{ID: id}, Name: "x"}, 0); err != nil {
				return err
			}
			return record.Put(tx, &hansei.Team{Header: hansei.Header{ID: own}, Name: fmt.Sprint(i)}, record.Revision(i))
		})
		if err != nil {
			l.t.Errorf("writer %d, write %d: %v", w, i, err)
			return
		}
		l.n.Add(1)
		l.mu.Lock()
		l.ids[id] = true
		l.mu.Unlock()
	}
}

// more waits until so many more writes were acknowledged.
func (l *load) more(n int64) {
	l.t.Helper()
	tick, give := time.NewTicker(2*time.Millisecond), time.After(60*time.Second)
	defer tick.Stop()
	for want := l.n.Load() + n; l.n.Load() < want && !l.t.Failed(); {
		select {
		case <-tick.C:
		case <-give:
			l.t.Fatalf("the writers do not go on: %d of %d", l.n.Load(), want)
		}
	}
}

// end ends the writers and looks for everything they were told is there.
func (l *load) end(s *record.Store) {
	l.t.Helper()
	close(l.until)
	l.wg.Wait()
	var next record.Seq = 1
	for {
		page, err := s.Feed(context.Background(), auth.Local().Scope(), next-1, 5000)
		if err != nil {
			l.t.Fatal(err)
		}
		if len(page.Changes) == 0 {
			break
		}
		for _, c := range page.Changes {
			if c.Seq != next {
				l.t.Fatalf("a gap: %d comes after %d", c.Seq, next-1)
			}
			next++
			delete(l.ids, c.ID)
		}
	}
	if want := record.Seq(2 * l.n.Load()); next-1 != want {
		l.t.Errorf("the journal has %d entries; %d were acknowledged", next-1, want)
	}
	if len(l.ids) > 0 {
		l.t.Errorf("%d acknowledged writes are lost", len(l.ids))
	}
}

// TestServerIsRestarted: while it writes, the server is stopped and killed.
func TestServerIsRestarted(t *testing.T) {
	url, server := pgtest.Start(t)
	s := opened(t, url)
	l := begin(t, 8, s)
	for i := range 4 {
		l.more(200)
		if i%2 == 0 {
			server.Stop()
		} else {
			server.Kill()
		}
		server.Start()
	}
	l.more(200)
	l.end(s)
}

// TestConnectionsAreCut: somebody ends every connection, again and again.
func TestConnectionsAreCut(t *testing.T) {
	url, server := pgtest.Start(t)
	s := opened(t, url)
	l := begin(t, 8, s)
	for range 40 {
		l.more(30)
		server.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hansei'")
	}
	l.end(s)
}

// TestFailover: the primary is lost, and the replica that confirmed every
// commit takes over.
func TestFailover(t *testing.T) {
	_, primary := pgtest.Start(t, "synchronous_commit=remote_apply")
	replica := primary.Replica("second")
	primary.Exec("ALTER SYSTEM SET synchronous_standby_names = 'second'")
	primary.Exec("SELECT pg_reload_conf()")
	s := opened(t, fmt.Sprintf("host=%s,%s user=hansei dbname=postgres", primary.Host(), replica.Host()))
	l := begin(t, 8, s)
	l.more(300)
	primary.Kill()
	replica.Promote()
	l.more(300)
	l.end(s)
}

// TestTwoServers: two that write at once to one database follow each other in
// one sequence, and either hears of what the other wrote.
func TestTwoServers(t *testing.T) {
	url, _ := pgtest.Start(t)
	a, b := opened(t, url), opened(t, url)
	l := begin(t, 8, a, b)
	l.more(1000)
	l.end(a)
	for range 5 {
		head, err := b.Head(t.Context(), auth.Local().Scope())
		if err != nil {
			t.Fatal(err)
		}
		waited := make(chan error)
		go func() { waited <- b.Wait(t.Context(), auth.Local().Scope(), head.Seq) }()
		if _, err := a.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
			return record.Put(tx, &hansei.Team{Header: hansei.Header{ID: hansei.ID(fmt.Sprint("heard-", head.Seq))}, Name: "x"}, 0)
		}); err != nil {
			t.Fatal(err)
		}
		if err := <-waited; err != nil {
			t.Error(err)
		}
	}
}

// cutter passes connections on to a server until a commit: every third one
// reaches the server, but its answer never the client.
type cutter struct {
	server  string
	commits atomic.Int64
	cut     atomic.Int64
}

func (c *cutter) serve(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		go c.pass(client)
	}
}

func (c *cutter) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	var mute atomic.Bool
	go func() {
		defer client.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if err != nil || mute.Load() {
				return
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(buf[:n], []byte("commit\x00")) && c.commits.Add(1)%3 == 0 {
			mute.Store(true)
			c.cut.Add(1)
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// TestAnswersToCommitsAreLost: whoever does not hear whether it was committed
// finds out, and neither loses a write nor does it twice.
func TestAnswersToCommitsAreLost(t *testing.T) {
	_, server := pgtest.Start(t)
	dir := t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	c := &cutter{server: filepath.Join(server.Host(), ".s.PGSQL.5432")}
	go c.serve(listener)
	s := opened(t, fmt.Sprintf("host=%s user=hansei dbname=postgres", dir))
	l := begin(t, 4, s)
	l.more(200)
	l.end(s)
	if c.cut.Load() < 10 {
		t.Errorf("only %d answers were lost: the test tried nothing", c.cut.Load())
	}
}

// TestServerStaysAway: a write fails in the end and says why, reads do, and
// both work again once the server is back.
func TestServerStaysAway(t *testing.T) {
	url, server := pgtest.Start(t)
	s := opened(t, url)
	record.SetPatience(s, 300*time.Millisecond)
	put := func(id hansei.ID) error {
		_, err := s.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
			return record.Put(tx, &hansei.Team{Header: hansei.Header{ID: id}, Name: "x"}, 0)
		})
		return err
	}
	if err := put("a"); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if err := put("b"); !errors.Is(err, record.ErrUnavailable) {
		t.Errorf("write: got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Head(ctx, auth.Local().Scope()); err == nil {
		t.Error("read: got no error")
	}
	server.Start()
	if err := put("b"); err != nil {
		t.Error(err)
	}
	if head, err := s.Head(t.Context(), auth.Local().Scope()); err != nil || head.Seq != 2 {
		t.Errorf("got head %d, %v; want 2", head.Seq, err)
	}
}

// TestWarnings: what cannot be trusted is said at the start.
func TestWarnings(t *testing.T) {
	url, server := pgtest.Start(t)
	said := func() string {
		var log bytes.Buffer
		s, err := record.Open(t.Context(), record.Options{Dir: t.TempDir(), Database: url, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		return log.String()
	}
	if got := said(); got != "" {
		t.Errorf("alone: got %s", got)
	}
	server.Replica("second")
	if got := said(); !strings.Contains(got, "does not confirm commits") {
		t.Errorf("with an asynchronous replica: got %q", got)
	}
	server.Exec("ALTER SYSTEM SET synchronous_standby_names = 'second'")
	server.Exec("SELECT pg_reload_conf()")
	if got := said(); got != "" {
		t.Errorf("with a synchronous replica: got %s", got)
	}
}

// TestDatabasesThatCannotBeUsed: they are refused at once, in words, and no
// password is among them.
func TestDatabasesThatCannotBeUsed(t *testing.T) {
	_, server := pgtest.Start(t)
	newer := server.Database()
	s := opened(t, newer)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	server.ExecIn(newer, "UPDATE hansei SET version = 99")
	for url, says := range map[string]string{
		newer:                "newer version",
		server.URL("absent"): "no such database",
		strings.Replace(newer, "hansei@", "nobody:geheim@", 1): "refuses the user",
		"postgres://hansei:geheim@%zz/x":                       "address",
	} {
		s, err := record.Open(t.Context(), record.Options{Dir: t.TempDir(), Database: url})
		if err == nil {
			t.Fatal(errors.Join(errors.New("it was opened"), s.Close()))
		}
		if !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("got %v, want %q in it", err, says)
		}
	}
}
