package web_test

import (
	"regexp"
	"testing"
)

const deploymentsCSV = `id,service,environment,result,started_at,finished_at,commit_sha
d-1,checkout,production,success,2025-03-01T08:50:00Z,2025-03-01T09:00:00Z,0123456789abcdef0123456789abcdef01234567
d-2,checkout,production,success,2025-03-01T04:00:00Z,2025-03-01T04:10:00Z,1123456789abcdef0123456789abcdef01234567
d-3,search,production,success,2025-03-01T09:00:00Z,2025-03-01T09:20:00Z,2123456789abcdef0123456789abcdef01234567
d-4,payments,production,success,2025-03-01T09:50:00Z,2025-03-01T10:10:00Z,3123456789abcdef0123456789abcdef01234567
`

func TestIncidentPage(t *testing.T) {
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	s.load(t, "deployments.csv", deploymentsCSV)
	s.get(t, "/incidents/file:A-1").says(t, 200, "<h1>Checkout was slow</h1>", "sev2", "To detect", "5 m", "To resolve", "1 h",
		"began to detected", "!Errors in the data", ">checkout</a>", ">payments</a>", "1 200", "region", "from file",
		"finished shortly before it began", "not a verdict", "d-1", "!d-2", "!d-3", "!d-4", "Revision 1, the first", "import incidents.csv")
	s.get(t, "/incidents/file:A-2").says(t, 200, "Errors in the data", "Detected is 30 m before began", "!<script>alert", "hs-wrong",
		"No deployment of its services")
	s.get(t, "/incidents/file:A-3").says(t, 200, "Still open", "not recorded")
	s.get(t, "/incidents/file:A-4").says(t, 404, "There is nothing here")
	s.get(t, "/incidents/file:A-1/edit?field=beauty").says(t, 404)
	s.get(t, "/records/deployment/file:d-1").says(t, 200, "Deployment file:d-1", ">checkout</a>", "Finished at", "success")
	s.get(t, "/records/service/checkout").says(t, 200, "<h1>checkout</h1>")
	s.get(t, "/records/incident/file:A-1").says(t, 200, "<h1>Checkout was slow</h1>")
	s.get(t, "/records/dragon/x").says(t, 404)
	s.get(t, "/records/deployment/file:d-9").says(t, 404)
}

func TestEditAndUndo(t *testing.T) {
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	const at = "/incidents/file:A-1"
	s.get(t, at+"/edit?field=severity").says(t, 200, `value="sev2"`, `name="revision" value="1"`, "!Give it back")
	a := s.post(t, at+"/edit", "field", "severity", "value", "sev1", "reason", "it was <b>worse</b>", "revision", "1")
	a.says(t, 200, "Severity was set.", `action="/incidents/file:A-1/undo"`, `name="revision" value="2"`,
		"set by local", "it was &lt;b&gt;worse&lt;/b&gt;", "Revision 2", "<del>sev2</del>", "<ins>sev1</ins>")
	if a.path != at {
		t.Errorf("after the edit at %s, want %s", a.path, at)
	}
	s.get(t, at).says(t, 200, "!Severity was set.")
	s.get(t, "/incidents?where=severity%3Dsev1").says(t, 200, "2 incidents", "Checkout was slow")
	s.get(t, at+"/edit?field=severity").says(t, 200, "Give it back to the source")
	s.get(t, at+"/edit?field=severity&from=1").says(t, 200, `value="sev2"`)
	s.load(t, "again.csv", "id,title,severity,started_at\nA-1,Checkout was slow,sev4,2025-03-01T10:00:00Z\n")
	s.get(t, at).says(t, 200, "hs-sev-1", "!hs-sev-4")
	s.post(t, at+"/undo", "field", "severity", "revision", "2").says(t, 409, "Somebody was faster")
	a = s.post(t, at+"/edit", "field", "severity", "value", "sev3", "reason", "late", "revision", "2")
	a.says(t, 409, "It now says", "You wrote", "sev3", `name="revision" value="3"`)
	s.post(t, at+"/edit", "field", "severity", "value", "sev3", "reason", "late", "revision", "3").says(t, 200, "hs-sev-3")
	s.post(t, at+"/undo", "field", "severity", "revision", "4").says(t, 200, "Severity is as it was.", "hs-sev-1", "undone")
	s.post(t, at+"/edit", "field", "severity", "give-back", "yes", "revision", "5").says(t, 200, "hs-sev-4", "the source&#39;s again")
}

func TestEditOfEachType(t *testing.T) {
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	s.load(t, "deployments.csv", deploymentsCSV)
	for _, c := range []struct {
		at, field, value string
		status           int
		want             string
	}{
		{"/incidents/file:A-1", "customers_affected", "1,500", 200, "1 500"},
		{"/incidents/file:A-1", "customers_affected", "many", 422, "is not a number"},
		{"/incidents/file:A-1", "customers_affected", "-3", 422, "expected 0 or more"},
		{"/incidents/file:A-1", "mitigated_at", "2025-03-01 10:30", 200, "To mitigate"},
		{"/incidents/file:A-1", "mitigated_at", "noon", 422, "is not a time"},
		{"/incidents/file:A-1", "status", "resolved", 200, "resolved"},
		{"/incidents/file:A-1", "status", "<i>", 422, "expected one of open"},
		{"/incidents/file:A-1", "factors", "one\n\ntwo\none", 200, "one, two"},
		{"/incidents/file:A-1", "services", "Search\npayments", 200, ">search</a>"},
		{"/incidents/file:A-1", "services", "sea serpent", 422, "there is no service"},
		{"/incidents/file:A-1", "repeats", "file:A-2", 200, "/incidents/file:A-2"},
		{"/incidents/file:A-1", "repeats", "A-77", 422, "there is no incident"},
		{"/records/deployment/file:d-1", "failed", "true", 200, "yes"},
		{"/records/deployment/file:d-1", "service", "search", 200, ">search</a>"},
		{"/records/deployment/file:d-1", "title", "<script>x</script>", 200, "&lt;script&gt;x"},
	} {
		a := s.get(t, c.at+"/edit?field="+c.field)
		m := regexp.MustCompile(`name="revision" value="(\d+)"`).FindStringSubmatch(a.body)
		if m == nil {
			t.Fatalf("no form for %s: %d", c.field, a.status)
		}
		s.post(t, c.at+"/edit", "field", c.field, "value", c.value, "reason", "a test", "revision", m[1]).says(t, c.status, c.want)
	}
	s.post(t, "/incidents/file:A-1/edit", "field", "title", "value", "x", "revision", "1").says(t, 422, "Say why", `value="x"`)
	s.post(t, "/incidents/file:A-1/edit", "field", "title", "value", "x", "reason", "y").says(t, 422, "names no revision")
}

func TestDeleteAndRestore(t *testing.T) {
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	a := s.post(t, "/incidents/file:A-1/delete").says(t, 200, "2 incidents", "was deleted", `action="/incidents/file:A-1/restore"`)
	if a.path != "/incidents" {
		t.Errorf("after deleting at %s", a.path)
	}
	s.get(t, "/incidents/file:A-1").says(t, 200, "is deleted", "Put it back", "!Delete this incident")
	s.post(t, "/incidents/file:A-1/restore").says(t, 200, "The incident is back", "Delete this incident")
	s.get(t, "/incidents").says(t, 200, "3 incidents")
	s.post(t, "/incidents/file:A-9/delete").says(t, 404)
}
