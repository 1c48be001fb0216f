package file

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hansei"
)

// The exports of tools, each as the fields that must come out of it. The
// shapes are those of the tools' documentation; the contents are made up.
func TestTools(t *testing.T) {
	for _, c := range []struct {
		name, body string
		kind       hansei.Kind // recognised
		key        string
		want       string // the record as JSON, but for what is not asked about
	}{
		{
			"pagerduty incidents.csv",
			"id,incident_number,description,service_id,service_name,escalation_policy_id,created_on,resolved_on,seconds_to_first_ack,seconds_to_resolve,urgency,teams\n" +
				"Q0001,17,Checkout is slow,PSVC,Checkout,PESC,2024-05-01T10:00:00Z,2024-05-01T11:00:00Z,90,3600,high,Shop\n",
			hansei.KindIncident, "Q0001",
			`{"title":"Checkout is slow","status":"resolved","urgency":"high","services":["Checkout"],"teams":["Shop"],
			"milestones":[{"role":"declared","at":"2024-05-01T10:00:00Z"},{"role":"acknowledged","at":"2024-05-01T10:01:30Z"},{"role":"resolved","at":"2024-05-01T11:00:00Z"}]}`,
		},
		{
			"pagerduty.json",
			`{"incidents":[{"incident_number":17,"title":"Checkout is slow","created_at":"2024-05-01T10:00:00Z","status":"resolved","resolved_at":"2024-05-01T11:00:00Z","service":{"id":"PSVC","type":"service_reference","summary":"Checkout","self":"https://x"},
			"assignments":[],"acknowledgements":[{"at":"2024-05-01T10:02:00Z","acknowledger":{"summary":"Ann"}}],"teams":[{"id":"T1","summary":"Shop"}],"priority":{"id":"PR","summary":"P2"},"urgency":"high","id":"Q0001","type":"incident","html_url":"https://pd/Q0001"}],"limit":25,"more":false}`,
			hansei.KindIncident, "Q0001",
			`{"title":"Checkout is slow","url":"https://pd/Q0001","type":"real","status":"resolved","priority":"P2","urgency":"high","services":["Checkout"],"teams":["Shop"],
			"milestones":[{"role":"declared","at":"2024-05-01T10:00:00Z"},{"role":"acknowledged","at":"2024-05-01T10:02:00Z"},{"role":"resolved","at":"2024-05-01T11:00:00Z"}]}`,
		},
		{
			"incidents.json",
			`{"expand":"schema","startAt":0,"maxResults":50,"total":1,"issues":[{"id":"10001","key":"OPS-1","self":"https://jira/10001","fields":{"summary":"Checkout is slow","issuetype":{"name":"Incident","id":"5"},"created":"2024-05-01T10:00:00.000+0000",
			"resolutiondate":"2024-05-01T13:00:00.000+0200","priority":{"name":"High","iconUrl":"https://x"},"status":{"name":"Done","statusCategory":{"name":"Done"}},"components":[{"name":"Checkout"},{"name":"Web"}],"labels":["pci"],"assignee":{"displayName":"Ann","active":true},"customfield_10010":"yes"}}]}`,
			hansei.KindIncident, "OPS-1",
			`{"title":"Checkout is slow","status":"resolved","priority":"High","services":["Checkout","Web"],"labels":["pci"],"responders":["Ann"],
			"milestones":[{"role":"declared","at":"2024-05-01T10:00:00Z"},{"role":"resolved","at":"2024-05-01T11:00:00Z"}]}`,
		},
		{
			"jira incidents.csv",
			"Summary,Issue key,Issue id,Issue Type,Status,Priority,Created,Resolved,Component/s,Component/s,Labels,Labels,Assignee\n" +
				"Checkout is slow,OPS-1,10001,Incident,Closed,High,01/May/24 10:00 AM,01/May/24 1:00 PM,Checkout,Web,pci,,Ann\n",
			hansei.KindIncident, "OPS-1",
			`{"title":"Checkout is slow","status":"closed","priority":"High","services":["Checkout","Web"],"labels":["pci"],"responders":["Ann"],
			"milestones":[{"role":"declared","at":"2024-05-01T10:00:00Z"},{"role":"resolved","at":"2024-05-01T13:00:00Z"}]}`,
		},
		{
			"statuspage history.json",
			`{"page":{"id":"p","name":"Acme"},"incidents":[{"id":"abc","name":"Checkout is slow","status":"postmortem","impact":"critical","created_at":"2024-05-01T10:00:00Z","started_at":"2024-05-01T09:50:00Z","monitoring_at":null,"resolved_at":"2024-05-01T11:00:00Z","shortlink":"https://stspg/abc",
			"incident_updates":[{"status":"resolved","body":"Done.","created_at":"2024-05-01T11:05:00Z","display_at":"2024-05-01T11:00:00Z"},{"status":"monitoring","body":"A fix is out.","created_at":"2024-05-01T10:40:00Z"},{"status":"identified","body":"It is the cache.","created_at":"2024-05-01T10:20:00Z"},{"status":"investigating","body":"We look.","created_at":"2024-05-01T10:00:00Z"}],"components":[{"id":"c1","name":"Checkout"}]}]}`,
			hansei.KindIncident, "abc",
			`{"title":"Checkout is slow","url":"https://stspg/abc","status":"resolved","severity":"sev1","services":["Checkout"],
			"milestones":[{"role":"began","at":"2024-05-01T09:50:00Z"},{"role":"declared","at":"2024-05-01T10:00:00Z"},{"role":"identified","at":"2024-05-01T10:20:00Z"},{"role":"mitigated","at":"2024-05-01T10:40:00Z"},{"role":"resolved","at":"2024-05-01T11:00:00Z"}],
			"updates":[{"at":"2024-05-01T10:00:00Z","status":"investigating","text":"We look."},{"at":"2024-05-01T10:20:00Z","status":"identified","text":"It is the cache."},{"at":"2024-05-01T10:40:00Z","status":"monitoring","text":"A fix is out."},{"at":"2024-05-01T11:00:00Z","status":"resolved","text":"Done."}]}`,
		},
		{
			"incident.io incidents.json",
			`{"incidents":[{"id":"01FD","reference":"INC-12","name":"Checkout is slow","summary":"Carts time out.","severity":{"id":"s","name":"Major","rank":2},"incident_status":{"id":"st","name":"Paused","category":"live"},"mode":"standard","created_at":"2024-05-01T10:05:00Z","permalink":"https://io/12",
			"incident_timestamp_values":[{"incident_timestamp":{"id":"1","name":"Reported at"},"value":{"value":"2024-05-01T10:00:00Z"}},{"incident_timestamp":{"id":"2","name":"Impact started"},"value":{"value":"2024-05-01T09:00:00Z"}},{"incident_timestamp":{"id":"3","name":"Fixed at"},"value":{"value":"2024-05-01T11:00:00Z"}}]}]}`,
			hansei.KindIncident, "01FD",
			`{"title":"Checkout is slow","description":"Carts time out.","url":"https://io/12","type":"real","status":"open","severity":"sev2",
			"milestones":[{"role":"began","at":"2024-05-01T09:00:00Z"},{"role":"declared","at":"2024-05-01T10:05:00Z"},{"role":"resolved","at":"2024-05-01T11:00:00Z"}]}`,
		},
		{
			"firehydrant incidents.json",
			`{"data":[{"id":"fh-1","name":"Checkout is slow","severity":"SEV2","priority":"P1","current_milestone":"resolved","created_at":"2024-05-01T10:00:00Z","services":[{"id":"1","name":"Checkout"}],"milestones":[{"type":"started","occurred_at":"2024-05-01T09:00:00Z"},{"type":"detected","occurred_at":"2024-05-01T09:30:00Z"},{"type":"acknowledged","occurred_at":"2024-05-01T10:02:00Z"},{"type":"mitigated","occurred_at":"2024-05-01T10:30:00Z"},{"type":"resolved","occurred_at":"2024-05-01T11:00:00Z"}]}],"pagination":{"count":1}}`,
			hansei.KindIncident, "fh-1",
			`{"title":"Checkout is slow","status":"resolved","severity":"sev2","priority":"P1","services":["Checkout"],
			"milestones":[{"role":"began","at":"2024-05-01T09:00:00Z"},{"role":"detected","at":"2024-05-01T09:30:00Z"},{"role":"declared","at":"2024-05-01T10:00:00Z"},{"role":"acknowledged","at":"2024-05-01T10:02:00Z"},{"role":"mitigated","at":"2024-05-01T10:30:00Z"},{"role":"resolved","at":"2024-05-01T11:00:00Z"}]}`,
		},
		{
			"rootly incidents.json",
			`{"data":[{"id":"r-1","type":"incidents","attributes":{"title":"Checkout is slow","kind":"test","status":"cancelled","severity":{"data":{"id":"s","attributes":{"name":"SEV0"}}},"started_at":"2024-05-01T10:00:00.000-07:00","detected_at":"2024-05-01T10:01:00.000-07:00","acknowledged_at":null,"mitigated_at":null,"resolved_at":null}}]}`,
			hansei.KindIncident, "r-1",
			`{"title":"Checkout is slow","type":"test","status":"canceled",
			"milestones":[{"role":"began","at":"2024-05-01T17:00:00Z"},{"role":"detected","at":"2024-05-01T17:01:00Z"}]}`,
		},
		{
			"opsgenie alerts.csv",
			"Id,TinyId,Alias,Message,Status,Acknowledged,IsSeen,Tags,CreatedAt,UpdatedAt,Source,Owner,Teams,Priority\n" +
				"a-1,42,cpu,CPU high,closed,true,true,\"web,eu\",1714557600000,1714561200000,Datadog,ann,Shop,P3\n",
			hansei.KindAlert, "a-1",
			`{"title":"CPU high","status":"closed","team":"Shop","responder":"ann","triggered_at":"2024-05-01T10:00:00Z"}`,
		},
		{
			"sheet of outages.csv",
			"Date,Start time (UTC),End time (UTC),Title,Severity,Affected Services,Users affected\n" +
				"5/13/2024,5/13/2024 10:00 AM,5/13/2024 1:00 PM,Checkout is slow,Sev-1,\"Checkout, Web\",\"1,234\"\n",
			hansei.KindIncident, "",
			`{"title":"Checkout is slow","status":"resolved","severity":"sev1","services":["Checkout","Web"],"customers_affected":1234,
			"milestones":[{"role":"declared","at":"2024-05-13T00:00:00Z"},{"role":"began","at":"2024-05-13T10:00:00Z"},{"role":"resolved","at":"2024-05-13T13:00:00Z"}]}`,
		},
		{
			"devlake deployments.json",
			`[{"id":"d-1","displayTitle":"Release 7","environment":"PRODUCTION","result":"FAILURE","createdDate":"2024-05-01T10:00:00+00:00","startedDate":"2024-05-01T10:01:00+00:00","finishedDate":"2024-05-01T10:09:00+00:00","repoName":"shop","commitSha":"abc","refName":"main","hotfix":true}]`,
			hansei.KindDeployment, "d-1",
			`{"title":"Release 7","service":"shop","environment":"production","result":"failure","started_at":"2024-05-01T10:01:00Z","finished_at":"2024-05-01T10:09:00Z","commit":"abc","ref":"main","unplanned":true}`,
		},
		{
			"octopus deployments.csv",
			"Deployment,Project,Release,Channel,Completed,Environment,State\nDeployments-9,Shop,1.4.2,Stable,2024-05-01 10:09,Pre-Prod,Success\n",
			hansei.KindDeployment, "Deployments-9",
			`{"service":"Shop","environment":"pre-prod","result":"success","finished_at":"2024-05-01T10:09:00Z"}`,
		},
		{
			"github pulls.json",
			`[{"url":"https://api","id":11,"number":7,"state":"closed","title":"Cache carts","user":{"login":"ann","id":3},"labels":[{"name":"perf"}],"created_at":"2024-05-01T10:00:00Z","closed_at":"2024-05-02T10:00:00Z","merged_at":"2024-05-02T10:00:00Z","merge_commit_sha":"abc","html_url":"https://gh/7"}]`,
			hansei.KindPullRequest, "11",
			`{"title":"Cache carts","number":"7","author":"ann","status":"merged","created_at":"2024-05-01T10:00:00Z","merged_at":"2024-05-02T10:00:00Z","closed_at":"2024-05-02T10:00:00Z","merge_commit":"abc","labels":["perf"]}`,
		},
		{
			"services.csv", "service,team,depends_on,tier\nshop,Web,db;cache,1\n", hansei.KindService, "shop",
			`{"name":"shop","team":"Web","depends_on":["db","cache"],"tier":"1"}`,
		},
		{
			"people.csv", "Full name,E-mail,Team,Timezone\nAnn Lee,ann@x.test,Web,Europe/Berlin\n", hansei.KindPerson, "Ann Lee",
			`{"name":"Ann Lee","email":"ann@x.test","team":"Web","zone":"Europe/Berlin"}`,
		},
		{
			"tickets.csv", "Ticket ID,Subject,Requester,Organization,Status,Priority,Created,Solved\n5,Help,Bob,Acme,solved,High,2024-05-01 10:00,2024-05-01 12:00\n", hansei.KindTicket, "5",
			`{"title":"Help","status":"solved","priority":"High","customer":"Acme","created_at":"2024-05-01T10:00:00Z","resolved_at":"2024-05-01T12:00:00Z"}`,
		},
		{
			"bugs.csv", "Summary,Issue id,Status,Priority,Resolution,Created,Resolved\nJAR conflict,13404344,Resolved,Blocker,Duplicate,30/Sep/21 17:20,20/Jul/22 20:51\n", hansei.KindWorkItem, "13404344",
			`{"title":"JAR conflict","status":"Resolved","priority":"Blocker","created_at":"2021-09-30T17:20:00Z","resolved_at":"2022-07-20T20:51:00Z"}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, rows, rejects := readAll(t, c.name, []byte(c.body), Options{})
			if len(rejects) > 0 || len(rows) != 1 {
				t.Fatalf("got %d rows, rejects %v; want one row", len(rows), rejects)
			}
			if p.Kind != c.kind {
				t.Fatalf("kind %s, want %s", p.Kind, c.kind)
			}
			if c.key != "" && rows[0].Key.External != c.key {
				t.Errorf("key %q, want %q", rows[0].Key.External, c.key)
			}
			got, want := object(t, rows[0].Record), map[string]any{}
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(c.name, "rootly") || c.name == "github pulls.json" { // values that may or may not be found
				delete(got, "severity")
				delete(got, "url")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// object is a record as JSON without its header.
func object(t *testing.T, r hansei.Record) map[string]any {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	delete(m, "id")
	delete(m, "custom")
	return m
}
