// Package hansei holds the words of the product as types: what an incident, a
// deployment, a milestone or an observation is, and when one is valid.
//
// It is pure: it imports only the standard library, does no I/O and knows no
// SQL. Every other package speaks in these words and imports this one; this
// one imports none of them.
//
// Records are typed structs (Incident, Deployment, …). Each kind has a table
// of Fields, so that code which must treat all fields alike (mapping a file,
// merging two sources, building fact columns, showing a difference) walks the
// table instead of knowing every struct.
package hansei

import (
	"fmt"
	"strings"
)

// ID names one record within its kind. A record that a source brought has an
// ID made from the source's own name for it (see KeyID), so that reading the
// same delivery twice finds the same record.
type ID string

// Kind is the sort of thing a record is.
type Kind string

// The kinds of record.
const (
	KindIncident      Kind = "incident"
	KindDeployment    Kind = "deployment"
	KindPullRequest   Kind = "pull-request"
	KindChange        Kind = "change"
	KindAlert         Kind = "alert"
	KindTicket        Kind = "ticket"
	KindWorkItem      Kind = "work-item"
	KindShift         Kind = "shift"
	KindRetrospective Kind = "retrospective"
	KindFollowUp      Kind = "follow-up"
	KindService       Kind = "service"
	KindTeam          Kind = "team"
	KindPerson        Kind = "person"
	KindOrganization  Kind = "organization"
	KindMetric        Kind = "metric"
	KindSource        Kind = "source"
	KindJoin          Kind = "join"
	KindChannel       Kind = "channel"
	KindJudgement     Kind = "judgement"

	// KindReading is of the records that nobody meets: see Reading.
	KindReading Kind = "reading"
)

// Kinds lists every kind that people meet, in that order.
var Kinds = []Kind{
	KindIncident, KindDeployment, KindPullRequest, KindChange, KindAlert, KindTicket,
	KindWorkItem, KindShift, KindRetrospective, KindFollowUp, KindService, KindTeam, KindPerson, KindOrganization, KindMetric,
	KindSource, KindJoin, KindChannel, KindJudgement,
}

// Configured says that a kind is what people set up rather than what happened:
// it is counted by no metric, and in no view but for judgements.
func (k Kind) Configured() bool {
	return k == KindMetric || k == KindSource || k == KindJoin || k == KindChannel || k == KindJudgement
}

// ParseKind reads a kind as a person writes it: singular or plural, with a
// hyphen, underscore or space.
func ParseKind(s string) (Kind, error) {
	t := strings.ToLower(strings.NewReplacer("_", "-", " ", "-").Replace(strings.TrimSpace(s)))
	for _, k := range Kinds {
		if t == string(k) || t == string(k)+"s" {
			return k, nil
		}
	}
	switch t {
	case "people", "persons":
		return KindPerson, nil
	case "retro", "retros", "postmortem", "postmortems":
		return KindRetrospective, nil
	case "pr", "prs":
		return KindPullRequest, nil
	}
	names := make([]string, len(Kinds))
	for i, k := range Kinds {
		names[i] = string(k)
	}
	return "", Invalid("kind", "%q is not a kind; expected one of %s", s, strings.Join(names, ", "))
}

// Record is any typed thing the journal keeps.
type Record interface {
	Kind() Kind
	Head() *Header
	// Validate returns an *InvalidError that names the first wrong field.
	Validate() error
}

// New returns an empty record of a kind.
func New(k Kind) (Record, error) {
	switch k {
	case KindIncident:
		return &Incident{}, nil
	case KindDeployment:
		return &Deployment{}, nil
	case KindPullRequest:
		return &PullRequest{}, nil
	case KindChange:
		return &Change{}, nil
	case KindAlert:
		return &Alert{}, nil
	case KindTicket:
		return &Ticket{}, nil
	case KindWorkItem:
		return &WorkItem{}, nil
	case KindService:
		return &Service{}, nil
	case KindTeam:
		return &Team{}, nil
	case KindPerson:
		return &Person{}, nil
	case KindOrganization:
		return &Organization{}, nil
	case KindShift:
		return &Shift{}, nil
	case KindRetrospective:
		return &Retrospective{}, nil
	case KindFollowUp:
		return &FollowUp{}, nil
	case KindMetric:
		return &CustomMetric{}, nil
	case KindSource:
		return &Source{}, nil
	case KindJoin:
		return &Join{}, nil
	case KindChannel:
		return &Channel{}, nil
	case KindJudgement:
		return &Judgement{}, nil
	case KindReading:
		return &Reading{}, nil
	}
	return nil, fmt.Errorf("kind %q: %w", k, ErrNotFound)
}
