package connect

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/source"
)

// View is a source as people see it.
type View struct {
	Name     string             `json:"name"`
	Tool     string             `json:"tool"`
	Title    string             `json:"title"` // of the tool
	State    string             `json:"state"` // ok, waiting (nothing came yet), failing (or nothing can come), paused, broken
	Says     string             `json:"says"`  // the state in a sentence
	Settings map[string]string  `json:"settings,omitempty"`
	Secrets  []string           `json:"secrets,omitempty"` // the names of those that are set
	Filter   []hansei.Condition `json:"filter,omitempty"`
	Since    time.Time          `json:"since"`
	Paused   bool               `json:"paused"`
	URL      string             `json:"url,omitempty"` // of its webhook
	Pulls    bool               `json:"pulls"`
	Gives    []hansei.Kind      `json:"gives"`

	Last     time.Time        `json:"last_delivery,omitzero"`
	Pulled   time.Time        `json:"last_pull,omitzero"`
	Lag      float64          `json:"lag_seconds"`      // how far what is known here is behind the tool (lag.go); 0: it is up to date
	LagOf    string           `json:"lag_of,omitempty"` // the stream that is furthest behind, or Waits
	Waiting  int64            `json:"waiting"`          // received, not yet understood
	Failed   int64            `json:"failed"`           // deliveries a person must look at
	Received int64            `json:"received_7d"`
	Refused  map[string]int64 `json:"refused_7d,omitempty"` // by reason
	Days     []Day            `json:"days"`                 // the last 30, oldest first
	Streams  []StreamView     `json:"streams,omitempty"`
	Coverage []Covered        `json:"coverage,omitempty"`  // what it fills, by kind
	Later    time.Time        `json:"not_before,omitzero"` // until when its tool asks not to be asked: nothing is pulled before
	Revision record.Revision  `json:"revision"`
}

// Day is what came on one day.
type Day struct {
	Day      string `json:"day"` // 2006-01-02, UTC
	Received int64  `json:"received"`
	Refused  int64  `json:"refused"`
}

// StreamView is how far a stream was pulled.
type StreamView struct {
	Name     string    `json:"name"`
	Title    string    `json:"title"`
	Began    time.Time `json:"began"`
	Through  time.Time `json:"through,omitzero"` // everything from Began up to here is read
	Back     time.Time `json:"back,omitzero"`    // everything since here is read, of a history that is read backwards
	Whole    bool      `json:"whole"`            // its history was read to the end
	At       time.Time `json:"last_pull,omitzero"`
	Ended    time.Time `json:"last_whole,omitzero"` // of the last pull that read to the end
	Lag      float64   `json:"lag_seconds"`
	Every    string    `json:"every"`
	Pages    int64     `json:"pages"`
	Things   int64     `json:"things"`   // on the pages, where the source counts them
	Progress float64   `json:"progress"` // of its history, 0 to 1; 1 only once it is whole; 0 where the tool's paging does not tell
	Failures int64     `json:"failures"`
	Error    string    `json:"error,omitempty"`

	behind time.Duration
}

const (
	daysShown = 30
	week      = 7
)

// List shows every source, by name.
func (s *Sources) List(ctx context.Context, who auth.Scope) ([]View, error) {
	if err := s.look(ctx, who); err != nil {
		return nil, err
	}
	s.mu.Lock()
	open := slices.SortedFunc(maps.Values(s.open), func(a, b *opened) int { return strings.Compare(string(a.rec.ID), string(b.rec.ID)) })
	s.mu.Unlock()
	counted, err := s.Records.Counts(ctx, who, s.Now().AddDate(0, 0, 1-daysShown))
	if err != nil {
		return nil, err
	}
	states, err := record.Pulls(ctx, s.Records, who, "")
	if err != nil {
		return nil, err
	}
	out := make([]View, 0, len(open))
	for _, o := range open {
		stats, err := s.Records.DeliveryStats(ctx, who, string(o.rec.ID))
		if err != nil {
			return nil, err
		}
		out = append(out, s.view(o, stats, counted, states))
	}
	return out, nil
}

// Get shows one source with what it covers.
func (s *Sources) Get(ctx context.Context, who auth.Scope, name string) (View, error) {
	v, err := s.Glance(ctx, who, name)
	if err != nil || s.Cover == nil {
		return v, err
	}
	list := []View{v}
	err = s.Cover(ctx, who, list)
	return list[0], err
}

// Glance shows one source without what it covers.
func (s *Sources) Glance(ctx context.Context, who auth.Scope, name string) (View, error) {
	list, err := s.List(ctx, who)
	if err != nil {
		return View{}, err
	}
	i := slices.IndexFunc(list, func(v View) bool { return v.Name == name })
	if i < 0 {
		return View{}, fmt.Errorf("source %q: %w", name, hansei.ErrNotFound)
	}
	return list[i], nil
}

func (s *Sources) view(o *opened, stats record.DeliveryStats, counted []record.Count, states []record.PullState) View {
	v := View{Name: string(o.rec.ID), Tool: o.rec.Tool, Title: o.kind.Title, Settings: o.rec.Settings, Secrets: slices.Sorted(maps.Keys(o.secret)),
		Filter: o.rec.Filter, Since: o.rec.Since, Paused: o.rec.Paused, Gives: o.kind.Gives,
		Last: stats.Last, Waiting: stats.Waiting, Failed: stats.Failed}
	if _, ok := o.source.(source.Receiver); ok {
		v.URL = s.URL(o.rec)
	}
	s.tally(&v, counted)
	if p, ok := o.source.(source.Puller); ok {
		v.Pulls = true
		for _, st := range p.Streams() {
			v.Streams = append(v.Streams, s.streamView(o, st, states))
		}
	}
	v.lag(stats.Oldest, s.Now())
	if t := notBefore(states, v.Name); t.After(s.Now()) {
		v.Later = t
	}
	v.State, v.Says = s.state(o, v, unjudged(states, v.Name))
	return v
}

// tally sums up what was counted of a source.
func (s *Sources) tally(v *View, counted []record.Count) {
	today := s.Now().UTC().Truncate(24 * time.Hour)
	v.Days = make([]Day, daysShown)
	for i := range v.Days {
		v.Days[i].Day = today.AddDate(0, 0, i+1-daysShown).Format(time.DateOnly)
	}
	for _, c := range counted {
		ago := int(today.Sub(c.Day) / (24 * time.Hour))
		if c.Source != v.Name || ago < 0 || ago >= daysShown {
			continue
		}
		d := &v.Days[daysShown-1-ago]
		reason, refused := strings.CutPrefix(c.Name, "refused: ")
		switch {
		case refused:
			d.Refused += c.N
			if ago < week {
				if v.Refused == nil {
					v.Refused = map[string]int64{}
				}
				v.Refused[reason] += c.N
			}
		case c.Name == record.CountReceived || c.Name == "pulled":
			d.Received += c.N
			if ago < week {
				v.Received += c.N
			}
		}
	}
}

func (s *Sources) streamView(o *opened, st source.Stream, states []record.PullState) StreamView {
	v := StreamView{Name: st.Name, Title: st.Title, Every: every(st).String(), Began: o.rec.Since}
	i := slices.IndexFunc(states, func(p record.PullState) bool { return p.Source == string(o.rec.ID) && p.Stream == st.Name })
	p := record.PullState{Began: o.rec.Since}
	if i >= 0 {
		p = states[i]
	}
	v.behind = behind(p, every(st), s.Now())
	v.Lag = v.behind.Round(time.Millisecond).Seconds()
	if i < 0 {
		return v
	}
	v.Began, v.Through, v.At, v.Pages, v.Failures, v.Error = p.Began, p.Through, p.At, p.Pages, p.Failures, p.Error
	v.Whole, v.Things, v.Progress, v.Ended = p.Whole, p.Things, progress(p), p.Ended
	if !p.Whole {
		v.Back = p.Back
	}
	return v
}

// progress is the share of a history that was read, by time. It is less than 1
// until the end was read, for at any time but then there may be more.
func progress(p record.PullState) float64 {
	const nearly = 0.99
	all, read := p.At.Sub(p.Began), time.Duration(0)
	switch {
	case p.Whole:
		return 1
	case !p.Through.IsZero():
		read = p.Through.Sub(p.Began)
	case !p.Back.IsZero():
		read = p.At.Sub(p.Back)
	}
	if all <= 0 {
		return 0
	}
	return min(nearly, max(0, read.Seconds()/all.Seconds()))
}

func (s *Sources) state(o *opened, v View, unjudged string) (state, says string) {
	for _, st := range v.Streams {
		if st.Failures > 0 {
			state, says = "failing", fmt.Sprintf("Pulling %s failed %s: %s", st.Title, times(st.Failures), st.Error)
			break
		}
	}
	why := deaf(o, v)
	switch {
	case o.bad != nil:
		return "broken", o.bad.Error()
	case v.Paused:
		return "paused", "Paused: webhooks are kept and understood once it goes on; nothing is pulled."
	case state != "":
		return state, says
	case why != "":
		return "failing", why
	case unjudged != "":
		return "failing", unjudged
	case v.Failed == 1:
		return "failing", "1 delivery could not be understood."
	case v.Failed > 1:
		return "failing", fmt.Sprintf("%d deliveries could not be understood.", v.Failed)
	case v.Refused["signature"] > 0 && v.Received == 0:
		return "failing", "Webhooks arrive with a signature that does not fit: paste the secret again at the sender."
	case !v.Later.IsZero():
		return "waiting", WaitsUntil(shownUTC(v.Later))
	case v.Last.IsZero() && slices.ContainsFunc(v.Streams, func(st StreamView) bool { return st.At.IsZero() }):
		return "waiting", "Nothing has come yet: it is being read for the first time, or is about to be."
	case v.Last.IsZero():
		return "waiting", "Nothing has come yet."
	case slices.ContainsFunc(v.Streams, func(st StreamView) bool { return !st.Whole }):
		return "ok", "Its history is still being read."
	}
	return "ok", ""
}

// WaitsUntil says that a tool asks not to be asked before a time, as it is shown.
func WaitsUntil(t string) string {
	return "The tool asks us to wait until " + t + ". Nothing is pulled before; then it goes on where it stopped."
}

func shownUTC(t time.Time) string { return t.UTC().Format("2 Jan 15:04 UTC") }

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times in a row", n)
}

// TryFilter tells what conditions would make of a source's incidents so far.
func (s *Sources) TryFilter(ctx context.Context, who auth.Scope, name string, conditions []hansei.Condition) (intake.Judged, error) {
	if _, err := s.find(ctx, who, name); err != nil {
		return intake.Judged{}, err
	}
	counts, err := Filter(conditions)
	if err != nil {
		return intake.Judged{}, err
	}
	return s.Inbox.TryFilter(ctx, who, name, counts)
}
