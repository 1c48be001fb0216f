package metric

// The metrics of what is learned from incidents: retrospectives, follow-ups,
// and whether the same happens again.

const repeats = "No standard exists; the definition is Hansei's own"

var learningMetrics = []Definition{
	{
		ID: "retrospective_completion", Version: 1, Title: "Retrospective completion", Unit: Ratio, Better: Higher,
		Asks:    "Of the incidents that need a retrospective, how many have one that is published?",
		Formula: "Resolved incidents as severe as the organization's rule says or worse, with a published retrospective, divided by all of them. Where a person said that none is required, the incident is left out.",
		Of:      Incidents, Measure: Portion{Hit: isWritten, With: written, Exclude: needing}, Default: Share,
		Caveats: "Recent incidents have had little time: read it beside the time to publish. Says nothing about how good they are: see completeness.",
		Source:  "Wilson 1927 for the interval; a study of a large provider had to leave out 35 % of incidents for want of a complete post-mortem (Ghosh et al. 2022)",
	},
	{
		ID: "time_to_publish", Version: 1, Title: "Time to publish", Unit: Seconds, Better: Lower,
		Asks:    "How long until a retrospective is published?",
		Formula: "First publication of the incident's retrospective − resolved, over the incidents that need one. Those without are censored: they count as taking at least until now.",
		Of:      Incidents, Measure: Between{From: []string{"resolved_at"}, To: []string{"written.published_at"}, Open: Not(isWritten), Exclude: needing, With: written}, Default: P50,
		Caveats: "Quick ones are not better ones.",
		Source:  "Kaplan & Meier 1958; Brookmeyer & Crowley 1982 for the interval",
	},
	{
		ID: "retrospective_completeness", Version: 1, Title: "Completeness of retrospectives", Unit: Ratio, Better: Higher,
		Asks:    "How much of what a retrospective should say do they say?",
		Formula: "The share of the fields asked for that are filled, as it was when the retrospective was last written, of those that are published.",
		Of:      Retrospectives, Measure: Amount{Field: "completeness"}, Default: P50,
		Caveats: "Counts what is filled, not how well. Changing what is required changes it.",
		Source:  "Own definition; order statistics for the interval",
	},
	{
		ID: "retrospective_reading", Version: 1, Title: "Retrospectives read by those on call", Unit: Ratio, Better: Higher,
		Asks:    "What share of the people on call for a service has read what was learned from its incidents?",
		Formula: "Of each published retrospective: people who have opened it, divided by the people on call for its services (or in the rota of a team that owns one) at any time since its publication; without shifts, the members of those teams. The figure is the median over retrospectives.",
		Of:      Retrospectives, Measure: Reading{}, Default: P50,
		Caveats: "Only people who said who they are can be seen reading, and opening is not understanding. A figure of groups: never shown for fewer than five people, and who read what is shown to nobody.",
		Source:  "Own definition; order statistics for the interval",
	},
	{
		ID: "follow_up_completion", Version: 1, Title: "Follow-up completion", Unit: Ratio, Better: Higher,
		Asks:    "What share of follow-ups is done within 30, 60 and 90 days?",
		Formula: "Cumulative incidence of done at so many days after creation, with declined as a competing end (Aalen–Johansen). Open ones are censored; those of which only is known that they ended are left out. What was recorded here later than created counts from then on, unless its source brought what had already ended too.",
		Of:      FollowUps, Measure: Completion{}, Default: "d90",
		Caveats: "Easy to raise by closing what is not done, or by asking for less: read it beside the share declined and the sizes.",
		Source:  "Aalen & Johansen 1978; Marubini & Valsecchi 1995 for the interval",
	},
	{
		ID: "open_follow_up_age", Version: 1, Title: "Age of open follow-ups", Unit: Seconds, Better: Lower,
		Asks:    "How long have the open follow-ups been waiting?",
		Formula: "Time of asking − creation, over follow-ups that are open.",
		Of:      FollowUps, Measure: Age{From: []string{"created_at"}, Open: isOpen}, Default: P50,
		Caveats: "Only the open ones: it falls when new ones are added. Those created before the window are not in it.",
		Source:  "Own definition; order statistics for the interval",
	},
	{
		ID: "overdue_follow_ups", Version: 1, Title: "Overdue follow-ups", Unit: Ratio, Better: Lower,
		Asks:    "What share of the open follow-ups is past its due date?",
		Formula: "Open follow-ups whose due date is before the time of asking, divided by the open ones that have one.",
		Of:      FollowUps, Measure: Portion{Hit: overdue, Exclude: []Rule{{Reason: "not_open", When: Not(isOpen)}, {Reason: "no_due_at", When: Missing("due_at")}}, Timed: true}, Default: Share,
		Caveats: "A generous due date is never missed.",
		Source:  "Wilson 1927 for the interval",
	},
	{
		ID: "exposure_at_risk", Version: 1, Title: "Exposure at risk", Unit: Ratio, Better: Lower,
		Asks:    "How many incidents began while a follow-up was open that might have helped?",
		Formula: "Incidents that began while a linked follow-up was open, divided by those with confirmed contributing factors. A follow-up is linked that is about one of the incident's services and addresses one of its confirmed factors (or, where it names none, comes from a retrospective that does), or that follows an incident which a person marked with the same lesson.",
		Of:      Incidents, Measure: AtRisk{}, Default: Share,
		Caveats: "That it was open does not say that doing it would have prevented the incident.",
		Source:  "Own definition; Wilson 1927 for the share, Garwood 1936 for the rate",
	},
	repeatWithin("repeat_incident_rate", "Repeat-incident rate", 90, 2),
	repeatWithin("repeat_incident_rate_30d", "Repeat-incident rate, 30 days", 30, 1),
	repeatWithin("repeat_incident_rate_365d", "Repeat-incident rate, a year", 365, 1),
	{
		ID: "time_to_recurrence", Version: 1, Title: "Time to recurrence", Unit: Seconds, Better: Higher,
		Asks:    "How long does it hold, until the same happens again?",
		Formula: "Start of the first later incident that repeats it (on the same service or one a dependency away, with a confirmed contributing factor in common or marked with the same lesson) − resolved. Without one it is censored: it has held at least until now.",
		Of:      Incidents, Measure: Recurrence{}, Default: P50,
		Caveats: "Needs confirmed contributing factors: incidents without any are left out. While fewer than half have recurred there is no median yet.",
		Source:  "Kaplan & Meier 1958; " + repeats,
	},
}

func repeatWithin(id, title string, days, version int) Definition {
	words := map[int]string{30: "30 days", 90: "90 days", 365: "a year"}[days]
	return Definition{
		ID: id, Version: version, Title: title, Unit: Ratio, Better: Lower,
		Asks:    "How many incidents happened although the same had happened before?",
		Formula: "An incident repeats an earlier one that was resolved before it began, on the same service or one a dependency away, within " + words + ", and shares a confirmed contributing factor with it or was marked with the same lesson. Divided by incidents that had any such earlier incident there.",
		Of:      Incidents, Measure: Repeats{Horizon: days}, Default: Share,
		Caveats: "Needs confirmed contributing factors, on the incident or in its published retrospective: incidents without any are left out.",
		Source:  "Wilson 1927 for the interval; " + repeats,
	}
}
