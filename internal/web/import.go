package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/source/file"
	"hansei/internal/web/imports"
	"hansei/internal/web/records"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// parseStamp reads a time of a URL.
func parseStamp(field, s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, hansei.Invalid(field, "%q is not a time; expected 2025-01-31T15:04:05Z", s)
	}
	return t, nil
}

// importPage is one delivery: how far it is, or what came of it.
func (s *Server) importPage(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	ctx := r.Context()
	d, err := s.imported(r, who)
	if err != nil {
		return err
	}
	v := imports.Import{ID: d.ID, Progress: s.progress(d)}
	if d.State == record.DeliveryFailed {
		v.Failed = &ui.Problem{Title: "This file could not be imported", Happened: d.Error,
			Means: "No record was made or changed. The file is kept as it arrived.", Next: "Correct the file, or import it again and say how to read it."}
	}
	if d.State != record.DeliveryReceived && d.Size == 0 {
		if v.Gone = true; v.Failed != nil {
			v.Failed.Means, v.Failed.Next = "No record was made or changed.", "Import it again if you have it."
		}
	}
	if err := s.cameOf(ctx, who, d, &v); err != nil {
		return err
	}
	if d.State != record.DeliveryReceived {
		v.Replay = true
		if err := s.rejects(r, who, d, &v); err != nil {
			return err
		}
	}
	p := ui.Page{Title: d.Name, Crumbs: []ui.Link{{Text: "Imports", URL: "/imports"}}}
	return s.show(w, r, who, p, imports.ImportPage(v))
}

// importProgress answers the progress of an import with itself. Once there is
// nothing to wait for, the browser is sent to the whole page.
func (s *Server) importProgress(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	d, err := s.imported(r, who)
	if err != nil {
		return err
	}
	p := s.progress(d)
	w.Header().Set("Cache-Control", "no-store")
	if p == nil {
		w.Header().Set("HX-Redirect", "/imports/"+d.ID)
		return nil
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return ui.ProgressBar(*p).Render(r.Context(), w)
}

// progress is how far a delivery is; nil when it is done and every list and
// figure holds it.
func (s *Server) progress(d record.Delivery) *ui.Progress {
	p := &ui.Progress{ID: "progress", Title: "Importing " + d.Name, Noun: "rows", State: ui.Computing,
		PollURL: "/imports/" + d.ID + "/progress"}
	if d.State != record.DeliveryReceived {
		if head, _ := s.Facts.Head(); head >= d.Seq || d.State == record.DeliveryFailed {
			return nil
		}
		p.Text = "Everything is read. Lists and figures are catching up."
		return p
	}
	run, ok := s.Imports.Running(d.ID)
	if !ok {
		p.Text = "It is stored and waits its turn. You can leave this page."
		return p
	}
	p.Done, p.Text = int(run.Rows), "You can leave this page; it goes on."
	if run.Bytes > 0 && run.Bytes <= run.Total && run.Rows > 0 {
		p.Total = max(p.Done, int(float64(run.Rows)*float64(run.Total)/float64(run.Bytes)))
	}
	if took := s.Now().Sub(run.Started).Seconds(); took > 0.5 {
		p.Rate = float64(run.Rows) / took
	}
	return p
}

// cameOf fills in what came of a delivery.
func (s *Server) cameOf(ctx context.Context, who auth.Actor, d record.Delivery, v *imports.Import) error {
	sum, err := summaryOf(d)
	if err != nil {
		return err
	}
	zone, err := s.Metrics.Zone(ctx, who.Scope())
	if err != nil {
		return err
	}
	v.Facts = []ui.Item{{Name: "State", Text: s.stateWord(d)}, {Name: "Received", Component: ui.Time(d.Received, zone)},
		{Name: "Source", Text: d.Source}, {Name: "Size", Text: ui.Bytes(d.Size)}}
	v.Notes = sum.Notes
	if d.State != record.DeliveryDone {
		return nil
	}
	noun := records.Noun(sum.Kind)
	v.Facts = append(v.Facts, ui.Item{Name: "Kind", Text: noun}, ui.Item{Name: "Rows", Text: ui.Count(sum.Rows)},
		ui.Item{Name: "New records", Text: ui.Count(sum.Created)}, ui.Item{Name: "Updates", Text: ui.Count(sum.Updated)},
		ui.Item{Name: "Unchanged", Text: ui.Count(sum.Unchanged)}, ui.Item{Name: "Rejected", Text: ui.Count(sum.Rejected)},
		lasted(sum))
	if v.Progress == nil {
		v.Links = []ui.Link{{Text: "See the overview", URL: "/"}}
		if sum.Kind == hansei.KindIncident {
			v.Links = []ui.Link{{Text: "See the incidents", URL: "/incidents"}, {Text: "See the overview", URL: "/"}}
		}
	}
	return nil
}

// lasted is how long an import took, with its rate where that says something.
func lasted(sum intake.Summary) ui.Item {
	if sum.Seconds < 1 {
		return ui.Item{Name: "Took", Text: "less than a second"}
	}
	return ui.Item{Name: "Took", Text: ui.Duration(sum.Seconds), From: ui.Count(int(float64(sum.Rows)/sum.Seconds)) + " rows a second"}
}

const rejectsPerPage = 100

// rejects fills in a page of the rejected rows.
func (s *Server) rejects(r *http.Request, who auth.Actor, d record.Delivery, v *imports.Import) error {
	after := 0
	if text := r.URL.Query().Get("after"); text != "" {
		var err error
		if after, err = strconv.Atoi(text); err != nil || after < 0 {
			return hansei.Invalid("after", "%q is not a place in the list", text)
		}
	}
	list, err := s.Records.Rejects(r.Context(), who.Scope(), d.ID, after, rejectsPerPage+1)
	if err != nil {
		return err
	}
	sum, err := summaryOf(d)
	if err != nil || len(list) == 0 && after == 0 {
		return err
	}
	var shown []file.Reject
	for i, x := range list {
		if i < rejectsPerPage {
			shown = append(shown, file.Reject{Line: x.Line, Column: x.Column, Value: x.Value, Expected: x.Expected})
		}
	}
	v.Rejected = ui.Plural(max(sum.Rejected, len(list)), "row was", "rows were") + " rejected"
	v.Rejects = rejectTable(shown)
	v.Rejects.Showing = fmt.Sprintf("%s–%s of %s", ui.Count(after+1), ui.Count(after+len(shown)), ui.Count(max(sum.Rejected, after+len(list))))
	if len(list) > rejectsPerPage {
		v.Rejects.Next = "/imports/" + d.ID + "?after=" + strconv.Itoa(after+rejectsPerPage)
	}
	if after > 0 {
		v.Rejects.Prev = "/imports/" + d.ID + "?after=" + strconv.Itoa(max(0, after-rejectsPerPage))
	}
	return nil
}

// rejectTable lists rows that could not be used.
func rejectTable(list []file.Reject) ui.Table {
	t := ui.Table{ID: "rejects", Caption: "Rejected rows", Columns: []ui.Column{{Text: "Line", Numeric: true}, {Text: "Column"}, {Text: "Value"}, {Text: "What was expected"}}}
	for _, x := range list {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: ui.Count(x.Line)}, word(x.Column, "the whole row"),
			word(shorten(x.Value), "empty"), {Text: x.Expected}}})
	}
	return t
}

// importMapping says how a file's columns were read: a part of its page that
// comes after it, because it may take a long look at the file.
func (s *Server) importMapping(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	d, err := s.imported(r, who)
	if err != nil {
		return err
	}
	v := imports.Import{ID: d.ID}
	if err := s.readAs(r.Context(), who, d, &v); err != nil {
		return err
	}
	if r.Header.Get("HX-Request") != "" && r.Header.Get("HX-Boosted") == "" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		return imports.Mapping(v).Render(r.Context(), w)
	}
	p := ui.Page{Title: "How it was read", Crumbs: []ui.Link{{Text: "Imports", URL: "/imports"}, {Text: d.Name, URL: "/imports/" + d.ID}}}
	return s.show(w, r, who, p, imports.Mapping(v))
}

// readAs fills in how the file's columns were read.
func (s *Server) readAs(ctx context.Context, who auth.Actor, d record.Delivery, v *imports.Import) error {
	o, err := optionsOf(d)
	if err != nil {
		return err
	}
	body, err := s.Records.OpenDelivery(ctx, who.Scope(), d.ID)
	if err != nil {
		return err
	}
	plan, err := s.Imports.Plan(d.Name, o, body)
	err = errors.Join(err, body.Close())
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		v.Unread = invalid.Reason
		return nil
	}
	if err != nil {
		return err
	}
	for i, c := range plan.Columns {
		if i == maxColumns {
			v.Unread = ui.Plural(len(plan.Columns)-maxColumns, "further column is", "further columns are") + " not listed here."
			break
		}
		v.Mapping = append(v.Mapping, imports.Column{Name: columnName(c), Becomes: becomes(plan.Kind, c), How: how(c)})
	}
	return nil
}

// rawImport hands out a delivery as it arrived.
func (s *Server) rawImport(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	d, err := s.imported(r, who)
	if err != nil {
		return err
	}
	body, err := s.Records.OpenDelivery(r.Context(), who.Scope(), d.ID)
	if err != nil {
		return err
	}
	download(w, d.Name, "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(d.Size, 10))
	_, err = io.Copy(w, body)
	if err = errors.Join(err, body.Close()); err != nil && r.Context().Err() == nil {
		s.Log.Error("a download broke off", "delivery", d.ID, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// replayImport reads a delivery again, as it arrived.
func (s *Server) replayImport(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	d, err := s.imported(r, who)
	if err != nil {
		return err
	}
	if d.State != record.DeliveryReceived {
		_, err := s.Records.Write(r.Context(), who, func(tx *record.Tx) error { return tx.ReopenDelivery(d.ID) })
		if err != nil {
			return err
		}
		s.understand(r.Context(), who, d.ID)
	}
	return shell.Back(w, r, "/imports/"+url.PathEscape(d.ID))
}

// understand reads a delivery in the background: it goes on when the person
// who sent it leaves. What becomes of it stands on its page.
func (s *Server) understand(ctx context.Context, who auth.Actor, id string) {
	work := func(ctx context.Context) {
		var invalid *hansei.InvalidError
		if _, err := s.Imports.Understand(ctx, who, id); err != nil && ctx.Err() == nil && !errors.As(err, &invalid) {
			s.Log.Error("an import failed", "delivery", id, "error", err)
		}
	}
	s.behind(ctx, work)
}

// behind runs work that goes on when the request that began it has ended.
func (s *Server) behind(ctx context.Context, work func(context.Context)) {
	if s.Background != nil {
		s.Background(work)
		return
	}
	go work(context.WithoutCancel(ctx))
}
