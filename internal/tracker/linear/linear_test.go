package linear

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"hansei/internal/source/fetch"
	"hansei/internal/tracker"
	"hansei/internal/tracker/trackertest"
)

// described holds every query and its variables to Linear's own schema.
func described(t *testing.T, next http.Handler) *httptest.Server {
	t.Helper()
	text, err := os.ReadFile("testdata/schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: string(text)})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		var v struct {
			Query     string         `json:"query"`
			Variables map[string]any `json:"variables"`
		}
		if err := json.Unmarshal(body, &v); err != nil {
			t.Error(err)
		}
		doc, errs := gqlparser.LoadQueryWithRules(schema, v.Query, rules.NewDefaultRules())
		if errs != nil {
			t.Errorf("%s: %v", v.Query, errs)
			return
		}
		if _, err := validator.VariableValues(schema, doc.Operations[0], v.Variables); err != nil {
			t.Errorf("%s with %v: %v", v.Query, v.Variables, err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

func opened(t *testing.T, server *httptest.Server) tracker.Tracker {
	t.Helper()
	tr, err := Kind.Open(tracker.Account{Source: "work", Client: &fetch.Client{HTTP: server.Client()},
		Settings: map[string]string{"token": trackertest.Token, "api_url": server.URL, "teams": trackertest.Key, "follow_up_labels": "follow-up"}})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestAsDescribed(t *testing.T) {
	s := trackertest.New(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC))
	tr := opened(t, described(t, s.Linear()))
	trackertest.Run(t, tr.Places()[0], s, tr)
}

// Linear says "too often" with a 400, and most refusals with a 200.
func TestRefusals(t *testing.T) {
	s := trackertest.New(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC))
	tr := opened(t, described(t, s.Linear()))
	says := func(status int, code string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.WriteHeader(status)
			if _, err := w.Write([]byte(`{"errors":[{"message":"no","extensions":{"code":"` + code + `","userPresentableMessage":"You cannot do that."}}]}`)); err != nil {
				t.Error(err)
			}
		}
	}
	var later *fetch.LaterError
	for _, status := range []int{http.StatusBadRequest, http.StatusOK} {
		s.Fail("", says(status, "RATELIMITED"))
		if _, err := tr.Look(t.Context(), "x"); !errors.As(err, &later) || later.After != time.Minute {
			t.Errorf("%d: got %v", status, err)
		}
	}
	s.Fail("", says(http.StatusOK, "FORBIDDEN"))
	var refused *tracker.RefusedError
	if _, err := tr.Look(t.Context(), "x"); !errors.As(err, &refused) || refused.Says != "You cannot do that." {
		t.Errorf("got %v", err)
	}
	if _, err := tr.Create(t.Context(), "NONE", tracker.Draft{Title: "T", Marker: "m"}); !errors.As(err, &refused) {
		t.Errorf("a team there is not: got %v", err)
	}
}
