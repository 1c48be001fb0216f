package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"hansei"
	"hansei/internal/retro/model"
)

// requestKey is the context key of a request's trace id.
type requestKey struct{}

// withRequestID puts a request's trace id into its context.
func withRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// requestID is the trace id of the request that a context belongs to.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// problemOf turns an error into the RFC 9457 problem that a client sees. It is
// the only place that knows statuses. What is not the caller's doing is logged
// here, once, and never shown.
func (a *edge) problemOf(ctx context.Context, err error) error {
	var status huma.StatusError
	var invalid *hansei.InvalidError
	var elsewhere *model.FailedError
	switch {
	case errors.As(err, &status):
		return err
	case errors.As(err, &invalid):
		p := problem(http.StatusUnprocessableEntity, invalid.Error())
		p.Errors = []*huma.ErrorDetail{{Message: invalid.Reason, Location: invalid.Field}}
		return p
	case errors.Is(err, hansei.ErrNotFound):
		return problem(http.StatusNotFound, err.Error())
	case errors.Is(err, hansei.ErrConflict):
		return problem(http.StatusConflict, err.Error())
	case errors.Is(err, hansei.ErrForbidden):
		return problem(http.StatusForbidden, err.Error())
	case errors.As(err, &elsewhere):
		return problem(http.StatusBadGateway, err.Error()+"; nothing was written")
	case ctx.Err() != nil:
		return problem(http.StatusServiceUnavailable, "the request was given up before it was answered")
	}
	id := requestID(ctx)
	a.Log.ErrorContext(ctx, "a request failed", "request", id, "error", err)
	return broken(id)
}

// broken is the problem of an error on our side.
func broken(request string) *huma.ErrorModel {
	p := problem(http.StatusInternalServerError, "something broke on our side; the log has it under request "+request)
	p.Instance = "urn:hansei:request:" + request
	return p
}

func problem(status int, detail string) *huma.ErrorModel {
	return &huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail}
}

// refuse answers a problem outside of an operation.
func (a *edge) refuse(w http.ResponseWriter, p *huma.ErrorModel) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	if err := json.NewEncoder(w).Encode(p); err != nil {
		a.Log.Debug("send a problem", "error", err)
	}
}

// unrouted answers a request that no operation takes: another method, or
// nothing at all.
func (a *edge) unrouted(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		other := r.Clone(r.Context())
		other.Method = m
		if _, pattern := a.mux.Handler(other); pattern != "" {
			allowed = append(allowed, m)
		}
	}
	if len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		a.refuse(w, problem(http.StatusMethodNotAllowed, r.Method+" is not possible here; expected "+strings.Join(allowed, " or ")))
		return
	}
	a.refuse(w, problem(http.StatusNotFound, "there is nothing at "+r.URL.Path+"; /api lists every operation"))
}
