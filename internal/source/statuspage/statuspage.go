// Package statuspage brings what a status page told customers: incidents with
// their updates, the components they hurt, planned maintenance, and postmortems.
//
// Any public page of Atlassian Statuspage can be read, also one of a vendor,
// and any page that answers with the same JSON. Its milestones are what
// customers were told, which is often later than what happened.
//
// Statuspage does not sign its webhooks, so a secret stands in their address.
// Of the past, the documented API shows the last 50 incidents; older ones come
// from what the page's own history view reads (/history.json, three months a
// page, and /incidents/CODE.json).
//
// Built against https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/
// and the API that every page documents under /api/v2.
package statuspage

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/statuspage/reading"
)

// Kind is a status page as a person adds it.
var Kind = source.Kind{
	Name:  "statuspage",
	Title: "Atlassian Statuspage",
	About: "What a status page told customers: incidents, the components they hurt, maintenance and postmortems.",
	Docs:  "https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/",
	Settings: []source.Setting{
		{Name: "url", Title: "Address of the page", Required: true, Place: true, Help: "As customers see it: https://status.example.com. The page must be public; no key is needed."},
		{Name: source.WebhookSecret, Title: "Webhook secret", Secret: true, Help: "Stands in the address of the webhook, because Statuspage signs nothing."},
	},
	Steps: []string{
		"The page is read by itself every few minutes. A webhook makes it faster; leave it out if you like.",
		"If the page is yours: in Statuspage, open Subscribers, Options, Settings, select Webhook and save.",
		"On the status page choose Subscribe to updates and the tab for webhooks.",
		"Webhook URL: {url}?secret={secret}",
		"Enter an address for e-mails about failed deliveries and subscribe.",
	},
	Gives:     []hansei.Kind{hansei.KindIncident, hansei.KindService},
	Incidents: true,
	New:       open,
}

// statusPage is one configured page.
type statusPage struct {
	reading.Page // has Normalize
	secret       string
}

func open(c source.Config) (source.Source, error) {
	u, err := url.Parse(strings.TrimSpace(c.Settings["url"]))
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, hansei.Invalid("url", "expected the address of a status page, such as https://status.example.com")
	}
	page := reading.Page{Name: c.Name, URL: u.Scheme + "://" + u.Host + strings.TrimRight(u.Path, "/")}
	return &statusPage{page, c.Settings[source.WebhookSecret]}, nil
}

// Verify compares the secret in the address.
func (s *statusPage) Verify(r source.Request) (source.Receipt, error) {
	if len(r.Query["secret"]) != 1 {
		return source.Receipt{}, fmt.Errorf("%w: the address needs ?secret= once", source.ErrSignature)
	}
	if err := source.CheckToken(s.secret, r.Query["secret"][0]); err != nil {
		return source.Receipt{}, err
	}
	var b struct {
		Incident  jsontext.Value `json:"incident"`
		Component jsontext.Value `json:"component"`
	}
	// A body that is no JSON is stored all the same: Normalize says why.
	switch err := source.Decode(r.Body, &b); {
	case err == nil && len(b.Incident) > 0:
		return source.Receipt{Event: "incident"}, nil
	case err == nil && len(b.Component) > 0:
		return source.Receipt{Event: "component"}, nil
	}
	return source.Receipt{Event: "unknown"}, nil
}
