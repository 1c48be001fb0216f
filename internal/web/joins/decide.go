package joins

import (
	"context"
	"net/http"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// confirm says that two records are one.
func (p *Pages) confirm(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.decide(w, r, who, p.Joins.Confirm, ui.Toast{Text: "They are one now.", UndoURL: "/joins/reject"})
}

// reject says that two records are two.
func (p *Pages) reject(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.decide(w, r, who, p.Joins.Reject, ui.Toast{Text: "They are two, and nothing joins them again. They stand under Kept apart."})
}

// verdict is a person's word on two records of a kind.
type verdict func(ctx context.Context, who auth.Actor, of hansei.Kind, a, b hansei.ID) (record.Seq, error)

func (p *Pages) decide(w http.ResponseWriter, r *http.Request, who auth.Actor, say verdict, t ui.Toast) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	of, a, b := form.Get("of"), form.Get("a"), form.Get("b")
	seq, err := say(r.Context(), who, hansei.Kind(of), hansei.ID(a), hansei.ID(b))
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), seq); err != nil {
		return err
	}
	if t.UndoURL != "" {
		t.Undo = map[string]string{"of": of, "a": a, "b": b, "back": form.Get("back")}
	}
	return shell.Done(w, r, backTo(form.Get("back")), t)
}

// backTo is where a form came from; only pages that have such forms count.
func backTo(path string) string {
	if path == "/joins" || strings.HasPrefix(path, "/joins?") || strings.HasPrefix(path, "/incidents/") || strings.HasPrefix(path, "/records/") {
		return path
	}
	return "/joins"
}
