package retrorules

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/web/ui"
)

// trackerView is where follow-ups live in the organization's tracker.
type trackerView struct {
	Place ui.Field
	Auto  bool
	None  bool // no tracker is connected
}

func fillTracker(form url.Values, t *hansei.TrackerRule) {
	if t == nil {
		return
	}
	form.Set("tracker", strings.TrimSpace(t.Source+" "+t.Place))
	if t.Auto {
		form.Set("tracker_auto", "yes")
	}
}

func (p *Pages) trackerForm(ctx context.Context, who auth.Scope, form url.Values) (trackerView, error) {
	now := form.Get("tracker")
	v := trackerView{Auto: form.Get("tracker_auto") != "", Place: ui.Field{ID: "tracker", Name: "tracker", Label: "New issues are created in", Value: now, Required: true,
		Help: "Unless somebody chooses another place.", Options: []ui.Option{{Text: "where somebody says"}}}}
	if p.FollowUps == nil {
		v.None = true
		return v, nil
	}
	places, err := p.FollowUps.Places(ctx, who)
	if err != nil {
		return v, err
	}
	for _, x := range places {
		v.Place.Options = append(v.Place.Options, ui.Option{Value: x.Source + " " + x.Place, Text: x.Title + " " + x.Place})
	}
	v.None = len(places) == 0
	if !slices.ContainsFunc(v.Place.Options, func(o ui.Option) bool { return o.Value == now }) {
		v.Place.Options = append(v.Place.Options, ui.Option{Value: now, Text: now + " (not connected now)"})
	}
	return v, nil
}

// trackerIn reads the form; nil is no rule.
func trackerIn(form url.Values) *hansei.TrackerRule {
	source, place, _ := strings.Cut(form.Get("tracker"), " ")
	if source == "" {
		return nil
	}
	return &hansei.TrackerRule{Source: source, Place: place, Auto: form.Get("tracker_auto") != ""}
}
