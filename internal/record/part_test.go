package record_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// TestBrokenUpload holds that a payload that broke off is no delivery, at
// whatever place and with whatever error it did.
func TestBrokenUpload(t *testing.T) {
	s, err := record.Open(t.Context(), record.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	who := auth.Local()
	for _, size := range []int{0, 10, 1 << 20, 1<<20 + 10} {
		for _, broke := range []error{io.ErrUnexpectedEOF, errors.New("connection reset")} {
			body := io.MultiReader(strings.NewReader(strings.Repeat("x", size)), iotest.ErrReader(broke))
			_, isNew, err := s.PutDelivery(t.Context(), who, hansei.Delivery{Source: "file", Name: "x.csv"}, "{}", body)
			if !errors.Is(err, broke) || isNew {
				t.Errorf("after %d bytes: got new %v and %v, want %v", size, isNew, err, broke)
			}
		}
	}
	list, err := s.Deliveries(t.Context(), who.Scope(), record.DeliveryFilter{})
	if err != nil || len(list) != 0 {
		t.Errorf("got %v, %v; want no delivery", list, err)
	}
}
