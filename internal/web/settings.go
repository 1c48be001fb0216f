package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/metric"
	"hansei/internal/record"
	"hansei/internal/web/settings"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

func (s *Server) settingsPage(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	org, rev, err := s.organization(r.Context(), who)
	if err != nil {
		return err
	}
	values := map[string]string{"name": org.Name, "zone": org.Zone}
	if org.CustomersServed != nil {
		values["customers_served"] = strconv.FormatFloat(*org.CustomersServed, 'f', -1, 64)
	}
	return s.showSettings(w, r, who, http.StatusOK, rev, values, nil)
}

// organization is what the organization said about itself; the zero one when
// it said nothing yet.
func (s *Server) organization(ctx context.Context, who auth.Actor) (*hansei.Organization, record.Revision, error) {
	org, rev, err := record.Get[*hansei.Organization](ctx, s.Records, who.Scope(), hansei.OrganizationID)
	if errors.Is(err, hansei.ErrNotFound) {
		return &hansei.Organization{Header: hansei.Header{ID: hansei.OrganizationID}}, 0, nil
	}
	return org, rev, err
}

func (s *Server) showSettings(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, rev record.Revision, values, wrong map[string]string) error {
	field := func(name, label, help string) ui.Field {
		return ui.Field{ID: name, Name: name, Label: label, Help: help, Value: values[name], Error: wrong[name]}
	}
	v := settings.Settings{Revision: int64(rev), Notices: s.Outbox != nil,
		Name:      field("name", "Name", "Shown on every page."),
		Zone:      field("zone", "Time zone", "Where days, weeks and months are cut, such as Europe/Berlin. UTC when empty."),
		Customers: field("customers_served", "Customers served", "How many you serve in all: what SAIDI and SAIFI divide by.")}
	var err error
	if v.Metrics, err = s.ownMetrics(r.Context(), who); err != nil {
		return err
	}
	if v.Journal, err = s.journal(r.Context(), who); err != nil {
		return err
	}
	return s.showAs(w, r, who, status, ui.Page{Title: "Settings"}, settings.Page(v))
}

// journal says where the journal stands and how far the facts follow it.
func (s *Server) journal(ctx context.Context, who auth.Actor) ([]ui.Item, error) {
	head, err := s.Records.Head(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	seq, epoch := s.Facts.Head()
	facts := ui.Item{Name: "Facts", Text: "hold everything"}
	if epoch != head.Epoch || seq < head.Seq {
		facts.Text = fmt.Sprintf("hold the journal up to %s", ui.Count(int(seq)))
	}
	return []ui.Item{{Name: "Entries", Text: ui.Count(int(head.Seq)), From: "every revision of every record"},
		{Name: "Epoch", Component: ui.Copy(string(head.Epoch))}, facts, {Name: "Version", Text: s.Version}}, nil
}

// saveSettings sets what changed of the organization.
func (s *Server) saveSettings(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		return hansei.Invalid("", "the form could not be read: %v", err)
	}
	values := map[string]string{}
	for _, name := range []string{"name", "zone", "customers_served"} {
		values[name] = strings.TrimSpace(r.PostForm.Get(name))
	}
	read, err := strconv.ParseInt(r.PostForm.Get("revision"), 10, 64)
	if err != nil {
		return hansei.Invalid("revision", "the form names no revision")
	}
	seq, err := s.saveOrganization(r.Context(), who, record.Revision(read), values)
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		return s.showSettings(w, r, who, http.StatusUnprocessableEntity, record.Revision(read), values, map[string]string{invalid.Field: invalid.Reason})
	}
	if err != nil {
		return err
	}
	if err := s.settle(r.Context(), seq); err != nil {
		return err
	}
	if err := shell.Tell(w, ui.Toast{Text: "The settings were saved."}); err != nil {
		return err
	}
	return shell.Back(w, r, "/settings")
}

// saveOrganization writes the form as edits, each of which says who set it.
func (s *Server) saveOrganization(ctx context.Context, who auth.Actor, read record.Revision, values map[string]string) (record.Seq, error) {
	sets := []intake.Set{{Field: "name", Value: quoted(values["name"])}, {Field: "zone", Value: quoted(values["zone"])}}
	served := strings.Map(digits, values["customers_served"])
	if served != "" {
		n, err := strconv.ParseFloat(served, 64)
		if err != nil || n-n != 0 {
			return 0, hansei.Invalid("customers_served", "%q is not a number", values["customers_served"])
		}
		sets = append(sets, intake.Set{Field: "customers_served", Value: []byte(strconv.FormatFloat(n, 'f', -1, 64))})
	}
	if _, err := time.LoadLocation(values["zone"]); err != nil || values["zone"] == "Local" {
		return 0, hansei.Invalid("zone", "%q is not a time zone; expected a name such as Europe/Berlin", values["zone"])
	}
	if read == 0 {
		return s.People.Create(ctx, who, hansei.KindOrganization, hansei.OrganizationID, sets, "settings")
	}
	if served != "" {
		return s.People.Edit(ctx, who, hansei.KindOrganization, hansei.OrganizationID, read, sets, "settings")
	}
	return s.withoutCustomers(ctx, who, read, values)
}

// withoutCustomers writes the organization with no number of customers: an
// edit can set a number, not empty one.
func (s *Server) withoutCustomers(ctx context.Context, who auth.Actor, read record.Revision, values map[string]string) (record.Seq, error) {
	return s.Records.Write(ctx, who, func(tx *record.Tx) error {
		org, _, err := record.Get[*hansei.Organization](ctx, tx, who.Scope(), hansei.OrganizationID)
		if err != nil {
			return err
		}
		org.Name, org.Zone, org.CustomersServed = values["name"], values["zone"], nil
		org.Edits = nil
		for _, name := range []string{"name", "zone"} {
			org.Edits = append(org.Edits, hansei.Edit{Field: name, Value: quoted(values[name]), By: who.Name, At: tx.Now(), Reason: "settings"})
		}
		return record.Put(tx, org, read)
	})
}

// ownMetrics lists the metrics that the organization defined.
func (s *Server) ownMetrics(ctx context.Context, who auth.Actor) ([]settings.Metric, error) {
	all, err := s.Records.List(ctx, who.Scope(), hansei.KindMetric, "", 1000)
	if err != nil {
		return nil, err
	}
	var out []settings.Metric
	for _, x := range all {
		m := x.Record.(*hansei.CustomMetric)
		if m.Deleted {
			continue
		}
		id := url.PathEscape(string(m.ID))
		row := settings.Metric{ID: string(m.ID), Title: string(m.ID), URL: "/metrics/" + id, Edit: "/settings/metrics/" + id, Remove: "/settings/metrics/" + id + "/delete"}
		if d, err := metric.ParseDefinition([]byte(m.Definition)); err != nil {
			row.Formula = "It cannot be read any more: " + err.Error()
		} else {
			row.Title, row.Asks, row.Formula = d.Title, d.Asks, d.Formula
		}
		out = append(out, row)
	}
	return out, nil
}
