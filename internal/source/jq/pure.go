package jq

import (
	"errors"
	"reflect"
	"strings"

	"github.com/itchyny/gojq"
)

// elsewhere are the functions whose answer depends on more than their input,
// and what to write in their place. The environment and other inputs are not
// there at all: env is empty, and input is refused by gojq.
var elsewhere = map[string]string{
	"now":           "now is another time whenever the same is read again; name a time of the payload, such as .updated_at",
	"localtime":     "localtime goes by the time zone of the machine; gmtime goes by UTC",
	"strflocaltime": "strflocaltime goes by the time zone of the machine; strftime goes by UTC",
}

// pure refuses an expression that would say something else of the same input
// later or on another machine. It looks at every node of what gojq parsed, also
// in functions that the expression defines, whatever it calls them.
func pure(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		if f, ok := v.Interface().(*gojq.Func); ok {
			if says := elsewhere[f.Name]; says != "" {
				return errors.New(says)
			}
			if f.Name == "strptime" && strings.Contains(f.String(), "%Z") {
				return errors.New("strptime with %Z, the name of a time zone, goes by the time zone of the machine; write %z for an offset such as +0200, or Z for UTC")
			}
		}
		return pure(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if err := pure(v.Field(i)); err != nil {
				return err
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := pure(v.Index(i)); err != nil {
				return err
			}
		}
	}
	return nil
}
