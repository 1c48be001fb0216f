package record

import (
	"strings"
	"testing"

	"hansei/internal/auth"
)

// TestADamagedPayloadStopsNobody: what waits and is damaged is handed out as such,
// in its row or in parts, and the others are whole.
func TestADamagedPayloadStopsNobody(t *testing.T) {
	who, s := auth.Local(), opened(t, t.TempDir())
	large := strings.Repeat("so long that it stands in parts. ", 100_000)
	for id, text := range map[string]string{"1": "good", "2": "bad", "3": large, "4": large + "!"} {
		if _, err := s.Deliver(t.Context(), who, payload(t, "pager", id, text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Unspool(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	list, err := s.Inbox(t.Context(), who.Scope(), 10, 1<<30)
	if err != nil || len(list) != 4 {
		t.Fatal(len(list), err)
	}
	if _, err := s.Write(t.Context(), who, func(tx *Tx) error {
		for _, w := range list {
			switch {
			case string(w.Body) == "bad":
				if err := tx.exec("UPDATE delivery SET body = ? WHERE id = ?", []byte("no such packing"), w.ID); err != nil {
					return err
				}
			case string(w.Body) == large:
				if err := tx.exec("UPDATE part SET bytes = ? WHERE owner = ? AND n = 1", []byte("no such packing"), "delivery-"+w.ID); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	list, err = s.Inbox(t.Context(), who.Scope(), 10, 1<<30)
	if err != nil || len(list) != 4 {
		t.Fatal(len(list), err)
	}
	bad := 0
	for _, w := range list {
		if w.Bad != nil {
			if bad++; len(w.Body) > 0 {
				t.Errorf("%d bytes of what is damaged", len(w.Body))
			}
		} else if string(w.Body) != "good" && string(w.Body) != large+"!" {
			t.Errorf("%d bytes that are none of those", len(w.Body))
		}
	}
	if bad != 2 {
		t.Errorf("%d are damaged, want 2", bad)
	}
}
