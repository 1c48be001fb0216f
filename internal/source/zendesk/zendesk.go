// Package zendesk connects Zendesk Support: tickets with the customers they
// come from, what became of them and how content the customers were.
//
// Built against Zendesk's documentation of event webhooks
// (https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/),
// of their signatures
// (https://developer.zendesk.com/documentation/webhooks/verifying/), and of
// the cursor-based incremental ticket export with side-loaded organizations
// and metric sets, as in its OpenAPI description
// (https://developer.zendesk.com/zendesk/oas.yaml, Support API 2.0.0).
package zendesk

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
)

// Kind is Zendesk.
var Kind = source.Kind{
	Name: "zendesk", Title: "Zendesk", Docs: "https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/",
	About: "Support tickets: who is affected, since when, how many, and how content they were in the end.",
	Settings: []source.Setting{
		{Name: "subdomain", Title: "Subdomain", Required: true, Place: true, Help: "acme for https://acme.zendesk.com."},
		{Name: "email", Title: "E-mail of the account", Help: "Of the administrator the API token belongs to. Empty when the token is an OAuth access token with the scope tickets:read and organizations:read."},
		{Name: "token", Title: "API token", Secret: true, Help: "Admin Center, Apps and integrations, APIs, Zendesk API. Leave it empty to take webhooks only; customers then appear by their ids."},
		{Name: source.WebhookSecret, Title: "Webhook signing secret", Secret: true, Theirs: true, Help: "Zendesk makes it; it is shown with the webhook under Reveal secret."},
	},
	Steps: []string{
		"In Admin Center open Apps and integrations, Webhooks, Create webhook, and choose Zendesk events.",
		"Event types: Ticket created, Ticket status changed, Ticket priority changed, Ticket subject changed, Ticket tags changed, Ticket problem link changed, Ticket soft deleted.",
		"Endpoint URL: {url}",
		"Request method POST, format JSON, no authentication; create the webhook.",
		"Open it, choose Reveal secret, and enter the secret here.",
	},
	Gives: []hansei.Kind{hansei.KindTicket},
	New:   open,
}

type zendesk struct {
	name, email, token, secret string
	base                       string // https://acme.zendesk.com
}

var subdomain = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

func open(c source.Config) (source.Source, error) {
	sub := strings.ToLower(c.Settings["subdomain"])
	if !subdomain.MatchString(sub) {
		return nil, hansei.Invalid("subdomain", "%q: expected the part before .zendesk.com", sub)
	}
	z := &zendesk{name: c.Name, email: c.Settings["email"], token: c.Settings["token"], secret: c.Settings[source.WebhookSecret], base: "https://" + sub + ".zendesk.com"}
	if z.token == "" {
		return z, nil
	}
	return &puller{z}, nil
}

// Check of an account without a token asks nothing.
func (z *zendesk) Check(*source.Pull) []source.Finding {
	return []source.Finding{{Says: "The API token is missing: no history is read, and neither organizations nor satisfaction, which webhooks do not tell."}}
}

// Verify checks Zendesk's signature over the timestamp and the body.
func (z *zendesk) Verify(r source.Request) (source.Receipt, error) {
	stamp := r.Header.Get("X-Zendesk-Webhook-Signature-Timestamp")
	if err := source.CheckBase64(z.secret, r.Header.Get("X-Zendesk-Webhook-Signature"), []byte(stamp), r.Body); err != nil {
		return source.Receipt{}, err
	}
	at, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return source.Receipt{}, source.ErrSignature
	}
	if err := source.CheckTime(at, r.Now); err != nil {
		return source.Receipt{}, err
	}
	var head struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	if err := source.Decode(r.Body, &head); err != nil {
		return source.Receipt{}, hansei.Invalid("body", "it is not JSON")
	}
	return source.Receipt{ID: head.ID, Event: strings.TrimPrefix(head.Type, "zen:event-type:")}, nil
}

// puller is an account whose history may be read.
type puller struct{ *zendesk }

// Streams is the export of tickets; organizations, times and satisfaction come
// with them.
func (z *puller) Streams() []source.Stream {
	return []source.Stream{{Name: "tickets", Title: "Tickets", Every: 10 * time.Minute, Pull: z.tickets}}
}

func (z *puller) authorize(c *fetch.Client) {
	c.Auth = func(r *http.Request) {
		if z.email != "" {
			r.SetBasicAuth(z.email+"/token", z.token)
		} else {
			r.Header.Set("Authorization", "Bearer "+z.token)
		}
	}
}

// late is how long Zendesk holds back what just changed: an export up to less
// than a minute ago is refused.
const late = 2 * time.Minute

const export = "/api/v2/incremental/tickets/cursor"

func (z *puller) tickets(p *source.Pull) error {
	z.authorize(p.Client)
	next := p.Cursor
	for {
		q := url.Values{"include": {"organizations,metric_sets"}}
		if next != "" {
			q.Set("cursor", next)
		} else {
			from := p.From
			if newest := p.Now.Add(-late); from.After(newest) {
				from = newest
			}
			q.Set("start_time", fmt.Sprint(from.Unix()))
		}
		var said page
		r, err := p.Client.JSON(p.Ctx, z.base+export+"?"+q.Encode(), &said)
		if err != nil {
			return err
		}
		switch {
		case said.After == "" && !said.End:
			return hansei.Invalid("after_cursor", "expected the place of the next page")
		case said.After == "":
			said.After = next
		case said.After == next && !said.End:
			return hansei.Invalid("after_cursor", "Zendesk names the same page again and again")
		}
		out := source.Page{Body: r.Body, Cursor: said.After, Through: said.newest()}
		if len(said.Tickets) == 0 {
			out.Body = nil
		}
		if said.End {
			out.Through = p.Now.Add(-late)
		}
		if err := p.Emit(out); err != nil || said.End {
			return err
		}
		next = said.After
	}
}

// Check tries the account.
func (z *puller) Check(p *source.Pull) []source.Finding {
	z.authorize(p.Client)
	_, err := p.Client.Get(p.Ctx, z.base+export+"?start_time="+fmt.Sprint(p.Now.Add(-time.Hour).Unix()), nil)
	var no *fetch.StatusError
	switch {
	case err == nil:
		return []source.Finding{{OK: true, Says: "Zendesk accepts the token, and tickets may be exported."}}
	case errors.As(err, &no) && no.Status == http.StatusUnauthorized:
		return []source.Finding{{Says: "Zendesk does not accept the token. Does the e-mail fit it, and is token access switched on?"}}
	case errors.As(err, &no) && no.Status == http.StatusForbidden:
		return []source.Finding{{Says: "The account may not export tickets: it must be an administrator's (or the OAuth token lacks tickets:read)."}}
	case errors.As(err, &no) && no.Status == http.StatusNotFound:
		return []source.Finding{{Says: "There is no Zendesk at " + z.base + "."}}
	}
	return []source.Finding{{Says: source.Words(err)}}
}
