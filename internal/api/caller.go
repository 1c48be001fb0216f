package api

import (
	"fmt"
	"net"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hansei"
	"hansei/internal/auth"
)

// Caller is part of every input: who asks. It is resolved in one place.
type Caller struct{ who auth.Actor }

func (c *Caller) actor() auth.Actor { return c.who }

// Resolve implements huma.Resolver.
func (c *Caller) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	who, err := ActorOf(r)
	if err != nil {
		return []error{huma.Error403Forbidden(err.Error())}
	}
	c.who = who
	return nil
}

// ActorOf says who sent a request. In the single-user mode that is whoever
// reached the loopback interface, the Unix socket that only the owner of the
// data directory can open, or the listener inside the process.
func ActorOf(r *http.Request) (auth.Actor, error) {
	if Private(r) {
		return auth.Local(), nil
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsLoopback() {
		return auth.Local(), nil
	}
	return auth.Actor{}, fmt.Errorf("requests from other machines: %w", hansei.ErrForbidden)
}

// Private says that a request came over the Unix socket or inside the
// process, where no browser can have sent it.
func Private(r *http.Request) bool {
	at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && (at.Network() == "unix" || at.Network() == "pipe")
}
