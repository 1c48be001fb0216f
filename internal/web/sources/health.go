package sources

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/connect"
	"hansei/internal/web/ui"
)

// health is a source at a glance.
type health struct {
	Name, URL, Title string
	State            string // ok, waiting, failing, paused or broken
	Word, Says       string
	Last, Pulled     time.Time
	Pulls            bool
	Lag, LagOf       string // "3 h behind" and of what; "up to date"; "nothing yet"
	Waiting, Failed  int64
	Received         int64 // in 7 days
	Refused          []refusal
	Days             ui.Bars
	Reading          []ui.Progress // streams whose history is still being read
	Zone             *time.Location
	Now              time.Time
}

// refusal counts webhooks that were turned away, by reason.
type refusal struct {
	Reason, Means string
	N             int64
}

// words are the states as people read them.
var words = map[string]string{"ok": "Working", "waiting": "Waiting", "failing": "Failing", "paused": "Paused", "broken": "Cannot be used"}

// meanings say what a reason to refuse a webhook means.
var meanings = map[string]string{
	"signature":      "The sender could not prove who it is. The secret at the tool and the one that is kept here must be the same: where the tool makes it, enter it under Settings; else make a new one here and paste it at the tool.",
	"timestamp":      "Its time was too far from now: an old webhook sent again, or a clock that is wrong.",
	"too large":      "It was larger than 5 MB.",
	"too many":       "More came in a second than the source takes. The tool was told to try again later.",
	"broken off":     "The connection ended before all of it had arrived.",
	"not understood": "What stands around the payload was not what this tool sends.",
}

func (p *Pages) health(v connect.View, zone *time.Location) health {
	h := health{Name: v.Name, URL: at(v.Name), Title: v.Title, State: v.State, Word: words[v.State], Says: v.Says,
		Last: v.Last, Pulled: v.Pulled, Pulls: v.Pulls, Waiting: v.Waiting, Failed: v.Failed, Received: v.Received, Zone: zone, Now: p.Now()}
	if h.Title == "" {
		h.Title = v.Tool
	}
	if after, ok := strings.CutPrefix(h.Says, h.Word+": "); ok {
		h.Says = strings.ToUpper(after[:1]) + after[1:] // the word stands beside it
	}
	if v.State == "waiting" && !v.Later.IsZero() {
		h.Says = connect.WaitsUntil(ui.Clock(v.Later, zone))
	}
	if h.Says == "" {
		h.Says = "Nothing that came needs attention."
		if v.Waiting > 0 {
			h.Says = "What came is being understood."
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(v.Refused)) {
		h.Refused = append(h.Refused, refusal{reason, meanings[reason], v.Refused[reason]})
	}
	h.Days = days(v.Days)
	if h.Lag = behind(v.Lag); v.Lag < 1 && v.Last.IsZero() && v.Pulled.IsZero() {
		h.Lag = "nothing yet"
	}
	if h.LagOf = titleOf(v, v.LagOf); v.LagOf == connect.Waits {
		h.LagOf = "deliveries that wait to be understood"
	}
	for _, st := range v.Streams {
		if reading(st) && st.Failures == 0 {
			h.Reading = append(h.Reading, progress(v.Name, st, zone))
		}
	}
	return h
}

// lagMeans says what a lag is.
const lagMeans = "Of how long a time up to now it is not known here what the tool has to tell: since the oldest delivery that waits, since a list was last read beyond its interval, or the part of a history that is not read yet."

// behind is a lag in words.
func behind(seconds float64) string {
	if seconds < 1 {
		return "up to date"
	}
	return ui.Duration(math.Round(seconds)) + " behind"
}

// titleOf is what people call a stream.
func titleOf(v connect.View, stream string) string {
	for _, st := range v.Streams {
		if st.Name == stream {
			return st.Title
		}
	}
	return ""
}

// refused is how many webhooks were turned away in 7 days.
func (h health) refused() (n int64) {
	for _, r := range h.Refused {
		n += r.N
	}
	return n
}

// days are the deliveries of each day as bars, with what they say in words.
func days(list []connect.Day) ui.Bars {
	b := ui.Bars{}
	total, most, when := int64(0), int64(0), ""
	for _, d := range list {
		day := d.Day
		if t, err := time.Parse(time.DateOnly, d.Day); err == nil {
			day = t.Format("2 Jan")
		}
		text := fmt.Sprintf("%s: %s", day, ui.Plural(int(d.Received), "delivery", "deliveries"))
		if d.Refused > 0 {
			text += fmt.Sprintf(", %s refused", ui.Count(int(d.Refused)))
		}
		b.List = append(b.List, ui.Bar{Value: float64(d.Received), Marked: d.Refused > 0, Text: text})
		if total += d.Received; d.Received > most {
			most, when = d.Received, day
		}
	}
	b.Alt = "No deliveries in 30 days"
	if total > 0 {
		b.Alt = fmt.Sprintf("%s in 30 days, at most %s on %s", ui.Plural(int(total), "delivery", "deliveries"), ui.Count(int(most)), when)
	}
	return b
}

// reading says that a stream's history is still being read.
func reading(st connect.StreamView) bool { return !st.Whole && !st.At.IsZero() }

// progress is how far a stream's history was read: in days, or where the tool's
// paging does not tell how far that is, without a whole (Total 0).
func progress(source string, st connect.StreamView, zone *time.Location) ui.Progress {
	pr := ui.Progress{ID: "reading-" + source + "-" + st.Name, Title: st.Title, State: ui.Computing, Noun: "days of history"}
	switch {
	case !st.Through.IsZero():
		pr.Text = "read up to " + ui.Date(st.Through, zone)
	case !st.Back.IsZero():
		pr.Text = "read back to " + ui.Date(st.Back, zone)
	case st.Pages == 0:
		pr.Text = "not read yet"
		return pr
	default:
		pr.Text = "being read, " + ui.Plural(int(st.Pages), "page", "pages") + " so far"
		if st.Things > 0 {
			pr.Text = fmt.Sprintf("being read, %s on %s so far", ui.Plural(int(st.Things), "item", "items"), ui.Plural(int(st.Pages), "page", "pages"))
		}
		return pr
	}
	pr.Total = max(1, int(st.At.Sub(st.Began)/(24*time.Hour)))
	pr.Done = int(st.Progress * float64(pr.Total))
	return pr
}

// kindNames are the kinds of record in words: incidents, alerts, on-call shifts.
func kindNames(kinds []hansei.Kind) []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = kindName(k)
	}
	return out
}

func kindName(k hansei.Kind) string {
	switch k {
	case hansei.KindShift:
		return "on-call shifts"
	case hansei.KindPerson:
		return "people"
	case hansei.KindPullRequest:
		return "pull requests"
	case hansei.KindWorkItem:
		return "work items"
	}
	return string(k) + "s"
}
