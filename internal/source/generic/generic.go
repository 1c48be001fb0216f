// Package generic connects a tool that Hansei has no word for: any JSON
// webhook, and any JSON list over REST, by a mapping in the language of
// imports (package file). It is for tools without a package of their own; it
// guesses nothing that the mapping does not say, but for names of columns that
// everybody uses.
package generic

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/generic/reading"
	"hansei/internal/source/jq"
)

// The ways to prove who sends a webhook.
const (
	byHMAC    = "hmac-sha256"
	byHMAC64  = "hmac-sha256-base64"
	byToken   = "token"
	byAddress = "address"
)

// The ways in which a list has pages.
const (
	pagesNone   = "none"
	pagesLink   = "link"
	pagesCursor = "cursor"
	pagesNumber = "page"
	pagesOffset = "offset"
)

// Kind is any tool that speaks JSON.
var Kind = source.Kind{
	Name: "generic", Title: "JSON from any tool", Docs: "https://jqlang.org/manual/",
	About: "Any JSON webhook or JSON list, by a mapping that you write beside a live preview.",
	Settings: []source.Setting{
		{Name: "mapping", Title: "Mapping", Means: true, Required: true, Long: true, Help: "YAML: the kind of record, the name (or jq expression) of its id, and which field each name or jq expression becomes. Names that are recognised need not be listed. With another kind or id, what was told before stays beside what is told now."},
		{Name: "items", Title: "Where the things are", Means: true, Default: ".", Help: "A jq expression that gives each thing in a payload: . for the payload itself, .incidents[] for a list in it."},
		{Name: "at", Title: "When it was so", Means: true, Help: "A jq expression on one thing for the time of this state, such as .updated_at. Without it, the time of arrival counts, and events must arrive in order; a payload that is the same is a repeat only if no other one came between."},
		{Name: "skip", Title: "What tells nothing", Means: true, Help: "A jq expression on one thing; where it is true the thing is left out, such as .event == \"ping\"."},
		{Name: "partial", Title: "Each event tells", Means: true, Default: "whole", Enum: []string{"whole", "part"}, Help: "whole: a payload holds the whole thing. part: only what changed; empty fields say nothing."},
		{Name: "verify", Part: "Signatures and repeats", Title: "How the sender proves itself", Default: byToken, Enum: []string{byToken, byHMAC, byHMAC64, byAddress}, Help: "token: the secret in the Authorization header, as Bearer or as Basic password. hmac: a signature of the body. address: nothing but the address, which nobody can guess; the weakest."},
		{Name: "header", Part: "Signatures and repeats", Title: "Header of the token or signature", Help: "Authorization, or X-Signature-256, when empty."},
		{Name: "prefix", Part: "Signatures and repeats", Title: "What stands before the signature", Help: "Such as sha256= ."},
		{Name: "delivery_header", Part: "Signatures and repeats", Title: "Header that names the delivery", Help: "If the sender has one: an id that is the same when it sends a delivery again, and no other's, such as Webhook-Id or Idempotency-Key. Without it, what is the same is a repeat."},
		{Name: source.WebhookSecret, Part: "Signatures and repeats", Title: "Webhook secret", Secret: true, Help: "Made here; paste it at the sender, or enter the one the sender made."},
		{Name: "list_url", Part: "A list to read", Title: "URL of a list to read", Place: true, Help: "Of a REST list, with the query that never changes. Counted pages begin with the number that it names: ?page=0 where the first page is 0. Empty: webhooks only."},
		{Name: "list_items", Part: "A list to read", Title: "Where the things of the list are", Default: ".[]", Help: "A jq expression that gives each thing of a page, such as .data[]."},
		{Name: "auth_header", Part: "A list to read", Title: "Header of the credentials", Default: "Authorization", Help: "The header that the tool wants its API key in."},
		{Name: "auth", Part: "A list to read", Title: "Credentials", Secret: true, Help: "The value of that header, such as Bearer abc."},
		{Name: "pages", Part: "A list to read", Title: "How the list has pages", Place: true, Default: pagesNone, Enum: []string{pagesNone, pagesLink, pagesCursor, pagesNumber, pagesOffset}, Help: "none: only the first page is read. link: a Link header with rel=next. cursor: the answer holds the next cursor or URL. page: numbered from 1, or from the number in the URL. offset: counted from 0."},
		{Name: "next", Part: "A list to read", Title: "Where the next cursor is", Place: true, Help: "For cursor: a jq expression on the answer, such as .meta.next."},
		{Name: "page_param", Part: "A list to read", Title: "Parameter of the cursor, page or offset", Place: true, Help: "cursor, page or offset when empty."},
		{Name: "since_param", Part: "A list to read", Title: "Parameter for news only", Help: "The parameter that asks for what changed since a time (RFC 3339). Without one the whole list is read each time."},
	},
	Steps: []string{
		"At the tool, add a webhook that sends JSON to {url}",
		"Secret, or value of the Authorization header after Bearer: {secret}",
		"No payload at hand? Save with the mapping “kind: incident”, send one event, and write the mapping on this source's page: the payload is in the form there.",
	},
	Gives:     []hansei.Kind{hansei.KindIncident, hansei.KindDeployment, hansei.KindChange, hansei.KindAlert, hansei.KindTicket, hansei.KindWorkItem, hansei.KindPullRequest, hansei.KindShift},
	Incidents: true,
	New:       New,
	Preview:   Preview,
	Suggest:   reading.Suggest,
}

// tool is one configured source.
type tool struct {
	*reading.Reader          // has Normalize
	next                     *jq.Program
	verify, header, prefix   string
	secret, delivery         string
	url                      *url.URL
	authHeader, auth         string
	pages, pageParam, sinceP string
	first                    string // number of the first page, where they are counted
}

// New makes the source, or says which setting is wrong.
func New(c source.Config) (source.Source, error) {
	t, err := open(c)
	switch {
	case err != nil:
		return nil, err
	case t.url != nil:
		return &puller{t}, nil
	}
	return t, nil
}

// Preview shows what a payload would become with settings that are being
// written: one of a webhook, or a page of the list.
func Preview(settings map[string]string, payload []byte, list bool) ([]hansei.Observation, error) {
	t, err := reading.Open("preview", settings)
	if err != nil {
		return nil, err
	}
	d := source.Delivery{Name: "webhook", Body: payload}
	if list {
		d.Name = "pull/list"
	}
	out, err := t.Normalize(d)
	if errors.Is(err, source.ErrUnused) {
		return nil, nil
	}
	return out, err
}

func open(c source.Config) (*tool, error) {
	get := func(name, otherwise string) string {
		if v := c.Settings[name]; v != "" {
			return v
		}
		return otherwise
	}
	reader, err := reading.Open(c.Name, c.Settings)
	if err != nil {
		return nil, err
	}
	t := &tool{Reader: reader, verify: get("verify", byToken), prefix: c.Settings["prefix"],
		secret: c.Settings[source.WebhookSecret], delivery: c.Settings["delivery_header"], authHeader: get("auth_header", "Authorization"), auth: c.Settings["auth"],
		pages: get("pages", pagesNone), sinceP: c.Settings["since_param"]}
	t.header = get("header", map[string]string{byToken: "Authorization"}[t.verify])
	if t.header == "" {
		t.header = "X-Signature-256"
	}
	t.pageParam = get("page_param", map[string]string{pagesCursor: "cursor", pagesNumber: "page", pagesOffset: "offset"}[t.pages])
	if text := c.Settings["next"]; text != "" {
		if t.next, err = jq.Compile(text); err != nil {
			return nil, hansei.Invalid("next", "%v", err)
		}
	}
	if t.pages == pagesCursor && t.next == nil {
		return nil, hansei.Invalid("next", "expected a jq expression for the next cursor, such as .meta.next")
	}
	if text := c.Settings["list_url"]; text != "" {
		if t.url, err = url.Parse(text); err != nil || t.url.Host == "" || !strings.HasPrefix(t.url.Scheme, "http") || t.url.User != nil {
			return nil, hansei.Invalid("list_url", "expected a URL such as https://api.example.com/v1/incidents, without a password in it")
		}
		if t.first = map[string]string{pagesNumber: "1", pagesOffset: "0"}[t.pages]; t.first != "" && t.url.Query().Has(t.pageParam) {
			t.first = t.url.Query().Get(t.pageParam)
			if n, err := strconv.Atoi(t.first); err != nil || n < 0 {
				return nil, hansei.Invalid("list_url", "%s=%s: expected the number of the first page, such as 0", t.pageParam, t.first)
			}
		}
	}
	return t, nil
}
