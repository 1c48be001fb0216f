package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/web/imports"
	"hansei/internal/web/records"
	"hansei/internal/web/ui"
)

const importsPerPage = 50

// importList lists the deliveries, the newest first.
func (s *Server) importList(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	zone, err := s.Metrics.Zone(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	f := record.DeliveryFilter{Limit: importsPerPage + 1}
	if before := r.URL.Query().Get("before"); before != "" {
		if f.Before, err = parseStamp("before", before); err != nil {
			return err
		}
	}
	list, err := s.Records.Deliveries(r.Context(), who.Scope(), f)
	if err != nil {
		return err
	}
	t := ui.Table{ID: "imports", Caption: "Imports", Columns: []ui.Column{{Text: "File"}, {Text: "State"}, {Text: "Kind", Hide: true},
		{Text: "Rows", Numeric: true}, {Text: "New", Numeric: true, Hide: true}, {Text: "Updated", Numeric: true, Hide: true}, {Text: "Unchanged", Numeric: true, Hide: true},
		{Text: "Rejected", Numeric: true}, {Text: "Size", Numeric: true, Hide: true}, {Text: "Received", Hide: true}, {Text: "Again", Hide: true}}}
	if len(list) > importsPerPage {
		list = list[:importsPerPage]
		t.Next = "/imports?before=" + list[importsPerPage-1].Received.Format(stampLayout)
	}
	if !f.Before.IsZero() {
		t.Prev = "/imports"
	}
	for _, d := range list {
		row, err := s.importRow(d, zone)
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, row)
	}
	if len(list) == 0 {
		t.Empty = &ui.Empty{Icon: "file-import", Title: "Nothing was imported yet",
			Text:   "Every file that comes in is kept here as it arrived, with what came of it and which rows were rejected.",
			Action: &ui.Link{Text: "Import a file", URL: "/imports/new"}}
	}
	p := ui.Page{Title: "Imports", Actions: []ui.Link{{Text: "Import a file", URL: "/imports/new"}}}
	return s.show(w, r, who, p, imports.ListPage(t))
}

// imported is the delivery that a page is about; work that goes on by itself is
// none.
func (s *Server) imported(r *http.Request, who auth.Actor) (record.Delivery, error) {
	d, err := s.Records.GetDelivery(r.Context(), who.Scope(), r.PathValue("id"))
	if err == nil && d.Media == record.Work {
		err = fmt.Errorf("import %s: %w", d.ID, hansei.ErrNotFound)
	}
	return d, err
}

// stampLayout keeps every digit that a delivery's time has.
const stampLayout = "2006-01-02T15:04:05.000000Z"

func (s *Server) importRow(d record.Delivery, zone *time.Location) (ui.Row, error) {
	sum, err := summaryOf(d)
	if err != nil {
		return ui.Row{}, err
	}
	at := "/imports/" + d.ID
	cells := []ui.Cell{{Text: d.Name, URL: at}, {Component: imports.State(s.stateWord(d), d.Error)}, word(records.Noun(sum.Kind), "not known")}
	for _, n := range []int{sum.Rows, sum.Created, sum.Updated, sum.Unchanged, sum.Rejected} {
		c := ui.Cell{Text: ui.Count(n)}
		if d.State != record.DeliveryDone {
			c = word("", "none")
		}
		cells = append(cells, c)
	}
	cells = append(cells, ui.Cell{Text: ui.Bytes(d.Size), Title: fmt.Sprintf("%d bytes", d.Size)}, ui.Cell{Component: ui.Time(d.Received, zone)})
	again := ui.Cell{}
	if d.State != record.DeliveryReceived && d.Size > 0 {
		again.Component = imports.Replay(d.ID, d.Name)
	}
	return ui.Row{URL: at, Cells: append(cells, again)}, nil
}

// stateWord is how a delivery stands, in a word.
func (s *Server) stateWord(d record.Delivery) string {
	if d.State != record.DeliveryReceived {
		return d.State
	}
	if _, ok := s.Imports.Running(d.ID); ok {
		return "running"
	}
	return "waiting"
}

func summaryOf(d record.Delivery) (intake.Summary, error) {
	var sum intake.Summary
	if d.Summary == "" {
		return sum, nil
	}
	if err := json.Unmarshal([]byte(d.Summary), &sum); err != nil {
		return sum, fmt.Errorf("summary of delivery %s: %w", d.ID, err)
	}
	return sum, nil
}

func optionsOf(d record.Delivery) (intake.Options, error) {
	var o intake.Options
	if d.Options == "" {
		return o, nil
	}
	if err := json.Unmarshal([]byte(d.Options), &o); err != nil {
		return o, fmt.Errorf("options of delivery %s: %w", d.ID, err)
	}
	return o, nil
}
