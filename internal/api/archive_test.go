package api

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// TestArchiveStreams: the first documents arrive before the last one is read, a
// request that is given up ends, and one that is not has them all.
func TestArchiveStreams(t *testing.T) {
	w := open(t)
	const n = 300
	_, err := w.outbox.Records.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
		for i := range n {
			var text bytes.Buffer
			for j := range 400 {
				fmt.Fprintf(&text, "Sentence %d of document %d with the number %x. ", j, i, (i+1)*(j+7)*7919)
			}
			if err := record.Put(tx, &hansei.Retrospective{Header: hansei.Header{ID: hansei.ID(fmt.Sprintf("r-%03d", i))}, Title: fmt.Sprintf("Down %d", i), State: hansei.RetroDraft,
				Sections: []hansei.Section{{ID: "summary", Title: "Summary", Text: text.String()}}}, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	get := func() *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/api/v1/retrospective-archives?format=html&state=draft", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := w.Client().Do(req)
		if err != nil || res.StatusCode != 200 || res.ContentLength != -1 {
			t.Fatalf("got %v, %v; want an answer of no known length", res, err)
		}
		return res
	}
	res := get()
	if _, err := io.ReadFull(res.Body, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil { // the reader goes away
		t.Fatal(err)
	}
	res = get()
	text, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil || len(z.File) != n+1 || z.File[n].Name != "index.csv" {
		t.Fatalf("got %v, %v", z, err)
	}
	w.must(422, "GET", "/api/v1/retrospective-archives?format=exe", "")
	w.must(404, "GET", "/api/v1/retrospective-archives?batch=nothing", "")
}
