package retrorules

import (
	"net/url"
	"strconv"
	"strings"

	"hansei"
	"hansei/internal/web/ui"
)

// costView is what time costs, as three estimates.
type costView struct {
	Currency ui.Field
	Parts    []costPart
	Wrong    string
}

// costPart is one estimate: the names of its fields are its own with -low,
// -best and -high.
type costPart struct {
	Name, Label, Help string
	Ends              []costEnd
}

type costEnd struct{ Name, Label, Value string }

var costParts = []costPart{
	{Name: "cost-hour", Label: "An hour of one responder", Help: "With all that is paid beside the salary: a year's salary × 1.3 ÷ 1,800 hours is a start."},
	{Name: "cost-revenue", Label: "What a minute brings in", Help: "Of everything, when everything works."},
	{Name: "cost-recovered", Label: "Share of it that comes later anyway", Help: "0 to 1. People who could not buy may come back; 0, 0.25 and 0.5 unless you know better."},
}

var costEnds = []costEnd{{Name: "low", Label: "at least"}, {Name: "best", Label: "most likely"}, {Name: "high", Label: "at most"}}

func fillCost(form url.Values, c *hansei.CostRule) {
	if c == nil {
		return
	}
	form.Set("cost-currency", c.Currency)
	for i, e := range []*hansei.Estimate{c.Hour, c.Revenue, c.Recovered} {
		if e == nil {
			continue
		}
		for k, v := range []float64{e.Low, e.Best, e.High} {
			form.Set(costParts[i].Name+"-"+costEnds[k].Name, strconv.FormatFloat(v, 'f', -1, 64))
		}
	}
}

func costForm(form url.Values, wrong string) costView {
	v := costView{Wrong: wrong, Currency: ui.Field{ID: "cost-currency", Name: "cost-currency", Label: "Currency", Value: form.Get("cost-currency"), Placeholder: "EUR"}}
	for _, p := range costParts {
		p.Ends = nil
		for _, e := range costEnds {
			e.Name = p.Name + "-" + e.Name
			e.Value = form.Get(e.Name)
			p.Ends = append(p.Ends, e)
		}
		v.Parts = append(v.Parts, p)
	}
	return v
}

// costIn reads the form; nil when nothing is filled. Of an estimate with one
// number that one is all three.
func costIn(form url.Values) (*hansei.CostRule, error) {
	c := hansei.CostRule{Currency: strings.TrimSpace(form.Get("cost-currency"))}
	filled := c.Currency != ""
	for i, to := range []**hansei.Estimate{&c.Hour, &c.Revenue, &c.Recovered} {
		var n []float64
		for _, end := range costEnds {
			text := strings.TrimSpace(form.Get(costParts[i].Name + "-" + end.Name))
			if text == "" {
				continue
			}
			v, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
			if err != nil {
				return nil, hansei.Invalid("cost", "%s, %s: %q is not a number", costParts[i].Label, end.Label, text)
			}
			n = append(n, v)
		}
		switch len(n) {
		case 0:
			continue
		case 1:
			n = []float64{n[0], n[0], n[0]}
		case 2:
			return nil, hansei.Invalid("cost", "%s: expected one number or all three", costParts[i].Label)
		}
		filled = true
		*to = &hansei.Estimate{Low: n[0], Best: n[1], High: n[2]}
	}
	if !filled {
		return nil, nil
	}
	return &c, nil
}
