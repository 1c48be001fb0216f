package zendesk

import (
	"fmt"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
)

type event struct {
	Type   string    `json:"type"`
	Time   time.Time `json:"time"`
	Detail struct {
		ID           string    `json:"id"`
		Subject      string    `json:"subject"`
		Description  string    `json:"description"`
		Status       string    `json:"status"`
		Priority     string    `json:"priority"`
		Organization string    `json:"organization_id"`
		Tags         []string  `json:"tags"`
		Problem      string    `json:"problem_id"`
		Created      time.Time `json:"created_at"`
		Updated      time.Time `json:"updated_at"`
	} `json:"detail"`
}

type page struct {
	Tickets       []ticket `json:"tickets"`
	Organizations []struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	} `json:"organizations"`
	After string `json:"after_cursor"`
	End   bool   `json:"end_of_stream"`
}

type ticket struct {
	ID           int64     `json:"id"`
	Subject      string    `json:"subject"`
	Description  string    `json:"description"`
	Status       string    `json:"status"`
	Priority     string    `json:"priority"`
	Organization int64     `json:"organization_id"`
	Tags         []string  `json:"tags"`
	Problem      int64     `json:"problem_id"`
	Created      time.Time `json:"created_at"`
	Updated      time.Time `json:"updated_at"`
	Generated    int64     `json:"generated_timestamp"` // seconds since 1970
	Rating       struct {
		Score string `json:"score"`
	} `json:"satisfaction_rating"`
	Metrics struct {
		Solved time.Time `json:"solved_at"`
	} `json:"metric_set"`
}

// changed is when a ticket was last changed. What the system itself changes
// leaves updated_at behind.
func (x ticket) changed() time.Time {
	if t := time.Unix(x.Generated, 0).UTC(); x.Generated > 0 && t.After(x.Updated) {
		return t
	}
	return x.Updated
}

func (p page) newest() time.Time {
	var t time.Time
	for _, x := range p.Tickets {
		if c := x.changed(); c.After(t) {
			t = c
		}
	}
	return t
}

// Normalize makes tickets of a webhook or of a page of the export.
func (z *zendesk) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	if strings.HasPrefix(d.Name, "pull/") {
		return z.page(d.Body)
	}
	var e event
	if err := source.Decode(d.Body, &e); err != nil {
		return nil, hansei.Invalid("payload", "it is not an event of Zendesk's: %v", err)
	}
	kind, ours := strings.CutPrefix(e.Type, "zen:event-type:ticket.")
	if !ours {
		return nil, source.Unused("event %s", e.Type)
	}
	x := e.Detail
	if x.ID == "" || x.Created.IsZero() || e.Time.IsZero() {
		return nil, hansei.Invalid("detail", "expected the ticket's id and created_at, and the event's time")
	}
	at := e.Time
	if x.Updated.After(at) {
		at = x.Updated
	}
	rec := &hansei.Ticket{Title: x.Subject, Description: x.Description, URL: z.url(x.ID), Priority: strings.ToLower(x.Priority), Incident: x.Problem, Created: x.Created.UTC(), Labels: x.Tags}
	o := z.about(x.ID, rec, at)
	o.Partial = true // the customer's name and the satisfaction come with the export
	if z.token == "" {
		rec.Customer = x.Organization
	}
	switch kind {
	case "soft_deleted", "permanently_deleted":
		rec.Deleted = true
		return []hansei.Observation{o}, nil
	case "undeleted":
		o.Clear = []string{"deleted"}
	}
	done, err := z.status(rec, x.Status)
	if err != nil {
		return nil, err
	}
	if done && kind == "status_changed" {
		rec.Solved = e.Time.UTC()
		if rec.Status != "solved" { // it is closed days after that, and seldom without
			o.First = []string{"resolved_at"}
		}
	}
	if !done {
		o.Clear = append(o.Clear, "resolved_at")
	}
	return []hansei.Observation{o}, nil
}

func (z *zendesk) url(id string) string { return z.base + "/agent/tickets/" + id }

func (z *zendesk) about(id string, rec *hansei.Ticket, at time.Time) hansei.Observation {
	return hansei.Observation{Key: hansei.Key{Kind: hansei.KindTicket, Source: z.name, External: id}, Record: rec, At: at.UTC()}
}

// status sets a ticket's status and says whether it is solved.
func (z *zendesk) status(rec *hansei.Ticket, word string) (done bool, err error) {
	rec.Status = strings.ToLower(word)
	switch rec.Status {
	case "new", "open", "pending", "hold":
		return false, nil
	case "solved", "closed", "archived":
		return true, nil
	case "deleted":
		rec.Deleted = true
		return true, nil
	}
	return false, source.Unknown("status", word)
}

func (z *zendesk) page(body []byte) ([]hansei.Observation, error) {
	var p page
	if err := source.Decode(body, &p); err != nil {
		return nil, hansei.Invalid("payload", "it is not a page of tickets: %v", err)
	}
	names := map[int64]string{}
	for _, o := range p.Organizations {
		names[o.ID] = o.Name
	}
	var out []hansei.Observation
	for _, x := range p.Tickets {
		if x.ID == 0 || x.Created.IsZero() || x.Updated.IsZero() {
			return nil, hansei.Invalid("tickets", "expected id, created_at and updated_at")
		}
		id := fmt.Sprint(x.ID)
		rec := &hansei.Ticket{Title: x.Subject, Description: x.Description, URL: z.url(id), Priority: x.Priority, Created: x.Created.UTC(), Labels: x.Tags}
		if x.Organization != 0 {
			if rec.Customer = names[x.Organization]; rec.Customer == "" {
				rec.Customer = fmt.Sprint(x.Organization)
			}
		}
		if x.Problem != 0 {
			rec.Incident = fmt.Sprint(x.Problem)
		}
		if score, _, _ := strings.Cut(x.Rating.Score, "_"); score == "good" || score == "bad" {
			rec.Satisfaction = score
		}
		done, err := z.status(rec, x.Status)
		if err != nil {
			return nil, err
		}
		if at := x.Metrics.Solved; done && !at.IsZero() {
			rec.Solved = at.UTC()
		} else if done && !rec.Deleted {
			rec.Solved = x.Updated.UTC()
		}
		out = append(out, z.about(id, rec, x.changed()))
	}
	if len(out) == 0 {
		return nil, source.Unused("no tickets")
	}
	return out, nil
}
