package web_test

import "testing"

func TestSettings(t *testing.T) {
	s := newSite(t)
	s.get(t, "/settings").says(t, 200, `name="revision" value="0"`, "None yet", "Entries", "hold everything")
	form := func(rev, name, zone, served string) answer {
		return s.post(t, "/settings", "revision", rev, "name", name, "zone", zone, "customers_served", served)
	}
	form("0", "Acme <i>", "Mars", "").says(t, 422, "is not a time zone", "Acme &lt;i&gt;")
	form("0", "Acme", "", "some").says(t, 422, "is not a number")
	form("0", "Acme", "", "-4").says(t, 422, "expected more than 0")
	form("0", "Acme <i>", "Europe/Berlin", "1,000,000").says(t, 200, "The settings were saved", `value="1000000"`, `name="revision" value="1"`, "Acme &lt;i&gt;", "!<i>")
	form("0", "Else", "", "").says(t, 409, "Somebody was faster")
	form("1", "Acme", "Europe/Berlin", "").says(t, 200, "!1000000")
	form("2", "Acme", "", "").says(t, 200, `value="Acme"`)
	s.post(t, "/settings", "name", "x").says(t, 422, "names no revision")
	s.get(t, "/records/organization/organization").says(t, 200, "Acme", "1 000 000", "settings")
}

const ownMetric = `id: slow_ones
title: Slow <ones>
asks: How long?
of: incident
measure:
  between: [began, resolved]
`

func TestOwnMetrics(t *testing.T) {
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	s.get(t, "/settings/metrics/new").says(t, 200, "Add a metric", "<textarea", "time_to_mitigate_sev1")
	s.get(t, "/settings/metrics/nothing").says(t, 404)
	for text, want := range map[string]string{
		"id: [":                   "hs-error",
		"":                        "hs-error",
		"id: x":                   "3 to 61",
		"colour: 1":               "colour",
		"id: </textarea><script>": "hs-error",
	} {
		s.post(t, "/settings/metrics/new", "revision", "0", "definition", text).says(t, 422, want, "!</textarea><script>")
	}
	s.post(t, "/settings/metrics/new", "revision", "0", "definition", ownMetric).
		says(t, 200, "was saved", "slow_ones", "Slow &lt;ones&gt;", "!<ones>")
	s.post(t, "/settings/metrics/new", "revision", "0", "definition", ownMetric).says(t, 422, "you have already")
	s.get(t, "/settings/metrics/slow_ones").says(t, 200, "between: [began, resolved]", `name="revision" value="1"`)
	s.post(t, "/settings/metrics/slow_ones", "revision", "1", "definition", "id: other_id\n"+ownMetric[14:]).says(t, 422, "stays")
	s.post(t, "/settings/metrics/slow_ones", "revision", "1", "definition", ownMetric+"better: lower\n").says(t, 200, "was saved")
	s.post(t, "/settings/metrics/slow_ones", "revision", "1", "definition", ownMetric).says(t, 409, "Somebody was faster")
	s.post(t, "/settings/metrics/slow_ones/delete").says(t, 200, "was removed", "None yet", `action="/settings/metrics/slow_ones/restore"`)
	s.post(t, "/settings/metrics/slow_ones/restore").says(t, 200, "is back", "Slow &lt;ones&gt;")
	s.post(t, "/settings/metrics/slow_ones/delete").says(t, 200, "None yet")
	s.post(t, "/settings/metrics/new", "revision", "0", "definition", ownMetric).says(t, 200, "was saved", "slow_ones")
}

func TestSearch(t *testing.T) {
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	s.get(t, "/search").says(t, 200, "<h1>Search</h1>")
	s.get(t, "/search?q=checkout").says(t, 200, "<mark>Checkout</mark> was slow", "Incident file:A-1", "/services/checkout", "Service")
	s.get(t, "/search?q=A-2").says(t, 200, "&lt;script&gt;", "!<script>alert")
	s.get(t, "/search?q=time+resolve").says(t, 200, "/metrics/time_to_resolve")
	s.get(t, "/search?q=sett").says(t, 200, `href="/settings"`)
	s.get(t, "/search?q=zebra%3Ci%3E").says(t, 200, "Nothing has the words “zebra&lt;i&gt;”", "!<i>")
}
