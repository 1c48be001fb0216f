package intake_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/record"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("HANSEI_CRASH_DIR"); dir != "" {
		if err := importUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// fileRows is how many incidents each file of the child has: a reader must
// see none or all of them.
const fileRows = 1500

func incidents(n int) string {
	var b strings.Builder
	b.WriteString("id,title,severity,created_at,resolved_at,service\n")
	for i := range fileRows {
		at := time.Date(2025, 1, 1, 0, i, 0, 0, time.UTC)
		fmt.Fprintf(&b, "%d-%04d,incident of file %d,sev%d,%s,%s,svc-%d\n", n, i, n, 1+i%3, at.Format(time.RFC3339), at.Add(time.Hour).Format(time.RFC3339), i%20)
	}
	return b.String()
}

// importUntilKilled imports file after file and edits what it imported,
// following with the facts, and says what was acknowledged.
func importUntilKilled(dir string) error {
	ctx, who := context.Background(), auth.Local()
	s, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		return err
	}
	v, err := fact.Open(ctx, fact.Options{Dir: dir})
	if err != nil {
		return err
	}
	go func() { _ = v.Follow(ctx, s, who.Scope()) }()
	im := &intake.Imports{Records: s, Log: slog.New(slog.DiscardHandler)}
	people := intake.People{Records: s}
	base := int(time.Now().UnixMilli())
	fmt.Println("begun")
	for n := base; ; n++ {
		d, _, err := im.Receive(ctx, who, fmt.Sprint(n, ".csv"), intake.Options{Source: "crash"}, strings.NewReader(incidents(n)))
		if err != nil {
			return err
		}
		fmt.Println("received", n)
		if _, err := im.Understand(ctx, who, d.ID); err != nil {
			return err
		}
		fmt.Println("imported", n)
		title, err := json.Marshal(fmt.Sprint("edited ", n))
		if err != nil {
			return err
		}
		id := hansei.ID(fmt.Sprintf("crash:%d-0007", n))
		if _, err := people.Edit(ctx, who, hansei.KindIncident, id, 0, []intake.Set{{Field: "title", Value: title}}, "test"); err != nil {
			return err
		}
		fmt.Println("edited", n)
	}
}

// TestKill kills an importing and editing process at random moments: what it
// acknowledged is there, no import is half there, what was received is
// understood at the next start, and the facts equal a rebuild.
// HANSEI_CRASH_ROUNDS=200 is the long form.
func TestKill(t *testing.T) {
	rounds := 5
	if n, err := strconv.Atoi(os.Getenv("HANSEI_CRASH_ROUNDS")); err == nil {
		rounds = n
	}
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(3, 3))
	said := map[string]bool{}
	for round := range rounds {
		child := exec.Command(os.Args[0])
		child.Env, child.Stderr = append(os.Environ(), "HANSEI_CRASH_DIR="+dir), os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		// Every other round the clock starts once something was imported, so
		// that a slow machine is also killed in the middle of things.
		lines, armed := bufio.NewScanner(out), false
		for lines.Scan() {
			said[lines.Text()] = true
			if !armed && (round%2 == 0 || strings.HasPrefix(lines.Text(), "imported")) {
				armed = true
				time.AfterFunc(time.Duration(rng.IntN(400))*time.Millisecond, func() { _ = child.Process.Kill() })
			}
		}
		_ = child.Wait() // it was killed
		verify(t, dir, said, round == rounds-1)
	}
	if len(said) < rounds {
		t.Errorf("only %d acknowledgements in %d rounds: the test tried nothing", len(said), rounds)
	}
}

func verify(t *testing.T, dir string, said map[string]bool, rebuild bool) {
	t.Helper()
	ctx, who := context.Background(), auth.Local()
	s, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	v, err := fact.Open(ctx, fact.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		v.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	whole := func(when string) map[string]bool {
		if err := v.CatchUp(ctx, s, who.Scope(), nil); err != nil {
			t.Fatal(err)
		}
		r, err := v.SQL(ctx, "SELECT split_part(external, '-', 1), count(*), count(*) FILTER (title LIKE 'edited%') FROM incident GROUP BY 1", 0)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]bool{}
		for _, row := range r.Rows {
			n := row[0].(string)
			if row[1] != int64(fileRows) {
				t.Fatalf("%s: file %s is half there: %v of %d", when, n, row[1], fileRows)
			}
			if said["edited "+n] && row[2] != int64(1) {
				t.Fatalf("%s: the edit of %s was acknowledged and is not there", when, n)
			}
			out[n] = true
		}
		return out
	}
	have := whole("after the kill")
	im := &intake.Imports{Records: s, Log: slog.New(slog.DiscardHandler)}
	if err := im.Resume(ctx, who); err != nil {
		t.Fatal(err)
	}
	resumed := whole("after going on")
	for line := range said {
		what, n, _ := strings.Cut(line, " ")
		if (what == "imported" || what == "edited") && !have[n] {
			t.Fatalf("import %s was acknowledged and is not there", n)
		}
		if what == "received" && !resumed[n] {
			t.Fatalf("file %s was received and never understood", n)
		}
	}
	if !rebuild {
		return
	}
	before := rows(t, v)
	if err := v.Reset(ctx); err != nil {
		t.Fatal(err)
	}
	whole("rebuilt")
	if d := cmp.Diff(before, rows(t, v)); d != "" {
		t.Errorf("the facts differ from a rebuild:\n%s", d)
	}
}

// rows is a hash of each table.
func rows(t *testing.T, v *fact.View) map[string]any {
	t.Helper()
	out := map[string]any{}
	for _, table := range fact.Schema() {
		r, err := v.SQL(context.Background(), fmt.Sprintf("SELECT count(*), coalesce(sum(hash(x) %% 1000000007), 0) FROM history.%s x", table.Name), 1)
		if err != nil {
			t.Fatal(err)
		}
		out[table.Name] = fmt.Sprint(r.Rows[0]...)
	}
	return out
}
