package app

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// TestForgottenInEveryFile looks for a person in all files of the data
// directory, facts and queue of jobs too: their name stands there before, and
// in none of them after they were forgotten and the server has stopped.
func TestForgottenInEveryFile(t *testing.T) {
	dir, name := t.TempDir(), "Zyxann Zyxsmith"
	holding := func() (files []string) {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			if err == nil && bytes.Contains(bytes.ToLower(text), []byte("zyxsmith")) {
				files = append(files, filepath.Base(path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	// running runs a server until do is done.
	running := func(do func(a *App) (record.Seq, error)) {
		a, err := New(t.Context(), Config{Dir: dir, Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx) }()
		seq, err := do(a)
		if err == nil {
			err = a.facts.Wait(ctx, seq)
		}
		stop()
		<-ended
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	running(func(a *App) (record.Seq, error) {
		return a.records.Write(t.Context(), auth.Local().As(name), func(tx *record.Tx) error {
			if err := record.Put(tx, &hansei.Person{Header: hansei.Header{ID: "z"}, Name: name, Email: "zyxsmith@corp.example"}, 0); err != nil {
				return err
			}
			for i := range 300 { // enough that the facts have blocks of them
				f := &hansei.FollowUp{Header: hansei.Header{ID: hansei.ID("f" + string(rune('a'+i%26)) + string(rune('a'+i/26)))}, Title: "Ask " + name + " about it", Status: hansei.FollowUpOpen, Owner: "z", Created: tx.Now()}
				if err := record.Put(tx, f, 0); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if before := holding(); !slices.Contains(before, "hansei.db") || !slices.ContainsFunc(before, func(f string) bool { return strings.Contains(f, "facts") }) {
		t.Fatalf("the name stands in %v; want it in the journal and in the facts, or this test tells nothing", before)
	}
	running(func(a *App) (record.Seq, error) {
		out, err := a.api.Clerk.Forget(t.Context(), auth.Local(), "z", name, nil)
		return out.Seq(), err
	})
	if after := holding(); len(after) > 0 {
		t.Errorf("the name still stands in %v", after)
	}
}
