package job

import (
	"context"
	"log/slog"
	"strings"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// quiet passes on what an operator must know of what River says: its errors,
// but on SQLite for those of a database that a large import holds, as it tries
// again. It tells much more, of every start and of every failed attempt, which
// people see with the job, and of panics, which the mourner logs.
type quiet struct {
	slog.Handler
	postgres bool
}

// Enabled implements slog.Handler.
func (h quiet) Enabled(ctx context.Context, level slog.Level) bool {
	if level < slog.LevelError {
		level = slog.LevelDebug
	}
	return h.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h quiet) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelError || !h.postgres && passing(r) || strings.Contains(r.Message, "panic recovery") {
		r.Level = slog.LevelDebug
		if !h.Handler.Enabled(ctx, r.Level) {
			return nil
		}
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h quiet) WithAttrs(a []slog.Attr) slog.Handler {
	return quiet{h.Handler.WithAttrs(a), h.postgres}
}

// WithGroup implements slog.Handler.
func (h quiet) WithGroup(name string) slog.Handler {
	return quiet{h.Handler.WithGroup(name), h.postgres}
}

// passing says whether an error goes away by itself.
func passing(r slog.Record) (found bool) {
	if strings.Contains(r.Message, "Too many errors") {
		return true // those before it were
	}
	r.Attrs(func(a slog.Attr) bool {
		found = (a.Key == "err" || a.Key == "error") && busy(a.Value.String())
		return !found
	})
	return found
}

// busy says whether an error is that of a database which others keep busy, or
// which is no longer ours.
func busy(text string) bool {
	for _, s := range []string{"SQLITE_BUSY", "database is locked", "context deadline exceeded", "interrupted", "database is closed"} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// mourner implements river.ErrorHandler: it tells of jobs whose attempts are
// used up.
type mourner struct{ log *slog.Logger }

// HandleError implements river.ErrorHandler.
func (m mourner) HandleError(_ context.Context, j *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	if j.Attempt >= j.MaxAttempts {
		m.log.Error("a job was given up", "kind", j.Kind, "id", j.ID, "attempts", j.Attempt, "error", err)
	}
	return nil
}

// HandlePanic implements river.ErrorHandler.
func (m mourner) HandlePanic(_ context.Context, j *rivertype.JobRow, p any, trace string) *river.ErrorHandlerResult {
	m.log.Error("a job panicked", "kind", j.Kind, "id", j.ID, "attempt", j.Attempt, "attempts", j.MaxAttempts, "panic", p, "stack", trace)
	return nil
}
