package metric

import (
	"context"
	"fmt"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact/duck"
)

// Contribution is what one record of the window contributed to a figure, or
// why it was left out.
type Contribution struct {
	ID    string    `json:"id"`
	Kind  string    `json:"kind"`
	Title string    `json:"title"`
	At    time.Time `json:"at"`
	// Class is measured, censored or excluded.
	Class  string   `json:"class"`
	Reason string   `json:"reason,omitempty"` // why it was excluded
	Value  *float64 `json:"value"`            // in the metric's unit; of a share 1 or 0
}

// Explanation is a page of the records behind a figure.
type Explanation struct {
	Records []Contribution `json:"records"`
	Next    int            `json:"next,omitempty"` // the offset of the next page, 0 at the end
}

const maxExplained = 1000

// Explain lists every record of a query's window, in the order of time, from
// an offset; class narrows it down to measured, censored, excluded or one
// reason.
func (e *Engine) Explain(ctx context.Context, who auth.Scope, q Query, class string, offset, limit int) (Explanation, error) {
	a, err := e.ask(ctx, who, q)
	if err != nil {
		return Explanation{}, err
	}
	if limit <= 0 || limit > maxExplained {
		limit = maxExplained
	}
	if offset < 0 {
		return Explanation{}, hansei.Invalid("offset", "expected 0 or more, got %d", offset)
	}
	q = a.q
	q.By = nil // groups are filters here
	c, err := e.compile(ctx, a, q)
	if err != nil {
		return Explanation{}, err
	}
	only, err := c.classIs(class)
	if err != nil {
		return Explanation{}, err
	}
	out := Explanation{Records: []Contribution{}}
	err = e.facts.Read(ctx, c.explain(a.window, only, limit+1, offset), func(r *duck.Result) error {
		ids, titles, ats, cs, vs, hs := r.Strings(0), r.Strings(1), r.Int64s(2), r.Int32s(3), r.Float64s(4), r.Int64s(5)
		null := r.Nulls(4)
		for i := range r.Rows() {
			x := Contribution{ID: ids[i], Kind: string(a.def.Of.Kind), Title: titles[i], At: time.UnixMicro(ats[i]).UTC()}
			switch class := int(cs[i]); {
			case class == measured:
				x.Class = "measured"
			case class == censored:
				x.Class = "censored"
			default:
				x.Class, x.Reason = "excluded", c.rules[class-excluded].Reason
			}
			switch {
			case x.Class == "excluded" && x.Reason != "negative_duration":
			case c.rows.hit != "":
				x.Value = ptr(float64(hs[i]))
			case c.rows.value == "":
				x.Value = ptr(1)
			case null == nil || !null[i]:
				x.Value = ptr(vs[i])
			}
			out.Records = append(out.Records, x)
		}
		return nil
	})
	if err != nil {
		return Explanation{}, err
	}
	if len(out.Records) > limit {
		out.Records, out.Next = out.Records[:limit], offset+limit
	}
	return out, nil
}

func (c *compiled) classIs(class string) (string, error) {
	switch class {
	case "":
		return "true", nil
	case "measured":
		return fmt.Sprintf("c = %d", measured), nil
	case "censored":
		return fmt.Sprintf("c = %d", censored), nil
	case "excluded":
		return fmt.Sprintf("c >= %d", excluded), nil
	}
	for i, r := range c.rules {
		if r.Reason == class {
			return fmt.Sprintf("c = %d", excluded+i), nil
		}
	}
	return "", hansei.Invalid("class", "%q: expected measured, censored, excluded or a reason", class)
}
