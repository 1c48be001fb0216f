package form

import (
	"strings"
	"time"

	"hansei"
)

// Project is where something stands.
type Project struct {
	Path    string `json:"path_with_namespace"`
	Default string `json:"default_branch"`
}

// Service is the last part of the project's path. Its name may be another one
// and stands in webhooks only: a service must not depend on how it was told.
func (p Project) Service() hansei.ID {
	return hansei.ID(p.Path[strings.LastIndexByte(p.Path, '/')+1:])
}

// First is the first text that is not empty.
func First(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// About begins an observation of what a source tells.
func About(source string, kind hansei.Kind, external string, rec hansei.Record, at time.Time) hansei.Observation {
	return hansei.Observation{Key: hansei.Key{Kind: kind, Source: source, External: external}, Record: rec, At: at}
}

// One is a single observation, which must have its time.
func One(o hansei.Observation) ([]hansei.Observation, error) {
	if o.At.IsZero() {
		return nil, hansei.Invalid("updated_at", "expected the time of the event")
	}
	return []hansei.Observation{o}, nil
}
