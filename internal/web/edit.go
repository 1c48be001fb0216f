package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/web/records"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// editing is one field of a record being edited.
type editing struct {
	*found
	field  hansei.Field
	value  string // as it stands in the form
	reason string
	wrong  map[string]string // by the name of the form's field
}

// editPage is the form of one field; from=N puts in the value of revision N.
func (s *Server) editPage(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	e, err := s.editOf(r, who, r.URL.Query().Get("field"))
	if err != nil {
		return err
	}
	rec := e.Record
	if from := r.URL.Query().Get("from"); from != "" {
		if rec, err = e.at(from); err != nil {
			return err
		}
	}
	v, _ := e.field.Get(rec)
	e.value = e.written(v)
	return s.showEdit(w, r, who, http.StatusOK, e, nil)
}

func (s *Server) editOf(r *http.Request, who auth.Actor, name string) (*editing, error) {
	kind, id, err := named(r)
	if err != nil {
		return nil, err
	}
	f, err := s.find(r.Context(), who, kind, id)
	if err != nil {
		return nil, err
	}
	all := f.fields()
	i := slices.IndexFunc(all, func(x hansei.Field) bool { return x.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("field %q of %s: %w", name, kind, hansei.ErrNotFound)
	}
	return &editing{found: f, field: all[i]}, nil
}

// at is the record as a revision left it.
func (f *found) at(revision string) (hansei.Record, error) {
	for _, v := range f.Versions {
		if strconv.FormatInt(int64(v.Revision), 10) == revision {
			return record.DecodeDoc(f.Record.Kind(), v.Doc)
		}
	}
	return nil, fmt.Errorf("revision %q: %w", revision, hansei.ErrNotFound)
}

// showEdit draws the form; theirs is set when somebody else was faster.
func (s *Server) showEdit(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, e *editing, theirs *records.Conflict) error {
	kind, id := e.Record.Kind(), e.Record.Head().ID
	at := records.URL(kind, id)
	now := e.item(e.field)
	now.Name = "Now"
	_, edited := e.Record.Head().EditOf(e.field.Name)
	form := records.Edit{Action: at + "/edit", Cancel: at, Name: e.field.Name, Revision: int64(e.Revision), Now: now, Conflict: theirs,
		Field:    e.input(),
		Reason:   ui.Field{ID: "reason", Name: "reason", Label: "Why", Value: e.reason, Required: true, Error: e.wrong["reason"], Help: "It stands in the history beside the change."},
		GiveBack: edited && len(e.Record.Head().From) > 0}
	p := ui.Page{Title: "Edit " + strings.ToLower(e.field.Label), Lead: e.field.Help + ".",
		Crumbs: []ui.Link{{Text: records.Title(e.Record), URL: at}}}
	return s.showAs(w, r, who, status, p, records.EditForm(form))
}

// input is the form's field for the value.
func (e *editing) input() ui.Field {
	in := ui.Field{ID: "value", Name: "value", Label: e.field.Label, Value: e.value, Error: e.wrong["value"]}
	switch e.field.Type {
	case hansei.Time:
		in.Help = "Such as 2025-01-31 15:04 or 2025-01-31 15:04:05, in " + e.Zone.String() + "."
		in.Required = true
	case hansei.Number:
		in.Required = true
	case hansei.Bool:
		in.Options = []ui.Option{{Value: "true", Text: "yes"}, {Value: "false", Text: "no"}}
	case hansei.List:
		in.Rows, in.Help = 4, "One in each line."
	case hansei.Refs:
		in.Rows, in.Help = 4, "One in each line, by name or id."
	case hansei.Ref:
		in.Help = "Its name or id."
	case hansei.Text:
		if e.field.Name == "description" || e.field.Name == "definition" {
			in.Rows = 8
		}
		for _, v := range e.field.Enum {
			in.Options = append(in.Options, ui.Option{Value: v, Text: v})
		}
	}
	return in
}

// saveEdit sets a field, or gives it back to the source.
func (s *Server) saveEdit(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		return hansei.Invalid("", "the form could not be read: %v", err)
	}
	e, err := s.editOf(r, who, r.PostForm.Get("field"))
	if err != nil {
		return err
	}
	e.value, e.reason, e.wrong = strings.TrimSpace(r.PostForm.Get("value")), strings.TrimSpace(r.PostForm.Get("reason")), map[string]string{}
	read, err := strconv.ParseInt(r.PostForm.Get("revision"), 10, 64)
	if err != nil {
		return hansei.Invalid("revision", "the form names no revision")
	}
	giveBack := r.PostForm.Get("give-back") != ""
	set := intake.Set{Field: e.field.Name}
	if !giveBack {
		if e.reason == "" {
			e.wrong["reason"] = "Say why, for those who read the history."
		}
		v, err := s.valueOf(r.Context(), who, e)
		if err == nil {
			set.Value, err = json.Marshal(v)
		}
		if e.refused("value", err) != nil {
			return err
		}
	} else if e.reason == "" {
		e.reason = "given back to the source"
	}
	if len(e.wrong) > 0 {
		return s.showEdit(w, r, who, http.StatusUnprocessableEntity, e, nil)
	}
	kind, id := e.Record.Kind(), e.Record.Head().ID
	seq, err := s.People.Edit(r.Context(), who, kind, id, record.Revision(read), []intake.Set{set}, e.reason)
	if errors.Is(err, hansei.ErrConflict) {
		return s.showConflict(w, r, who, e)
	}
	if e.refused("value", err) != nil {
		return err
	}
	if len(e.wrong) > 0 {
		return s.showEdit(w, r, who, http.StatusUnprocessableEntity, e, nil)
	}
	return s.edited(w, r, e, seq, record.Revision(read+1), giveBack)
}

// refused keeps an error about a value for the form; others are returned.
func (e *editing) refused(name string, err error) error {
	var invalid *hansei.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	e.wrong[name] = invalid.Reason
	return nil
}

func (s *Server) showConflict(w http.ResponseWriter, r *http.Request, who auth.Actor, e *editing) error {
	f, err := s.find(r.Context(), who, e.Record.Kind(), e.Record.Head().ID)
	if err != nil {
		return err
	}
	e.found = f
	v, _ := e.field.Get(f.Record)
	return s.showEdit(w, r, who, http.StatusConflict, e, &records.Conflict{Who: f.Versions[0].Who, Theirs: f.text(v), Yours: e.value})
}

// edited tells what was done, with its undo, and shows the record.
func (s *Server) edited(w http.ResponseWriter, r *http.Request, e *editing, seq record.Seq, revision record.Revision, givenBack bool) error {
	if err := s.settle(r.Context(), seq); err != nil {
		return err
	}
	at := records.URL(e.Record.Kind(), e.Record.Head().ID)
	text := e.field.Label + " was set."
	if givenBack {
		text = e.field.Label + " is the source's again."
	}
	err := shell.Tell(w, ui.Toast{Text: text, UndoURL: at + "/undo",
		Undo: map[string]string{"field": e.field.Name, "revision": strconv.FormatInt(int64(revision), 10)}})
	if err != nil {
		return err
	}
	return shell.Back(w, r, at)
}

// undoEdit puts back what stood before a revision.
func (s *Server) undoEdit(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	e, err := s.editOf(r, who, r.PostFormValue("field"))
	if err != nil {
		return err
	}
	revision, err := strconv.ParseInt(r.PostFormValue("revision"), 10, 64)
	if err != nil {
		return hansei.Invalid("revision", "the form names no revision")
	}
	before, err := e.at(strconv.FormatInt(revision-1, 10))
	if err != nil {
		return err
	}
	set := intake.Set{Field: e.field.Name} // without a value: the source's word
	if was, ok := before.Head().EditOf(e.field.Name); ok {
		set.Value = was.Value
	} else if len(before.Head().From) == 0 {
		v, _ := e.field.Get(before)
		if set.Value, err = json.Marshal(v); err != nil {
			return err
		}
	}
	kind, id := e.Record.Kind(), e.Record.Head().ID
	seq, err := s.People.Edit(r.Context(), who, kind, id, record.Revision(revision), []intake.Set{set}, "undone")
	if err != nil {
		return err
	}
	if err := s.settle(r.Context(), seq); err != nil {
		return err
	}
	if err := shell.Tell(w, ui.Toast{Text: e.field.Label + " is as it was."}); err != nil {
		return err
	}
	return shell.Back(w, r, records.URL(kind, id))
}
