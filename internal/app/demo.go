package app

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
)

// demo is GitHub's own public incident history, as mrshu/github-statuses
// collects it (MIT; the licence is beside the file).
//
//go:embed demo/incidents.jsonl.gz
var demo []byte

// Demo imports GitHub's public incident history, the way any file is imported.
func (a *App) Demo(ctx context.Context) error {
	who := auth.Local()
	d, known, err := a.imports.Receive(ctx, who, "github-status/incidents.jsonl.gz",
		intake.Options{Kind: hansei.KindIncident, Source: "github-status"}, bytes.NewReader(demo))
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if !known {
		if _, err := a.imports.Understand(ctx, who, d.ID); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		name, err := json.Marshal("GitHub, public incident history")
		if err != nil {
			return err
		}
		people := intake.People{Records: a.records}
		sets := []intake.Set{{Field: "name", Value: name}}
		if _, err := people.Create(ctx, who, hansei.KindOrganization, hansei.OrganizationID, sets, "demo"); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	return a.facts.CatchUp(ctx, a.records, who.Scope(), nil)
}
