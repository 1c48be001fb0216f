package connect

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/source/jq"
)

// Filter compiles conditions into what says whether an incident counts: all
// must hold. Words are compared without regard to case. It is nil when there
// is no condition.
func Filter(conditions []hansei.Condition) (func(*hansei.Incident) (bool, error), error) {
	if len(conditions) == 0 {
		return nil, nil
	}
	tests := make([]func(*hansei.Incident) (bool, error), len(conditions))
	for i, c := range conditions {
		if err := c.Validate(); err != nil {
			return nil, err
		}
		if c.JQ == "" {
			in := c.In
			if c.Field == "service" || c.Field == "team" {
				in = slugs(in) // people write names, records hold ids
			}
			tests[i] = func(x *hansei.Incident) (bool, error) { return oneOf(valuesOf(x, c.Field), in) != c.Not, nil }
			continue
		}
		program, err := jq.Compile(c.JQ)
		if err != nil {
			return nil, hansei.Invalid("filter", "%v", err)
		}
		tests[i] = func(in *hansei.Incident) (bool, error) {
			ok, err := seen(program, in)
			return ok != c.Not, err
		}
	}
	return func(in *hansei.Incident) (bool, error) {
		for _, test := range tests {
			if ok, err := test(in); err != nil || !ok {
				return false, err
			}
		}
		return true, nil
	}, nil
}

// seen evaluates an expression on the incident's JSON. Its result must be true
// or false; an expression that fails on one incident is an error a person sees.
func seen(program *jq.Program, in *hansei.Incident) (bool, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return false, fmt.Errorf("incident as JSON: %w", err)
	}
	doc, err := jq.Decode(text)
	if err != nil {
		return false, err
	}
	return program.True(doc)
}

func oneOf(values, in []string) bool {
	return slices.ContainsFunc(values, func(v string) bool {
		return slices.ContainsFunc(in, func(want string) bool { return strings.EqualFold(v, strings.TrimSpace(want)) })
	})
}

// valuesOf are the values of a condition's field. Services and teams are
// their ids, which are made of their names.
func valuesOf(in *hansei.Incident, field string) []string {
	switch field {
	case "severity":
		return []string{in.Severity}
	case "priority":
		return []string{in.Priority}
	case "urgency":
		return []string{in.Urgency}
	case "type":
		if in.Type == "" {
			return []string{hansei.IncidentReal}
		}
		return []string{in.Type}
	case "status":
		return []string{in.Status}
	case "title":
		return []string{in.Title}
	case "label":
		return in.Labels
	case "service":
		return words(in.Services)
	case "team":
		return words(in.Teams)
	}
	return nil
}

func slugs(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = string(hansei.Slug(n))
	}
	return out
}

func words(ids []hansei.ID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}
