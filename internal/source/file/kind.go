package file

import (
	"strings"

	"hansei"
	"hansei/internal/source/file/word"
)

// fileWords in a file's name, or in the name of the list that holds the rows,
// tell the kind.
var fileWords = map[string]hansei.Kind{
	"incident": hansei.KindIncident, "outage": hansei.KindIncident, "postmortem": hansei.KindIncident, "maintenance": hansei.KindIncident,
	"deployment": hansei.KindDeployment, "deploy": hansei.KindDeployment, "release": hansei.KindDeployment, "rollout": hansei.KindDeployment,
	"pull": hansei.KindPullRequest, "pr": hansei.KindPullRequest, "merge": hansei.KindPullRequest, "pullrequest": hansei.KindPullRequest,
	"change": hansei.KindChange, "commit": hansei.KindChange, "flag": hansei.KindChange,
	"alert": hansei.KindAlert, "page": hansei.KindAlert, "notification": hansei.KindAlert,
	"ticket": hansei.KindTicket, "case": hansei.KindTicket,
	"issue": hansei.KindWorkItem, "bug": hansei.KindWorkItem, "story": hansei.KindWorkItem, "stories": hansei.KindWorkItem, "epic": hansei.KindWorkItem, "task": hansei.KindWorkItem, "backlog": hansei.KindWorkItem, "work": hansei.KindWorkItem,
	"service": hansei.KindService, "catalog": hansei.KindService, "component": hansei.KindService,
	"team":   hansei.KindTeam,
	"people": hansei.KindPerson, "person": hansei.KindPerson, "user": hansei.KindPerson, "employee": hansei.KindPerson, "member": hansei.KindPerson, "roster": hansei.KindPerson,
}

// columnWords are names of columns that one kind has and others do not, with
// their weight.
var columnWords = map[string]struct {
	kind   hansei.Kind
	weight int
}{
	"incident": {hansei.KindIncident, 2}, "severity": {hansei.KindIncident, 2}, "sev": {hansei.KindIncident, 2}, "impact": {hansei.KindIncident, 2},
	"mitigated": {hansei.KindIncident, 3}, "acknowledged": {hansei.KindIncident, 1}, "declared": {hansei.KindIncident, 3}, "detected": {hansei.KindIncident, 2},
	"resolved": {hansei.KindIncident, 1}, "customers_affected": {hansei.KindIncident, 3}, "incident_state": {hansei.KindIncident, 3}, "incident_updates": {hansei.KindIncident, 4},
	"incident_number": {hansei.KindIncident, 3}, "incident_id": {hansei.KindIncident, 2}, "postmortem_body": {hansei.KindIncident, 2}, "urgency": {hansei.KindIncident, 1}, "downtime_start": {hansei.KindIncident, 3}, "impact_started": {hansei.KindIncident, 3},
	"deployed": {hansei.KindDeployment, 4}, "environment": {hansei.KindDeployment, 3}, "env": {hansei.KindDeployment, 2}, "deployment_id": {hansei.KindDeployment, 3}, "deployer": {hansei.KindDeployment, 3},
	"commit_sha": {hansei.KindDeployment, 1}, "finished": {hansei.KindDeployment, 1},
	"merged": {hansei.KindPullRequest, 4}, "merge_commit_sha": {hansei.KindPullRequest, 3}, "first_review": {hansei.KindPullRequest, 3}, "pr_number": {hansei.KindPullRequest, 3}, "first_commit": {hansei.KindPullRequest, 2},
	"authored": {hansei.KindChange, 3}, "committed": {hansei.KindChange, 3}, "parent_sha": {hansei.KindChange, 2}, "change_type": {hansei.KindChange, 3}, "change_number": {hansei.KindChange, 3},
	"alert_id": {hansei.KindAlert, 3}, "tiny_id": {hansei.KindAlert, 3}, "triggered": {hansei.KindAlert, 2}, "dedup_key": {hansei.KindAlert, 2}, "fired": {hansei.KindAlert, 3},
	"requester": {hansei.KindTicket, 4}, "ticket_id": {hansei.KindTicket, 3}, "customer": {hansei.KindTicket, 2}, "solved": {hansei.KindTicket, 3}, "satisfaction_rating": {hansei.KindTicket, 3}, "case_number": {hansei.KindTicket, 3},
	"issue_type": {hansei.KindWorkItem, 3}, "issuetype": {hansei.KindWorkItem, 3}, "story_points": {hansei.KindWorkItem, 4}, "epic_link": {hansei.KindWorkItem, 3}, "sprint": {hansei.KindWorkItem, 3}, "issue_key": {hansei.KindWorkItem, 1}, "parent": {hansei.KindWorkItem, 1}, "issue_id": {hansei.KindWorkItem, 1}, "assignee": {hansei.KindWorkItem, 1},
	"depends_on": {hansei.KindService, 4}, "dependencies": {hansei.KindService, 4}, "tier": {hansei.KindService, 2},
	"email": {hansei.KindPerson, 3}, "joined": {hansei.KindPerson, 3}, "full_name": {hansei.KindPerson, 2}, "hired": {hansei.KindPerson, 3}, "timezone": {hansei.KindPerson, 1}, "time_zone": {hansei.KindPerson, 1},
}

// kindOf recognises what the rows are from the file's name, the list that
// holds them and the columns' names.
func kindOf(name string, list, columns []string) (hansei.Kind, error) {
	score := map[hansei.Kind]int{}
	base := name[strings.LastIndexAny(name, `/\`)+1:]
	for i, from := range append([]string{base}, list...) {
		// What a person called the file says more than any column.
		weight := 5
		if i == 0 {
			weight = 20
		}
		seen := map[hansei.Kind]bool{}
		for _, part := range strings.Split(word.Snake(from), "_") {
			k, ok := fileWords[part]
			if !ok {
				k, ok = fileWords[strings.TrimSuffix(part, "s")]
			}
			if ok && !seen[k] {
				seen[k] = true
				score[k] += weight
			}
		}
	}
	seen := map[string]bool{}
	for _, c := range columns {
		for _, n := range []string{word.AliasOf(c, "").Flat(), word.AliasOf(c, "").Owner()} {
			s, _ := word.Stem(n)
			for _, w := range []string{n, s} {
				if c, ok := columnWords[w]; ok && !seen[w] {
					seen[w] = true
					score[c.kind] += c.weight
				}
			}
		}
	}
	var best hansei.Kind
	for _, k := range hansei.Kinds {
		if score[k] > score[best] {
			best = k
		}
	}
	if best == "" {
		return "", hansei.Invalid("kind", "neither the name of the file nor its columns (%s) tell what it holds; say it with --kind or in a mapping", firstNames(columns))
	}
	return best, nil
}

func firstNames(columns []string) string {
	const most = 8
	if len(columns) > most {
		return strings.Join(columns[:most], ", ") + ", …"
	}
	return strings.Join(columns, ", ")
}
