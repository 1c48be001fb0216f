package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strconv"
)

// Question asks a metric for figures. Everything but Metric may be empty.
type Question struct {
	Metric    string
	Since     string   // a date or an RFC 3339 time, inclusive
	Until     string   // likewise, exclusive
	By        []string // dimensions
	Where     []string // field=value, field!=value, field=a,b
	Every     string   // day, week, month, quarter or year
	Compare   string   // previous, year-ago or SINCE..UNTIL
	Statistic string   // p1 … p99, mean, sum, rate or ratio
	AsOf      string   // a sequence of the journal or a time
}

func (q Question) values() url.Values {
	v := url.Values{}
	set(v, "since", q.Since)
	set(v, "until", q.Until)
	set(v, "every", q.Every)
	set(v, "compare", q.Compare)
	set(v, "statistic", q.Statistic)
	set(v, "as_of", q.AsOf)
	for _, by := range q.By {
		v.Add("by", by)
	}
	for _, w := range q.Where {
		v.Add("where", w)
	}
	return v
}

// Figures answers a question with one JSON object per group and period, each
// exactly as the server computed and wrote it.
func (c *Client) Figures(ctx context.Context, q Question) ([]json.RawMessage, error) {
	var out struct {
		Figures []json.RawMessage `json:"figures"`
	}
	err := c.get(ctx, "/figures/"+segment(q.Metric), q.values(), &out)
	return out.Figures, err
}

// Explain yields every record behind a figure and what it contributed. class
// narrows the list to measured, censored, excluded or one reason; limit is the
// number of records to ask for (0: all).
func (c *Client) Explain(ctx context.Context, q Question, class string, limit int) iter.Seq2[json.RawMessage, error] {
	v := q.values()
	set(v, "class", class)
	return pages[json.RawMessage](ctx, c, "/figures/"+segment(q.Metric)+"/records", v, limit)
}

// maxPage is the most records that the server puts on a page.
const maxPage = 1000

// pages follows the cursors of a list whose items stand under "records". It
// ends after limit items, unless limit is 0, or with the first error.
func pages[T any](ctx context.Context, c *Client, path string, v url.Values, limit int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for left := limit; ; {
			size := maxPage
			if limit > 0 {
				size = min(size, left)
			}
			v.Set("limit", strconv.Itoa(size))
			var page struct {
				Records []T    `json:"records"`
				Next    string `json:"next"`
			}
			if err := c.get(ctx, path, v, &page); err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, r := range page.Records {
				if !yield(r, nil) {
					return
				}
			}
			left -= len(page.Records)
			if page.Next == "" || limit > 0 && left <= 0 {
				return
			}
			v.Set("cursor", page.Next)
		}
	}
}
