package record

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hansei/internal/auth"
	"hansei/internal/record/pack"
)

func payload(t *testing.T, source, id, text string) []pack.Packed {
	t.Helper()
	p, err := pack.New()
	if err != nil {
		t.Fatal(err)
	}
	return []pack.Packed{p.Pack(source, "event", "text/plain", id, []byte(text))}
}

// TestForgottenArrivals: what came of a source that was forgotten, understood or
// not, is not there again when the store is opened the next time.
func TestForgottenArrivals(t *testing.T) {
	who, dir := auth.Local(), t.TempDir()
	s, err := Open(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for _, d := range []string{"stays 1", "goes 1", "goes 2"} {
		source, id, _ := strings.Cut(d, " ")
		if _, err := s.Deliver(t.Context(), who, payload(t, source, id, "x")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Write(t.Context(), who, finish(received(t, s)[1:2])); err != nil {
		t.Fatal(err)
	}
	if _, err := s.WriteAlone(t.Context(), who, func(tx *Tx) error { return tx.ForgetDeliveries("goes") }); err != nil {
		t.Fatal(err)
	}
	after := map[string]string{"crashed": crashed(t, s), "closed": dir}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, d := range after {
		if got := received(t, opened(t, d)); len(got) != 1 || got[0].Source != "stays" {
			t.Errorf("%s: %d wait, want that of the other source alone", name, len(got))
		}
	}
}

// TestDroppedArrivals: a payload that names a person who is forgotten while it
// waits is handed to nobody any more, and is in no file.
func TestDroppedArrivals(t *testing.T) {
	who, dir := auth.Local(), t.TempDir()
	s := opened(t, dir)
	for _, text := range []string{"nothing", "Zyxsmith was here"} { // behind one that waits
		if _, err := s.Deliver(t.Context(), who, payload(t, "pager", text, text)); err != nil {
			t.Fatal(err)
		}
	}
	has := func(b []byte) bool { return bytes.Contains(b, []byte("Zyxsmith")) }
	if err := s.Unspool(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	n, err := s.DropPayloads(t.Context(), who, time.Now().Add(time.Hour), func(r io.Reader) (bool, error) {
		b, err := io.ReadAll(r)
		return has(b), err
	})
	if err != nil || n != 1 {
		t.Errorf("dropped %d, %v", n, err)
	}
	if err := s.Compact(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	list := received(t, s)
	for _, w := range list {
		if has(w.Body) {
			t.Errorf("it is still handed out: %q", w.Body)
		}
	}
	if _, err := s.Write(t.Context(), who, finish(list)); err != nil || len(list) != 1 {
		t.Errorf("%d wait, %v", len(list), err)
	}
	failed, err := s.Deliveries(t.Context(), who.Scope(), DeliveryFilter{Live: true, State: DeliveryFailed})
	if err != nil || len(failed) != 1 || !strings.Contains(failed[0].Error, "forgotten") {
		t.Errorf("what waited and named them: %+v, %v", failed, err)
	}
	files, err := filepath.Glob(dir + "/*")
	if err != nil || len(files) < 4 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, f := range files {
		if b, err := os.ReadFile(f); err != nil || has(b) {
			t.Errorf("the name is in %s (%v)", filepath.Base(f), err)
		}
	}
}

// TestKilledWhileItForgets: what was forgotten does not come back when the
// process is killed the moment after.
func TestKilledWhileItForgets(t *testing.T) {
	who, s := auth.Local(), opened(t, t.TempDir())
	for _, id := range []string{"1", "2", "3"} {
		if _, err := s.Deliver(t.Context(), who, payload(t, "goes", id, "x")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Write(t.Context(), who, finish(received(t, s)[1:])); err != nil { // the first waits still
		t.Fatal(err)
	}
	if err := s.Unspool(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	dir := ""
	if _, err := s.WriteAlone(t.Context(), who, func(tx *Tx) error {
		tx.after(func() { dir = crashed(t, s) })
		return tx.ForgetDeliveries("goes")
	}); err != nil {
		t.Fatal(err)
	}
	if list := received(t, opened(t, dir)); len(list) != 0 {
		t.Errorf("forgotten, and yet %d wait", len(list))
	}
}
