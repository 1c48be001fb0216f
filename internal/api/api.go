// Package api is the HTTP API under /api/v1: everything the product can be
// asked and told, as OpenAPI 3.1, with errors as RFC 9457 problems.
//
// It is an edge. A handler reads its input, asks metric, intake, fact or
// record, and shapes the answer; it computes nothing. Three things are decided
// here and nowhere else: which status an error becomes (problem.go), who the
// caller is (caller.go), and when an answer has not changed (etag.go).
//
// It is not the pages, which ask the same packages directly, and it does not
// listen: package app gives its Handler a server.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/metric"
	"hansei/internal/record"
)

// Deps are the parts that the API speaks for.
type Deps struct {
	Records *record.Store
	Facts   *fact.View
	Metrics *metric.Engine
	Imports *intake.Imports
	Rebuild Rebuilder
	Log     *slog.Logger
	Now     func() time.Time
	Version string // of the program, shown and part of every ETag
}

// Rebuilder builds the facts from nothing while the server goes on.
type Rebuilder interface {
	// Start begins a rebuild unless one is running.
	Start()
	// Progress is how far it is.
	Progress() RebuildProgress
}

// RebuildProgress is how far a rebuild of the facts is.
type RebuildProgress struct {
	Running bool       `json:"running"`
	Applied record.Seq `json:"applied" doc:"The last sequence applied"`
	Head    record.Seq `json:"head" doc:"The journal's last sequence when it began"`
	Seconds float64    `json:"seconds" doc:"How long it has taken"`
	Error   string     `json:"error,omitempty" doc:"Why the last one ended early"`
}

// API serves the HTTP API.
type API struct {
	Deps
	people intake.People
	queue  chan string // deliveries to understand, in the order they came
	mux    *http.ServeMux
	huma   huma.API
}

// Base is the path under which every operation stands.
const Base = "/api/v1"

// New makes the API. Run must run for imports to be understood.
func New(d Deps) *API {
	a := &API{Deps: d, people: intake.People{Records: d.Records}, queue: make(chan string, 1024), mux: http.NewServeMux()}
	c := huma.DefaultConfig("Hansei", d.Version)
	c.Info.Description = "What an organisation learns from its incidents: records, figures with their intervals, and the records behind each."
	c.Servers = []*huma.Server{{URL: "/"}}
	c.DocsPath, c.SchemasPath = "", "" // the stock pages load scripts from elsewhere
	c.CreateHooks = nil                // no "$schema" in answers
	c.RejectUnknownQueryParameters = true
	a.huma = humago.New(a.mux, c)
	a.routes()
	a.reference()
	return a
}

// Handler serves /api, /api/v1, /openapi.json and /healthz.
func (a *API) Handler() http.Handler { return a.mux }

// Run understands imports one after the other until ctx ends, those that were
// interrupted first.
func (a *API) Run(ctx context.Context) error {
	if err := a.Imports.Resume(ctx, auth.Local()); err != nil && ctx.Err() == nil {
		a.Log.Error("interrupted imports could not be resumed", "error", err)
	}
	for {
		select {
		case id := <-a.queue:
			// Its error is kept with the delivery, and logged where it arose.
			if _, err := a.Imports.Understand(ctx, auth.Local(), id); err != nil && ctx.Err() != nil {
				return nil
			}
		case <-ctx.Done():
			return nil
		}
	}
}
