package seal

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestSealed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hansei.key")
	b, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v; want it for its owner only", info.Mode(), err)
	}
	box := b.Seal("pagerduty", "token", "s3cret-token")
	if bytes.Contains(box, []byte("s3cret")) {
		t.Error("the secret can be read")
	}
	again, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open("pagerduty", "token", box); err != nil || got != "s3cret-token" {
		t.Errorf("got %q, %v", got, err)
	}
	broken := bytes.Clone(box)
	broken[len(broken)-1] ^= 1
	for name, try := range map[string]func() (string, error){
		"another owner": func() (string, error) { return b.Open("github", "token", box) },
		"another name":  func() (string, error) { return b.Open("pagerduty", "password", box) },
		"tampered":      func() (string, error) { return b.Open("pagerduty", "token", broken) },
		"cut off":       func() (string, error) { return b.Open("pagerduty", "token", box[:5]) },
		"nothing":       func() (string, error) { return b.Open("pagerduty", "token", nil) },
	} {
		if got, err := try(); err == nil || got != "" || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if bytes.Equal(box, b.Seal("pagerduty", "token", "s3cret-token")) {
		t.Error("sealing twice gave the same; the nonce does not change")
	}
}

func TestOneKeyForAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hansei.key")
	boxes := make([]*Box, 8)
	var wg sync.WaitGroup
	for i := range boxes {
		wg.Go(func() {
			var err error
			if boxes[i], err = Open(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	sealed := boxes[0].Seal("a", "b", "x")
	for _, b := range boxes {
		if got, err := b.Open("a", "b", sealed); err != nil || got != "x" {
			t.Fatalf("processes that began together have different keys: %v", err)
		}
	}
	if err := os.WriteFile(path, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "32 bytes") {
		t.Errorf("a damaged key file: %v", err)
	}
}
