package hansei

import "strings"

// fields is the table of every kind's fields. The name of a field is its name
// in files, in the API, in SQL and in a mapping.
var fields = map[Kind][]Field{
	KindIncident: {
		text("title", "What happened, in one line", func(r *Incident) any { return &r.Title }),
		text("description", "What is known", func(r *Incident) any { return &r.Description }),
		text("url", "Where it stands in its own tool", func(r *Incident) any { return &r.URL }),
		enum("type", "Only real incidents count in metrics unless asked", incidentTypes, func(r *Incident) any { return &r.Type }),
		enum("status", "Only an open one is censored in durations", []string{StatusOpen, StatusResolved, StatusClosed, StatusCanceled}, func(r *Incident) any { return &r.Status }),
		text("severity", "How bad it was: sev1 is the worst", func(r *Incident) any { return &r.Severity }),
		text("priority", "How soon it must be worked on", func(r *Incident) any { return &r.Priority }),
		text("urgency", "How loudly it pages", func(r *Incident) any { return &r.Urgency }),
		moment(RoleBegan, "Customer impact began"),
		moment(RoleDetected, "Somebody or something noticed"),
		moment(RoleAlerted, "A responder was paged"),
		moment(RoleDeclared, "The record was opened in its tool"),
		moment(RoleAcknowledged, "A responder took it"),
		moment(RoleEngaged, "The first person acted"),
		moment(RoleMitigated, "Customer impact ended"),
		moment(RoleResolved, "It was resolved"),
		moment(RoleClosed, "The record was closed in its tool"),
		refs("services", KindService, "What was affected", func(r *Incident) any { return &r.Services }),
		refs("teams", KindTeam, "Who was responsible for responding", func(r *Incident) any { return &r.Teams }),
		refs("responders", KindPerson, "Who responded", func(r *Incident) any { return &r.Responders }),
		number("customers_affected", "Best estimate of the customers affected", func(r *Incident) any { return &r.Customers }),
		number("customers_low", "Lowest plausible number of customers affected", func(r *Incident) any { return &r.CustomersLow }),
		number("customers_high", "Highest plausible number of customers affected", func(r *Incident) any { return &r.CustomersHigh }),
		text("customers_method", "How the number of customers is known", func(r *Incident) any { return &r.CustomersMethod }),
		list("factors", "Contributing factors that a person confirmed", func(r *Incident) any { return &r.Factors }),
		list("caused_by", "Changes named as its cause", func(r *Incident) any { return &r.CausedBy }),
		list("fixed_by", "Changes that fixed it", func(r *Incident) any { return &r.FixedBy }),
		refs("repeats", KindIncident, "Earlier incidents that a person marked with the same lesson", func(r *Incident) any { return &r.Repeats }),
		text("detection", "What noticed it: monitoring, a customer, a person", func(r *Incident) any { return &r.Detection }),
		list("labels", "Labels from its tool", func(r *Incident) any { return &r.Labels }),
	},
	KindDeployment: {
		text("title", "What was deployed", func(r *Deployment) any { return &r.Title }),
		text("url", "Where it stands in its own tool", func(r *Deployment) any { return &r.URL }),
		ref("service", KindService, "What was deployed to", func(r *Deployment) any { return &r.Service }),
		ref("team", KindTeam, "Who owns it", func(r *Deployment) any { return &r.Team }),
		text("environment", "production, staging, …; empty counts as production", func(r *Deployment) any { return &r.Environment }),
		enum("result", "How the deployment itself ended", []string{ResultSuccess, ResultFailure, ResultCanceled, ResultRunning}, func(r *Deployment) any { return &r.Result }),
		instant("started_at", "It started", func(r *Deployment) any { return &r.Started }),
		instant("finished_at", "It finished", func(r *Deployment) any { return &r.Finished }),
		text("commit", "The commit that was deployed", func(r *Deployment) any { return &r.Commit }),
		text("ref", "The branch or tag", func(r *Deployment) any { return &r.Ref }),
		ref("author", KindPerson, "Who started it", func(r *Deployment) any { return &r.Author }),
		flag("failed", "It needed immediate intervention", func(r *Deployment) any { return &r.Failed }),
		flag("unplanned", "It was made because of an incident: rollback, hotfix", func(r *Deployment) any { return &r.Unplanned }),
		text("work_type", "feature, fix, chore, rework", func(r *Deployment) any { return &r.WorkType }),
	},
	KindPullRequest: {
		text("title", "What it changes", func(r *PullRequest) any { return &r.Title }),
		text("url", "Where it stands in its own tool", func(r *PullRequest) any { return &r.URL }),
		text("number", "Its number in the repository", func(r *PullRequest) any { return &r.Number }),
		ref("service", KindService, "What it changes", func(r *PullRequest) any { return &r.Service }),
		ref("author", KindPerson, "Who wrote it", func(r *PullRequest) any { return &r.Author }),
		text("status", "open, merged or closed", func(r *PullRequest) any { return &r.Status }),
		text("first_commit", "Its first commit", func(r *PullRequest) any { return &r.FirstCommit }),
		instant("first_commit_at", "When its first commit was made", func(r *PullRequest) any { return &r.FirstCommitAt }),
		instant("created_at", "It was opened", func(r *PullRequest) any { return &r.Created }),
		instant("first_review_at", "It was first reviewed", func(r *PullRequest) any { return &r.FirstReviewAt }),
		instant("merged_at", "It was merged", func(r *PullRequest) any { return &r.Merged }),
		instant("closed_at", "It was closed", func(r *PullRequest) any { return &r.Closed }),
		text("merge_commit", "The commit that merged it", func(r *PullRequest) any { return &r.MergeCommit }),
		text("work_type", "feature, fix, chore, rework", func(r *PullRequest) any { return &r.WorkType }),
		list("labels", "Labels from its tool", func(r *PullRequest) any { return &r.Labels }),
	},
	KindChange: {
		text("title", "What was changed", func(r *Change) any { return &r.Title }),
		text("url", "Where it stands in its own tool", func(r *Change) any { return &r.URL }),
		text("type", "flag, config, schema, commit, request, …", func(r *Change) any { return &r.Type }),
		text("status", "How it stands", func(r *Change) any { return &r.Status }),
		refs("services", KindService, "What it touched", func(r *Change) any { return &r.Services }),
		ref("team", KindTeam, "Who owns it", func(r *Change) any { return &r.Team }),
		ref("author", KindPerson, "Who made it", func(r *Change) any { return &r.Author }),
		text("commit", "Its commit", func(r *Change) any { return &r.Commit }),
		instant("changed_at", "When it took effect", func(r *Change) any { return &r.At }),
		instant("ended_at", "When it ended", func(r *Change) any { return &r.Until }),
		text("work_type", "feature, fix, chore, rework", func(r *Change) any { return &r.WorkType }),
	},
	KindAlert: {
		text("title", "What it says", func(r *Alert) any { return &r.Title }),
		text("url", "Where it stands in its own tool", func(r *Alert) any { return &r.URL }),
		text("status", "How it stands", func(r *Alert) any { return &r.Status }),
		text("severity", "How loud it is", func(r *Alert) any { return &r.Severity }),
		refs("services", KindService, "What it is about", func(r *Alert) any { return &r.Services }),
		ref("team", KindTeam, "Who was paged", func(r *Alert) any { return &r.Team }),
		ref("responder", KindPerson, "Who was paged", func(r *Alert) any { return &r.Responder }),
		text("incident", "The incident it belongs to", func(r *Alert) any { return &r.Incident }),
		instant("triggered_at", "It was triggered", func(r *Alert) any { return &r.Triggered }),
		instant("acknowledged_at", "It was acknowledged", func(r *Alert) any { return &r.Acknowledged }),
		instant("resolved_at", "It was resolved", func(r *Alert) any { return &r.Resolved }),
	},
	KindTicket: {
		text("title", "What the customer asks", func(r *Ticket) any { return &r.Title }),
		text("url", "Where it stands in its own tool", func(r *Ticket) any { return &r.URL }),
		text("status", "How it stands", func(r *Ticket) any { return &r.Status }),
		text("priority", "How soon it must be answered", func(r *Ticket) any { return &r.Priority }),
		text("customer", "Whose request it is", func(r *Ticket) any { return &r.Customer }),
		text("description", "What the customer wrote", func(r *Ticket) any { return &r.Description }),
		text("satisfaction", "How content the customer was in the end", func(r *Ticket) any { return &r.Satisfaction }),
		refs("services", KindService, "What it is about", func(r *Ticket) any { return &r.Services }),
		ref("team", KindTeam, "Who answers it", func(r *Ticket) any { return &r.Team }),
		text("incident", "The incident it mentions", func(r *Ticket) any { return &r.Incident }),
		instant("created_at", "It was created", func(r *Ticket) any { return &r.Created }),
		instant("resolved_at", "It was solved", func(r *Ticket) any { return &r.Solved }),
		list("labels", "Labels from its tool", func(r *Ticket) any { return &r.Labels }),
	},
	KindWorkItem: {
		text("title", "What is to be done", func(r *WorkItem) any { return &r.Title }),
		text("description", "What it says", func(r *WorkItem) any { return &r.Description }),
		text("url", "Where it stands in its own tool", func(r *WorkItem) any { return &r.URL }),
		text("type", "feature, bug, chore, epic, project", func(r *WorkItem) any { return &r.Type }),
		text("status", "How it stands", func(r *WorkItem) any { return &r.Status }),
		text("priority", "How soon it must be done", func(r *WorkItem) any { return &r.Priority }),
		refs("services", KindService, "What it is about", func(r *WorkItem) any { return &r.Services }),
		ref("team", KindTeam, "Who does it", func(r *WorkItem) any { return &r.Team }),
		ref("owner", KindPerson, "Who does it", func(r *WorkItem) any { return &r.Owner }),
		text("parent", "The epic or project it belongs to", func(r *WorkItem) any { return &r.Parent }),
		instant("created_at", "It was created", func(r *WorkItem) any { return &r.Created }),
		instant("started_at", "Work on it began", func(r *WorkItem) any { return &r.Started }),
		instant("due_at", "It is to be done by", func(r *WorkItem) any { return &r.Due }),
		instant("resolved_at", "It was done, or given up", func(r *WorkItem) any { return &r.Done }),
		enum("outcome", "How it ended, where its tool says so", []string{FollowUpDone, FollowUpDeclined}, func(r *WorkItem) any { return &r.Outcome }),
		list("labels", "Labels from its tool", func(r *WorkItem) any { return &r.Labels }),
	},
	KindShift: {
		ref("person", KindPerson, "Who is on call", func(r *Shift) any { return &r.Person }),
		ref("team", KindTeam, "Whose rota it is", func(r *Shift) any { return &r.Team }),
		refs("services", KindService, "What is covered", func(r *Shift) any { return &r.Services }),
		text("schedule", "The rota it belongs to", func(r *Shift) any { return &r.Schedule }),
		number("level", "Of escalation; 1 is paged first", func(r *Shift) any { return &r.Level }),
		instant("began_at", "It began", func(r *Shift) any { return &r.Began }),
		instant("ended_at", "It ended", func(r *Shift) any { return &r.Ended }),
		text("url", "Where it stands in its own tool", func(r *Shift) any { return &r.URL }),
	},
	KindRetrospective: {
		text("title", "What it is about, in one line", func(r *Retrospective) any { return &r.Title }),
		text("url", "Where it stood before it was imported", func(r *Retrospective) any { return &r.URL }),
		enum("state", "How far it is", RetroStates, func(r *Retrospective) any { return &r.State }),
		text("severity", "Of the worst of its incidents", func(r *Retrospective) any { return &r.Severity }),
		refs("incidents", KindIncident, "What it analyses", func(r *Retrospective) any { return &r.Incidents }),
		ref("owner", KindPerson, "Who sees that it gets finished", func(r *Retrospective) any { return &r.Owner }),
		ref("facilitator", KindPerson, "Who leads the review; not its author", func(r *Retrospective) any { return &r.Facilitator }),
		refs("reviewers", KindPerson, "Who reviews it", func(r *Retrospective) any { return &r.Reviewers }),
		refs("services", KindService, "What was affected", func(r *Retrospective) any { return &r.Services }),
		refs("teams", KindTeam, "Who was responsible for responding", func(r *Retrospective) any { return &r.Teams }),
		list("functionality", "What customers could not do", func(r *Retrospective) any { return &r.Functionality }),
		number("customers_affected", "Best estimate of the customers affected", func(r *Retrospective) any { return &r.Customers }),
		number("customers_low", "Lowest plausible number of customers affected", func(r *Retrospective) any { return &r.CustomersLow }),
		number("customers_high", "Highest plausible number of customers affected", func(r *Retrospective) any { return &r.CustomersHigh }),
		text("customers_method", "How the number of customers is known", func(r *Retrospective) any { return &r.CustomersMethod }),
		text("detection", "What noticed it: monitoring, a customer, a person", func(r *Retrospective) any { return &r.Detection }),
		text("trigger", "What set it off", func(r *Retrospective) any { return &r.Trigger }),
		list("factors", "Contributing factors", func(r *Retrospective) any { return &r.FactorNames }),
		text("mitigation", "What ended the impact", func(r *Retrospective) any { return &r.Mitigation }),
		list("went_well", "What went well", func(r *Retrospective) any { return &r.WentWell }),
		list("lucky", "Where we were lucky", func(r *Retrospective) any { return &r.Lucky }),
		list("surprises", "Why we were surprised", func(r *Retrospective) any { return &r.Surprises }),
		list("knowledge_gaps", "What nobody knew, or only one person", func(r *Retrospective) any { return &r.KnowledgeGaps }),
		list("lessons", "What is worth knowing", func(r *Retrospective) any { return &r.Lessons }),
		number("completeness", "How much of the schema is filled, 0 to 1", func(r *Retrospective) any { return &r.Completeness }),
		instant("drafted_at", "It was begun", func(r *Retrospective) any { return &r.Drafted }),
		instant("due_at", "It is to be published by", func(r *Retrospective) any { return &r.Due }),
		instant("in_review_at", "It was given to review", func(r *Retrospective) any { return &r.InReview }),
		instant("published_at", "It was first published", func(r *Retrospective) any { return &r.Published }),
	},
	KindFollowUp: {
		text("title", "What is to be done", func(r *FollowUp) any { return &r.Title }),
		text("description", "What it says", func(r *FollowUp) any { return &r.Description }),
		text("url", "Where it stands in its tracker", func(r *FollowUp) any { return &r.URL }),
		labelled("Kind", enum("type", "What it is to bring about", FollowUpTypes, func(r *FollowUp) any { return &r.Type })),
		enum("status", "How it stands", followUpStates, func(r *FollowUp) any { return &r.Status }),
		ref("retrospective", KindRetrospective, "Where it comes from", func(r *FollowUp) any { return &r.Retrospective }),
		refs("incidents", KindIncident, "What it follows", func(r *FollowUp) any { return &r.Incidents }),
		refs("services", KindService, "What it improves", func(r *FollowUp) any { return &r.Services }),
		ref("team", KindTeam, "Who does it", func(r *FollowUp) any { return &r.Team }),
		ref("owner", KindPerson, "Who sees that it gets done", func(r *FollowUp) any { return &r.Owner }),
		text("priority", "How soon it must be done", func(r *FollowUp) any { return &r.Priority }),
		text("size", "How much work it is", func(r *FollowUp) any { return &r.Size }),
		text("factor", "The contributing factor it addresses", func(r *FollowUp) any { return &r.Factor }),
		text("verify", "How its effect will be seen", func(r *FollowUp) any { return &r.Verify }),
		text("reason", "Why it was declined", func(r *FollowUp) any { return &r.Reason }),
		ref("work_item", KindWorkItem, "Its double in the tracker", func(r *FollowUp) any { return &r.WorkItem }),
		instant("created_at", "It was created", func(r *FollowUp) any { return &r.Created }),
		instant("due_at", "It is to be done by", func(r *FollowUp) any { return &r.Due }),
		instant("resolved_at", "It was done or declined", func(r *FollowUp) any { return &r.Closed }),
		flag("worked", "Its effect was seen", func(r *FollowUp) any { return &r.Worked }),
		instant("verified_at", "Somebody looked whether it worked", func(r *FollowUp) any { return &r.Verified }),
	},
	KindService: {
		text("name", "What people call it", func(r *Service) any { return &r.Name }),
		list("aliases", "Other names that sources use", func(r *Service) any { return &r.Aliases }),
		ref("team", KindTeam, "Who owns it", func(r *Service) any { return &r.Team }),
		refs("depends_on", KindService, "What it needs to work", func(r *Service) any { return &r.DependsOn }),
		text("tier", "How much depends on it", func(r *Service) any { return &r.Tier }),
		text("url", "Where it is described", func(r *Service) any { return &r.URL }),
		number("objective", "The share of requests that shall succeed, in per cent of 30 days: its SLO", func(r *Service) any { return &r.Objective }),
	},
	KindTeam: {
		text("name", "What people call it", func(r *Team) any { return &r.Name }),
		list("aliases", "Other names that sources use", func(r *Team) any { return &r.Aliases }),
	},
	KindPerson: {
		text("name", "What people call them", func(r *Person) any { return &r.Name }),
		list("aliases", "Other names that sources use", func(r *Person) any { return &r.Aliases }),
		text("email", "Where to reach them", func(r *Person) any { return &r.Email }),
		ref("team", KindTeam, "Their team", func(r *Person) any { return &r.Team }),
		text("zone", "Their time zone", func(r *Person) any { return &r.Zone }),
		instant("joined_at", "When they joined", func(r *Person) any { return &r.Joined }),
	},
	KindOrganization: {
		text("name", "What people call it", func(r *Organization) any { return &r.Name }),
		text("zone", "The time zone in which days, weeks and months are cut", func(r *Organization) any { return &r.Zone }),
		number("customers_served", "How many customers it serves: the denominator of SAIDI and SAIFI", func(r *Organization) any { return &r.CustomersServed }),
	},
	KindJudgement: {
		text("of", "Of which kind the two records are: incident or retrospective", func(r *Judgement) any { return (*string)(&r.Of) }),
		text("a", "The record whose id is less", func(r *Judgement) any { return (*string)(&r.A) }),
		text("b", "The other record", func(r *Judgement) any { return (*string)(&r.B) }),
		enum("verdict", "Whether the two teach the same lesson", LessonVerdicts, func(r *Judgement) any { return &r.Verdict }),
		instant("judged_at", "When a person said so", func(r *Judgement) any { return &r.At }),
		number("place", "Where in the list of suggestions the pair stood, from 1", func(r *Judgement) any { return &r.Place }),
	},
	KindReading: {
		text("retrospective", "What was read", func(r *Reading) any { return (*string)(&r.Retrospective) }),
		text("person", "Who read it", func(r *Reading) any { return (*string)(&r.Person) }),
		instant("read_at", "When it was first read", func(r *Reading) any { return &r.At }),
	},
	KindMetric: {
		text("definition", "The metric as YAML", func(r *CustomMetric) any { return &r.Definition }),
	},
}

// field makes a Field whose pointer is typed by its record.
func field[R Record](name, help string, t FieldType, ptr func(R) any) Field {
	label := strings.ReplaceAll(name, "_", " ")
	return Field{
		Name: name, Label: strings.Replace(strings.ToUpper(label[:1])+label[1:], "Url", "URL", 1), Help: help, Type: t,
		ptr: func(r Record) any { return ptr(r.(R)) },
	}
}

func text[R Record](name, help string, ptr func(R) any) Field { return field(name, help, Text, ptr) }

func number[R Record](name, help string, ptr func(R) any) Field {
	return field(name, help, Number, ptr)
}

func flag[R Record](name, help string, ptr func(R) any) Field { return field(name, help, Bool, ptr) }

func list[R Record](name, help string, ptr func(R) any) Field { return field(name, help, List, ptr) }

func instant[R Record](name, help string, ptr func(R) any) Field {
	return field(name, help, Time, ptr)
}

func enum[R Record](name, help string, values []string, ptr func(R) any) Field {
	f := field(name, help, Text, ptr)
	f.Enum = values
	return f
}

// labelled gives a field another label than the one its name makes.
func labelled(label string, f Field) Field {
	f.Label = label
	return f
}

func ref[R Record](name string, of Kind, help string, ptr func(R) any) Field {
	f := field(name, help, Ref, ptr)
	f.Of = of
	return f
}

func refs[R Record](name string, of Kind, help string, ptr func(R) any) Field {
	f := field(name, help, Refs, ptr)
	f.Of = of
	return f
}

// moment is a milestone of an incident, named like a time of other kinds.
func moment(role Role, help string) Field {
	f := field(string(role)+"_at", help, Time, func(*Incident) any { return nil })
	f.Role = role
	return f
}
