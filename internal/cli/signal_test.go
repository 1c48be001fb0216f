package cli_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"hansei/internal/cli"
)

// TestInterrupted: a command that is told to end says so in one line.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var stderr bytes.Buffer
	code := cli.Main(ctx, []string{"metrics", "--data", t.TempDir()}, strings.NewReader(""), io.Discard, &stderr)
	if got, want := stderr.String(), "hansei: interrupted\n"; code != 1 || got != want {
		t.Errorf("got %d and %q, want 1 and %q", code, got, want)
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// TestFullDisk: output that could not be written is an error.
func TestFullDisk(t *testing.T) {
	var stderr bytes.Buffer
	code := cli.Main(t.Context(), []string{"version"}, strings.NewReader(""), full{}, &stderr)
	if got, want := stderr.String(), "hansei: short write\n"; code != 1 || got != want {
		t.Errorf("got %d and %q, want 1 and %q", code, got, want)
	}
}
