package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hansei/internal/auth"
)

// routes is the flat list of every operation.
func (a *edge) routes() {
	on(a, cached(a, op("GET", "/metrics", "list-metrics", "The catalogue of metrics")), a.listMetrics)
	on(a, cached(a, op("GET", "/metrics/{metric}", "get-metric", "One metric with its worked example")), a.getMetric)
	on(a, upload(op("PUT", "/metrics/{metric}", "put-metric", "Define a metric of the organization, as YAML"), "application/yaml", maxDefinition), a.putMetric)
	on(a, op("DELETE", "/metrics/{metric}", "delete-metric", "Remove a metric of the organization"), a.deleteMetric)

	on(a, cached(a, op("GET", "/figures/{metric}", "figures", "Figures of a metric: one for each group and period")), a.figures)
	on(a, cached(a, op("GET", "/figures/{metric}/records", "explain-figure", "Every record behind a figure and what it contributed")), a.explain)

	on(a, cached(a, op("GET", "/records/{kind}", "list-records", "Records of a kind, filtered, sorted and paged")), a.listRecords)
	on(a, answers(http.StatusCreated, op("POST", "/records/{kind}", "create-record", "Make a record by hand")), a.createRecord)
	on(a, cached(a, op("GET", "/records/{kind}/{id}", "get-record", "One record, as it is or as it was")), a.getRecord)
	on(a, op("PATCH", "/records/{kind}/{id}", "edit-record", "Set fields of a record, with a reason"), a.editRecord)
	on(a, op("DELETE", "/records/{kind}/{id}", "delete-record", "Take a record out of every view; the journal keeps it"), a.deleteRecord)
	on(a, op("POST", "/records/{kind}/{id}/restore", "restore-record", "Put a deleted record back"), a.restoreRecord)
	on(a, cached(a, op("GET", "/records/{kind}/{id}/history", "record-history", "Every revision of a record, the newest first")), a.history)
	on(a, op("GET", "/records/{kind}/{id}/links", "record-links", "Records that it mentions or that mention it"), a.links)
	on(a, op("POST", "/records/{kind}/{id}/merge", "merge-record", "Say that a service, team or person is another one"), a.merge)
	on(a, op("POST", "/records/{kind}/{id}/unmerge", "unmerge-record", "Take a merge back"), a.unmerge)

	on(a, cached(a, op("GET", "/organization", "get-organization", "What the organization said about itself")), a.getOrganization)
	on(a, op("PATCH", "/organization", "edit-organization", "Set its name, time zone or number of customers"), a.editOrganization)

	on(a, answers(http.StatusAccepted, upload(op("POST", "/imports", "import", "Import a file: stored first, understood in the background"), "application/octet-stream", maxUpload)), a.startImport)
	on(a, op("GET", "/imports", "list-imports", "Deliveries, the newest first"), a.listImports)
	on(a, upload(op("POST", "/imports/plan", "plan-import", "How a file would be read, its first records, and what would be rejected"), "application/octet-stream", maxUpload), a.planImport)
	on(a, op("GET", "/imports/{id}", "get-import", "One delivery: how far it is and what came of it"), a.getImport)
	on(a, op("GET", "/imports/{id}/rejects", "import-rejects", "The rows of a delivery that could not be used"), a.rejects)
	on(a, answers(http.StatusAccepted, op("POST", "/imports/{id}/replay", "replay-import", "Understand a delivery again")), a.replay)

	on(a, op("GET", "/source-kinds", "list-source-kinds", "The tools that can be connected, and what each needs"), a.sourceKinds)
	on(a, op("GET", "/sources", "list-sources", "Every source and how it is"), a.listSources)
	on(a, answers(http.StatusCreated, op("POST", "/sources", "add-source", "Connect a tool: answers with its webhook's address and secret")), a.addSource)
	on(a, op("POST", "/source-tests", "try-source", "Try settings without saving them"), a.trySource)
	on(a, op("GET", "/sources/{name}", "get-source", "One source and how it is"), a.getSource)
	on(a, op("PATCH", "/sources/{name}", "edit-source", "Change, pause or go on with a source"), a.editSource)
	on(a, op("DELETE", "/sources/{name}", "remove-source", "Remove a source, with or without what it told"), a.removeSource)
	on(a, op("POST", "/sources/{name}/test", "test-source", "Try its credentials and say exactly what is missing"), a.testSource)
	on(a, answers(http.StatusAccepted, op("POST", "/sources/{name}/pull", "pull-source", "Pull its streams now")), a.pullSource)
	on(a, op("POST", "/sources/{name}/filter-trial", "try-filter", "What a filter would make of its incidents so far"), a.tryFilter)
	on(a, op("GET", "/deliveries", "list-deliveries", "Payloads of live sources, the newest first"), a.listDeliveries)
	on(a, op("GET", "/deliveries/{id}", "get-delivery", "One delivery with its payload"), a.getDelivery)
	on(a, answers(http.StatusAccepted, op("POST", "/replays", "replay", "Understand deliveries again")), a.replayDeliveries)
	on(a, op("POST", "/set-aside", "set-aside", "Say that nobody need look any more at deliveries that failed"), a.setAside)
	on(a, op("GET", "/joins", "list-joins", "Pairs of records that are, or may be, one"), a.listJoins)
	on(a, op("POST", "/joins", "decide-join", "Say that two records are one, or two"), a.decideJoin)
	on(a, op("GET", "/rules", "get-rules", "Whose word leads, what looks alike, how long payloads are kept"), a.getRules)
	on(a, op("PATCH", "/rules", "edit-rules", "Change these rules"), a.setRules)

	a.retroRoutes()
	a.followUpRoutes()
	a.noticeRoutes()
	a.ruleRoutes()
	a.modelRoutes()
	a.recallRoutes()

	on(a, op("POST", "/sql", "sql", "Run one read-only statement on the facts"), a.sql)
	on(a, cached(a, op("GET", "/sql/schema", "sql-schema", "The tables and columns of the facts")), a.schema)

	on(a, op("POST", "/rebuild", "rebuild", "Build the facts from nothing"), a.rebuild)
	on(a, op("GET", "/status", "status", "What is running and where the journal stands"), a.status)

	a.mux.HandleFunc("GET /healthz", a.healthz)
}

func op(method, path, id, summary string) huma.Operation {
	return huma.Operation{Method: method, Path: Base + path, OperationID: id, Summary: summary, BodyReadTimeout: 30 * time.Second}
}

// answers says which status success has, where that is not 200.
func answers(status int, o huma.Operation) huma.Operation {
	o.DefaultStatus = status
	return o
}

// cached makes an operation answer conditional requests.
func cached(a *edge, o huma.Operation) huma.Operation {
	o.Middlewares = huma.Middlewares{a.conditional}
	return o
}

const (
	maxUpload     = 64 << 30 // bytes of a file; it is streamed, never held
	maxDefinition = 64 << 10
)

// upload documents a body that the handler streams.
func upload(o huma.Operation, media string, limit int64) huma.Operation {
	o.MaxBodyBytes = limit
	o.BodyReadTimeout = -1
	o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		media: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
	return o
}

// on registers one operation. Here, and only here, a request gets its actor
// and an error becomes a problem.
func on[I, O any, P interface {
	*I
	from() *http.Request
}](a *edge, o huma.Operation, fn func(context.Context, auth.Actor, *I) (*O, error)) {
	huma.Register(a.huma, o, func(ctx context.Context, in *I) (*O, error) {
		who, err := a.Actor(P(in).from())
		if err != nil {
			return nil, a.problemOf(ctx, err)
		}
		out, err := fn(ctx, who, in)
		if err != nil {
			return nil, a.problemOf(ctx, err)
		}
		return out, nil
	})
}

// answer is an output with nothing but a body.
type answer[T any] struct{ Body T }

func answered[T any](body T) (*answer[T], error) { return &answer[T]{body}, nil }

func (a *edge) healthz(w http.ResponseWriter, r *http.Request) {
	who, err := a.Actor(r)
	if err == nil {
		_, err = a.Records.Head(r.Context(), who.Scope())
	}
	if err != nil {
		a.Log.Error("the journal cannot be read", "error", err)
		http.Error(w, "the journal cannot be read", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if _, err := w.Write([]byte("ok\n")); err != nil {
		a.Log.Debug("answer a health check", "error", err)
	}
}
