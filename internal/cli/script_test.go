package cli_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"hansei/internal/cli"
)

// TestMain lets the scripts run this very binary as hansei.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hansei": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}})
}

func TestScripts(t *testing.T) {
	dir := filepath.Join("testdata", "script")
	var few []string
	if testing.Short() {
		// Under the race detector every start of the program takes a second;
		// these few start a server and have much go on at once.
		for _, name := range []string{"serve", "source", "import", "drafts"} {
			few = append(few, filepath.Join(dir, name+".txtar"))
		}
		dir = ""
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Files:               few,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HANSEI_DATA", filepath.Join(e.WorkDir, "data"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"await": await, "capture": capture, "exits": exits, "hook": hook, "llm": llm},
	})
}

// await waits until somebody listens on the Unix socket it is given.
func await(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(5 * time.Millisecond) {
		if conn, err := net.Dial("unix", path); err == nil {
			ts.Check(conn.Close())
			return
		}
	}
	ts.Fatalf("nobody listens on %s", path)
}

// capture puts what a pattern's group matches in the last output into a
// variable: capture ID '"id":"([^"]+)"'.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	out := ts.ReadFile("stdout")
	m := regexp.MustCompile(args[1]).FindStringSubmatch(out)
	if m == nil {
		ts.Fatalf("no match for %s in %s", args[1], out)
	}
	ts.Setenv(args[0], m[1])
}

// exits runs hansei and compares its exit code: exits 2 figure --bogus.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("hansei", args[1:]...)
	got := "0"
	if err != nil {
		got = err.Error()
	}
	if want := "exit status " + args[0]; got != want {
		ts.Fatalf("hansei %q: got %s, want %s", args[1:], got, want)
	}
}

// hook sends a file as PagerDuty would, signed, and prints the answer's status:
// hook URL SECRET FILE.
func hook(ts *testscript.TestScript, _ bool, args []string) {
	body := ts.ReadFile(args[2])
	sum := hmac.New(sha256.New, []byte(args[1]))
	sum.Write([]byte(body))
	q, err := http.NewRequestWithContext(context.Background(), http.MethodPost, args[0], strings.NewReader(body))
	ts.Check(err)
	q.Header.Set("X-PagerDuty-Signature", "v1="+hex.EncodeToString(sum.Sum(nil)))
	res, err := http.DefaultClient.Do(q)
	ts.Check(err)
	text, err := io.ReadAll(res.Body)
	ts.Check(errors.Join(err, res.Body.Close()))
	ts.Setenv("status", strconv.Itoa(res.StatusCode))
	ts.Logf("%d %s", res.StatusCode, text)
}

// llm starts an OpenAI-compatible server that wants the key sk-secret, and puts
// its address into a variable: llm MODEL.
func llm(ts *testscript.TestScript, _ bool, args []string) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer sk-secret" {
			http.Error(w, `{"error":{"message":"no key","code":"invalid_api_key"}}`, http.StatusUnauthorized)
			return
		}
		said := `[{"text":"It began.","cites":["T1"]},{"text":"It was the moon.","cites":["T99"]}]`
		content, err := json.Marshal(`{"sections":[{"id":"lessons","sentences":` + said + `},{"id":"factors","sentences":` + said + `}]}`)
		if err == nil {
			_, err = io.WriteString(w, `{"choices":[{"message":{"role":"assistant","content":`+string(content)+`},"finish_reason":"stop"}]}`)
		}
		if err != nil {
			ts.Logf("llm: %v", err)
		}
	}))
	ts.Defer(s.Close)
	ts.Setenv(args[0], s.URL)
}
