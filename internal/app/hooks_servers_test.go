package app

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/record/pgtest"
	"hansei/internal/source"
)

// hookLoad sends webhooks, each about an incident of its own, over some
// connections to each of some addresses.
type hookLoad struct {
	client *http.Client
	stop   context.CancelFunc
	wg     sync.WaitGroup
	n      atomic.Int64
	mu     sync.Mutex
	acked  map[string]bool // the incident of each that was acknowledged
	refuse map[int]int     // answers that are not 200, by status; 0: none came
}

func beginLoad(t *testing.T, each int, urls ...string) *hookLoad {
	t.Helper()
	example, err := os.ReadFile("../source/pagerduty/reading/testdata/incident.acknowledged.json")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	l := &hookLoad{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: each}, Timeout: 40 * time.Second}, stop: stop, acked: map[string]bool{}, refuse: map[int]int{}}
	for _, url := range urls {
		for range each {
			l.wg.Go(func() {
				for ctx.Err() == nil {
					id := fmt.Sprintf("L%09d", l.n.Add(1))
					text := bytes.ReplaceAll(bytes.ReplaceAll(example, []byte("PGR0VU2"), []byte(id)), []byte("5ac64822-4adc-4fda-ade0-410becf0de4f"), []byte("event-"+id))
					err := sent(ctx, l.client, url, text)
					var no answered
					errors.As(err, &no)
					l.mu.Lock()
					if err == nil {
						l.acked[id] = true
					} else if ctx.Err() == nil {
						l.refuse[int(no)]++
					}
					l.mu.Unlock()
					if err != nil { // it is away, and not to be asked without a pause
						select {
						case <-ctx.Done():
						case <-time.After(20 * time.Millisecond):
						}
					}
				}
			})
		}
	}
	return l
}

func (l *hookLoad) acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// more waits until so many more were acknowledged.
func (l *hookLoad) more(t *testing.T, n int) {
	t.Helper()
	want := l.acknowledged() + n
	soon(t, fmt.Sprintf("%d more webhooks are acknowledged", n), func() bool { return l.acknowledged() >= want })
}

func (l *hookLoad) end() {
	l.stop()
	l.wg.Wait()
	l.client.CloseIdleConnections()
}

// child is a server in a process of its own.
type child struct {
	*exec.Cmd
	listen string
	errs   bytes.Buffer
}

func startChild(t *testing.T, dir, listen, database, key string) *child {
	t.Helper()
	c := &child{Cmd: exec.CommandContext(t.Context(), os.Args[0]), listen: listen}
	c.Env = append(os.Environ(), "HANSEI_KILL_DIR="+dir, "HANSEI_KILL_LISTEN="+listen, "HANSEI_KILL_DATABASE="+database, "HANSEI_KILL_KEY="+key)
	c.Stderr = &c.errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	return c
}

// kill kills it with signal 9.
func (c *child) kill() {
	if c.ProcessState == nil {
		_ = c.Process.Kill() // it may have ended
		_ = c.Wait()         // killed, as it should be
	}
}

// asked is the first column of the first row of a query, as text.
func asked(t *testing.T, db *sql.DB, q string, args ...any) string {
	t.Helper()
	var out sql.NullString
	if err := db.QueryRowContext(t.Context(), q, args...).Scan(&out); err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
	return out.String
}

// TestOneOfTwoServersIsKilled kills, under webhooks to both, the one of two
// servers on one PostgreSQL that runs the periodic jobs. Within a minute the
// other has understood what was left in the spool of the first and runs the
// periodic jobs, and every delivery that either acknowledged is there exactly
// once. HANSEI_CRASH_ROUNDS says how often, each time the one that took over.
func TestOneOfTwoServersIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("waiting for the other to take over is not short")
	}
	t.Parallel() // it waits most of the time
	rounds := 1
	if n, err := strconv.Atoi(os.Getenv("HANSEI_CRASH_ROUNDS")); err == nil {
		rounds = n
	}
	url, _ := pgtest.Start(t)
	key := filepath.Join(t.TempDir(), "key")
	a, err := New(t.Context(), Config{Dir: t.TempDir(), Database: url, KeyFile: key, URL: "http://hansei.example"})
	if err != nil {
		t.Fatal(err)
	}
	added, err := a.sources.Add(t.Context(), auth.Local(), connect.Spec{Tool: "pagerduty", Name: "pd", Settings: map[string]string{source.WebhookSecret: "s"}})
	if err := errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	leads := func(c *child) bool {
		return strings.Contains(asked(t, db, "SELECT leader_id FROM river_leader"), fmt.Sprintf("-%d-", c.Process.Pid))
	}
	hook := func(c *child) string { return strings.Replace(added.URL, "hansei.example", c.listen, 1) }
	dirs := []string{t.TempDir(), t.TempDir()}
	first := startChild(t, dirs[0], freePort(t), url, key)
	soon(t, "the first server runs the periodic jobs", func() bool { return leads(first) })
	second := startChild(t, dirs[1], freePort(t), url, key)
	acked := map[string]bool{}
	for round := range rounds {
		// One that has just begun takes over at once; this one is at work.
		one := beginLoad(t, 1, hook(second))
		one.n.Store(int64(2*round+1) * 1e6)
		one.more(t, 1)
		one.end()
		soon(t, "the second understands", func() bool { return asked(t, db, "SELECT count(*) FROM arrived") == "0" })
		l := beginLoad(t, 8, hook(first), hook(second))
		l.n.Store(int64(2*round+2) * 1e6)
		l.more(t, 600)
		// What comes now is acknowledged, and not understood: no writer gets on.
		held, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := held.ExecContext(t.Context(), "SELECT head FROM journal FOR UPDATE"); err != nil {
			t.Fatal(err)
		}
		soon(t, "both have webhooks in their spools", func() bool { return asked(t, db, "SELECT count(DISTINCT server) FROM arrived") == "2" })
		l.more(t, 200)
		first.kill()
		killed := time.Now()
		left := asked(t, db, "SELECT count(*) FROM arrived")
		if err := held.Rollback(); err != nil {
			t.Fatal(err)
		}
		l.more(t, 200) // the other goes on
		l.end()
		soon(t, "the other understands what was left", func() bool { return asked(t, db, "SELECT count(*) FROM arrived") == "0" })
		emptied := time.Since(killed)
		soon(t, "the other runs the periodic jobs", func() bool {
			return leads(second) && asked(t, db, "SELECT count(*) FROM river_job WHERE kind = 'pull-due' AND state = 'completed' AND attempted_at > $1 AND array_to_string(attempted_by, ' ') LIKE $2",
				killed.UTC(), fmt.Sprintf("%%-%d-%%", second.Process.Pid)) != "0"
		})
		t.Logf("round %d: %d acknowledged, rows in the spool when one was killed: %s, understood after %s, periodic jobs after %s; not answered 200: %v",
			round+1, len(l.acked), left, emptied.Round(time.Millisecond), time.Since(killed).Round(time.Millisecond), l.refuse)
		if most := time.Minute; emptied > most || time.Since(killed) > most {
			t.Errorf("taking over took longer than %s", most)
		}
		maps.Copy(acked, one.acked)
		maps.Copy(acked, l.acked)
		if round+1 < rounds {
			dirs[0], dirs[1] = dirs[1], dirs[0]
			first, second = second, startChild(t, dirs[1], freePort(t), url, key)
		}
	}
	second.kill()
	if t.Failed() {
		t.Logf("the servers said: %s%s", &first.errs, &second.errs)
	}
	checkAfterKills(t, Config{Dir: dirs[1], Database: url, KeyFile: key}, acked)
}

// TestHookWhileTheDatabaseIsAway stops and kills PostgreSQL under webhooks to a
// running server, and lets a replica take over. While it is away nothing is
// acknowledged, or the sender waits, or is told 503; nothing that was
// acknowledged is lost, and the server goes on by itself.
func TestHookWhileTheDatabaseIsAway(t *testing.T) {
	if testing.Short() {
		t.Skip("stopping and starting PostgreSQL is not short")
	}
	t.Parallel()
	_, primary := pgtest.Start(t, "synchronous_commit=remote_apply")
	replica := primary.Replica("second")
	primary.Exec("ALTER SYSTEM SET synchronous_standby_names = 'second'")
	primary.Exec("SELECT pg_reload_conf()")
	url := fmt.Sprintf("postgres://hansei@/postgres?host=%s,%s", primary.Host(), replica.Host())
	c := Config{Dir: t.TempDir(), Listen: freePort(t), Database: url, KeyFile: filepath.Join(t.TempDir(), "key")}
	a, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	added, err := a.sources.Add(ctx, auth.Local(), connect.Spec{Tool: "pagerduty", Name: "pd", Settings: map[string]string{source.WebhookSecret: "s"}})
	if err != nil {
		t.Fatal(err)
	}
	l := beginLoad(t, 8, added.URL)
	l.more(t, 100)
	for i, away := range []func(){primary.Stop, primary.Kill} {
		away()
		before := l.acknowledged()
		time.Sleep(300 * time.Millisecond)         // that long it is away
		if n := l.acknowledged() - before; n > 8 { // those whose answer was on its way
			t.Errorf("%d webhooks were acknowledged while the database was away", n)
		}
		primary.Start()
		l.more(t, 100)
		t.Logf("away %d: %d acknowledged, not answered 200: %v", i+1, l.acknowledged(), l.refused())
	}
	primary.Kill()
	replica.Promote()
	l.more(t, 100)
	l.end()
	for status, n := range l.refuse {
		if status != http.StatusServiceUnavailable {
			t.Errorf("%d webhooks were answered %d; want 200, 503 or a wait", n, status)
		}
	}
	soon(t, "all is understood", func() bool {
		waiting, err := a.records.Inbox(ctx, auth.Local().Scope(), 1, 1<<20)
		return err == nil && len(waiting) == 0
	})
	stop()
	if err := <-ended; err != nil && !strings.Contains(err.Error(), "canceled") {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	checkAfterKills(t, c, l.acked)
}

func (l *hookLoad) refused() map[int]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.refuse)
}
