// Package pgtest starts real PostgreSQL servers for tests, from the binaries of
// the distribution: durable as in production, reached through a Unix socket in
// a directory of their own, gone with the test. A server can be stopped, killed
// and started again, and can have a replica that is promoted.
package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Server is one PostgreSQL server.
type Server struct {
	t      testing.TB
	bin    string
	dir    string              // of data and socket
	as     *syscall.Credential // nil: as this user
	run    *exec.Cmd
	ended  chan struct{}
	leash  *os.File // the server ends when this end of a pipe is closed
	extra  []string // settings
	copies atomic.Int64
}

// Start starts an empty server, which ends with the test, and returns the
// address of its database. Without the binaries the test is skipped, or, where
// the environment has CI, fails.
func Start(t testing.TB, settings ...string) (url string, s *Server) {
	t.Helper()
	s = prepared(t, settings)
	s.command("initdb", "-D", s.data(), "-U", "hansei", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	s.Start()
	return s.URL("postgres"), s
}

func prepared(t testing.TB, settings []string) *Server {
	t.Helper()
	s := &Server{t: t, bin: binaries(t), extra: settings}
	var err error
	if s.dir, err = os.MkdirTemp("", "pg"); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // PostgreSQL refuses to be run by root
		if s.as, err = somebody(); err == nil {
			err = os.Chown(s.dir, int(s.as.Uid), int(s.as.Gid))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		s.Kill()
		// Those that serve its clients may write for a moment still.
		for since := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			if err := os.RemoveAll(s.dir); err == nil {
				return
			} else if time.Since(since) > 10*time.Second {
				t.Error(err)
				return
			}
		}
	})
	return s
}

// binaries finds the directory of the programs.
func binaries(t testing.TB) string {
	t.Helper()
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path)
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) > 0 {
		return filepath.Dir(slices.Max(found))
	}
	const why = "there is no PostgreSQL to test with: install the package postgresql"
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
	return ""
}

func somebody() (*syscall.Credential, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Host is the directory of the socket, which stands for the host.
func (s *Server) Host() string { return s.dir }

// URL is the address of a database.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://hansei@/%s?host=%s", database, s.dir)
}

// Database makes an empty database and returns its address.
func (s *Server) Database() string {
	s.t.Helper()
	name := fmt.Sprintf("test%d", s.copies.Add(1))
	s.Exec("CREATE DATABASE " + name)
	return s.URL(name)
}

// Exec runs a statement in the database postgres.
func (s *Server) Exec(q string) {
	s.t.Helper()
	s.ExecIn(s.URL("postgres"), q)
}

// ExecIn runs a statement in a database.
func (s *Server) ExecIn(url, q string) {
	s.t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = db.ExecContext(context.Background(), q)
	if err = errors.Join(err, db.Close()); err != nil {
		s.t.Fatalf("%s: %v", q, err)
	}
}

func (s *Server) made(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: s.as}
	return cmd
}

func (s *Server) command(name string, args ...string) {
	s.t.Helper()
	if out, err := s.made(name, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// guard starts the server and ends it when its input ends: also a test that
// is killed leaves none behind.
const guard = `"$@" & p=$!; (read x <&3; kill -QUIT $p 2>/dev/null) & wait $p; kill $! 2>/dev/null`

// Start starts the server again and waits until it answers.
func (s *Server) Start() {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	s.launch()
	for give := time.After(60 * time.Second); ; {
		if s.made("pg_isready", "-q", "-h", s.dir, "-U", "hansei", "-d", "postgres").Run() == nil {
			return
		}
		select {
		case <-tick.C:
		case <-s.ended: // those that served clients of one that was killed are still there
			s.gone()
			s.launch()
		case <-give:
			s.t.Fatalf("the server does not answer:\n%s", s.Log())
		}
	}
}

func (s *Server) launch() {
	s.t.Helper()
	args := []string{"-c", guard, "sh", filepath.Join(s.bin, "postgres"), "-D", s.data(), "-k", s.dir, "-c", "listen_addresses="}
	for _, x := range s.extra {
		args = append(args, "-c", x)
	}
	cmd := exec.Command("sh", args...)
	cmd.Dir, cmd.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: s.as, Setpgid: true}
	read, write, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	cmd.ExtraFiles, cmd.Stdout, cmd.Stderr = []*os.File{read}, log, log
	if err := errors.Join(cmd.Start(), read.Close(), log.Close()); err != nil {
		s.t.Fatal(err)
	}
	s.run, s.leash, s.ended = cmd, write, make(chan struct{})
	go func(ended chan struct{}) {
		_ = cmd.Wait() // it is killed; its exit code says so
		close(ended)
	}(s.ended)
}

// Log is what the server said.
func (s *Server) Log() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Stop stops the server as an operator would who does not wait for clients.
func (s *Server) Stop() {
	s.t.Helper()
	s.command("pg_ctl", "stop", "-D", s.data(), "-m", "fast", "-w")
	s.gone()
}

// Kill kills the server at once, with all that serve its clients.
func (s *Server) Kill() {
	if s.run == nil {
		return
	}
	// Its parent, which waits for it, ends by itself; those that serve its
	// clients end when they notice.
	pid, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if first, _, ok := strings.Cut(string(pid), "\n"); err == nil && ok {
		if n, err := strconv.Atoi(first); err == nil {
			_ = syscall.Kill(n, syscall.SIGKILL) // it may have ended already
		}
	}
	s.gone()
}

func (s *Server) gone() {
	if s.run == nil {
		return
	}
	<-s.ended
	if err := s.leash.Close(); err != nil {
		s.t.Error(err)
	}
	s.run = nil
}

// Replica starts a server that follows this one under a name.
func (s *Server) Replica(name string) *Server {
	s.t.Helper()
	r := prepared(s.t, s.extra)
	r.command("pg_basebackup", "-D", r.data(), "-h", s.dir, "-U", "hansei", "-R", "-X", "stream", "-c", "fast", "--no-sync",
		"-d", "application_name="+name)
	r.Start()
	return r
}

// Promote makes a replica the primary.
func (s *Server) Promote() {
	s.t.Helper()
	s.command("pg_ctl", "promote", "-D", s.data(), "-w")
}
