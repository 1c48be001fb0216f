package web

import (
	"net/http"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/web/records"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// deleteRecord takes a record out of every view; the toast puts it back.
func (s *Server) deleteRecord(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return s.remove(w, r, who, true)
}

// restoreRecord puts a deleted record back.
func (s *Server) restoreRecord(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return s.remove(w, r, who, false)
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request, who auth.Actor, deleted bool) error {
	kind, id, err := named(r)
	if err != nil {
		return err
	}
	seq, err := s.People.Delete(r.Context(), who, kind, id, deleted)
	if err != nil {
		return err
	}
	if err := s.settle(r.Context(), seq); err != nil {
		return err
	}
	at, toast := records.URL(kind, id), ui.Toast{Text: "The " + records.Noun(kind) + " is back."}
	if deleted {
		toast = ui.Toast{Text: "The " + records.Noun(kind) + " was deleted.", UndoURL: at + "/restore"}
		if kind == hansei.KindIncident {
			at = "/incidents"
		}
	}
	if err := shell.Tell(w, toast); err != nil {
		return err
	}
	return shell.Back(w, r, at)
}
