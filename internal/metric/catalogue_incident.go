package metric

// The incident metrics. "R can stand for repair, recovery, respond, resolve":
// the four are four metrics and none is called MTTR.

const atlassian = "Atlassian, Common incident management metrics; Davidovič 2021, Incident Metrics in SRE"

// began is where durations that start with the incident start.
var began = []string{"start_at"}

// recovered is when customers no longer felt it.
var recovered = []string{"mitigated_at", "resolved_at"}

var incidentMetrics = []Definition{
	{
		ID: "incident_rate", Version: 1, Title: "Incident rate", Unit: Per30d, Better: Lower,
		Asks:    "How often do incidents happen?",
		Formula: "Incidents that began in the window, divided by the window's length in 30-day units.",
		Of:      Incidents, Measure: Count{}, Default: Rate,
		Caveats: "A change in what people declare moves it as much as a change in reliability does.",
		Source:  "Garwood 1936 for the interval; science of counts over exposure",
	},
	{
		ID: "severity_mix", Version: 1, Title: "Severity mix", Unit: Ratio, Better: Neither,
		Asks:    "How are incidents spread over severities?",
		Formula: "Incidents of each severity divided by all incidents of the window.",
		Of:      Incidents, Measure: Mix{Dimension: "severity"}, Default: Share,
		Caveats: "Severity is a judgement; it does not predict duration (VOID 2022).",
		Source:  "Wilson 1927 for the interval; VOID report 2022",
	},
	{
		ID: "time_to_detect", Version: 1, Title: "Time to detect", Unit: Seconds, Better: Lower,
		Asks:    "How long did incidents hurt before anybody or anything noticed?",
		Formula: "detected − began; without a detected time, the first alert stands in.",
		Of:      Incidents, Measure: Between{From: []string{"began_at"}, To: []string{"detected_at", "alerted_at"}, Open: open}, Default: P50,
		Caveats: "The beginning is usually found out afterwards and edited; the last version counts.",
		Source:  atlassian,
	},
	{
		ID: "time_to_acknowledge", Version: 1, Title: "Time to acknowledge", Unit: Seconds, Better: Lower,
		Asks:    "How long until a responder took the page?",
		Formula: "acknowledged − alerted; without an alert, the moment the incident was declared (or began) stands in. Over acknowledged incidents only; the others are shown as censored.",
		Of:      Incidents, Measure: Between{From: []string{"alerted_at", "declared_at", "start_at"}, To: []string{"acknowledged_at"}, CensorMissing: true}, Default: P50,
		Caveats: "Says nothing about incidents that nobody acknowledged: read it beside their number. Easy to game by acknowledging early; watch reopened ones.",
		Source:  "PagerDuty analytics, seconds_to_first_ack; " + atlassian,
	},
	{
		ID: "time_to_engage", Version: 1, Title: "Time to engage", Unit: Seconds, Better: Lower,
		Asks:    "How long until the first person acted?",
		Formula: "engaged − began.",
		Of:      Incidents, Measure: Between{From: began, To: []string{"engaged_at"}, Open: open}, Default: P50,
		Caveats: "Few tools record it.",
		Source:  "PagerDuty analytics, seconds_to_engage",
	},
	{
		ID: "time_to_mitigate", Version: 1, Title: "Time to mitigate", Unit: Seconds, Better: Lower,
		Asks:    "How long did customers feel an incident?",
		Formula: "mitigated − began. Incidents without a mitigated time are left out, not taken as resolved.",
		Of:      Incidents, Measure: Between{From: began, To: []string{"mitigated_at"}, Open: open}, Default: P50,
		Caveats: "Only as good as the discipline of marking mitigation; see what was left out.",
		Source:  "Google SRE, incident lifecycle; Davidovič 2021",
	},
	{
		ID: "time_to_repair", Version: 1, Title: "Time to repair", Unit: Seconds, Better: Lower,
		Asks:    "How long did the repair itself take?",
		Formula: "mitigated (else resolved) − engaged (else acknowledged): the lag of alerting is not in it.",
		Of:      Incidents, Measure: Between{From: []string{"engaged_at", "acknowledged_at"}, To: recovered, Open: open}, Default: P50,
		Caveats: "Starts when somebody began to work, so slow detection hides from it.",
		Source:  atlassian,
	},
	{
		ID: "time_to_recover", Version: 1, Title: "Time to recover", Unit: Seconds, Better: Lower,
		Asks:    "How long from failure until the service worked again?",
		Formula: "mitigated (else resolved) − began: the full outage.",
		Of:      Incidents, Measure: Between{From: began, To: recovered, Open: open}, Default: P50,
		Caveats: "Skewed: compare medians. Not the recovery time of failed deployments, which is its own metric.",
		Source:  atlassian,
	},
	{
		ID: "time_to_respond", Version: 1, Title: "Time to respond", Unit: Seconds, Better: Lower,
		Asks:    "How long from the first alert until the service worked again?",
		Formula: "mitigated (else resolved) − alerted; without an alert, the moment it was declared stands in.",
		Of:      Incidents, Measure: Between{From: []string{"alerted_at", "declared_at"}, To: recovered, Open: open}, Default: P50,
		Caveats: "Leaves out the time before anybody knew.",
		Source:  atlassian,
	},
	{
		ID: "time_to_resolve", Version: 1, Title: "Time to resolve", Unit: Seconds, Better: Lower,
		Asks:    "How long from the moment an incident began until it was resolved?",
		Formula: "resolved − began. Open incidents are censored: they count as lasting at least until now.",
		Of:      Incidents, Measure: Between{From: began, To: []string{"resolved_at"}, Open: open}, Default: P50,
		Caveats: "Skewed: compare medians. Says nothing about how often incidents happen.",
		Source:  atlassian,
	},
	{
		ID: "customers_affected", Version: 1, Title: "Customers affected", Unit: Customers, Better: Lower,
		Asks:    "How many customers does an incident touch?",
		Formula: "The best estimate of the customers each incident affected: a person's, else a source's, else the number of distinct customers of its support tickets.",
		Of:      Incidents, Measure: Amount{Field: "customers_affected", Least: atLeast}, Default: P50,
		Caveats: "An estimate; incidents without one are left out, not counted as none. Those who wrote to support are only some of those affected: the figure says for how many incidents no more is known.",
		Source:  "IEEE 1366 counts the same way",
	},
	{
		ID: "customer_minutes", Version: 1, Title: "Customer-minutes of impact", Unit: CustomerMinutes, Better: Lower,
		Asks:    "How much did customers feel, in all?",
		Formula: "Customers affected × minutes of impact (the union of its impact windows, else began to mitigated or resolved), added up.",
		Of:      Incidents, Measure: Amount{Field: "customers_affected", Needs: []string{"impact_seconds"}, Expr: "r.customers_affected * r.impact_seconds / 60", OpenAt: open, Least: atLeast}, Default: Sum,
		Caveats: "Where only customers who wrote to support are known it is too low, and says for how many incidents. One long outage can own the year: see SAIDI with and without major days. The interval is for what the same process would give in another such window; what happened has none.",
		Source:  "IEEE 1366",
	},
	{
		ID: "saidi", Version: 1, Title: "SAIDI", Unit: Minutes, Better: Lower,
		Asks:    "How many minutes of impact did the average customer get?",
		Formula: "Customer-minutes of impact divided by customers served.",
		Of:      Incidents, Measure: Index{Per: "saidi"}, Default: Share,
		Caveats: "Needs the number of customers served. Where only customers who wrote to support are known it is too low, and says for how many incidents. Read it with and without major event days (2.5 beta).",
		Source:  "IEEE 1366-2012",
	},
	{
		ID: "saifi", Version: 1, Title: "SAIFI", Unit: One, Better: Lower,
		Asks:    "How many incidents did the average customer feel?",
		Formula: "Customer interruptions (customers affected, summed over incidents) divided by customers served.",
		Of:      Incidents, Measure: Index{Per: "saifi"}, Default: Share,
		Caveats: "Needs the number of customers served. Where only customers who wrote to support are known it is too low, and says for how many incidents.",
		Source:  "IEEE 1366-2012",
	},
	{
		ID: "caidi", Version: 1, Title: "CAIDI", Unit: Minutes, Better: Lower,
		Asks:    "When a customer is hit, for how many minutes?",
		Formula: "SAIDI divided by SAIFI: customer-minutes of impact per customer interruption.",
		Of:      Incidents, Measure: Index{Per: "caidi"}, Default: Share,
		Caveats: "Gets better when short incidents become more frequent.",
		Source:  "IEEE 1366-2012",
	},
	{
		ID: "open_incident_age", Version: 1, Title: "Open-incident age", Unit: Seconds, Better: Lower,
		Asks:    "How long have the open incidents been open?",
		Formula: "Time of asking − began, over incidents that are open.",
		Of:      Incidents, Measure: Age{From: began, Open: open}, Default: P50,
		Caveats: "Only the open ones: it says nothing about how long incidents last.",
		Source:  "Own definition",
	},
}
