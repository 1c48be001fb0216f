// Package promtest starts a real Prometheus with a real Alertmanager for
// tests: a gauge that the test sets, a rule on it, and a webhook to wherever
// the test says.
package promtest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// Stack is a Prometheus that watches a gauge.
type Stack struct{ broken atomic.Bool }

// Fire makes the alert ToyBroken fire, Resolve ends it.
func (s *Stack) Fire() { s.broken.Store(true) }

// Resolve ends the alert.
func (s *Stack) Resolve() { s.broken.Store(false) }

// Start runs both programs until the test ends; their alerts go to receiver
// with a bearer token. Without the programs the test is skipped, but not in CI.
func Start(t *testing.T, receiver, bearer string) *Stack {
	t.Helper()
	for _, name := range []string{"prometheus", "prometheus-alertmanager"} {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%s is not installed, and in CI nothing is skipped", name)
			}
			t.Skipf("%s is not installed (Debian package %s)", name, name)
		}
	}
	s := &Stack{}
	exporter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := 0
		if s.broken.Load() {
			n = 1
		}
		_, _ = fmt.Fprintf(w, "# TYPE toy_broken gauge\ntoy_broken{service=\"checkout\"} %d\n", n) // Prometheus tries again
	}))
	t.Cleanup(exporter.Close)
	dir, manager := t.TempDir(), free(t)
	write(t, filepath.Join(dir, "alertmanager.yml"), fmt.Sprintf(`
route: {receiver: hansei, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: hansei
    webhook_configs: [{url: %q, send_resolved: true, http_config: {authorization: {credentials: %q}}}]
`, receiver, bearer))
	write(t, filepath.Join(dir, "rules.yml"), `
groups:
  - name: toy
    interval: 200ms
    rules:
      - alert: ToyBroken
        expr: toy_broken == 1
        labels: {severity: critical}
        annotations: {summary: "the toy of {{ $labels.service }} is broken"}
`)
	write(t, filepath.Join(dir, "prometheus.yml"), fmt.Sprintf(`
global: {scrape_interval: 200ms, evaluation_interval: 200ms}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
scrape_configs: [{job_name: toy, static_configs: [{targets: [%q]}]}]
`, manager, exporter.Listener.Addr()))
	run(t, dir, "prometheus-alertmanager", "--config.file=alertmanager.yml", "--storage.path=am", "--cluster.listen-address=", "--web.listen-address="+manager)
	run(t, dir, "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", "--rules.alert.resend-delay=1s", "--web.listen-address="+free(t))
	return s
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func free(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// run starts a program and ends it with the test.
func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.WaitDelay = dir, 5*time.Second
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("%s said:\n%s", name, &log)
		}
	})
}
