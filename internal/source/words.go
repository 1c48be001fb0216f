package source

import (
	v1 "encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Words is what an error says, for people. Where it is, or wraps, one of
// reading JSON, that part says what was expected and what was found, without
// the names of Go.
func Words(err error) string {
	var (
		kind   *json.SemanticError
		kindV1 *v1.UnmarshalTypeError
		text   *jsontext.SyntacticError
		textV1 *v1.SyntaxError
		moment *time.ParseError
	)
	of, says := err, err.Error()
	switch {
	case errors.As(err, &kind):
		of, says = kind, "expected "+words(kind.GoType)+", found "+found(kind.JSONKind.String(), string(kind.JSONValue))
		if kind.Err != nil && !errors.Is(kind.Err, strconv.ErrSyntax) && !errors.Is(kind.Err, strconv.ErrRange) {
			says = Words(kind.Err)
		}
		says = within(strings.ReplaceAll(strings.TrimPrefix(string(kind.JSONPointer), "/"), "/", "."), says)
	case errors.As(err, &kindV1):
		name, value, _ := strings.Cut(kindV1.Value, " ") // "number 1.5"
		of, says = kindV1, within(strings.TrimPrefix(kindV1.Field, "."), "expected "+words(kindV1.Type)+", found "+found(name, value))
	case errors.As(err, &text):
		of, says = text, torn(text.ByteOffset, errors.Is(text.Err, io.ErrUnexpectedEOF), text.ByteOffset+1)
	case errors.As(err, &textV1):
		of, says = textV1, torn(textV1.Offset, textV1.Error() == "unexpected end of JSON input", textV1.Offset)
	case errors.As(err, &moment):
		of, says = moment, fmt.Sprintf("expected %s, found %q", words(reflect.TypeFor[time.Time]()), moment.Value)
	}
	return strings.Replace(err.Error(), of.Error(), says, 1)
}

// torn says of a text that it is no JSON: it ends after some bytes, or one of
// them is none of JSON's.
func torn(after int64, ends bool, bad int64) string {
	switch {
	case ends && after == 0:
		return "it is empty"
	case ends:
		return fmt.Sprintf("it is not JSON: it breaks off after byte %d", after)
	}
	return fmt.Sprintf("it is not JSON: byte %d cannot stand there", bad)
}

// within says of which member something is said.
func within(path, says string) string {
	if path == "" {
		return says
	}
	return path + ": " + says
}

// words are what JSON calls what a Go type takes.
func words(t reflect.Type) string {
	if t == nil {
		return "something else"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return words(t.Elem())
	case reflect.Struct, reflect.Map:
		if t == reflect.TypeFor[time.Time]() {
			return "a time such as 2026-01-31T10:00:00Z"
		}
		return "an object"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// found is a value in words; kind is what the packages for JSON call it.
func found(kind, value string) string {
	if value != "" {
		return value
	}
	if says := map[string]string{"{": "an object", "object": "an object", "[": "a list", "array": "a list", "string": "a text", "number": "a number", "bool": "true or false"}[kind]; says != "" {
		return says
	}
	return kind // true, false, null
}
