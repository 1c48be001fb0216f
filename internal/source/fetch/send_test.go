package fetch

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

func TestSendIsNotRepeated(t *testing.T) {
	asked := 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		switch r.URL.Path {
		case "/busy":
			w.Header().Set("Retry-After", "90")
			w.WriteHeader(http.StatusTooManyRequests)
		case "/cut":
			panic(http.ErrAbortHandler)
		case "/no":
			w.WriteHeader(http.StatusUnprocessableEntity)
		default:
			w.WriteHeader(http.StatusCreated)
		}
	})
	c, _ := client(t, http.Client{})
	for path, want := range map[string]time.Duration{"/busy": 90 * time.Second, "/cut": 0} {
		var later *LaterError
		if _, err := c.Send(t.Context(), "POST", s.URL+path, []byte("{}"), nil); !errors.As(err, &later) || later.After != want {
			t.Errorf("%s: got %v, want it later, after %s", path, err, want)
		}
	}
	var no *StatusError
	if _, err := c.Send(t.Context(), "POST", s.URL+"/no", []byte("{}"), nil); !errors.As(err, &no) || no.Status != 422 {
		t.Errorf("refused: got %v", err)
	}
	if r, err := c.Send(t.Context(), "POST", s.URL+"/", []byte("{}"), nil); err != nil || r.Status != 201 {
		t.Errorf("got %v", err)
	}
	if asked != 4 {
		t.Errorf("asked %d times, want 4", asked)
	}
}
