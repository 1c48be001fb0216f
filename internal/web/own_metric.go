package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/record"
	"hansei/internal/web/settings"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// quoted is a text as JSON.
func quoted(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil {
		return json.RawMessage(`""`) // a string always marshals
	}
	return b
}

const sampleMetric = `id: time_to_mitigate_sev1
title: Time to mitigate the worst
asks: How long do customers feel our worst incidents?
of: incident
measure:
  between: [began, mitigated]
where: [severity=sev1]
better: lower
`

// metricForm is the form of a metric; id "new" adds one.
func (s *Server) metricForm(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	id := r.PathValue("id")
	if id == "new" {
		return s.showMetric(w, r, who, http.StatusOK, id, 0, sampleMetric, "")
	}
	m, rev, err := record.Get[*hansei.CustomMetric](r.Context(), s.Records, who.Scope(), hansei.ID(id))
	if err != nil {
		return err
	}
	return s.showMetric(w, r, who, http.StatusOK, id, rev, m.Definition, "")
}

func (s *Server) showMetric(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, id string, rev record.Revision, text, wrong string) error {
	title := "Edit the metric " + id
	if id == "new" {
		title = "Add a metric"
	}
	f := settings.MetricForm{Action: "/settings/metrics/" + url.PathEscape(id), Revision: int64(rev),
		Definition: ui.Field{ID: "definition", Name: "definition", Label: "Definition, as YAML", Value: text, Error: wrong, Rows: 16, Mono: true, Required: true}}
	p := ui.Page{Title: title, Crumbs: []ui.Link{{Text: "Settings", URL: "/settings"}}}
	return s.showAs(w, r, who, status, p, settings.MetricPage(f))
}

// saveMetric adds or changes a metric once its definition can be read.
func (s *Server) saveMetric(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		return hansei.Invalid("", "the form could not be read: %v", err)
	}
	id, text := r.PathValue("id"), strings.ReplaceAll(r.PostForm.Get("definition"), "\r\n", "\n")
	read, err := strconv.ParseInt(r.PostForm.Get("revision"), 10, 64)
	if err != nil {
		return hansei.Invalid("revision", "the form names no revision")
	}
	d, err := metric.ParseDefinition([]byte(text))
	if err == nil && id != "new" && d.ID != id {
		err = hansei.Invalid("id", "it is %q in the definition; the id of a metric stays %q", d.ID, id)
	}
	if err == nil {
		err = s.putMetric(r, who, d, text, record.Revision(read), id == "new")
	}
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		return s.showMetric(w, r, who, http.StatusUnprocessableEntity, id, record.Revision(read), text, invalid.Error())
	}
	if err != nil {
		return err
	}
	if err := shell.Tell(w, ui.Toast{Text: "The metric “" + d.Title + "” was saved."}); err != nil {
		return err
	}
	return shell.Back(w, r, "/settings")
}

// putMetric writes a metric. A new one may take the place of one that was
// removed, but not of one that is there.
func (s *Server) putMetric(r *http.Request, who auth.Actor, d metric.Definition, text string, read record.Revision, isNew bool) error {
	seq, err := s.Records.Write(r.Context(), who, func(tx *record.Tx) error {
		m := &hansei.CustomMetric{Header: hansei.Header{ID: hansei.ID(d.ID)}, Definition: text}
		have, rev, err := record.Get[*hansei.CustomMetric](r.Context(), tx, who.Scope(), m.ID)
		switch {
		case errors.Is(err, hansei.ErrNotFound):
			rev = 0
		case err != nil:
			return err
		case isNew && !have.Deleted:
			return hansei.Invalid("id", "%q is a metric you have already; edit that one, or choose another id", d.ID)
		}
		if !isNew {
			rev = read
		}
		return record.Put(tx, m, rev)
	})
	if err != nil {
		return err
	}
	return s.settle(r.Context(), seq)
}

// removeMetric removes a metric; the toast puts it back.
func (s *Server) removeMetric(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return s.setMetricDeleted(w, r, who, true)
}

func (s *Server) restoreMetric(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return s.setMetricDeleted(w, r, who, false)
}

func (s *Server) setMetricDeleted(w http.ResponseWriter, r *http.Request, who auth.Actor, deleted bool) error {
	id := r.PathValue("id")
	seq, err := s.People.Delete(r.Context(), who, hansei.KindMetric, hansei.ID(id), deleted)
	if err != nil {
		return err
	}
	if err := s.settle(r.Context(), seq); err != nil {
		return err
	}
	toast := ui.Toast{Text: "The metric is back."}
	if deleted {
		toast = ui.Toast{Text: "The metric " + id + " was removed.", UndoURL: "/settings/metrics/" + url.PathEscape(id) + "/restore"}
	}
	if err := shell.Tell(w, toast); err != nil {
		return err
	}
	return shell.Back(w, r, "/settings")
}
