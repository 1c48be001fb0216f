package meeting

import (
	"context"
	"net/mail"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
)

// When is when and where a meeting is.
type When struct {
	At      time.Time `json:"at"`
	Minutes int       `json:"minutes"`
	Place   string    `json:"place,omitempty"` // a room, or an address of a call
	URL     string    `json:"-"`               // of the retrospective
}

const (
	// Usual is how long a meeting takes unless somebody says otherwise.
	Usual    = 60
	longest  = 8 * 60 // minutes
	maxPlace = 500    // bytes
)

// Invite is the invitation to review a retrospective as an iCalendar object
// (RFC 5545) of method REQUEST (RFC 5546): whoever imports it sends it. Those
// who are invited are the owner, the facilitator and the reviewers whose e-mail
// is known; the facilitator, or else the owner, organizes it. The same
// retrospective has the same UID, so that a second one moves the meeting.
func Invite(ctx context.Context, d *retro.Desk, who auth.Scope, id hansei.ID, w When) ([]byte, error) {
	switch {
	case w.At.IsZero():
		return nil, hansei.Invalid("at", "expected when the meeting begins, such as 2026-01-31T15:00:00Z")
	case w.Minutes < 1 || w.Minutes > longest:
		return nil, hansei.Invalid("minutes", "%d: expected 1 to %d", w.Minutes, longest)
	case len(w.Place) > maxPlace:
		return nil, hansei.Invalid("place", "%d bytes; at most %d", len(w.Place), maxPlace)
	}
	agenda, err := Of(ctx, d, who, id)
	if err != nil {
		return nil, err
	}
	r, rev, err := d.Get(ctx, who, id)
	if err != nil {
		return nil, err
	}
	cal := ics.NewCalendarFor("Hansei")
	cal.SetMethod(ics.MethodRequest)
	e := cal.AddEvent(string(r.ID) + "@hansei")
	e.SetDtStampTime(d.Now())
	e.SetSequence(int(rev))
	e.SetStartAt(w.At)
	e.SetEndAt(w.At.Add(time.Duration(w.Minutes) * time.Minute))
	e.SetSummary("Retrospective: " + line(r.Title))
	if place := line(w.Place); place != "" {
		e.SetLocation(place)
	}
	text := agenda.Text()
	if w.URL != "" {
		text = w.URL + "\n\n" + text
		e.SetURL(w.URL)
	}
	e.SetDescription(text)
	if err := attend(ctx, d, who, r, e); err != nil {
		return nil, err
	}
	return []byte(cal.Serialize(ics.WithNewLineWindows)), nil
}

// attend adds who is invited.
func attend(ctx context.Context, d *retro.Desk, who auth.Scope, r *hansei.Retrospective, e *ics.VEvent) error {
	leads := []hansei.ID{r.Facilitator, r.Owner}
	ids := slices.DeleteFunc(slices.Concat(leads, r.Reviewers), func(id hansei.ID) bool { return id == "" })
	found, err := record.Load(ctx, d.Records, who, hansei.KindPerson, ids)
	if err != nil {
		return err
	}
	var done []hansei.ID
	organized := false
	for _, id := range ids {
		s, ok := found[id]
		if !ok || slices.Contains(done, id) {
			continue
		}
		done = append(done, id)
		p := s.Record.(*hansei.Person)
		at, err := mail.ParseAddress(p.Email)
		if err != nil || p.Deleted || strings.ContainsAny(at.Address, "\r\n;,") {
			continue // unknown, or not one that a calendar takes
		}
		name := ics.WithCN(line(p.Name))
		if !organized && slices.Contains(leads, id) {
			e.SetOrganizer(at.Address, name)
			organized = true
		}
		e.AddAttendee(at.Address, name, ics.CalendarUserTypeIndividual, ics.ParticipationStatusNeedsAction, ics.ParticipationRoleReqParticipant, ics.WithRSVP(true))
	}
	return nil
}

// line is a text in one line, without what would end a parameter.
func line(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer(`"`, "'", "\x00", "").Replace(s)), " ")
}
