package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/record"
)

// FigureParams is a question to a metric, as URL parameters.
type FigureParams struct {
	Caller
	Metric    string   `path:"metric" doc:"The metric's id" example:"time_to_resolve"`
	Since     string   `query:"since" doc:"A date, or a time as RFC 3339; from the first record when empty" example:"2025-01-01"`
	Until     string   `query:"until" doc:"Likewise, exclusive; now when empty" example:"2026-01-01"`
	By        []string `query:"by,explode" doc:"Dimensions to group by, at most 3; repeated or with commas"`
	Where     []string `query:"where,explode" doc:"Filters, all of which hold: field=value, field=a,b or field!=value"`
	Every     string   `query:"every" doc:"Cut the window into periods: day, week, month, quarter or year"`
	Compare   string   `query:"compare" doc:"previous, year-ago or SINCE..UNTIL"`
	Statistic string   `query:"statistic" doc:"p1 to p99, mean, sum, rate or ratio, where the metric has it"`
	AsOf      string   `query:"as_of" doc:"Answer as of a sequence of the journal or a time"`
}

// FigureList is the answer of a metric.
type FigureList struct {
	Figures []metric.Figure `json:"figures" doc:"One for each group and period"`
}

func (a *edge) figures(ctx context.Context, who auth.Actor, in *FigureParams) (*answer[FigureList], error) {
	q, err := a.query(ctx, who.Scope(), in)
	if err != nil {
		return nil, err
	}
	list, err := a.Metrics.Figures(ctx, who.Scope(), q)
	if err != nil {
		return nil, err
	}
	if list == nil {
		list = []metric.Figure{}
	}
	return answered(FigureList{list})
}

// query reads the parameters of a question; dates are at midnight in the
// organization's zone.
func (a *edge) query(ctx context.Context, who auth.Scope, in *FigureParams) (q metric.Query, err error) {
	if err := a.fresh(ctx, who); err != nil {
		return q, err
	}
	q = metric.Query{Metric: in.Metric, Every: in.Every, Compare: in.Compare, Statistic: metric.StatisticName(in.Statistic)}
	if q.Since, q.Until, err = a.window(ctx, who, in.Since, in.Until); err != nil {
		return q, err
	}
	for _, s := range in.By {
		for by := range strings.SplitSeq(s, ",") {
			if by = strings.TrimSpace(by); by != "" {
				q.By = append(q.By, by)
			}
		}
	}
	if q.Where, err = filters(in.Where); err != nil {
		return q, err
	}
	q.AsOf, err = a.seq(ctx, who, "as_of", in.AsOf)
	return q, err
}

func filters(in []string) (out []metric.Filter, err error) {
	for _, s := range in {
		f, err := metric.ParseFilter(s)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (a *edge) window(ctx context.Context, who auth.Scope, since, until string) (s, u time.Time, err error) {
	zone, err := a.Metrics.Zone(ctx, who)
	if err != nil {
		return s, u, err
	}
	if since != "" {
		if s, err = metric.ParseTime("since", since, zone); err != nil {
			return s, u, err
		}
	}
	if until != "" {
		u, err = metric.ParseTime("until", until, zone)
	}
	return s, u, err
}

// seq reads a sequence of the journal, given as such or as a time; 0 is now.
func (a *edge) seq(ctx context.Context, who auth.Scope, field, text string) (record.Seq, error) {
	if text == "" {
		return 0, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n < 1 {
			return 0, hansei.Invalid(field, "%d is not a sequence; the first is 1", n)
		}
		head, err := a.Records.Head(ctx, who)
		if err == nil && record.Seq(n) > head.Seq {
			err = hansei.Invalid(field, "%d is after the last sequence, %d", n, head.Seq)
		}
		return record.Seq(n), err
	}
	zone, err := a.Metrics.Zone(ctx, who)
	if err != nil {
		return 0, err
	}
	t, err := metric.ParseTime(field, text, zone)
	if err != nil {
		return 0, hansei.Invalid(field, "%q is neither a sequence nor a time such as 2025-01-31T15:04:05Z", text)
	}
	seq, err := a.Records.SeqAt(ctx, who, t)
	if err == nil && seq == 0 {
		err = hansei.Invalid(field, "nothing had been recorded at %s", t.UTC().Format(time.RFC3339))
	}
	return seq, err
}

// ExplainParams is a question for the records behind a figure.
type ExplainParams struct {
	FigureParams
	Class  string `query:"class" doc:"measured, censored, excluded, or one reason of exclusion"`
	Cursor string `query:"cursor" doc:"From the page before"`
	Limit  int    `query:"limit" minimum:"0" maximum:"1000" doc:"Records on a page, 100 when empty"`
}

// ExplainedPage is a page of the records behind a figure.
type ExplainedPage struct {
	Records []metric.Contribution `json:"records"`
	Next    string                `json:"next,omitempty" doc:"Cursor of the next page"`
}

func (a *edge) explain(ctx context.Context, who auth.Actor, in *ExplainParams) (*answer[ExplainedPage], error) {
	q, err := a.query(ctx, who.Scope(), &in.FigureParams)
	if err != nil {
		return nil, err
	}
	offset := 0
	if in.Cursor != "" {
		if offset, err = strconv.Atoi(in.Cursor); err != nil {
			return nil, hansei.Invalid("cursor", "%q is not a cursor of this list", in.Cursor)
		}
	}
	if in.Limit == 0 {
		in.Limit = 100
	}
	page, err := a.Metrics.Explain(ctx, who.Scope(), q, in.Class, offset, in.Limit)
	if err != nil {
		return nil, err
	}
	out := ExplainedPage{Records: page.Records}
	if page.Next > 0 {
		out.Next = strconv.Itoa(page.Next)
	}
	return answered(out)
}
