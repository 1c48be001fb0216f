// Package pagerduty understands PagerDuty: incidents with their milestones,
// who was paged and who responded, services, teams, people and on-call duty.
//
// Webhooks (V3) tell at once what happened. What is pulled (REST API v2)
// brings the history and what webhooks leave out: the log of an incident knows
// who was notified when and who acknowledged first. Both speak of one incident
// by the same id, and every observation tells only its part, so that neither
// empties what the other knew.
//
// An alert is a person who was paged for an incident. The events that
// monitoring sent to PagerDuty are not brought: the monitoring itself tells of
// them better. Duty in the future is not brought either, because it changes
// until it begins.
//
// Built against the OpenAPI description of the REST API v2 and the webhook
// documentation in https://github.com/PagerDuty/api-schema and
// https://github.com/PagerDuty/developer-docs, as they stood in 2026.
package pagerduty

import (
	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/pagerduty/reading"
)

// Kind is PagerDuty as a person adds it.
var Kind = source.Kind{
	Name:  "pagerduty",
	Title: "PagerDuty",
	About: "Incidents with their milestones and responders, pages, services, teams, people and on-call duty.",
	Docs:  "https://developer.pagerduty.com/docs/webhooks-overview",
	Settings: []source.Setting{
		{Name: settingToken, Title: "API key", Secret: true, Help: "For the history, on-call duty and pages. In PagerDuty: Integrations, API Access Keys, Create New API Key, read-only. Only an administrator can make one. A token of Scoped OAuth needs incidents.read, services.read, teams.read, users.read and oncalls.read. Leave it empty to take webhooks only."},
		{Name: settingRegion, Title: "Service region", Place: true, Default: regionUS, Enum: []string{regionUS, regionEU}, Help: "eu when your PagerDuty is at eu.pagerduty.com."},
		{Name: source.WebhookSecret, Title: "Webhook signing secret", Secret: true, Theirs: true, Help: "PagerDuty makes it and shows it once, when you add the webhook there. Until it is entered here, no webhook is accepted. Several are separated by commas."},
	},
	Steps: []string{
		"In PagerDuty, open Integrations, Generic Webhooks (v3) and choose New Webhook.",
		"Webhook URL: {url}",
		"Scope type: Account, or the service or team whose incidents you want.",
		"Event subscription: choose all incident and service events.",
		"Choose Add Webhook and copy the signing secret that PagerDuty now shows: it shows it only once.",
		"Enter that secret here as the webhook signing secret, then choose Send Test Event at PagerDuty.",
	},
	Gives:     []hansei.Kind{hansei.KindIncident, hansei.KindAlert, hansei.KindShift, hansei.KindService, hansei.KindTeam, hansei.KindPerson},
	Incidents: true,
	New:       open,
}

const (
	settingToken  = "token"
	settingRegion = "region"
	regionUS      = "us"
	regionEU      = "eu"
)

var hosts = map[string]string{"": "https://api.pagerduty.com", regionUS: "https://api.pagerduty.com", regionEU: "https://api.eu.pagerduty.com"}

// pagerDuty is one configured account.
type pagerDuty struct {
	reading.Account // understands incidents and services
	token           string
	secret          string
	base            string // of the API, without a slash at its end
}

func open(c source.Config) (source.Source, error) {
	base, ok := hosts[c.Settings[settingRegion]]
	if !ok {
		return nil, hansei.Invalid(settingRegion, "%q is not a service region; expected us or eu", c.Settings[settingRegion])
	}
	return &pagerDuty{Account: reading.Account{Name: c.Name}, token: c.Settings[settingToken], secret: c.Settings[source.WebhookSecret], base: base}, nil
}
