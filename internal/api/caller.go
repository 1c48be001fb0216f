package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Caller is part of every input: the request it came with, of which on asks
// who sent it.
type Caller struct{ request *http.Request }

func (c *Caller) from() *http.Request { return c.request }

// Resolve implements huma.Resolver.
func (c *Caller) Resolve(ctx huma.Context) []error {
	c.request, _ = humago.Unwrap(ctx)
	return nil
}
