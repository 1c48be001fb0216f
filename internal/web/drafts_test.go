package web_test

import (
	"strings"
	"testing"

	"hansei/internal/auth"
)

func TestAnIncidentLeadsToItsRetrospective(t *testing.T) {
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	s.get(t, "/incidents/file:A-1").says(t, 200, "Draft the retrospective", "None yet")
	s.post(t, "/incidents/file:A-1/retrospective")
	if _, _, err := s.Retros.Get(t.Context(), auth.Local().Scope(), "retro:file:A-1"); err != nil {
		t.Fatal(err)
	}
	page := s.get(t, "/incidents/file:A-1")
	page.says(t, 200, `href="/retrospectives/retro:file:A-1"`, ">draft</span>")
	if strings.Contains(page.body, "Draft the retrospective") {
		t.Error("a second draft is offered")
	}
	s.post(t, "/incidents/nothing/retrospective").says(t, 404, "")
}
