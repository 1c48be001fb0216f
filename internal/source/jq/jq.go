// Package jq evaluates jq expressions that people write, within bounds: an
// expression cannot read files, the environment, the clock or the time zone of
// the machine, and one that takes too long or gives too much is stopped.
//
// How much memory one takes before it is stopped is not bounded: gojq looks at
// the time between two steps only, and one step may make a text of 2 GB. To
// refuse "a" * 1000000000 alone would help little, for a text that is put to
// itself thirty times is as long.
package jq

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/itchyny/gojq"
)

// Time bounds one evaluation. MaxResults bounds what one evaluation gives.
const (
	Time       = 200 * time.Millisecond
	MaxResults = 10_000
)

// Program is a compiled expression. It may be used by many goroutines.
type Program struct {
	code *gojq.Code
	text string
}

// Compile reads an expression.
func Compile(text string) (*Program, error) {
	query, err := gojq.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("jq %s: %w", text, err)
	}
	if err := pure(reflect.ValueOf(query)); err != nil {
		return nil, fmt.Errorf("jq %s: %w", text, err)
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return nil, fmt.Errorf("jq %s: %w", text, err)
	}
	return &Program{code, text}, nil
}

// Decode reads JSON as expressions see it. Its errors are those of
// encoding/json, which source.Words puts in words.
func Decode(body []byte) (any, error) {
	var v any
	err := json.Unmarshal(body, &v)
	return v, err
}

// Marshal writes a result as JSON. Numbers keep their digits.
func Marshal(v any) ([]byte, error) {
	text, err := gojq.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("read the result of jq: %w", err)
	}
	return text, nil
}

// First is the first result; nil when there is none.
func (p *Program) First(input any) (any, error) {
	all, err := p.results(input, 1)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// All are all results, at most MaxResults.
func (p *Program) All(input any) ([]any, error) { return p.results(input, MaxResults+1) }

// True says whether the first result is true; anything but a boolean is an error.
func (p *Program) True(input any) (bool, error) {
	v, err := p.First(input)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("jq %s: expected true or false, got %s", p.text, gojq.TypeOf(v))
	}
	return b, nil
}

func (p *Program) results(input any, most int) (out []any, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), Time)
	defer cancel()
	iter := p.code.RunWithContext(ctx, input)
	for len(out) < most {
		v, ok := iter.Next()
		if !ok {
			return out, nil
		}
		if err, bad := v.(error); bad {
			if errors.Is(err, context.DeadlineExceeded) {
				return nil, fmt.Errorf("jq %s: it takes longer than %s", p.text, Time)
			}
			return nil, fmt.Errorf("jq %s: %w", p.text, err)
		}
		out = append(out, v)
	}
	if len(out) > MaxResults {
		return nil, fmt.Errorf("jq %s: more than %d results", p.text, MaxResults)
	}
	return out, nil
}
