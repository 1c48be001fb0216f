package sourcetest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// Described serves a handler that stands for a vendor's API and holds both
// sides to the vendor's own OpenAPI description: what a source asks must be
// allowed, by its path, the names of its query and their types, and what the
// handler answers with 2xx must be what the vendor says it answers.
func Described(t testing.TB, description []byte, handler http.Handler) *httptest.Server {
	t.Helper()
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(description)
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: "/"}}
	doc.Security = nil
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation(), openapi3.DisableSchemaPatternValidation())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, params, err := router.FindRoute(r)
		if err != nil {
			t.Errorf("%s %s is not in the vendor's description: %v", r.Method, r.URL.Path, err)
			http.NotFound(w, r)
			return
		}
		in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true}}
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			t.Errorf("%s %s?%s: the vendor's description does not allow it: %v", r.Method, r.URL.Path, r.URL.RawQuery, err)
		}
		for name := range r.URL.Query() {
			if !named(route, name) {
				t.Errorf("%s %s: the vendor's description names no query parameter %q", r.Method, r.URL.Path, name)
			}
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		body := answer.Body.Bytes()
		if answer.Code >= 200 && answer.Code < 300 {
			out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: answer.Code, Header: answer.Header(), Body: io.NopCloser(bytes.NewReader(body))}
			if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
				t.Errorf("%s %s: the test's answer is not the vendor's: %v", r.Method, r.URL.Path, err)
			}
		}
		for k, v := range answer.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(answer.Code)
		if _, err := w.Write(body); err != nil {
			t.Logf("a reader went away: %v", err)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// named says whether an operation has a query parameter of a name, which the
// validation of requests leaves open.
func named(route *routers.Route, name string) bool {
	for _, list := range []openapi3.Parameters{route.Operation.Parameters, route.PathItem.Parameters} {
		if list.GetByInAndName(openapi3.ParameterInQuery, name) != nil {
			return true
		}
	}
	return false
}
