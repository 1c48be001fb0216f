package file

import (
	"strings"
	"sync"

	"hansei"
	"hansei/internal/source/file/word"
)

// synonym says under which names a field goes in the exports of tools and in
// people's spreadsheets, best first. A time is listed by its stem: "created"
// stands for created_at, "Date created", creationTime and their kin.
type synonym struct {
	field string
	names string
}

// Names of things in a row that are not fields of the record but become part
// of it.
const (
	fieldID         = "id"
	fieldUpdates    = "updates"     // list of status updates
	fieldMilestones = "milestones"  // list of named times
	fieldAcks       = "acks"        // list of acknowledgements
	fieldSince      = "impact_from" // window in which customers felt it
	fieldUntil      = "impact_until"
	fieldImpactNote = "impact_note"
	fieldIdentified = "identified_at" // milestone of status pages
	fieldAckAfter   = "acknowledged_after_s"
	customPrefix    = "custom."
)

// moreFields are the fields beyond the table of the record, with their types.
var moreFields = map[hansei.Kind]map[string]hansei.FieldType{
	hansei.KindIncident: {
		fieldUpdates: hansei.List, fieldMilestones: hansei.List, fieldAcks: hansei.List, fieldSince: hansei.Time, fieldUntil: hansei.Time,
		fieldImpactNote: hansei.Text, fieldIdentified: hansei.Time, fieldAckAfter: hansei.Number,
	},
}

// synonyms per kind, in the order in which fields claim columns.
var synonyms = map[hansei.Kind][]synonym{
	hansei.KindIncident:    incidentSynonyms,
	hansei.KindDeployment:  deploymentSynonyms,
	hansei.KindPullRequest: pullRequestSynonyms,
	hansei.KindChange: {
		{fieldID, "id change_id key number change_number change sys_id sha commit_sha uuid flag_id"},
		{"title", "title name short_description summary subject message description"},
		{"url", "url html_url permalink link web_url"},
		{"type", "type change_type kind category"},
		{"status", "status state"},
		{"services", services},
		{"team", teams},
		{"author", authors},
		{"commit", "commit commit_sha sha commit_id revision git_sha commit_hash"},
		{"changed_at", "at changed implemented actual_start actual_started started occurred authored committed merged applied effective happened start date timestamp time created opened"},
		{"ended_at", "until ended finished completed actual_end actual_ended"},
		{"work_type", "work_type"},
	},
	hansei.KindAlert: {
		{fieldID, "id alert_id key number alert_number tiny_id uuid alias dedup_key incident_key sys_id"},
		{"title", "title message name summary subject alert_name headline alert description"},
		{"url", "url html_url permalink link web_url"},
		{"status", "status state"},
		{"severity", "severity sev level"},
		{"services", services},
		{"team", teams},
		{"responder", "responder owner assignee assigned_to notified_user acknowledged_by user"},
		{"incident", "incident incident_id incident_number"},
		{"triggered_at", "triggered fired alerted started occurred created opened sent notified date timestamp time"},
		{"acknowledged_at", "acknowledged"},
		{"resolved_at", "resolved closed ended cleared recovered"},
	},
	hansei.KindTicket: {
		{fieldID, "ticket_id key id number ticket_number case_number case_id issue_key ticket case uuid sys_id"},
		{"title", "title subject summary name short_description description"},
		{"url", "url html_url permalink link web_url"},
		{"status", "status state"},
		{"priority", "priority prio"},
		{"customer", "customer customer_name organization organisation account account_name company requester requester_name client"},
		{"services", services},
		{"team", teams},
		{"incident", "incident incident_id incident_number problem_id"},
		{"created_at", "created opened reported submitted received date timestamp time"},
		{"resolved_at", "resolved solved closed completed"},
		{"labels", "labels tags label"},
	},
	hansei.KindShift: {
		{fieldID, "id identifier shift_id uuid"},
		{"person", "person user user_name responder engineer name who on_call oncall"},
		{"team", teams},
		{"services", services},
		{"schedule", "schedule schedule_name rota rotation calendar"},
		{"level", "level escalation_level"},
		{"began_at", "began start started since from starts_at start_time"},
		{"ended_at", "ended end until to ends_at end_time"},
		{"url", "url html_url permalink link"},
	},
	hansei.KindWorkItem: {
		{fieldID, "issue_key key id identifier number issue_id work_item_id issue_number uuid"},
		{"title", "title summary name subject short_description"},
		{"url", "url html_url permalink link web_url"},
		{"type", "issue_type issuetype work_item_type type kind"},
		{"description", "description body details text"},
		{"status", "status state"},
		{"priority", "priority prio"},
		{"services", services},
		{"team", teams},
		{"owner", "assignee owner assigned_to assignees"},
		{"parent", "parent epic_link epic parent_key parent_id parent_link project"},
		{"created_at", "created opened reported"},
		{"resolved_at", "resolved done completed closed finished"},
		{"labels", "labels tags label"},
	},
	hansei.KindService: {
		{"name", "name service service_name component application title slug id"},
		{"aliases", "aliases alias other_names"},
		{"team", "team owner owning_team owner_team team_name group"},
		{"depends_on", "depends_on dependencies dependson depends upstream upstreams requires"},
		{"tier", "tier criticality service_tier"},
		{"url", "url html_url link repository repo"},
	},
	hansei.KindTeam: {
		{"name", "name team team_name group title slug id"},
		{"aliases", "aliases alias other_names"},
	},
	hansei.KindPerson: {
		{"name", "name full_name display_name person user user_name username login email id"},
		{"aliases", "aliases alias other_names"},
		{"email", "email mail email_address e_mail"},
		{"team", "team team_name group department"},
		{"zone", "zone timezone time_zone tz"},
		{"joined_at", "joined hired started start created"},
	},
}

const (
	services = "services components service affected_services impacted_services services_affected affected_components impacted_components service_name service_summary component component_s affected_service impacted_service cmdb_ci business_service application app system product repository repo functionality project service_id"
	teams    = "teams team team_name team_names assignment_group owning_team responsible_team responding_team owner_team groups group squad"
	authors  = "author deployer deployed_by actor triggered_by author_name user creator created_by requested_by opened_by username login author_email committer"
)

var incidentSynonyms = []synonym{
	{fieldID, "issue_key key incident_id id number incident_number reference identifier uuid uid sys_id issue_id case_number ticket_id ticket_number public_id tiny_id external_id source_id guid slug ref incident"},
	{"title", "title name incident_name short_description subject headline summary incident_title message"},
	{"description", "description details body long_description summary impact_description"},
	{"url", "url html_url permalink link web_url incident_url source_url shortlink short_url"},
	{"type", "type incident_type mode kind incident_kind"},
	{"status", "status incident_status state incident_state current_status"},
	{"severity", "severity sev severity_level severity_name incident_severity current_severity impact_override impact"},
	{"priority", "priority incident_priority prio priority_name"},
	{"urgency", "urgency"},
	{fieldUpdates, "updates incident_updates status_updates"},
	{fieldMilestones, "milestones incident_timestamp_values timestamps"},
	{fieldAcks, "acknowledgements"},
	{fieldSince, "impact_window_start impact_window_started impact_window_since impact_window_from"},
	{fieldUntil, "impact_window_end impact_window_ended impact_window_until impact_window_to"},
	{fieldImpactNote, "impact_window_context impact_window_note impact_window_description"},
	{"began_at", "impact_started impact_began customer_impact_start customer_impact_started started began occurred incident_started outage_start outage_started downtime_start downtime_started begin"},
	{"detected_at", "detected discovered noticed impact_detect impact_detected"},
	{"alerted_at", "triggered alerted paged notified first_alert"},
	{"declared_at", "declared opened reported created raised logged registered submitted sys_created date timestamp time"},
	{"acknowledged_at", "acknowledged"},
	{"engaged_at", "engaged responded mobilized first_response first_action"},
	{"mitigated_at", "mitigated impact_ended impact_end customer_impact_end customer_impact_ended impact_stopped service_restored restored recovered stabilized monitoring"},
	{"resolved_at", "resolved fixed solved ended completed finished outage_end"},
	{"closed_at", "closed"},
	{fieldIdentified, "identified"},
	{fieldAckAfter, "seconds_to_first_ack seconds_to_ack seconds_to_acknowledge time_to_ack_seconds"},
	{"services", services},
	{"teams", teams},
	{"responders", "responders assigned_to assignee assignees incident_commander commander incident_lead lead owner resolved_by responder"},
	{"customers_affected", "customers_affected affected_customers users_affected affected_users customers_impacted impacted_customers impacted_users users_impacted num_customers_affected number_of_customers_affected customer_count"},
	{"customers_low", "customers_low"},
	{"customers_high", "customers_high"},
	{"customers_method", "customers_method"},
	{"factors", "contributing_factors factors contributing_factor"},
	{"caused_by", "caused_by caused_by_change causing_change causing_changes"},
	{"fixed_by", "fixed_by rfc fixing_change"},
	{"detection", "detection detection_method detected_by detection_source how_detected discovered_by"},
	{"labels", "labels tags label"},
}

var deploymentSynonyms = []synonym{
	{fieldID, "id deployment_id key deploy_id reference_id run_id pipeline_id build_id uuid uid number build_number deployment external_id"},
	{"title", "title display_title name deployment_name summary message description commit_message commit_msg"},
	{"url", "url html_url permalink link web_url"},
	{"service", "service service_name component application app services application_name app_name project project_name repository repo repository_name repo_name repository_full_name product"},
	{"team", teams},
	{"environment", "environment env environment_name stage target target_environment"},
	{"result", "result outcome conclusion status deployment_status state success"},
	{"started_at", "started began created queued triggered"},
	{"finished_at", "finished deployed completed ended released date timestamp time"},
	{"commit", "commit_sha commit sha commit_id git_sha head_sha commit_hash git_commit revision git_commit_sha"},
	{"ref", "ref branch ref_name git_ref git_branch tag head_branch"},
	{"author", authors},
	{"failed", "failed is_failed change_failed change_failure is_failure caused_incident"},
	{"unplanned", "unplanned hotfix is_hotfix rollback is_rollback rework is_rework"},
	{"work_type", "work_type"},
}

var pullRequestSynonyms = []synonym{
	{fieldID, "id pull_request_id pr_id key merge_request_id node_id uuid"},
	{"number", "number pr_number pull_number pull_request_number iid pr"},
	{"title", "title name summary subject"},
	{"url", "url html_url permalink link web_url"},
	{"service", "service service_name component repository repo repository_name repo_name repository_full_name base_repo_name project project_name application"},
	{"author", authors},
	{"status", "status state"},
	{"first_commit", "first_commit_sha first_commit first_commit_hash"},
	{"first_commit_at", "first_commit first_committed first_commit_authored"},
	{"created_at", "created opened"},
	{"first_review_at", "first_review first_reviewed reviewed first_review_submitted"},
	{"merged_at", "merged"},
	{"closed_at", "closed"},
	{"merge_commit", "merge_commit_sha merge_commit merge_sha merged_commit_sha merge_commit_hash"},
	{"work_type", "work_type"},
	{"labels", "labels tags label"},
}

// several are the fields that take every column that names them.
var several = map[string]bool{"responders": true}

// typeOf is the type of a field or other part of a record.
func typeOf(kind hansei.Kind, field string) (hansei.FieldType, bool) {
	if field == fieldID || strings.HasPrefix(field, customPrefix) && len(field) > len(customPrefix) {
		return hansei.Text, true
	}
	if t, ok := moreFields[kind][field]; ok {
		return t, true
	}
	f, err := hansei.FieldNamed(kind, field)
	return f.Type, err == nil
}

// claim is one field that a name may stand for.
type claim struct {
	field string
	rank  int
}

// lexicon looks up what a name may stand for.
type lexicon struct {
	kind   hansei.Kind
	noun   string
	plain  map[string][]claim
	moment map[string][]claim
	fields []string
	roles  map[string]hansei.Role // of milestones, by what their columns are called
}

// nounOf is a kind as it stands in front of columns' names: pull_request_id.
func nounOf(kind hansei.Kind) string { return strings.ReplaceAll(string(kind), "-", "_") }

// lexiconOf is the lexicon of a kind, made once: a delivery may hold one row.
func lexiconOf(kind hansei.Kind) *lexicon {
	l, ok := lexicons.Load(kind)
	if !ok {
		l, _ = lexicons.LoadOrStore(kind, newLexicon(kind))
	}
	return l.(*lexicon)
}

var lexicons sync.Map // *lexicon by hansei.Kind; never changed once stored

func newLexicon(kind hansei.Kind) *lexicon {
	l := &lexicon{kind: kind, noun: nounOf(kind), plain: map[string][]claim{}, moment: map[string][]claim{}}
	for _, s := range synonyms[kind] {
		l.fields = append(l.fields, s.field)
		t, _ := typeOf(kind, s.field)
		for rank, name := range strings.Fields(s.names) {
			if t == hansei.Time {
				l.moment[name] = append(l.moment[name], claim{s.field, rank})
			} else {
				l.plain[name] = append(l.plain[name], claim{s.field, rank})
			}
		}
	}
	l.roles = rolesByName(l)
	return l
}

// claims lists the fields that a column's name may stand for.
func (l *lexicon) claims(a word.Alias) []claim {
	var found []claim
	add := func(list []claim, worse int) {
		for _, c := range list {
			found = append(found, claim{c.field, 2*c.rank + worse})
		}
	}
	tried := map[string]bool{}
	for _, name := range []string{a.Flat(), a.Owner()} {
		short := strings.TrimPrefix(name, l.noun+"_")
		for worse, n := range []string{name, short} {
			if tried[n] {
				continue
			}
			tried[n] = true
			add(l.plain[n], worse)
			s, _ := word.Stem(n)
			add(l.moment[s], worse)
			if s != n {
				add(l.moment[n], worse)
			}
		}
	}
	return found
}
