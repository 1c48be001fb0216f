package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hansei"
)

// requestKey is the context key of a request's trace id.
type requestKey struct{}

// WithRequestID puts a request's trace id into its context.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestID is the trace id of the request that a context belongs to.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// Problem turns an error into the RFC 9457 problem that a client sees. It is
// the only place that knows statuses. What is not the caller's doing is logged
// here, once, and never shown.
func (a *API) Problem(ctx context.Context, err error) error {
	var status huma.StatusError
	var invalid *hansei.InvalidError
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
	case ctx.Err() != nil:
		return problem(http.StatusServiceUnavailable, "the request was given up before it was answered")
	}
	id := RequestID(ctx)
	a.Log.ErrorContext(ctx, "a request failed", "request", id, "error", err)
	return Broken(id)
}

// Broken is the problem of an error on our side.
func Broken(requestID string) error {
	p := problem(http.StatusInternalServerError, "something broke on our side; the log has it under request "+requestID)
	p.Instance = "urn:hansei:request:" + requestID
	return p
}

func problem(status int, detail string) *huma.ErrorModel {
	return &huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail}
}
