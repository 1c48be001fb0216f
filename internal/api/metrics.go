package api

import (
	"context"
	"fmt"
	"io"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/record"
)

// CatalogueEntry is one metric as people read about it.
type CatalogueEntry struct {
	metric.Definition
	Of         hansei.Kind     `json:"of" doc:"The kind of record it counts"`
	Dimensions []string        `json:"dimensions" doc:"What it can be grouped and filtered by, beside the organization's own fields"`
	YAML       string          `json:"definition,omitempty" doc:"The definition, of a metric of the organization"`
	Example    *metric.Example `json:"example,omitempty" doc:"A worked example, of a metric that ships with Hansei"`
}

func entry(d metric.Definition) CatalogueEntry {
	return CatalogueEntry{Definition: d, Of: d.Of.Kind, Dimensions: dimensions(d.Of.Kind)}
}

// dimensions are the fields with a few values that are not about people.
func dimensions(kind hansei.Kind) []string {
	out := []string{"source", "team", "tier"}
	for _, f := range hansei.FieldsOf(kind) {
		switch {
		case f.Of == hansei.KindPerson, f.Of == hansei.KindIncident, f.Of == hansei.KindTeam:
		case f.Type == hansei.Time, f.Type == hansei.Number:
		case f.Name == "title", f.Name == "description", f.Name == "url":
		case f.Name == "services":
			out = append(out, "service")
		default:
			out = append(out, f.Name)
		}
	}
	return out
}

// MetricList is the catalogue.
type MetricList struct {
	Metrics []CatalogueEntry `json:"metrics"`
}

type none struct{ Caller }

func (a *edge) listMetrics(ctx context.Context, who auth.Actor, _ *none) (*answer[MetricList], error) {
	defs, err := a.Metrics.Catalogue(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	out := make([]CatalogueEntry, len(defs))
	for i, d := range defs {
		out[i] = entry(d)
	}
	return answered(MetricList{out})
}

// MetricParam names a metric.
type MetricParam struct {
	Caller
	Metric string `path:"metric" doc:"The metric's id"`
}

func (a *edge) getMetric(ctx context.Context, who auth.Actor, in *MetricParam) (*answer[CatalogueEntry], error) {
	defs, err := a.Metrics.Catalogue(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	for _, d := range defs {
		if d.ID != in.Metric {
			continue
		}
		e := entry(d)
		if !d.Custom {
			ex, err := metric.ExampleOf(d.ID)
			if err != nil {
				return nil, err
			}
			e.Example = &ex
			return answered(e)
		}
		own, _, err := record.Get[*hansei.CustomMetric](ctx, a.Records, who.Scope(), hansei.ID(d.ID))
		if err != nil {
			return nil, err
		}
		e.YAML = own.Definition
		return answered(e)
	}
	return nil, noMetric(in.Metric)
}

func noMetric(id string) error { return fmt.Errorf("metric %q: %w", id, hansei.ErrNotFound) }

// MetricDefinition is a metric of the organization, as YAML.
type MetricDefinition struct {
	Stream
	Metric string `path:"metric" doc:"The metric's id; the same as in the definition"`
}

func (a *edge) putMetric(ctx context.Context, who auth.Actor, in *MetricDefinition) (*answer[CatalogueEntry], error) {
	text, err := io.ReadAll(in.body)
	if err != nil {
		return nil, err
	}
	def, err := metric.ParseDefinition(text)
	if err != nil {
		return nil, err
	}
	if def.ID != in.Metric {
		return nil, hansei.Invalid("id", "the definition is of %q, not of %q", def.ID, in.Metric)
	}
	id := hansei.ID(def.ID)
	seq, err := a.Records.Write(ctx, who, func(tx *record.Tx) error {
		found, err := record.Load(ctx, tx, who.Scope(), hansei.KindMetric, []hansei.ID{id})
		if err != nil {
			return err
		}
		return record.Put(tx, &hansei.CustomMetric{Header: hansei.Header{ID: id}, Definition: string(text)}, found[id].Revision)
	})
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, seq); err != nil {
		return nil, err
	}
	return a.getMetric(ctx, who, &MetricParam{Metric: in.Metric})
}

func (a *edge) deleteMetric(ctx context.Context, who auth.Actor, in *MetricParam) (*answer[RecordDoc], error) {
	id := hansei.ID(in.Metric)
	own, _, err := record.Get[*hansei.CustomMetric](ctx, a.Records, who.Scope(), id)
	if err == nil && own.Deleted {
		err = noMetric(in.Metric)
	}
	if err != nil {
		return nil, err
	}
	seq, err := a.People.Delete(ctx, who, hansei.KindMetric, id, true)
	return a.written(ctx, who, hansei.KindMetric, id, seq, err)
}
