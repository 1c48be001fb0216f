// Package alertmanager takes the alerts of Prometheus' Alertmanager and of
// Grafana, whose webhooks have the same shape.
//
// Built against Alertmanager's webhook_config, version 4
// (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config),
// and Grafana's webhook notifier
// (https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/).
package alertmanager

import (
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/file/word"
)

// Kind is Prometheus' Alertmanager.
var Kind = source.Kind{
	Name: "alertmanager", Title: "Prometheus Alertmanager", Docs: "https://prometheus.io/docs/alerting/latest/configuration/#webhook_config",
	About:    "Every alert that fires and resolves.",
	Settings: []source.Setting{secret("Made here; Alertmanager sends it as bearer token, or as the password of basic authentication."), services},
	Steps: []string{
		"In alertmanager.yml, add a receiver with webhook_configs: [{url: \"{url}\", send_resolved: true, http_config: {authorization: {credentials: \"{secret}\"}}}]",
		"Route the alerts you page for to that receiver, beside the one that pages (continue: true).",
		"Reload Alertmanager.",
	},
	Gives: []hansei.Kind{hansei.KindAlert},
	New:   open,
}

// Grafana is Grafana's own alerting.
var Grafana = source.Kind{
	Name: "grafana", Title: "Grafana alerting", Docs: "https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/",
	About: "Every alert of Grafana's that fires and resolves.",
	Settings: []source.Setting{secret("Made here; enter it at Grafana as the credentials of the Authorization header, or as the HMAC secret."), services,
		{Name: "timestamp_header", Title: "Timestamp header of the HMAC signature", Help: "As at Grafana, when you sign with HMAC and a timestamp header. Old messages sent again are refused then."}},
	Steps: []string{
		"In Grafana, open Alerting, Contact points, Add contact point, and choose Webhook.",
		"URL: {url}",
		"Under optional settings: Authorization header credentials {secret}; or HMAC signature with the secret {secret} and the header X-Grafana-Alerting-Signature.",
		"Choose Test, then save, and add the contact point to your notification policy.",
	},
	Gives: []hansei.Kind{hansei.KindAlert},
	New:   open,
}

func secret(help string) source.Setting {
	return source.Setting{Name: source.WebhookSecret, Title: "Secret", Secret: true, Help: help}
}

var services = source.Setting{Name: "service_labels", Title: "Labels that name the service", Means: true, Default: "service,app,job",
	Help: "The first of these labels that an alert has names the service it is about."}

type alerts struct {
	name, secret, timestamp string
	services                []string
}

func open(c source.Config) (source.Source, error) {
	labels := c.Settings["service_labels"]
	if labels == "" {
		labels = services.Default
	}
	a := &alerts{name: c.Name, secret: c.Settings[source.WebhookSecret], timestamp: c.Settings["timestamp_header"]}
	for l := range strings.SplitSeq(labels, ",") {
		if l = strings.TrimSpace(l); l != "" {
			a.services = append(a.services, l)
		}
	}
	return a, nil
}

// signature is the header Grafana signs in unless it is told another.
const signature = "X-Grafana-Alerting-Signature"

// Verify checks the token, or Grafana's signature over the body (with the
// timestamp and a colon before it if a header for that is agreed on).
func (a *alerts) Verify(r source.Request) (source.Receipt, error) {
	out := source.Receipt{Event: "alerts"}
	sum := r.Header.Get(signature)
	if sum == "" {
		return out, source.CheckBearer(a.secret, r.Header.Get("Authorization"))
	}
	if a.timestamp == "" {
		return out, source.CheckHex(a.secret, sum, r.Body)
	}
	stamp := r.Header.Get(a.timestamp)
	if err := source.CheckHex(a.secret, sum, []byte(stamp+":"), r.Body); err != nil {
		return out, err
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return out, source.ErrSignature
	}
	return out, source.CheckTime(time.Unix(seconds, 0), r.Now)
}

type message struct {
	Version string  `json:"version"`
	Alerts  []alert `json:"alerts"`
}

type alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Starts      time.Time         `json:"startsAt"`
	Ends        time.Time         `json:"endsAt"`
	Generator   string            `json:"generatorURL"`
	Fingerprint string            `json:"fingerprint"`
	Panel       string            `json:"panelURL"`
	Dashboard   string            `json:"dashboardURL"`
}

// Normalize makes an alert of each in the message. A notification that is
// repeated while the alert fires is about the same firing: the same labels
// since the same moment.
func (a *alerts) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	var m message
	if err := source.Decode(d.Body, &m); err != nil {
		return nil, hansei.Invalid("payload", "it is not a notification of Alertmanager's or Grafana's: %v", err)
	}
	if len(m.Alerts) == 0 {
		if m.Version == "" {
			return nil, hansei.Invalid("alerts", "expected a list of alerts")
		}
		return nil, source.Unused("no alerts")
	}
	out := make([]hansei.Observation, 0, len(m.Alerts))
	for _, x := range m.Alerts {
		o, err := a.one(x)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (a *alerts) one(x alert) (hansei.Observation, error) {
	switch {
	case x.Fingerprint == "":
		return hansei.Observation{}, hansei.Invalid("alerts.fingerprint", "expected the alert's fingerprint")
	case x.Starts.Year() < 1970:
		return hansei.Observation{}, hansei.Invalid("alerts.startsAt", "expected when the alert began to fire")
	}
	started := x.Starts.UTC()
	rec := &hansei.Alert{Title: title(x), URL: first(x.Panel, x.Dashboard, x.Generator), Status: x.Status, Triggered: started}
	if s := first(x.Labels["severity"], x.Labels["priority"]); s != "" {
		rec.Severity, _ = word.Readings[hansei.KindAlert]["severity"].Read(s) // it keeps what it does not know
	}
	for _, l := range a.services {
		if name := x.Labels[l]; name != "" {
			rec.Services = []hansei.ID{hansei.ID(name)}
			break
		}
	}
	rec.Team = hansei.ID(x.Labels["team"])
	o := hansei.Observation{Key: hansei.Key{Kind: hansei.KindAlert, Source: a.name, External: x.Fingerprint + "-" + strconv.FormatInt(started.UnixMilli(), 10)}, Record: rec, At: started}
	switch x.Status {
	case "firing":
	case "resolved":
		if x.Ends.Before(started) {
			return o, hansei.Invalid("alerts.endsAt", "expected when the alert was resolved")
		}
		rec.Resolved = x.Ends.UTC()
		o.At = source.Over(rec.Resolved)
	default:
		return o, source.Unknown("alerts.status", x.Status)
	}
	if u := x.Annotations["runbook_url"]; u != "" {
		o.Mentions = []string{u}
	}
	return o, nil
}

func title(x alert) string {
	name, says := x.Labels["alertname"], first(x.Annotations["summary"], x.Annotations["description"], x.Annotations["message"])
	switch {
	case name == "":
		return says
	case says == "":
		return name
	}
	return name + ": " + says
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}
