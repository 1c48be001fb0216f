// Package word knows the words of tools' exports: under which spelling a name
// stands (createdAt, "Created at"), what severity "1 - High" is, that prod-eu
// is production, and which words mean that nothing is known.
//
// It is a table of knowledge about the world outside; which column holds which
// field is decided by its user.
package word

import (
	"strconv"
	"strings"

	"hansei"
)

// unknowns are the ways tools write that they do not know.
var unknowns = map[string]bool{
	"?": true, "n/a": true, "na": true, "#n/a": true, "null": true, "none": true, "nil": true, "-": true, "--": true,
	"(empty)": true, "<empty>": true, "undefined": true, "nan": true, "\\n": true, "(blank)": true, "(none)": true, "<null>": true,
	"0000-00-00 00:00:00": true, "0000-00-00": true, "0001-01-01t00:00:00z": true, "0001-01-01t00:00:00": true,
}

const LongestUnknown = 20

// Unknown says whether a value stands for none.
func Unknown(s string) bool {
	return s == "" || len(s) <= LongestUnknown && unknowns[strings.ToLower(s)]
}

// A Reading turns a source's word for something into ours. It returns false
// when the word means nothing to it.
type Reading struct {
	Read     func(string) (string, bool)
	Expected string // what a value should have been, for a reject
	Lenient  bool   // a word that means nothing leaves the field empty
	None     bool   // "none" is a value
}

// Readings of fields that have words of their own, per kind.
var Readings = map[hansei.Kind]map[string]Reading{
	hansei.KindIncident: {
		"severity": {Read: severity, None: true},
		"status":   {Read: status, Lenient: true},
		"type":     {Read: IncidentType, Lenient: true},
	},
	hansei.KindAlert: {
		"severity": {Read: severity, None: true},
	},
	hansei.KindDeployment: {
		"environment": {Read: environment},
		"result":      {Read: result, Expected: "a result such as success, failure, canceled or running"},
		"work_type":   {Read: lower},
	},
	hansei.KindPullRequest: {"status": {Read: lower}, "work_type": {Read: lower}},
	hansei.KindChange:      {"work_type": {Read: lower}, "type": {Read: lower}},
	hansei.KindWorkItem:    {"type": {Read: workItemType}},
}

func lower(s string) (string, bool) { return strings.ToLower(s), true }

// words maps a source's words, in lower case and with _ between them, to ours.
type words map[string]string

func wordsOf(pairs ...string) words {
	w := words{}
	for i := 0; i < len(pairs); i += 2 {
		for _, word := range strings.Fields(pairs[i+1]) {
			w[word] = pairs[i]
		}
	}
	return w
}

var severities = wordsOf(
	"sev0", "sev0 s0",
	"sev1", "critical blocker urgent fatal emergency disaster catastrophic highest outage crit showstopper",
	"sev2", "major high severe serious error significant",
	"sev3", "minor medium moderate normal warning partial average med degraded",
	"sev4", "none low lowest limited",
	"sev5", "trivial info informational cosmetic negligible notice insignificant",
)

// severity reads SEV1, S1, P1, "1 - High", "Critical - S1", critical. A word
// it does not know is kept as it is: organizations have scales of their own.
func severity(s string) (string, bool) {
	s = strings.ToLower(s)
	if s == "unknown" || s == "unset" || s == "undetermined" {
		return "", true
	}
	if n, ok := level(s); ok {
		return "sev" + n, true
	}
	for _, word := range strings.FieldsFunc(s, notLetter) {
		if v, ok := severities[word]; ok {
			return v, true
		}
	}
	return s, true
}

func notLetter(r rune) bool { return r < 'a' || r > 'z' }

// level finds a level from 0 to 5 in "sev-1", "s1", "p 1", "1", "1 - high".
func level(s string) (string, bool) {
	for _, word := range strings.FieldsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}) {
		for _, prefix := range []string{"severity", "sev", "level", "lvl", "s", "p", "l", ""} {
			n, found := strings.CutPrefix(word, prefix)
			if found && len(n) == 1 && n[0] >= '0' && n[0] <= '5' {
				return n, true
			}
		}
	}
	return "", false
}

// Impacts are the words with which status pages grade an incident.
var Impacts = map[string]bool{"none": true, "minor": true, "major": true, "critical": true, "maintenance": true}

var statuses = wordsOf(
	hansei.StatusResolved, "resolved completed complete postmortem fixed done solved resolve recovered ok success learning documented post_incident remediated verified",
	hansei.StatusClosed, "closed close archived finished",
	hansei.StatusCanceled, "canceled cancelled declined merged duplicate false_positive false_alarm not_an_incident invalid withdrawn rejected wont_fix won_t_fix not_a_bug skipped dismissed",
	hansei.StatusOpen, "open new active in_progress triggered acknowledged investigating identified monitoring scheduled verifying detected started mitigated in_triage triage paused assigned reopened on_hold pending waiting to_do todo backlog firing live fixing contained escalated work_in_progress wip stable under_review accepted alerting",
)

// status reads an incident's state in its tool.
func status(s string) (string, bool) {
	s = Snake(s)
	if v, ok := statuses[s]; ok {
		return v, true
	}
	for _, part := range []string{"await", "wait", "pending", "hold", "progress", "open", "investigat", "monitor"} {
		if strings.Contains(s, part) {
			return hansei.StatusOpen, true
		}
	}
	return "", false
}

var incidentTypes = wordsOf(
	hansei.IncidentReal, "real incident normal standard default outage unplanned production",
	hansei.IncidentNearMiss, "near_miss nearmiss",
	hansei.IncidentDrill, "drill game_day gameday simulated simulation exercise tutorial chaos example",
	hansei.IncidentTest, "test testing",
	hansei.IncidentBackfilled, "backfilled backfill retrospective historical",
	hansei.IncidentMaintenance, "maintenance scheduled scheduled_maintenance planned planned_maintenance",
)

// IncidentType reads a kind of incident.
func IncidentType(s string) (string, bool) {
	v, ok := incidentTypes[Snake(s)]
	return v, ok
}

var results = wordsOf(
	hansei.ResultSuccess, "success succeeded successful ok passed pass completed complete done inactive true yes active deployed healthy finished partially_succeeded released live",
	hansei.ResultFailure, "failure failed fail error errored broken timed_out timeout false no rolled_back rollback degraded unhealthy crashed action_required startup_failure",
	hansei.ResultCanceled, "canceled cancelled aborted skipped rejected stopped superseded stale neutral blocked not_run not_deployed terminated",
	hansei.ResultRunning, "running in_progress pending queued started created waiting executing scheduled deploying progressing new manual waiting_for_resource preparing building initializing",
)

func result(s string) (string, bool) {
	v, ok := results[Snake(s)]
	return v, ok
}

var environments = wordsOf(
	hansei.Production, "production prod prd live",
	"staging", "staging stage stg",
	"development", "development dev develop",
	"test", "test testing tst",
)

// environment reads the name of an environment. One named after production
// and a place, such as prod-eu, is production; preprod and non-prod are not.
func environment(s string) (string, bool) {
	s = strings.ToLower(s)
	if v, ok := environments[s]; ok {
		return v, true
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("-_/ .:()", r) })
	for i, p := range parts {
		if environments[p] == hansei.Production && p != "live" {
			if i > 0 && (parts[i-1] == "pre" || parts[i-1] == "non" || parts[i-1] == "not") {
				break
			}
			return hansei.Production, true
		}
	}
	return s, true
}

var workItemTypes = wordsOf(
	"feature", "feature story user_story new_feature enhancement improvement requirement",
	"bug", "bug defect fault",
	"chore", "chore task sub_task subtask technical_debt tech_debt",
)

func workItemType(s string) (string, bool) {
	if v, ok := workItemTypes[Snake(s)]; ok {
		return v, true
	}
	return strings.ToLower(s), true
}

// Boolean reads true and false in their spellings.
func Boolean(s string) (bool, bool) {
	switch strings.ToLower(s) {
	case "true", "yes", "1", "t", "y":
		return true, true
	case "false", "no", "0", "f", "n":
		return false, true
	}
	return false, false
}

// Number reads 1234, 1,234 and 12.5.
func Number(s string) (float64, bool) {
	if i := strings.IndexByte(s, ','); i > 0 && i <= 3 {
		s = strings.ReplaceAll(s, ",", "")
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && f-f == 0 // neither NaN nor infinite
}
