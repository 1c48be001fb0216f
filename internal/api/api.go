// Package api is the HTTP API under /api/v1: everything the product can be
// asked and told, as OpenAPI 3.1, with errors as RFC 9457 problems.
//
// It is an edge. A handler reads its input, asks metric, intake, fact or
// record, and shapes the answer; it computes nothing. Three things are decided
// here and nowhere else: which status an error becomes (problem.go), how the
// caller becomes an actor (routes.go), and when an answer has not changed
// (etag.go).
//
// It is not the pages, which ask the same packages directly, and it does not
// listen: package app gives its Handler a server.
package api

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/fact"
	"hansei/internal/followup"
	"hansei/internal/forget"
	"hansei/internal/intake"
	"hansei/internal/metric"
	"hansei/internal/notify"
	"hansei/internal/recall"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/retro/batch"
	"hansei/internal/retro/model"
	"hansei/internal/retro/past"
	"hansei/internal/rulebook"
	"hansei/internal/search"
)

// Server holds what the API speaks for. Its fields are set once, before
// Handler.
type Server struct {
	Records   *record.Store
	Facts     *fact.View
	Metrics   *metric.Engine
	Imports   *intake.Imports
	People    intake.People
	Joins     intake.Joins
	Sources   *connect.Sources
	Retros    *retro.Desk
	FollowUps *followup.Desk
	Clerk     *forget.Clerk  // forgets people
	Past      *past.Shelf    // documents that wait to become retrospectives
	Batches   *batch.Batches // retrospectives drafted many at once
	Outbox    *notify.Outbox
	Rules     *rulebook.Book
	Model     *model.Writer // drafts sections, where one is set up
	Search    *search.View
	Recall    *recall.Memory
	Actor     func(*http.Request) (auth.Actor, error) // who asks; the same as the pages'
	Now       func() time.Time
	Log       *slog.Logger
	Version   string // of the program
	// Background runs work that outlives the request that began it, such as
	// understanding a file. Whoever gives it waits for that work before closing
	// what it works on.
	Background func(func(context.Context))
}

// edge is a Server with its routes.
type edge struct {
	*Server
	mux  *http.ServeMux
	huma huma.API
}

// Base is the path under which every operation stands.
const Base = "/api/v1"

// Handler serves /api/v1, the reference page /api, /openapi.json and /healthz.
func (s *Server) Handler() http.Handler {
	a := &edge{Server: s, mux: http.NewServeMux()}
	c := huma.DefaultConfig("Hansei", s.Version)
	c.Info.Description = "What an organisation learns from its incidents: records, figures with their intervals, and the records behind each."
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", named)
	c.Servers = []*huma.Server{{URL: "/"}}
	c.DocsPath, c.SchemasPath = "", "" // the stock pages load scripts from elsewhere
	c.CreateHooks = nil                // no "$schema" in answers
	c.RejectUnknownQueryParameters = true
	a.huma = humago.New(a.mux, c)
	a.routes()
	a.reference()
	return a.traced(a.mux)
}

// named names a type in the OpenAPI document. Types of other packages carry
// the package's name: a column of a file is not a column of the facts.
func named(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	pkg := path.Base(t.PkgPath())
	if t.Name() == "" || pkg == "api" || pkg == "." || pkg == "v2" {
		return name
	}
	return strings.ToUpper(pkg[:1]) + pkg[1:] + name
}

// traced gives each request an id, answers a path that is not there with a
// problem, and turns a panic into one logged line and a problem.
func (a *edge) traced(next *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		id, w := rand.Text()[:12], &watched{ResponseWriter: out}
		w.Header().Set("X-Request-Id", id)
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			a.Log.Error("a request panicked", "request", id, "method", r.Method, "path", r.URL.Path, "panic", p)
			if w.began {
				// Half an answer must not look like a whole one.
				panic(http.ErrAbortHandler)
			}
			a.refuse(w, broken(id))
		}()
		r = r.WithContext(withRequestID(r.Context(), id))
		if _, pattern := next.Handler(r); pattern == "" {
			a.unrouted(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// watched knows whether an answer has begun.
type watched struct {
	http.ResponseWriter
	began bool
}

func (w *watched) WriteHeader(status int) {
	w.began = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(p []byte) (int, error) {
	w.began = true
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
