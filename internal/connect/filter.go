package connect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
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

// filterState is where it stands, beside how far streams were pulled, that a
// filter had no answer for some incidents.
const filterState = "(filter)"

// Rejudge judges the incidents of a source by its filter as it is now. That it
// has no answer for some of them is told with the source's state.
func (s *Sources) Rejudge(ctx context.Context, who auth.Actor, name string) error {
	_, judged, err := record.Get[*hansei.Source](ctx, s.Records, who.Scope(), hansei.ID(name))
	if err == nil {
		_, err = s.Inbox.Rejudge(ctx, who, name)
	}
	var unanswered *intake.UnansweredError
	switch {
	case errors.Is(err, hansei.ErrNotFound):
		return nil // it was removed meanwhile
	case err != nil && !errors.As(err, &unanswered):
		return err
	}
	_, err = s.Records.Write(ctx, who, func(tx *record.Tx) error {
		src, now, err := record.Get[*hansei.Source](ctx, tx, who.Scope(), hansei.ID(name))
		if err != nil || src.Deleted || now != judged { // who changed it asked for it to be judged again
			return err
		}
		st := record.PullState{Source: name, Stream: filterState, At: s.Now()}
		if unanswered != nil {
			st.Failures, st.Error = int64(unanswered.N), says(unanswered)
		}
		return tx.PutPull(st)
	})
	return err
}

// unjudged says which incidents of a source its filter has no answer for.
func unjudged(states []record.PullState, name string) string {
	for _, st := range states {
		if st.Source != name || st.Stream != filterState || st.Failures == 0 {
			continue
		}
		which := "an incident, which counts or not as before: "
		if st.Failures > 1 {
			which = fmt.Sprintf("%d incidents, which count or not as before. One is ", st.Failures)
		}
		return "When the filter was saved, it had no answer for " + which + st.Error + ". Saving it again judges them anew."
	}
	return ""
}
