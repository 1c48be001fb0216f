package web

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// settleTime is how long the facts must stand still before pages are made
// ready, so that a stream of changes does not keep the machine busy.
const settleTime = 2 * time.Second

// Warm keeps the overview ready: whenever the facts have moved and come to
// rest, it asks for the page as a reader would, so that its figures are in
// the engine's cache when somebody comes. It ends with ctx.
func (s *Server) Warm(ctx context.Context) error {
	handler := s.Handler()
	for {
		seq, _ := s.Facts.Head()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
		if err != nil {
			return fmt.Errorf("keep the overview ready: %w", err)
		}
		handler.ServeHTTP(nobody{http.Header{}}, r)
		if err := s.Facts.Wait(ctx, seq+1); err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		for still := false; !still; { // until nothing moves for a while
			before, _ := s.Facts.Head()
			timer := time.NewTimer(settleTime)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return ctx.Err()
			}
			now, _ := s.Facts.Head()
			still = now == before
		}
	}
}

// nobody reads an answer and keeps nothing of it.
type nobody struct{ header http.Header }

func (n nobody) Header() http.Header         { return n.header }
func (n nobody) Write(b []byte) (int, error) { return len(b), nil }
func (n nobody) WriteHeader(int)             {}
