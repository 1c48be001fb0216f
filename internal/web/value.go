package web

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/web/records"
)

// written is a value as a person writes it in a form.
func (f *found) written(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.In(f.Zone).Format("2006-01-02 15:04:05")
	case []string:
		return strings.Join(v, "\n")
	case hansei.ID, []hansei.ID:
		var out []string
		for _, id := range idsOf(v) {
			out = append(out, f.nameOf(id))
		}
		return strings.Join(out, "\n")
	case string:
		return v
	}
	return ""
}

var written = []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", time.RFC3339}

// valueOf reads what a person wrote into a field's form.
func (s *Server) valueOf(ctx context.Context, who auth.Actor, e *editing) (any, error) {
	name, text := e.field.Name, e.value
	switch e.field.Type {
	case hansei.Number:
		n, err := strconv.ParseFloat(strings.Map(digits, text), 64)
		if err != nil || n != n || n-n != 0 {
			return nil, hansei.Invalid(name, "%q is not a number", text)
		}
		return n, nil
	case hansei.Bool:
		return text == "true", nil
	case hansei.Time:
		for _, layout := range written {
			if t, err := time.ParseInLocation(layout, text, e.Zone); err == nil {
				return t.UTC(), nil
			}
		}
		return nil, hansei.Invalid(name, "%q is not a time; expected one such as 2025-01-31 15:04", text)
	case hansei.List:
		return lines(text), nil
	case hansei.Ref:
		if text == "" {
			return "", nil
		}
		ids, err := s.called(ctx, who, e.field, []string{text})
		if err != nil {
			return nil, err
		}
		return ids[0], nil
	case hansei.Refs:
		return s.called(ctx, who, e.field, lines(text))
	}
	return text, nil
}

// digits drops what people put between them.
func digits(r rune) rune {
	if r == ' ' || r == ',' || r == '\u202f' || r == '\u00a0' || r == '\'' {
		return -1
	}
	return r
}

// lines are the lines that hold something; what repeats is taken once.
func lines(text string) []string {
	out := []string{}
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// called finds records by the names or ids that a person wrote.
func (s *Server) called(ctx context.Context, who auth.Actor, f hansei.Field, names []string) ([]hansei.ID, error) {
	out := []hansei.ID{}
	for _, n := range names {
		id, err := s.byName(ctx, who, f, n)
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}

// byName finds one; an incident only by its id.
func (s *Server) byName(ctx context.Context, who auth.Actor, f hansei.Field, name string) (hansei.ID, error) {
	unknown := hansei.Invalid(f.Name, "there is no %s %q", records.Noun(f.Of), name)
	after := hansei.ID("")
	if f.Of == hansei.KindIncident {
		id := hansei.ID(name)
		have, err := record.LoadRaw(ctx, s.Records, who.Scope(), f.Of, []hansei.ID{id})
		if _, ok := have[id]; !ok && err == nil {
			err = unknown
		}
		return id, err
	}
	for {
		page, err := s.Records.List(ctx, who.Scope(), f.Of, after, 1000)
		if err != nil {
			return "", err
		}
		for _, x := range page {
			head := x.Record.Head()
			after = head.ID
			if head.Deleted || !isCalled(x.Record, name) {
				continue
			}
			if head.MergedInto != "" {
				return head.MergedInto, nil
			}
			return head.ID, nil
		}
		if len(page) < 1000 {
			return "", unknown
		}
	}
}

func isCalled(rec hansei.Record, name string) bool {
	if string(rec.Head().ID) == name || strings.EqualFold(records.Title(rec), name) {
		return true
	}
	f, err := hansei.FieldNamed(rec.Kind(), "aliases")
	if err != nil {
		return false
	}
	v, _ := f.Get(rec)
	aliases, _ := v.([]string)
	return slices.ContainsFunc(aliases, func(a string) bool { return strings.EqualFold(a, name) })
}
