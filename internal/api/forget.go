package api

import (
	"context"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/forget"
)

// ForgetBody names a person to be forgotten.
type ForgetBody struct {
	Caller
	ID   hansei.ID `path:"id"`
	Body struct {
		Name string `json:"name" doc:"The person's name, typed to confirm: it cannot be undone"`
	}
}

func (a *edge) forgetPerson(ctx context.Context, who auth.Actor, in *ForgetBody) (*answer[forget.Forgotten], error) {
	out, err := a.Clerk.Forget(ctx, who, in.ID, in.Body.Name, nil)
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, out.Seq()); err != nil {
		return nil, err
	}
	return answered(out)
}
