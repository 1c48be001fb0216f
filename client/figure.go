package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"time"
)

// Figure is one computed value of a metric, for one group and period.
// Durations are in seconds; n + censored + excluded is the number of records.
type Figure struct {
	Metric    string            `json:"metric"`
	Version   int               `json:"version"`
	Group     map[string]string `json:"group"`
	Since     time.Time         `json:"since"`
	Until     time.Time         `json:"until"`
	Value     *float64          `json:"value"` // null when it cannot be told; Warnings say why
	Unit      string            `json:"unit"`
	Statistic string            `json:"statistic"`
	N         int               `json:"n"`
	Censored  int               `json:"censored"`
	Excluded  map[string]int    `json:"excluded"`
	Low       *float64          `json:"low"`
	High      *float64          `json:"high"`
	Level     float64           `json:"level"`
	Method    string            `json:"method"`
	Partial   bool              `json:"partial,omitempty"`
	Warnings  []Warning         `json:"warnings"`
	Compare   *Comparison       `json:"compare,omitempty"`
	Evidence  string            `json:"evidence"`
	AsOf      int64             `json:"as_of"`
}

// Warning says in a fixed code and in words what to know before using a figure.
type Warning struct {
	Code string `json:"code"`
	Says string `json:"says"`
}

// Comparison sets a figure against the same of another window.
type Comparison struct {
	Since      time.Time `json:"since"`
	Until      time.Time `json:"until"`
	Value      *float64  `json:"value"`
	N          int       `json:"n"`
	Kind       string    `json:"kind"` // ratio or difference
	Effect     *float64  `json:"ratio_or_difference"`
	Low        *float64  `json:"low"`
	High       *float64  `json:"high"`
	P          *float64  `json:"p"`
	Method     string    `json:"method"`
	Verdict    string    `json:"verdict"`
	Detectable *float64  `json:"detectable"`
	Says       string    `json:"says"`
}

// Question is what to ask of a metric. Since and Until are dates or RFC 3339
// times, AsOf a sequence of the journal or a time; all may be empty.
type Question struct {
	Metric    string
	Since     string
	Until     string
	By        []string
	Where     []string
	Every     string
	Compare   string
	Statistic string
	AsOf      string
}

func (q Question) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"since": q.Since, "until": q.Until, "every": q.Every,
		"compare": q.Compare, "statistic": q.Statistic, "as_of": q.AsOf} {
		set(v, name, value)
	}
	for _, b := range q.By {
		v.Add("by", b)
	}
	for _, w := range q.Where {
		v.Add("where", w)
	}
	return v
}

func set(v url.Values, name, value string) {
	if value != "" {
		v.Set(name, value)
	}
}

// Figures asks a metric.
func (c *Client) Figures(ctx context.Context, q Question) (out []Figure, err error) {
	return out, c.do(ctx, call{method: "GET", path: "/figures" + at(q.Metric), query: q.values(), into: &out})
}

// Contribution is what one record contributed to a figure, or why it was left
// out. Class is measured, censored or excluded.
type Contribution struct {
	ID     string    `json:"id"`
	Kind   string    `json:"kind"`
	Title  string    `json:"title"`
	At     time.Time `json:"at"`
	Class  string    `json:"class"`
	Reason string    `json:"reason,omitempty"`
	Value  *float64  `json:"value"`
}

// Explain lists every record behind the figures of a question; class narrows
// it down to measured, censored, excluded or one reason.
func (c *Client) Explain(ctx context.Context, q Question, class string) iter.Seq2[Contribution, error] {
	v := q.values()
	set(v, "class", class)
	return pages(func(cursor string) ([]Contribution, string, error) {
		var page struct {
			Records []Contribution
			Next    string
		}
		set(v, "cursor", cursor)
		v.Set("limit", strconv.Itoa(maxPage))
		err := c.do(ctx, call{method: "GET", path: "/figures" + at(q.Metric, "records"), query: v, into: &page})
		return page.Records, page.Next, err
	})
}

const maxPage = 1000

// pages iterates over a list that comes in pages.
func pages[T any](fetch func(cursor string) (list []T, next string, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		cursor := ""
		for {
			list, next, err := fetch(cursor)
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			for _, x := range list {
				if !yield(x, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			cursor = next
		}
	}
}
