package api

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed reference.html
var referencePage string

// operation is one operation as the reference page shows it.
type operation struct {
	Method, Path, Summary, ID string
	Params                    []parameter
	Body                      string // media type
	Fields                    []parameter
}

type parameter struct{ Name, In, Type, Help string }

// reference serves /api: the OpenAPI document as a page that loads nothing.
// It is made once, when all operations are known.
func (a *edge) reference() {
	var ops []operation
	for path, item := range a.huma.OpenAPI().Paths {
		for method, o := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if o != nil {
				ops = append(ops, a.describe(method, path, o))
			}
		}
	}
	slices.SortFunc(ops, func(x, y operation) int { return strings.Compare(x.Path+" "+x.Method, y.Path+" "+y.Method) })
	page := template.Must(template.New("reference").Parse(referencePage))
	var out bytes.Buffer
	if err := page.Execute(&out, map[string]any{"Version": a.Version, "Operations": ops}); err != nil {
		panic(err) // the page is part of the program
	}
	a.mux.HandleFunc("GET /api", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
		if _, err := w.Write(out.Bytes()); err != nil {
			a.Log.Debug("send the reference page", "error", err)
		}
	})
}

func (a *edge) describe(method, path string, o *huma.Operation) operation {
	out := operation{Method: method, Path: path, Summary: o.Summary, ID: o.OperationID}
	for _, p := range o.Parameters {
		out.Params = append(out.Params, parameter{p.Name, p.In, typeOf(p.Schema), p.Description})
	}
	if o.RequestBody == nil {
		return out
	}
	for media, m := range o.RequestBody.Content {
		out.Body = media
		s := m.Schema
		if s != nil && s.Ref != "" {
			s = a.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
		}
		if s == nil {
			continue
		}
		for name, field := range s.Properties {
			out.Fields = append(out.Fields, parameter{name, "body", typeOf(field), field.Description})
		}
	}
	slices.SortFunc(out.Fields, func(x, y parameter) int { return strings.Compare(x.Name, y.Name) })
	return out
}

func typeOf(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Type == huma.TypeArray && s.Items != nil:
		return "list of " + typeOf(s.Items)
	}
	return s.Type
}
