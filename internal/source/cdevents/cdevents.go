// Package cdevents takes CDEvents, the Continuous Delivery Foundation's words
// for what pipelines do, from any tool that sends them over CloudEvents HTTP:
// binary, structured or in batches.
//
// Built against the CDEvents specification up to 0.6 draft
// (https://github.com/cdevents/spec) and the HTTP binding of CloudEvents 1.0
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md).
package cdevents

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/file/word"
)

// Kind is any tool that sends CDEvents.
var Kind = source.Kind{
	Name: "cdevents", Title: "CDEvents", Docs: "https://github.com/cdevents/spec",
	About: "Deployments, roll-backs, merged changes, environments and incidents of any tool that speaks CDEvents.",
	Settings: []source.Setting{
		{Name: source.WebhookSecret, Title: "Secret", Secret: true, Help: "Made here; the sender gives it as a bearer token, or signs the body with it (HMAC-SHA256, hexadecimal) in the header below."},
		{Name: "signature_header", Title: "Signature header", Help: "When the sender signs: the header of its signature, with or without sha256= before it. Empty: bearer token."},
	},
	Steps: []string{
		"At the tool, send CDEvents over CloudEvents HTTP to {url}",
		"Header: Authorization: Bearer {secret}",
	},
	Gives:     []hansei.Kind{hansei.KindDeployment, hansei.KindChange, hansei.KindIncident},
	Incidents: true,
	New: func(c source.Config) (source.Source, error) {
		return &events{c.Name, c.Settings[source.WebhookSecret], c.Settings["signature_header"]}, nil
	},
}

type events struct{ name, secret, header string }

// Verify checks the token or the signature.
func (s *events) Verify(r source.Request) (source.Receipt, error) {
	var err error
	if s.header == "" {
		err = source.CheckBearer(s.secret, r.Header.Get("Authorization"))
	} else {
		err = source.CheckHex(s.secret, strings.TrimPrefix(r.Header.Get(s.header), "sha256="), r.Body)
	}
	if err != nil {
		return source.Receipt{}, err
	}
	out := source.Receipt{Event: "cloudevents"}
	if id := r.Header.Get("Ce-Id"); id != "" {
		out.ID, out.Event = r.Header.Get("Ce-Source")+" "+id, r.Header.Get("Ce-Type")
		return out, nil
	}
	var one cloudEvent
	if source.Decode(r.Body, &one) == nil && one.ID != "" {
		out.ID, out.Event = one.Source+" "+one.ID, one.Type
	}
	return out, nil
}

// cloudEvent is a CloudEvent in structured mode.
type cloudEvent struct {
	ID     string         `json:"id"`
	Source string         `json:"source"`
	Type   string         `json:"type"`
	Data   jsontext.Value `json:"data"`
}

type event struct {
	Context struct {
		ID        string    `json:"id"`
		Source    string    `json:"source"`
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
	} `json:"context"`
	Subject struct {
		ID      string `json:"id"`
		Source  string `json:"source"`
		Content struct {
			Environment ref    `json:"environment"`
			Service     ref    `json:"service"`
			Repository  ref    `json:"repository"`
			Artifact    string `json:"artifactId"`
			Name        string `json:"name"`
			URI         string `json:"uri"`
			URL         string `json:"url"`
			Description string `json:"description"`
		} `json:"content"`
	} `json:"subject"`
}

type ref struct {
	ID string `json:"id"`
}

// Normalize makes observations of one CDEvent, or of each in a batch.
func (s *events) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	body := strings.TrimSpace(string(d.Body))
	if !strings.HasPrefix(body, "[") {
		return s.one(d.Body)
	}
	var batch []jsontext.Value
	if err := source.Decode(d.Body, &batch); err != nil {
		return nil, hansei.Invalid("payload", "it is not a batch of events: %v", err)
	}
	var out []hansei.Observation
	var last error = source.Unused("an empty batch")
	for _, x := range batch {
		said, err := s.one(x)
		if err != nil {
			last = err
			if !errors.Is(err, source.ErrUnused) {
				return nil, err
			}
		}
		out = append(out, said...)
	}
	if len(out) == 0 {
		return nil, last
	}
	return out, nil
}

func (s *events) one(body []byte) ([]hansei.Observation, error) {
	var outer cloudEvent
	if err := source.Decode(body, &outer); err != nil {
		return nil, hansei.Invalid("payload", "it is not an event: %v", err)
	}
	if len(outer.Data) > 0 {
		body = outer.Data
	}
	var e event
	if err := source.Decode(body, &e); err != nil {
		return nil, hansei.Invalid("payload", "it is not a CDEvent: %v", err)
	}
	kind, ours := strings.CutPrefix(e.Context.Type, "dev.cdevents.")
	switch {
	case e.Context.Type == "":
		return nil, hansei.Invalid("context.type", "expected the type of a CDEvent")
	case !ours:
		return nil, source.Unused("event %s", e.Context.Type)
	case e.Context.ID == "" || e.Context.Timestamp.IsZero() || e.Subject.ID == "":
		return nil, hansei.Invalid("context", "expected its id and timestamp, and the subject's id")
	}
	subject, verb := split(kind)
	switch subject {
	case "service":
		return s.service(e, verb)
	case "environment":
		return s.change(e, "environment "+verb, "config", last(e.Subject.ID), verb)
	case "change":
		if verb == "merged" {
			return s.change(e, "merged "+last(e.Subject.ID), "merge", last(e.Subject.Content.Repository.ID), "")
		}
	case "incident":
		return s.incident(e, verb)
	}
	return nil, source.Unused("event %s", e.Context.Type)
}

// split parts "service.deployed.0.3.0" into its subject and what happened.
func split(kind string) (subject, verb string) {
	parts := strings.SplitN(kind, ".", 3)
	if len(parts) < 2 {
		return "", ""
	}
	return parts[0], parts[1]
}

// last is the last part of an id that may be a path or a URI.
func last(id string) string {
	id = strings.TrimSuffix(id, "/")
	return id[strings.LastIndexByte(id, '/')+1:]
}

func (s *events) about(kind hansei.Kind, external string, rec hansei.Record, at time.Time) hansei.Observation {
	return hansei.Observation{Key: hansei.Key{Kind: kind, Source: s.name, External: external}, Record: rec, At: at.UTC()}
}

var commit = regexp.MustCompile(`\b[0-9a-f]{40}\b`)

// commitOf finds the commit in an artifact's package URL: its version, or where
// its source is ("…?vcs_url=git%2Bhttps://…%40<commit>"). A digest is longer.
func commitOf(artifact string) string {
	if plain, err := url.PathUnescape(artifact); err == nil {
		artifact = plain
	}
	return commit.FindString(artifact)
}

// service is a deployment, whichever way a service's version changed.
func (s *events) service(e event, verb string) ([]hansei.Observation, error) {
	at, c := e.Context.Timestamp.UTC(), e.Subject.Content
	rec := &hansei.Deployment{Title: verb + " " + last(e.Subject.ID), Service: hansei.ID(last(e.Subject.ID)), Result: hansei.ResultSuccess, Finished: at, Ref: c.Artifact, Commit: commitOf(c.Artifact)}
	if env := last(c.Environment.ID); env != "" {
		rec.Environment, _ = word.Readings[hansei.KindDeployment]["environment"].Read(env) // it keeps what it does not know
	}
	switch verb {
	case "deployed", "upgraded":
	case "rolledback":
		yes := true
		rec.Unplanned = &yes
	case "removed":
		return s.change(e, "removed "+last(e.Subject.ID), "removal", last(e.Subject.ID), "")
	case "published":
		return nil, source.Unused("service published")
	default:
		return nil, source.Unknown("context.type", e.Context.Type)
	}
	return []hansei.Observation{s.about(hansei.KindDeployment, e.Context.ID, rec, at)}, nil
}

func (s *events) change(e event, title, kind, service, status string) ([]hansei.Observation, error) {
	at := e.Context.Timestamp.UTC()
	rec := &hansei.Change{Title: title, Type: kind, Status: status, At: at, URL: e.Subject.Content.URL}
	if service != "" {
		rec.Services = []hansei.ID{hansei.ID(service)}
	}
	return []hansei.Observation{s.about(hansei.KindChange, e.Context.ID, rec, at)}, nil
}

// incident tells one step of an incident; its steps share the subject.
func (s *events) incident(e event, verb string) ([]hansei.Observation, error) {
	at, c := e.Context.Timestamp.UTC(), e.Subject.Content
	rec := &hansei.Incident{Status: hansei.StatusOpen}
	if service := last(c.Service.ID); service != "" {
		rec.Services = []hansei.ID{hansei.ID(service)}
	}
	o := s.about(hansei.KindIncident, e.Subject.Source+"/"+e.Subject.ID, rec, at)
	o.Partial = true
	switch verb {
	case "detected":
		rec.Title = c.Description
		rec.Milestones.Set(hansei.RoleDetected, at)
		o.First = []string{"detected_at"}
	case "reported":
		rec.Title = c.Description
		rec.Milestones.Set(hansei.RoleDeclared, at)
		o.First = []string{"declared_at"}
	case "resolved":
		rec.Status = hansei.StatusResolved
		rec.Milestones.Set(hansei.RoleResolved, at)
		rec.Updates = []hansei.Update{{ID: e.Context.ID, At: at, Edited: at, Status: "resolved", Text: c.Description}}
	default:
		return nil, source.Unknown("context.type", e.Context.Type)
	}
	return []hansei.Observation{o}, nil
}
