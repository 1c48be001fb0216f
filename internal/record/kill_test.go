package record_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("HANSEI_CRASH_DIR"); dir != "" {
		if err := writeUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// payload is how many zeros follow the name of a delivery.
const payload = 5 << 19

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// half is how many records the child's large writes have: a reader must see
// none or all of them.
const half = 700

// writeUntilKilled writes for ever: single records, large groups and
// deliveries of several parts. It prints their ids once they are acknowledged.
func writeUntilKilled(dir string) error {
	ctx, who := context.Background(), auth.Local()
	s, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		id := fmt.Sprintf("%d-%d", time.Now().UnixNano(), i)
		if i%10 == 4 {
			// Zeros: three parts on disk and no time to pack them.
			body := io.MultiReader(strings.NewReader(id), io.LimitReader(zeros{}, payload))
			d, _, err := s.PutDelivery(ctx, who, hansei.Delivery{Source: "file", Name: id}, "{}", body)
			if err != nil {
				return err
			}
			fmt.Println("delivery-" + d.ID)
			continue
		}
		n := 1
		if i%3 == 2 {
			n, id = half, "group-"+id
		}
		_, err := s.Write(ctx, who, func(tx *record.Tx) error {
			for k := range n {
				name := id
				if n > 1 {
					name = fmt.Sprintf("%s-%d", id, k)
				}
				if err := record.Put(tx, &hansei.Team{Header: hansei.Header{ID: hansei.ID(name)}, Name: id}, 0); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		fmt.Println(id)
	}
}

// TestKill kills a writing process at random moments: nothing acknowledged is
// lost, and no write is half there. HANSEI_CRASH_ROUNDS=200 is the long form.
func TestKill(t *testing.T) {
	rounds := 8
	if n, err := strconv.Atoi(os.Getenv("HANSEI_CRASH_ROUNDS")); err == nil {
		rounds = n
	}
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(7, 7))
	var acknowledged []string
	for range rounds {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "HANSEI_CRASH_DIR="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if lines.Scan() { // it has begun
			acknowledged = append(acknowledged, lines.Text())
		}
		time.AfterFunc(time.Duration(rng.IntN(60))*time.Millisecond, func() { _ = child.Process.Kill() })
		for lines.Scan() {
			acknowledged = append(acknowledged, lines.Text())
		}
		_ = child.Wait() // it was killed; its exit code says so
		verify(t, dir, acknowledged)
	}
	if len(acknowledged) < rounds {
		t.Errorf("only %d writes in %d rounds: the test tried nothing", len(acknowledged), rounds)
	}
}

func verify(t *testing.T, dir string, acknowledged []string) {
	t.Helper()
	ctx, who := context.Background(), auth.Local().Scope()
	s, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	have, next := map[string]int{}, record.Seq(1)
	for {
		page, err := s.Feed(ctx, who, next-1, 5000)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Changes {
			if c.Seq != next {
				t.Fatalf("a gap: %d comes after %d", c.Seq, next-1)
			}
			next++
			rec, err := record.Decode(c)
			if err != nil {
				t.Fatal(err)
			}
			have[rec.(*hansei.Team).Name]++
		}
		if len(page.Changes) == 0 {
			break
		}
	}
	whole := deliveries(t, s)
	for _, id := range acknowledged {
		if delivery, ok := strings.CutPrefix(id, "delivery-"); ok {
			if !whole[delivery] {
				t.Fatalf("delivery %s was acknowledged, but it is not there", delivery)
			}
			continue
		}
		want := 1
		if strings.HasPrefix(id, "group-") {
			want = half
		}
		if have[id] != want {
			t.Fatalf("%s was acknowledged, but %d of its %d records are there", id, have[id], want)
		}
	}
	for id, n := range have {
		if strings.HasPrefix(id, "group-") && n != half {
			t.Fatalf("%s is half there: %d of %d records", id, n, half)
		}
	}
}

// deliveries lists the deliveries of a store, having read the last ones whole.
func deliveries(t *testing.T, s *record.Store) map[string]bool {
	t.Helper()
	ctx, who := context.Background(), auth.Local().Scope()
	list, err := s.Deliveries(ctx, who, record.DeliveryFilter{Limit: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for i, d := range list {
		out[d.ID] = true
		if i >= 5 {
			continue // read after an earlier kill
		}
		body, err := s.OpenDelivery(ctx, who, d.ID)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, body)
		if want := int64(len(d.Name) + payload); errors.Join(err, body.Close()) != nil || n != want || d.Size != want {
			t.Fatalf("delivery %s has %d bytes and says %d, %v; want %d", d.ID, n, d.Size, err, want)
		}
	}
	return out
}
