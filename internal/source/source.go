// Package source says what a source is: a tool that tells what happened, by
// webhooks that it sends and by lists that are pulled from it.
//
// A Kind describes one sort of tool and makes a Source of a configuration. A
// Source always has Normalize, the pure function from a stored delivery to
// observations; it may be a Receiver (webhooks) and a Puller (history). The
// contracts are small so that one more tool is an afternoon.
//
// It knows no tool (the packages below do), stores nothing (package intake
// does), and decides nothing about identity: an observation names things as
// its tool does.
package source

import (
	"net/http"
	"time"

	"hansei"
)

// Kind is one sort of tool.
type Kind struct {
	Name  string // "pagerduty"; what `source add` takes
	Title string // "PagerDuty"
	About string // one sentence: what it brings
	Docs  string // the vendor's documentation it was built against, a URL
	// Settings are what a person fills in, in the order of the form.
	Settings []Setting
	// Steps tell a person what to click at the vendor. {url} and {secret} are
	// replaced by the webhook's own.
	Steps []string
	// Gives are the kinds of record it brings, the main one first.
	Gives []hansei.Kind
	// Incidents says that what it brings as incidents is a matter of opinion:
	// the form asks for a filter.
	Incidents bool
	// New makes a source of its configuration, or returns an
	// *hansei.InvalidError that names the setting. It does no I/O.
	New func(Config) (Source, error)
	// Preview shows what a payload would become with settings that are being
	// written: one of a webhook, or a page of a list. Nil for tools that are
	// understood without a mapping.
	Preview func(settings map[string]string, payload []byte, list bool) ([]hansei.Observation, error)
	// Suggest, beside Preview, makes first settings of a payload.
	Suggest func(payload []byte, list bool) (map[string]string, error)
}

// Setting is one thing that a person fills in.
type Setting struct {
	Name     string // "token"
	Title    string // "API token"
	Help     string // where to find it and which permissions it needs
	Secret   bool   // sealed, never shown again
	Required bool
	Theirs   bool   // a webhook secret that the vendor makes, perhaps only once it knows the address
	Long     bool   // a text of several lines, such as a mapping
	Part     string // the heading under which it is folded away, of settings that few need
	Place    bool   // where the tool is, or how its list has pages: with another one, all history is read from the beginning
	Means    bool   // what payloads mean: with another one, those that are kept are understood again
	Lists    bool   // things whose history is read, several of them: of one more it is read from the beginning
	Default  string
	Enum     []string
}

// WebhookSecret is the setting every source that verifies webhooks keeps its
// secret in. It is made at random when the source is added, unless the vendor
// makes it (Setting.Theirs).
const WebhookSecret = "webhook_secret"

// Config is one configured source.
type Config struct {
	Name     string            // of the source; Key.Source of its observations
	Settings map[string]string // defaults filled in, secrets opened
}

// Source understands what a tool said.
type Source interface {
	// Normalize turns a delivery into observations. It is pure: the same
	// delivery gives the same observations. ErrUnused (wrapped) means that
	// the delivery tells nothing of interest, but perhaps of what is None; any
	// other error that a person must look at it.
	Normalize(Delivery) ([]hansei.Observation, error)
}

// Delivery is a stored payload as Normalize sees it.
type Delivery struct {
	Name     string    // the event of a webhook ("pull_request"), or "pull/" and the stream
	Body     []byte    // as it arrived
	Received time.Time // for payloads that carry no time of their own
}

// None tells that a thing is not of a kind; rec is an empty record of that kind.
func None(source, external string, rec hansei.Record, at time.Time) hansei.Observation {
	return hansei.Observation{Key: hansei.Key{Kind: rec.Kind(), Source: source, External: external}, Record: rec, At: at.UTC(), Partial: true, None: true}
}

// Over is the time of a word that ends a thing. Many tools tell whole seconds: an
// end comes after whatever was so before, even in the same one.
func Over(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return at.Add(time.Microsecond)
}

// Not tells that a thing is not of a kind, and why that is of no interest.
func Not(o hansei.Observation, format string, args ...any) ([]hansei.Observation, error) {
	return []hansei.Observation{o}, Unused(format, args...)
}

// Receiver is a source that takes webhooks.
type Receiver interface {
	Source
	// Verify checks the sender and reads what the headers tell. It returns
	// ErrSignature (wrapped) when the sender cannot be who it should be, and
	// ErrStale for a timestamp too far from now.
	Verify(r Request) (Receipt, error)
}

// Unproven is a Receiver that may be set to know its sender by nothing but the
// address.
type Unproven interface{ Unproven() bool }

// Request is a webhook as it arrived.
type Request struct {
	Header http.Header
	Query  map[string][]string
	Body   []byte
	Now    time.Time
}

// Receipt is what Verify read of a webhook.
type Receipt struct {
	ID    string // the vendor's delivery id; empty: the content is the identity
	Event string // becomes Delivery.Name
	// Untimed says that the content tells no time: what is the same may be said
	// again later and be news.
	Untimed bool
	// Answer, when set, is sent back at once and nothing is stored: the
	// handshakes of some vendors.
	Answer *Answer
}

// Answer is a handshake's answer.
type Answer struct {
	Media string
	Body  []byte
}

// Puller is a source whose history can be read.
type Puller interface {
	Source
	// Streams are the lists it reads, each with its own cursor, in the order
	// in which they are best read.
	Streams() []Stream
	Checker
}

// Checker is a source whose connection can be tested. One that could be pulled
// but is not, for want of a setting, is a Checker too and says so.
type Checker interface {
	// Check tries the credentials and says, line by line, what is there and
	// exactly what is missing, such as a scope. The secret of webhooks is none
	// of its business.
	Check(*Pull) []Finding
}

// Finding is one line of a connection test.
type Finding struct {
	OK   bool   `json:"ok" doc:"Nothing is missing"`
	Open bool   `json:"open,omitempty" doc:"And yet it is not known to work"`
	Says string `json:"says" doc:"Such as: The token lacks the scope read:jira-work."`
}
