package connect

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
)

// toy is a small tool whose events are plain JSON. It signs with HMAC and
// serves pages of events from memory.
type toy struct {
	name, secret string
	pages        [][]byte
	fail         func(page int) error
	ask          func(*source.Pull) error // before all pages
	tells        []source.Page            // of each page, if not the hour
}

// event is what the toy says.
type event struct {
	ID       string
	At       time.Time
	Status   string // open, resolved, broken (unknown to us)
	Title    string
	Priority string
	Service  string
	See      string // another thing's name
	Whole    bool   // it is all there is to say
	// Kind and Record tell of something that is no incident.
	Kind   hansei.Kind
	Record json.RawMessage
}

var toyKind = source.Kind{
	Name: "toy", Title: "Toy", About: "Incidents for tests.", Docs: "https://example.org/toy",
	Settings: []source.Setting{{Name: source.WebhookSecret, Title: "Secret", Help: "made here", Secret: true},
		{Name: "token", Title: "Token", Help: "from the toy", Secret: true}, {Name: "site", Title: "Site", Help: "its name", Place: true},
		{Name: "boxes", Title: "Boxes", Help: "of toys", Lists: true}},
	Steps: []string{"Paste {url} and {secret}."}, Gives: []hansei.Kind{hansei.KindIncident}, Incidents: true,
	New: func(c source.Config) (source.Source, error) {
		return &toy{name: c.Name, secret: c.Settings[source.WebhookSecret]}, nil
	},
}

func (t *toy) Verify(r source.Request) (source.Receipt, error) {
	if err := source.CheckHex(t.secret, r.Header.Get("X-Toy-Signature"), r.Body); err != nil {
		return source.Receipt{}, err
	}
	receipt := source.Receipt{ID: r.Header.Get("X-Toy-Delivery"), Event: "event", Untimed: strings.Contains(string(r.Body), "untimed")}
	if strings.Contains(string(r.Body), `"stale"`) {
		return receipt, source.CheckTime(r.Now.Add(-time.Hour), r.Now)
	}
	return receipt, nil
}

func (t *toy) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	var list []event
	if d.Name == "event" {
		list = make([]event, 1)
		if err := json.Unmarshal(d.Body, &list[0]); err != nil {
			return nil, hansei.Invalid("body", "it is not JSON")
		}
	} else if err := json.Unmarshal(d.Body, &list); err != nil {
		return nil, hansei.Invalid("body", "it is not a list")
	}
	var out []hansei.Observation
	for _, e := range list {
		if e.Kind != "" {
			rec, err := hansei.New(e.Kind)
			if err == nil {
				err = json.Unmarshal(e.Record, rec)
			}
			if err != nil {
				return nil, err
			}
			out = append(out, hansei.Observation{Key: hansei.Key{Kind: e.Kind, Source: t.name, External: e.ID}, Record: rec, At: e.At})
			continue
		}
		in := &hansei.Incident{Title: e.Title, Priority: e.Priority, Status: e.Status, URL: "https://toy.example/i/" + e.ID}
		if e.Service != "" {
			in.Services = []hansei.ID{hansei.ID(e.Service)}
		}
		o := hansei.Observation{Key: hansei.Key{Kind: hansei.KindIncident, Source: t.name, External: e.ID}, Record: in, At: e.At, Partial: !e.Whole}
		switch e.Status {
		case hansei.StatusOpen:
			in.Milestones.Set(hansei.RoleDeclared, e.At)
			o.First = []string{"declared_at"}
		case hansei.StatusResolved:
			in.Milestones.Set(hansei.RoleResolved, e.At)
		case "ping":
			return nil, source.Unused("a ping")
		default:
			return nil, source.Unknown("status", e.Status)
		}
		if e.See != "" {
			o.Mentions = []string{e.See}
		}
		out = append(out, o)
	}
	return out, nil
}

func (t *toy) Check(*source.Pull) []source.Finding { return []source.Finding{{OK: true, Says: "fine"}} }

func (t *toy) Streams() []source.Stream {
	return []source.Stream{{Name: "events", Title: "Events", Every: time.Minute, Pull: func(p *source.Pull) error {
		at := 0
		if t.ask != nil {
			if err := t.ask(p); err != nil {
				return err
			}
		}
		if p.Cursor != "" {
			if _, err := fmt.Sscan(p.Cursor, &at); err != nil {
				return err
			}
		}
		for ; at < len(t.pages); at++ {
			if t.fail != nil {
				if err := t.fail(at); err != nil {
					return err
				}
			}
			page := source.Page{Through: p.From.Add(time.Duration(at+1) * time.Hour)}
			if t.tells != nil {
				page = t.tells[at]
			}
			page.Body, page.Cursor = t.pages[at], fmt.Sprint(at+1)
			if err := p.Emit(page); err != nil {
				return err
			}
		}
		return nil
	}}}
}
