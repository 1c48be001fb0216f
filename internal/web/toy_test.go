package web_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/coverage"
	"hansei/internal/intake"
	"hansei/internal/job"
	"hansei/internal/notify"
	"hansei/internal/record"
	"hansei/internal/record/pack"
	"hansei/internal/seal"
	"hansei/internal/source"
	"hansei/internal/web"
)

// toy is a tool whose events are plain JSON. Its token decides what a test of
// the connection finds.
type toy struct{ name, secret, token string }

// event is what the toy says.
type event struct {
	ID, Status, Title, Priority, Service, See string
	At                                        time.Time
}

var toyKind = source.Kind{
	Name: "toy", Title: "Toy", About: "Incidents for tests.", Docs: "https://example.org/toy",
	Settings: []source.Setting{{Name: source.WebhookSecret, Title: "Secret", Help: "made here", Secret: true},
		{Name: "token", Title: "Token", Help: "From the toy's settings.", Secret: true}, {Name: "site", Title: "Site", Help: "Its name.", Default: "main", Required: true}},
	Steps: []string{"In Toy, open Webhooks.", "Paste {url} there.", "Secret: {secret}"},
	Gives: []hansei.Kind{hansei.KindIncident, hansei.KindAlert}, Incidents: true,
	New: func(c source.Config) (source.Source, error) {
		if c.Settings["site"] == "wrong" {
			return nil, hansei.Invalid("site", "there is no site named wrong")
		}
		return &toy{c.Name, c.Settings[source.WebhookSecret], c.Settings["token"]}, nil
	},
	Preview: func(settings map[string]string, payload []byte, list bool) ([]hansei.Observation, error) {
		if settings["site"] == "wrong" {
			return nil, hansei.Invalid("site", "there is no site named wrong")
		}
		return (&toy{name: settings["site"]}).Normalize(source.Delivery{Name: "event", Body: payload})
	},
}

// vendorKind makes the secret of its webhooks itself.
var vendorKind = source.Kind{
	Name: "vendor", Title: "Vendor", About: "Makes its own webhook secret.",
	Settings: []source.Setting{{Name: source.WebhookSecret, Title: "Signing secret", Help: "Shown once over there.", Secret: true, Theirs: true}},
	Steps:    []string{"Webhook URL: {url}"}, Gives: []hansei.Kind{hansei.KindTicket},
	New: func(c source.Config) (source.Source, error) {
		return &toy{c.Name, c.Settings[source.WebhookSecret], ""}, nil
	},
}

func (y *toy) Verify(r source.Request) (source.Receipt, error) {
	return source.Receipt{Event: "event"}, source.CheckHex(y.secret, r.Header.Get("X-Toy-Signature"), r.Body)
}

func (y *toy) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	var e event
	if err := json.Unmarshal(d.Body, &e); err != nil {
		return nil, hansei.Invalid("body", "it is not JSON")
	}
	in := &hansei.Incident{Title: e.Title, Priority: e.Priority, Status: e.Status, URL: "https://" + y.name + ".example/i/" + e.ID}
	if e.Service != "" {
		in.Services = []hansei.ID{hansei.ID(e.Service)}
	}
	switch e.Status {
	case hansei.StatusOpen, hansei.StatusResolved:
		in.Milestones.Set(hansei.RoleDeclared, e.At)
		if e.Status == hansei.StatusResolved {
			in.Milestones.Set(hansei.RoleResolved, e.At.Add(time.Hour))
		}
	case "ping":
		return nil, source.Unused("a ping")
	default:
		return nil, source.Unknown("status", e.Status)
	}
	o := hansei.Observation{Key: hansei.Key{Kind: hansei.KindIncident, Source: y.name, External: e.ID}, Record: in, At: e.At}
	if e.See != "" {
		o.Mentions = []string{e.See}
	}
	return []hansei.Observation{o}, nil
}

func (y *toy) Check(*source.Pull) []source.Finding {
	return []source.Finding{{OK: true, Says: "The toy answers."}, {OK: y.token == "good", Says: "The token may read incidents."}}
}

func (y *toy) Streams() []source.Stream {
	return []source.Stream{{Name: "incidents", Title: "Incidents", Pull: func(p *source.Pull) error {
		if y.token == "bad" {
			return errors.New("the toy answered 403 <b>Forbidden</b>")
		}
		return p.Emit(source.Page{Cursor: "1", Through: p.From.AddDate(0, 3, 0)})
	}}, {Name: "alerts", Title: "Alerts", Pull: func(*source.Pull) error { return nil }}}
}

// connectToys gives a server live sources.
func connectToys(t *testing.T, s *web.Server, dir string) {
	t.Helper()
	box, err := seal.Open(filepath.Join(dir, "hansei.key"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Jobs, err = job.Open(t.Context(), s.Records, job.Options{Now: s.Now}); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{connect.JobPull, connect.JobRejudge, connect.JobForget} {
		s.Jobs.Handle(kind, time.Minute, func(context.Context, json.RawMessage) error { return nil })
	}
	log := slog.New(slog.DiscardHandler)
	s.Sources = &connect.Sources{Records: s.Records, Kinds: []source.Kind{toyKind, vendorKind}, Seal: box, Log: log, Now: s.Now, Base: "https://hansei.example",
		Later: func(tx *record.Tx, j connect.Job) error {
			return s.Jobs.Enqueue(tx, job.Job{Kind: j.Kind, Args: j.Args, Unique: j.Kind == connect.JobPull})
		}}
	s.Sources.Cover = (&coverage.Reader{Facts: s.Facts, Metrics: s.Metrics}).Cover
	s.Outbox = &notify.Outbox{Records: s.Records, Seal: box, Base: "https://hansei.example", Now: s.Now, Log: log, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Later: func(*record.Tx, string, time.Time) error { return nil }}
	s.Sources.Inbox = &intake.Inbox{Records: s.Records, Log: log, Source: s.Sources.Reading}
	s.Joins = intake.Joins{Records: s.Records, Near: func(_ context.Context, _ auth.Scope, ids []hansei.ID, _ time.Duration) ([][2]hansei.ID, error) {
		return [][2]hansei.ID{{ids[0], ids[1]}}, nil
	}}
}

// added adds a source.
func (s *site) added(t *testing.T, tool, name string, settings map[string]string) connect.Added {
	t.Helper()
	a, err := s.Sources.Add(t.Context(), auth.Local(), connect.Spec{Tool: tool, Name: name, Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// sends delivers webhooks to a source and has them understood.
func (s *site) sends(t *testing.T, a connect.Added, events ...any) {
	t.Helper()
	packer, err := pack.New()
	if err != nil {
		t.Fatal(err)
	}
	hooks := &connect.Hooks{Sources: s.Sources, Packer: packer}
	for _, e := range events {
		body, ok := e.(string)
		if !ok {
			text, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			body = string(text)
		}
		r := httptest.NewRequest(http.MethodPost, a.URL, strings.NewReader(body))
		r.Header.Set("X-Toy-Signature", hex.EncodeToString(source.HMAC(a.Secret, []byte(body))))
		w := httptest.NewRecorder()
		if hooks.ServeHTTP(w, r); w.Code != http.StatusOK {
			t.Fatalf("got %d: %s", w.Code, w.Body)
		}
	}
	s.understood(t)
}

// understood waits until all that came is understood and the facts hold it.
func (s *site) understood(t *testing.T) {
	t.Helper()
	for n := 1; n > 0; {
		var err error
		if n, err = s.Sources.Inbox.Drain(t.Context(), auth.Local()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Sources.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	head, err := s.Records.Head(t.Context(), auth.Local().Scope())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Facts.Wait(t.Context(), head.Seq); err != nil {
		t.Fatal(err)
	}
}
