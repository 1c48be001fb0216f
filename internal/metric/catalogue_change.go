package metric

import "fmt"

const dora = "DORA, dora.dev/guides/dora-metrics, 2024 and 2025"

const flow = "D. J. Anderson, Kanban, 2010; M. Kersten, Project to Product, 2018 (flow time)"

// blamed joins each deployment with the incidents whose people named it as
// cause, and each with the moment its first such incident recovered.
func blamed(holds func(string) string) string {
	return fmt.Sprintf(`LEFT JOIN (
  SELECT d.id AS blamed_id, min(coalesce(i.mitigated_at, i.resolved_at)) AS recovered_at, bool_or(coalesce(i.status, 'open') = 'open') AS hurting
  FROM history.incident_caused_by c
  JOIN history.deployment d ON (d.id = c.caused_by OR d.external = c.caused_by) AND %s
  JOIN history.incident i ON i.id = c.incident AND %s
  WHERE %s GROUP BY d.id) blamed ON blamed.blamed_id = r.id`, holds("d"), holds("i"), holds("c"))
}

// fixing joins each deployment that an incident names as its fix.
func fixing(holds func(string) string) string {
	return fmt.Sprintf(`LEFT JOIN (
  SELECT DISTINCT d.id AS fixing_id FROM history.incident_fixed_by c
  JOIN history.deployment d ON (d.id = c.fixed_by OR d.external = c.fixed_by) AND %s
  WHERE %s) fixing ON fixing.fixing_id = r.id`, holds("d"), holds("c"))
}

// hasFailed: somebody or something said that the deployment needed immediate
// intervention.
var hasFailed = Or(Known("blamed.blamed_id"), True("failed"))

var changeMetrics = []Definition{
	{
		ID: "deployment_frequency", Version: 1, Title: "Deployment frequency", Unit: Per30d, Better: Higher,
		Asks:    "How often does a change reach production?",
		Formula: "Successful deployments to production that finished in the window, divided by its length in 30-day units.",
		Of:      Deployments, Measure: Count{}, Default: Rate,
		Caveats: "Counts deployments, not their size or worth.",
		Source:  dora,
	},
	{
		ID: "change_lead_time", Version: 1, Title: "Change lead time", Unit: Seconds, Better: Lower,
		Asks:    "How long from writing a change until it runs in production?",
		Formula: "Finish of the first successful production deployment of the service that started after the merge − first commit (else the pull request's opening). Merged but not deployed is censored.",
		Of:      PullRequests,
		Measure: Between{From: []string{"first_commit_at", "created_at"}, To: []string{"deployed_at"}, Open: Known("merged_at")}, Default: P50,
		Caveats: "Placed in the window by the time of merging. A deployment is taken to carry everything merged before it started.",
		Source:  dora,
	},
	{
		ID: "change_fail_rate", Version: 1, Title: "Change fail rate (declared)", Unit: Ratio, Better: Lower,
		Asks:    "What share of deployments needed immediate intervention?",
		Formula: "Production deployments that an incident names as its cause, or that were marked as failed, divided by all that reached production. A deployment counts once however many incidents it caused.",
		Of:      Deployments, Measure: Portion{Hit: hasFailed, With: blamed, Recorded: causesRecorded, Unrecorded: "no_cause_recorded"}, Default: Share,
		Caveats: "Only what people declared. Where nobody records causes it cannot be measured, and says so instead of showing 0.",
		Source:  dora,
	},
	{
		ID: "incidents_per_deployment", Version: 1, Title: "Change fail rate (shortcut, misleading)", Unit: Ratio, Better: Lower,
		Asks:    "What does the common shortcut say?",
		Formula: "Incidents divided by deployments of the same window, whether or not one had to do with the other.",
		Of:      Deployments, Measure: Shortcut{}, Default: Share,
		Caveats: "Wrong as a change fail rate: it counts incidents that no deployment caused, and can exceed 100 %. Shown because many tools call it change failure rate.",
		Source:  "Shown for contrast; see the definition of change fail rate",
	},
	{
		ID: "failed_deployment_recovery_time", Version: 1, Title: "Failed-deployment recovery time", Unit: Seconds, Better: Lower,
		Asks:    "How long to recover from a deployment that failed?",
		Formula: "Mitigated (else resolved) of the first incident that names the deployment as its cause − finish of the deployment.",
		Of:      Deployments, Measure: Recovery{}, Default: P50,
		Caveats: "Only incidents with a linked deployment enter: it is not a time to resolve incidents.",
		Source:  dora,
	},
	{
		ID: "deployment_rework_rate", Version: 1, Title: "Deployment rework rate", Unit: Ratio, Better: Lower,
		Asks:    "What share of deployments was unplanned work because of an incident?",
		Formula: "Production deployments marked as unplanned (rollback, hotfix), or that an incident names as its fix, divided by all that reached production.",
		Of:      Deployments, Measure: Portion{Hit: Or(Known("fixing.fixing_id"), True("unplanned"), Is("work_type", "rework")), With: fixing, Recorded: reworkRecorded, Unrecorded: "no_rework_recorded"}, Default: Share,
		Caveats: "Only what people or tools marked.",
		Source:  dora,
	},
	{
		ID: "work_cycle_time", Version: 1, Title: "Work item cycle time", Unit: Seconds, Better: Lower,
		Asks:    "How long does work take once it is begun?",
		Formula: "Done − work began, of work items that are done. What was begun and is not done, or was opened again, is censored.",
		Of:      WorkItems, Measure: Between{From: []string{"started_at"}, To: []string{"resolved_at"}, Open: Not(Known("resolved_at"))}, Default: P50,
		Caveats: "Placed in the window by when it was done, else begun. It begins with the first move to a status of work in progress and does not stop while work rests. What was never in progress is left out.",
		Source:  flow,
	},
	{
		ID: "work_lead_time", Version: 1, Title: "Work item lead time", Unit: Seconds, Better: Lower,
		Asks:    "How long from asking for something until it is done?",
		Formula: "Done − creation, of work items that are done. What is not done, or was opened again, is censored.",
		Of:      WorkItems, Measure: Between{From: []string{"created_at"}, To: []string{"resolved_at"}, Open: Not(Known("resolved_at"))}, Default: P50,
		Caveats: "Placed in the window by when it was done, else begun or created. Most of it is waiting: compare with the cycle time.",
		Source:  flow,
	},
}

// causesRecorded and reworkRecorded ask whether anybody records the thing at
// all: if nobody does, 0 would be a claim.
const (
	causesRecorded = `SELECT (SELECT count(*) FROM history.incident_caused_by x WHERE {holds x}) + (SELECT count(*) FROM history.deployment x WHERE {holds x} AND x.failed IS NOT NULL)`
	reworkRecorded = `SELECT (SELECT count(*) FROM history.incident_fixed_by x WHERE {holds x}) + (SELECT count(*) FROM history.deployment x WHERE {holds x} AND (x.unplanned IS NOT NULL OR x.work_type = 'rework'))`
)
