package job

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestServerIsDeadWhenItsCountStandsStill(t *testing.T) {
	s := newServers("me", nil, true)
	look := func(other int64) map[string]int64 { return s.compare(map[string]int64{"me": other, "other": other}) }
	if !s.alive("other") {
		t.Error("before the first look, everybody is alive")
	}
	look(7)
	for range deadAfter - 1 {
		look(7)
	}
	if !s.alive("other") {
		t.Error("dead too soon")
	}
	look(7)
	if s.alive("other") || !s.alive("me") {
		t.Error("alive too long, or this server took itself for dead")
	}
	if s.alive("stranger") {
		t.Error("a server without a row is alive")
	}
	look(8)
	if !s.alive("other") {
		t.Error("one that counts again is dead")
	}
	for range forgetAt - 1 {
		if gone := look(8); len(gone) > 0 {
			t.Fatalf("forgot %v too soon", gone)
		}
	}
	if gone := look(8); gone["other"] != 8 {
		t.Errorf("got %v; want the other forgotten", gone)
	}
	s.last = time.Now().Add(-time.Hour)
	if !s.alive("other") {
		t.Error("a server that sees nothing took another for dead")
	}
}

func TestDataDirectoryHasOneServer(t *testing.T) {
	s := newServers("me", nil, false)
	if !s.alive("me") || s.alive("other") {
		t.Error("others live")
	}
}

func TestLogIsQuiet(t *testing.T) {
	for _, c := range []struct {
		name     string
		postgres bool
		level    slog.Level
		message  string
		err      string
		want     bool
	}{
		{"a start", false, slog.LevelInfo, "River client started", "", false},
		{"a warning", false, slog.LevelWarn, "soft stop", "", false},
		{"an error", false, slog.LevelError, "Error fetching jobs", "disk I/O error", true},
		{"a long import", false, slog.LevelError, "Error fetching jobs", "timed out: context deadline exceeded", false},
		{"a lock", false, slog.LevelError, "Error fetching jobs", "database is locked (5) (SQLITE_BUSY)", false},
		{"a slow database", true, slog.LevelError, "Error fetching jobs", "timed out: context deadline exceeded", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(quiet{slog.NewTextHandler(&out, nil), c.postgres}).With("part", "jobs").WithGroup("g")
			log.Log(t.Context(), c.level, c.message, "err", c.err)
			if got := strings.Contains(out.String(), c.message); got != c.want {
				t.Errorf("logged %v, want %v: %s", got, c.want, &out)
			}
			var all bytes.Buffer
			log = slog.New(quiet{slog.NewTextHandler(&all, &slog.HandlerOptions{Level: slog.LevelDebug}), c.postgres})
			log.Log(t.Context(), c.level, c.message, "err", c.err)
			if !strings.Contains(all.String(), c.message) {
				t.Error("not there at debug either")
			}
		})
	}
}
