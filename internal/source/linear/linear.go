// Package linear connects Linear: issues as work items and follow-ups.
//
// Built against Linear's documentation of webhooks
// (https://linear.app/developers/webhooks) and its GraphQL schema.
package linear

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
)

// Kind is Linear.
var Kind = source.Kind{
	Name: "linear", Title: "Linear", Docs: "https://linear.app/developers/webhooks",
	About: "Issues as work items and follow-ups; follow-ups are created there and kept in step.",
	Settings: []source.Setting{
		{Name: "token", Title: "API key", Secret: true, Help: "Linear: Settings, Security & access, Personal API keys; read access for the history, write access to create follow-ups there. Leave it empty to take webhooks only."},
		{Name: "teams", Title: "Teams", Lists: true, Help: "Keys of teams, such as ENG, with commas between: whose history is pulled and in which follow-ups are created. Empty: all the key may see are pulled."},
		{Name: source.WebhookSecret, Title: "Signing secret", Secret: true, Theirs: true, Help: "Linear shows it on the webhook's page once it is made; paste it here."},
		{Name: "follow_up_labels", Title: "Labels of follow-ups", Means: true, Default: "postmortem,follow-up,action-item", Help: "Issues with one of these labels are follow-ups of incidents."},
		{Name: "api_url", Title: "API URL", Default: "https://api.linear.app", Place: true, Help: "Linear's, unless you go through a proxy of your own."},
	},
	Steps: []string{
		"As an administrator open Settings, API, Webhooks, New webhook.",
		"URL: {url}",
		"Data change events: Issues. Choose all public teams, or one.",
		"Copy the signing secret from the webhook's page and paste it here.",
	},
	Gives: []hansei.Kind{hansei.KindWorkItem},
	New:   open,
}

type linear struct {
	name, secret, token, url string
	teams, followUps         []string
}

func open(c source.Config) (source.Source, error) {
	l := &linear{name: c.Name, secret: c.Settings[source.WebhookSecret], token: c.Settings["token"], url: strings.TrimSuffix(c.Settings["api_url"], "/")}
	if l.url == "" {
		l.url = "https://api.linear.app"
	}
	if u, err := url.Parse(l.url); err != nil || u.Host == "" || !strings.HasPrefix(u.Scheme, "http") || u.User != nil {
		return nil, hansei.Invalid("api_url", "%q: expected a URL such as https://api.linear.app", l.url)
	}
	l.teams = words(c.Settings["teams"])
	for _, t := range l.teams {
		if strings.ContainsFunc(t, func(r rune) bool { return r > 127 || r == '"' || r == '\\' }) {
			return nil, hansei.Invalid("teams", "%q is not the key of a team", t)
		}
	}
	labels := c.Settings["follow_up_labels"]
	if labels == "" {
		labels = "postmortem,follow-up,action-item"
	}
	for s := range strings.SplitSeq(labels, ",") {
		l.followUps = append(l.followUps, strings.ToLower(strings.TrimSpace(s)))
	}
	if l.token == "" {
		return l, nil
	}
	return &puller{l}, nil
}

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
}

// Check of a workspace without a key asks nothing.
func (l *linear) Check(*source.Pull) []source.Finding {
	return []source.Finding{{Says: "The API key is missing: no history is read, and only webhooks tell of issues."}}
}

// Verify checks Linear's signature over the body, and the time in it.
func (l *linear) Verify(r source.Request) (source.Receipt, error) {
	if err := source.CheckHex(l.secret, r.Header.Get("Linear-Signature"), r.Body); err != nil {
		return source.Receipt{}, err
	}
	var head struct {
		Type string `json:"type"`
		At   int64  `json:"webhookTimestamp"` // milliseconds since 1970
	}
	if err := json.Unmarshal(r.Body, &head); err != nil {
		return source.Receipt{}, hansei.Invalid("body", "it is not JSON")
	}
	return source.Receipt{ID: r.Header.Get("Linear-Delivery"), Event: head.Type}, source.CheckTime(time.UnixMilli(head.At), r.Now)
}

// issue is an issue, in a webhook or from the API.
type issue struct {
	ID          string    `json:"id"`
	Key         string    `json:"identifier"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	URL         string    `json:"url"`
	Priority    float64   `json:"priority"`
	Due         string    `json:"dueDate"`
	Created     time.Time `json:"createdAt"`
	Updated     time.Time `json:"updatedAt"`
	Started     time.Time `json:"startedAt"`
	Completed   time.Time `json:"completedAt"`
	Canceled    time.Time `json:"canceledAt"`
	Trashed     bool      `json:"trashed"`
	State       struct {
		Name string `json:"name"`
		Type string `json:"type"`
	} `json:"state"`
	Team     named  `json:"team"`
	Project  named  `json:"project"`
	Assignee named  `json:"assignee"`
	Labels   labels `json:"labels"`
}

type named struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// labels are a list in a webhook, and a connection's nodes from the API.
type labels []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *labels) UnmarshalJSON(b []byte) error {
	var list []named
	if json.Unmarshal(b, &list) != nil {
		var c struct {
			Nodes []named `json:"nodes"`
		}
		if err := json.Unmarshal(b, &c); err != nil {
			return err
		}
		list = c.Nodes
	}
	*l = nil
	for _, x := range list {
		*l = append(*l, x.Name)
	}
	return nil
}

// Normalize makes observations of a webhook or of a page.
func (l *linear) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	if strings.HasPrefix(d.Name, "pull/") {
		var page struct {
			Issues []issue `json:"issues"`
		}
		if err := json.Unmarshal(d.Body, &page); err != nil {
			return nil, hansei.Invalid("payload", "it is not a page of issues: %s", source.Words(err))
		}
		var out []hansei.Observation
		for _, x := range page.Issues {
			o, err := l.told(x)
			if err != nil {
				return nil, err
			}
			out = append(out, o)
		}
		if len(out) == 0 {
			return nil, source.Unused("no issues")
		}
		return out, nil
	}
	var e struct {
		Action string          `json:"action"`
		Type   string          `json:"type"`
		Data   json.RawMessage `json:"data"`
		At     int64           `json:"webhookTimestamp"`
	}
	if err := json.Unmarshal(d.Body, &e); err != nil {
		return nil, hansei.Invalid("payload", "it is not an event of Linear's: %s", source.Words(err))
	}
	if e.Type != "Issue" {
		return nil, source.Unused("event %s", e.Type)
	}
	var x issue
	if err := json.Unmarshal(e.Data, &x); err != nil {
		return nil, hansei.Invalid("data", "it is not an issue: %s", source.Words(err))
	}
	if e.Action == "remove" {
		if x.ID == "" || e.At <= 0 {
			return nil, hansei.Invalid("data", "expected the issue and the time")
		}
		return []hansei.Observation{l.gone(x, time.UnixMilli(e.At).UTC())}, nil
	}
	o, err := l.told(x)
	if err != nil {
		return nil, err
	}
	return []hansei.Observation{o}, nil
}

func (l *linear) key(x issue) hansei.Key {
	return hansei.Key{Kind: hansei.KindWorkItem, Source: l.name, External: x.ID}
}

func (l *linear) gone(x issue, at time.Time) hansei.Observation {
	return hansei.Observation{Key: l.key(x), At: at, Partial: true, Record: &hansei.WorkItem{Header: hansei.Header{Deleted: true}}}
}

// types are the types of states, and how an issue in one stands.
var types = map[string]string{"triage": "", "backlog": "", "unstarted": "", "started": "",
	"completed": hansei.FollowUpDone, "canceled": hansei.FollowUpDeclined, "duplicate": hansei.FollowUpDeclined}

var priorities = []string{"", "Urgent", "High", "Medium", "Low"}

func (l *linear) told(x issue) (hansei.Observation, error) {
	if x.ID == "" || x.Created.IsZero() || x.Updated.IsZero() {
		return hansei.Observation{}, hansei.Invalid("issue", "expected its id, createdAt and updatedAt")
	}
	if x.Trashed {
		return l.gone(x, x.Updated.UTC()), nil
	}
	outcome, known := types[x.State.Type]
	if !known {
		return hansei.Observation{}, source.Unknown("state.type", x.State.Type)
	}
	w := &hansei.WorkItem{Title: x.Title, Description: x.Description, URL: x.URL, Type: l.workType(x.Labels), Status: x.State.Name, Outcome: outcome,
		Owner: hansei.ID(x.Assignee.Name), Team: hansei.ID(x.Team.Name), Parent: x.Project.Name, Created: x.Created.UTC(), Labels: x.Labels}
	if !x.Started.IsZero() {
		w.Started = x.Started.UTC()
	}
	if p := int(x.Priority); p > 0 && p < len(priorities) {
		w.Priority = priorities[p]
	}
	if x.Due != "" {
		due, err := time.Parse(time.DateOnly, x.Due)
		if err != nil {
			return hansei.Observation{}, hansei.Invalid("dueDate", "%q: expected a day such as 2026-01-31", x.Due)
		}
		w.Due = due
	}
	if outcome != "" {
		for _, at := range []time.Time{x.Completed, x.Canceled, x.Updated} {
			if w.Done.IsZero() && !at.IsZero() {
				w.Done = at.UTC()
			}
		}
	}
	o := hansei.Observation{Key: l.key(x), At: x.Updated.UTC(), Record: w}
	if x.Key != "" {
		o.Names = []string{x.Key}
	}
	return o, nil
}

func (l *linear) workType(labels []string) string {
	out := ""
	for _, name := range labels {
		switch name = strings.ToLower(name); {
		case slices.Contains(l.followUps, name):
			return "follow-up"
		case strings.Contains(name, "bug"):
			out = "bug"
		case out == "" && (strings.Contains(name, "feature") || strings.Contains(name, "improvement")):
			out = "feature"
		}
	}
	return out
}
