package impact

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"hansei"
)

// Says tells of a budget in one sentence; name is the service's.
func (b Budget) Says(name string) string {
	of := fmt.Sprintf("of the %d-day error budget of %s (%s %%)", hansei.ObjectiveDays, name, strconv.FormatFloat(b.Objective, 'f', -1, 64))
	if !b.Used.Known {
		return fmt.Sprintf("It used at most %s %s, if nothing worked for anybody: the share of customers affected is not known.", percent(b.Used.High), of)
	}
	text := fmt.Sprintf("It used about %s %s", percent(b.Used.Best), of)
	if b.Used.Low < b.Used.High {
		text += fmt.Sprintf(", between %s and %s", percent(b.Used.Low), percent(b.Used.High))
	}
	return text + "."
}

// Line is one amount and what it is made of.
type Line struct{ Name, Amount, How string }

// Lines are the parts of a cost and their sum, in words.
func (c *Cost) Lines() []Line {
	var out []Line
	hours := fmt.Sprintf("%s responder hours, from joining until it was resolved", strconv.FormatFloat(math.Round(c.Hours*10)/10, 'f', -1, 64))
	if c.Labour != nil {
		out = append(out, Line{"People's time", c.amount(*c.Labour, false), hours})
	} else {
		out = append(out, Line{"People's time", "not configured, or nobody known", hours})
	}
	switch {
	case c.Revenue == nil:
		out = append(out, Line{"Revenue", "not configured, or length not known", ""})
	case c.Revenue.AtMost:
		out = append(out, Line{"Revenue", c.amount(c.Revenue.Estimate, true), "as if nobody could buy: the share of customers affected is not known"})
	default:
		out = append(out, Line{"Revenue", c.amount(c.Revenue.Estimate, false), "the share of customers affected, less what comes later anyway"})
	}
	return append(out, Line{"Together", c.amount(c.Total, c.AtMost), "without credits, refunds, lost customers and interrupted work"})
}

// Says tells of the cost in one sentence.
func (c *Cost) Says() string {
	lines := c.Lines()
	last := lines[len(lines)-1]
	return fmt.Sprintf("By the rates of this organization it cost %s, %s.", last.Amount, last.How)
}

func (c *Cost) amount(e hansei.Estimate, atMost bool) string {
	switch {
	case atMost:
		return fmt.Sprintf("at most %s %s", c.Currency, round(e.High))
	case round(e.Low) == round(e.High):
		return fmt.Sprintf("about %s %s", c.Currency, round(e.Best))
	}
	return fmt.Sprintf("%s %s to %s, about %s", c.Currency, round(e.Low), round(e.High), round(e.Best))
}

// round writes a number with two figures that count: an estimate has no more.
func round(v float64) string {
	if v <= 0 {
		return "0"
	}
	unit := math.Pow(10, math.Floor(math.Log10(v))-1)
	v = math.Round(v/unit) * unit
	if v < 10 {
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	text := strconv.FormatFloat(v, 'f', 0, 64)
	var b strings.Builder
	for i, r := range text {
		if i > 0 && (len(text)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// percent writes a share, which may be more than all of it.
func percent(v float64) string { return round(100*v) + " %" }
