package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"hansei"
	"hansei/client"
)

func (p *program) edit() *cobra.Command {
	var sets []string
	var reason string
	cmd := &cobra.Command{
		Use:   "edit KIND ID",
		Short: "Set fields of a record by hand; a person's word beats every source",
		Example: "  hansei edit incident 4711 --set severity=sev1 --set customers_affected=1200 --reason \"after review\"\n" +
			"  hansei edit incident 4711 --set severity=      # give the field back to its sources",
	}
	cmd.Flags().StringArrayVar(&sets, "set", nil, "field=value; repeat it; an empty value takes the edit back")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who read the history")
	var fields map[string]any
	cmd.Args = cobra.MatchAll(cobra.ExactArgs(2), func(_ *cobra.Command, args []string) error {
		kind, err := hansei.ParseKind(args[0])
		if err == nil {
			fields, err = settings(kind, sets)
		}
		return err
	})
	cmd.RunE = p.asking(func(ctx context.Context, c *client.Client, args []string) error {
		kind, err := hansei.ParseKind(args[0])
		if err != nil {
			return err
		}
		now, err := c.Record(ctx, string(kind), args[1], "")
		if err != nil {
			return err
		}
		v, err := c.Edit(ctx, string(kind), args[1], now.Revision, fields, reason)
		if err != nil {
			return err
		}
		return p.record(kind, v.Whole())
	})
	return cmd
}

// settings reads what is to be set.
func settings(kind hansei.Kind, sets []string) (map[string]any, error) {
	if len(sets) == 0 {
		return nil, errors.New("nothing to set; expected --set field=value")
	}
	fields := map[string]any{}
	for _, s := range sets {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, fmt.Errorf("--set %q: expected field=value", s)
		}
		var err error
		if fields[name], err = typed(kind, name, value); err != nil {
			return nil, err
		}
	}
	return fields, nil
}

// typed reads a value as the field's type. Fields that this program does not
// know, such as an organization's own, are texts.
func typed(kind hansei.Kind, name, value string) (any, error) {
	if value == "" {
		return nil, nil
	}
	f, err := hansei.FieldNamed(kind, name)
	if err != nil {
		return value, nil // the server says whether there is such a field
	}
	switch f.Type {
	case hansei.Number:
		x, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, hansei.Invalid(name, "%q is not a number", value)
		}
		return x, nil
	case hansei.Bool:
		x, err := strconv.ParseBool(value)
		if err != nil {
			return nil, hansei.Invalid(name, "%q: expected true or false", value)
		}
		return x, nil
	case hansei.List, hansei.Refs:
		var list []string
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		return list, nil
	}
	return value, nil
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
