package web_test

import (
	"testing"

	"hansei"
	"hansei/internal/auth"
)

// written is a site with a retrospective of the first incident.
func written(t *testing.T) (*site, hansei.ID) {
	t.Helper()
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	found, err := s.Records.List(t.Context(), auth.Local().Scope(), hansei.KindIncident, "", 10)
	if err != nil || len(found) == 0 {
		t.Fatal(len(found), err)
	}
	id, seq, err := s.Retros.Draft(t.Context(), auth.Local(), found[0].Record.Head().ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Facts.Wait(t.Context(), seq); err != nil {
		t.Fatal(err)
	}
	return s, id
}

func TestRetrospectivesAreListedAndRead(t *testing.T) {
	s, id := written(t)
	s.get(t, "/retrospectives").says(t, 200, "Checkout was slow", "draft")
	s.get(t, "/retrospectives/"+string(id)).says(t, 200, "<h1>Checkout was slow</h1>", "What happened", "draft", "sev2")
	s.get(t, "/retrospectives/nothing").says(t, 404)
}
