package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"hansei/client"
	"hansei/internal/cli"
)

// TestDemo: the demo says where it serves real incidents, ends with its
// context, and leaves nothing behind.
func TestDemo(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	var stderr bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- cli.Main(ctx, []string{"demo", "--listen", "127.0.0.1:0"}, strings.NewReader(""), w, &stderr)
		_ = w.Close() // never fails
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	at, ok := strings.CutPrefix(strings.TrimSpace(line), "Open ")
	if err != nil || !ok {
		t.Fatalf("got %q, %v, want Open and a URL; stderr %s", line, err, &stderr)
	}
	c, err := client.New(at, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	figures, err := c.Figures(ctx, client.Question{Metric: "incident_rate"})
	if err != nil || len(figures) != 1 {
		t.Fatalf("got %d figures, %v, want 1", len(figures), err)
	}
	if got, want := string(figures[0]), `"n":801,"censored":0,"excluded":{"maintenance":18}`; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	stop()
	if got := <-code; got != 0 {
		t.Errorf("got exit code %d, want 0; stderr %s", got, &stderr)
	}
	left, err := os.ReadDir(tmp)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("it left %v behind", left)
	}
}
