package api

import (
	"context"
	"encoding/json"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/rulebook"
)

// RulesDoc is the rules for retrospectives as they are, and what became of a
// change of them.
type RulesDoc struct {
	rulebook.State
	Change *rulebook.Change `json:"change,omitempty" doc:"What the change did; its revision can be undone"`
}

func (a *edge) getRetroRules(ctx context.Context, who auth.Actor, _ *none) (*answer[RulesDoc], error) {
	s, err := a.Rules.Read(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	return answered(RulesDoc{State: s})
}

// ruled waits for the facts and shows what a change of the rules made.
func (a *edge) ruled(ctx context.Context, who auth.Actor, c rulebook.Change, err error) (*answer[RulesDoc], error) {
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, c.Seq); err != nil {
		return nil, err
	}
	s, err := a.Rules.Read(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	return answered(RulesDoc{State: s, Change: &c})
}

// RuleParts are whole parts of the rules.
type RuleParts struct {
	Caller
	Body struct {
		Revision record.Revision            `json:"revision,omitempty" doc:"That was read; 409 when somebody was faster"`
		Rules    map[string]json.RawMessage `json:"rules" doc:"Part to value, as GET shows them; null brings the default back"`
	}
}

func (a *edge) editRetroRules(ctx context.Context, who auth.Actor, in *RuleParts) (*answer[RulesDoc], error) {
	c, err := a.Rules.Patch(ctx, who, in.Body.Revision, in.Body.Rules)
	return a.ruled(ctx, who, c, err)
}

// Lacks are fields that retrospectives would lack.
type Lacks struct {
	Lacks []rulebook.Lack `json:"lacks"`
}

func (a *edge) tryRetroRules(ctx context.Context, who auth.Actor, in *RuleParts) (*answer[Lacks], error) {
	lacks, err := a.Rules.TryPatch(ctx, who.Scope(), in.Body.Rules)
	if err != nil {
		return nil, err
	}
	return answered(Lacks{lacks})
}

// RuleUndo names a change.
type RuleUndo struct {
	Caller
	Body struct {
		Revision record.Revision `json:"revision" doc:"Of the change, as it was answered"`
	}
}

func (a *edge) undoRetroRules(ctx context.Context, who auth.Actor, in *RuleUndo) (*answer[RulesDoc], error) {
	c, err := a.Rules.Undo(ctx, who, in.Body.Revision)
	return a.ruled(ctx, who, c, err)
}

func (a *edge) listFactors(ctx context.Context, who auth.Actor, _ *none) (*answer[rulebook.Uses], error) {
	if err := a.fresh(ctx, who.Scope()); err != nil {
		return nil, err
	}
	uses, err := a.Rules.Uses(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	return answered(uses)
}

// FactorAct is one thing done to the taxonomy.
type FactorAct struct {
	Caller
	Body rulebook.Act
}

func (a *edge) actFactor(ctx context.Context, who auth.Actor, in *FactorAct) (*answer[RulesDoc], error) {
	c, err := a.Rules.Act(ctx, who, 0, in.Body)
	return a.ruled(ctx, who, c, err)
}

// TemplateBody is a template.
type TemplateBody struct {
	Caller
	Body struct {
		Before   string          `json:"before,omitempty" doc:"The name it had, when it is renamed"`
		Template hansei.Template `json:"template"`
	}
}

func (a *edge) putTemplate(ctx context.Context, who auth.Actor, in *TemplateBody) (*answer[RulesDoc], error) {
	c, err := a.Rules.PutTemplate(ctx, who, 0, in.Body.Before, in.Body.Template)
	return a.ruled(ctx, who, c, err)
}

// FieldBody is a field of the organization's own.
type FieldBody struct {
	Caller
	Body hansei.OwnField
}

func (a *edge) putField(ctx context.Context, who auth.Actor, in *FieldBody) (*answer[RulesDoc], error) {
	c, err := a.Rules.PutField(ctx, who, 0, in.Body)
	return a.ruled(ctx, who, c, err)
}

// RetroTemplate names a template for a retrospective.
type RetroTemplate struct {
	RetroParam
	Body struct {
		Template string `json:"template" doc:"Its name; that of today brings the parts up to date"`
	}
}

func (a *edge) templateRetro(ctx context.Context, who auth.Actor, in *RetroTemplate) (*answer[RetroDoc], error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	seq, err := a.Retros.Retemplate(ctx, who, id, in.Body.Template)
	return a.rewritten(ctx, who, id, seq, err)
}

// ruleRoutes are the operations on the rules for retrospectives.
func (a *edge) ruleRoutes() {
	on(a, op("GET", "/retro-rules", "get-retro-rules", "The rules for retrospectives: policies, templates, taxonomy, fields"), a.getRetroRules)
	on(a, op("PATCH", "/retro-rules", "edit-retro-rules", "Set whole parts of the rules, or bring their default back"), a.editRetroRules)
	on(a, op("POST", "/retro-rules/trial", "try-retro-rules", "What a change would mean for the retrospectives that are there"), a.tryRetroRules)
	on(a, op("POST", "/retro-rules/undo", "undo-retro-rules", "Take the last change of the rules back"), a.undoRetroRules)
	on(a, op("GET", "/retro-rules/factors", "list-factors", "The contributing factors and how often each is named"), a.listFactors)
	on(a, op("POST", "/retro-rules/factors", "change-factor", "Add, rename, merge, retire, restore, describe or move a factor"), a.actFactor)
	on(a, op("PUT", "/retro-rules/templates", "put-template", "Add a template, or change the one of that name"), a.putTemplate)
	on(a, op("PUT", "/retro-rules/fields", "put-field", "Add a field of your own, change it, or retire it"), a.putField)
	on(a, op("PUT", "/retrospectives/{id}/template", "template-retrospective", "Give it another template; every answer stays"), a.templateRetro)
}
