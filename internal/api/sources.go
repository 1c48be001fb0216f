package api

import (
	"context"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/source"
)

// SourceKind is a kind of source that can be added.
type SourceKind struct {
	Name      string          `json:"name"`
	Title     string          `json:"title"`
	About     string          `json:"about"`
	Docs      string          `json:"docs" doc:"The vendor's documentation it was built against"`
	Settings  []SourceSetting `json:"settings"`
	Steps     []string        `json:"steps" doc:"What to click at the vendor; {url} and {secret} stand for the webhook's own"`
	Gives     []hansei.Kind   `json:"gives"`
	Incidents bool            `json:"incidents" doc:"What counts as an incident is asked"`
}

// SourceSetting is one thing to fill in.
type SourceSetting struct {
	Name     string   `json:"name"`
	Title    string   `json:"title"`
	Help     string   `json:"help"`
	Secret   bool     `json:"secret"`
	Required bool     `json:"required"`
	Default  string   `json:"default,omitempty"`
	Enum     []string `json:"enum,omitempty"`
}

// SourceKinds are all of them.
type SourceKinds struct {
	Kinds []SourceKind `json:"kinds"`
}

func (a *edge) sourceKinds(_ context.Context, _ auth.Actor, _ *none) (*answer[SourceKinds], error) {
	var out SourceKinds
	for _, k := range a.Sources.Kinds {
		x := SourceKind{Name: k.Name, Title: k.Title, About: k.About, Docs: k.Docs, Steps: k.Steps, Gives: k.Gives, Incidents: k.Incidents}
		for _, s := range connect.SettingsOf(k) {
			x.Settings = append(x.Settings, SourceSetting{s.Name, s.Title, s.Help, s.Secret, s.Required, s.Default, s.Enum})
		}
		out.Kinds = append(out.Kinds, x)
	}
	return answered(out)
}

// SourceSpec is a source to be added or tried.
type SourceSpec struct {
	Caller
	Body struct {
		Tool     string             `json:"tool" doc:"A kind of source, such as pagerduty"`
		Name     string             `json:"name,omitempty" doc:"The tool's name when empty"`
		Settings map[string]string  `json:"settings,omitempty" doc:"By the names that the kind gives them, secrets too"`
		Filter   []hansei.Condition `json:"filter,omitempty" doc:"What of it counts as an incident: all must hold"`
		Since    time.Time          `json:"since,omitzero" doc:"From when on history is pulled; a year ago when absent"`
	}
}

func (s *SourceSpec) spec() connect.Spec {
	return connect.Spec{Tool: s.Body.Tool, Name: s.Body.Name, Settings: s.Body.Settings, Filter: s.Body.Filter, Since: s.Body.Since}
}

// SourceAnswer is a source, with its webhook's secret when it was just made.
type SourceAnswer struct {
	connect.View
	Secret string `json:"secret,omitempty" doc:"Of its webhook; shown this once"`
	Again  int64  `json:"understood_again,omitempty" doc:"Deliveries that are understood again, since the settings say that they mean something else"`
}

func (a *edge) shown(ctx context.Context, who auth.Actor, added connect.Added) (*answer[SourceAnswer], error) {
	if err := a.settle(ctx, added.Seq); err != nil {
		return nil, err
	}
	v, err := a.Sources.Get(ctx, who.Scope(), string(added.Source.ID))
	if err != nil {
		return nil, err
	}
	return answered(SourceAnswer{v, added.Secret, added.Again})
}

func (a *edge) addSource(ctx context.Context, who auth.Actor, in *SourceSpec) (*answer[SourceAnswer], error) {
	added, err := a.Sources.Add(ctx, who, in.spec())
	if err != nil {
		return nil, err
	}
	return a.shown(ctx, who, added)
}

// Findings are what a connection test found.
type Findings struct {
	OK       bool             `json:"ok" doc:"Nothing is missing"`
	Findings []source.Finding `json:"findings"`
}

func findings(list []source.Finding, err error) (*answer[Findings], error) {
	if err != nil {
		return nil, err
	}
	out := Findings{OK: true, Findings: append([]source.Finding{}, list...)}
	for _, f := range list {
		out.OK = out.OK && f.OK
	}
	return answered(out)
}

func (a *edge) trySource(ctx context.Context, who auth.Actor, in *SourceSpec) (*answer[Findings], error) {
	return findings(a.Sources.TestSpec(ctx, who, in.spec()))
}

// SourceParam names a source.
type SourceParam struct {
	Caller
	Name string `path:"name"`
}

func (a *edge) testSource(ctx context.Context, who auth.Actor, in *SourceParam) (*answer[Findings], error) {
	return findings(a.Sources.Test(ctx, who, in.Name))
}

type SourceList struct { // all sources
	Sources []connect.View `json:"sources"`
	Astray  int64          `json:"unknown_address_7d" doc:"Webhooks of the last 7 days that came to an address that no source has"`
}

func (a *edge) listSources(ctx context.Context, who auth.Actor, _ *none) (*answer[SourceList], error) {
	list, astray, err := a.Sources.Overview(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	return answered(SourceList{list, astray})
}

func (a *edge) getSource(ctx context.Context, who auth.Actor, in *SourceParam) (*answer[connect.View], error) {
	v, err := a.Sources.Get(ctx, who.Scope(), in.Name)
	if err != nil {
		return nil, err
	}
	return answered(v)
}

// SourceChange changes a source; what is absent stays.
type SourceChange struct {
	SourceParam
	Body struct {
		Settings map[string]string   `json:"settings,omitempty" doc:"Those to change; an empty value goes back to the default. When payloads mean something else with them, such as which types of issue are incidents, those that are kept are understood again"`
		Filter   *[]hansei.Condition `json:"filter,omitempty"`
		Since    *time.Time          `json:"since,omitempty" doc:"Read its history anew from then"`
		Paused   *bool               `json:"paused,omitempty"`
		Rotate   bool                `json:"rotate_secret,omitempty" doc:"Make a new webhook secret"`
	}
}

func (a *edge) editSource(ctx context.Context, who auth.Actor, in *SourceChange) (*answer[SourceAnswer], error) {
	c := connect.Change{Settings: in.Body.Settings, Filter: in.Body.Filter, Since: in.Body.Since, Paused: in.Body.Paused, Rotate: in.Body.Rotate}
	added, err := a.Sources.Edit(ctx, who, in.Name, c)
	if err != nil {
		return nil, err
	}
	return a.shown(ctx, who, added)
}

// SourceRemoval removes a source.
type SourceRemoval struct {
	SourceParam
	Data bool `query:"data" doc:"Also what it told: records that only it knew are deleted"`
}

func (a *edge) removeSource(ctx context.Context, who auth.Actor, in *SourceRemoval) (*struct{}, error) {
	seq, err := a.Sources.Remove(ctx, who, in.Name, in.Data)
	if err != nil {
		return nil, err
	}
	return nil, a.settle(ctx, seq)
}

// PullParams ask for a pull.
type PullParams struct {
	SourceParam
	Stream string `query:"stream" doc:"One of its streams; all when empty"`
}

func (a *edge) pullSource(ctx context.Context, who auth.Actor, in *PullParams) (*answer[connect.View], error) {
	if err := a.Sources.Pull(ctx, who, in.Name, in.Stream); err != nil {
		return nil, err
	}
	return a.getSource(ctx, who, &in.SourceParam)
}

// FilterTrial is a filter to be tried.
type FilterTrial struct {
	SourceParam
	Body struct {
		Filter []hansei.Condition `json:"filter"`
	}
}

func (a *edge) tryFilter(ctx context.Context, who auth.Actor, in *FilterTrial) (*answer[intake.Judged], error) {
	out, err := a.Sources.TryFilter(ctx, who.Scope(), in.Name, in.Body.Filter)
	if err != nil {
		return nil, err
	}
	return answered(out)
}

// Rules are the organization's decisions about live sources.
type RulesBody struct {
	Caller
	Body intake.Rules
}

func (a *edge) getRules(ctx context.Context, who auth.Actor, _ *none) (*answer[intake.Rules], error) {
	order, joining, keep := []hansei.SourceOrder{}, hansei.DefaultJoining, 0
	found, err := record.Load(ctx, a.Records, who.Scope(), hansei.KindOrganization, []hansei.ID{hansei.OrganizationID})
	if err != nil {
		return nil, err
	}
	if s, ok := found[hansei.OrganizationID]; ok {
		o := s.Record.(*hansei.Organization)
		keep = o.KeepPayloads
		if o.SourceOrder != nil {
			order = o.SourceOrder
		}
		if o.Joining != nil {
			joining = *o.Joining
		}
	}
	return answered(intake.Rules{SourceOrder: &order, Joining: &joining, KeepPayloads: &keep})
}

func (a *edge) setRules(ctx context.Context, who auth.Actor, in *RulesBody) (*answer[intake.Rules], error) {
	seq, err := a.People.SetRules(ctx, who, in.Body)
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, seq); err != nil {
		return nil, err
	}
	return a.getRules(ctx, who, &none{})
}
