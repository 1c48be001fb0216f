package api

import (
	"errors"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hansei"
)

// Stream is the part of an input that is a body read as it arrives.
type Stream struct {
	Caller
	body io.Reader
}

// Resolve implements huma.Resolver.
func (s *Stream) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	s.body = limited{http.MaxBytesReader(w, r.Body, ctx.Operation().MaxBodyBytes)}
	return s.Caller.Resolve(ctx)
}

// limited says in words that a body is too long or ended early: both are the
// sender's doing.
type limited struct{ io.Reader }

func (l limited) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return n, hansei.Invalid("body", "it is longer than %d bytes", long.Limit)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return n, hansei.Invalid("body", "it ended before it was whole: %v", err)
	}
	return n, err
}
