package api

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hansei/internal/auth"
	"hansei/internal/retro/document"
	"hansei/internal/retro/meeting"
)

func (a *edge) agenda(ctx context.Context, who auth.Actor, in *RetroParam) (*answer[meeting.Agenda], error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	out, err := meeting.Of(ctx, a.Retros, who.Scope(), id)
	if err != nil {
		return nil, err
	}
	return answered(out)
}

// InviteParam says when and where a meeting is.
type InviteParam struct {
	RetroParam
	At      time.Time `query:"at" doc:"When it begins; an hour from now when empty"`
	Minutes int       `query:"minutes" default:"60" minimum:"1" maximum:"480"`
	Place   string    `query:"place" maxLength:"500" doc:"A room, or the address of a call"`
}

func (a *edge) invite(ctx context.Context, who auth.Actor, in *InviteParam) (*huma.StreamResponse, error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	if in.At.IsZero() {
		in.At = a.Now().Add(time.Hour).Truncate(time.Minute)
	}
	text, err := meeting.Invite(ctx, a.Retros, who.Scope(), id, meeting.When{At: in.At, Minutes: in.Minutes, Place: in.Place})
	if err != nil {
		return nil, err
	}
	r, _, err := a.Retros.Get(ctx, who.Scope(), id)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", "text/calendar; charset=utf-8; method=REQUEST")
		c.SetHeader("Content-Disposition", fmt.Sprintf("attachment; filename=%q", document.FileName(r)+".ics"))
		if _, err := c.BodyWriter().Write(text); err != nil {
			a.Log.Debug("an invitation broke off", "error", err)
		}
	}}, nil
}
