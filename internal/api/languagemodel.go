package api

import (
	"context"

	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro/model"
)

// ModelDoc is the language model as it is set up, and the revision of the rules
// by which a change of it can be undone.
type ModelDoc struct {
	model.State
	Revision record.Revision `json:"revision,omitempty" doc:"Of the change, to undo it by; the key is not brought back"`
}

func (a *edge) getModel(ctx context.Context, who auth.Actor, _ *none) (*answer[ModelDoc], error) {
	s, err := a.Model.State(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	return answered(ModelDoc{State: s})
}

// ModelSettings are where a language model answers.
type ModelSettings struct {
	Caller
	Body struct {
		URL  string  `json:"url" doc:"Under which /chat/completions stands: with its scheme, and mostly /v1 at its end"`
		Name string  `json:"name" doc:"Of the model there"`
		Key  *string `json:"key,omitempty" doc:"Sent as Bearer; it is sealed and never shown. Absent keeps the one for the same server, empty takes it away"`
	}
}

func (s *ModelSettings) settings() model.Settings {
	return model.Settings{URL: s.Body.URL, Name: s.Body.Name, Key: s.Body.Key}
}

func (a *edge) setModel(ctx context.Context, who auth.Actor, in *ModelSettings) (*answer[ModelDoc], error) {
	saved, err := a.Model.Set(ctx, who, in.settings())
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, saved.Seq); err != nil {
		return nil, err
	}
	s, err := a.Model.State(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	return answered(ModelDoc{s, saved.Revision})
}

func (a *edge) removeModel(ctx context.Context, who auth.Actor, _ *none) (*struct{}, error) {
	saved, err := a.Model.Remove(ctx, who)
	if err != nil {
		return nil, err
	}
	return nil, a.settle(ctx, saved.Seq)
}

// ModelFindings are what asking the model found.
type ModelFindings struct {
	OK       bool            `json:"ok" doc:"It answers as it should"`
	Findings []model.Finding `json:"findings"`
}

func modelFindings(list []model.Finding, err error) (*answer[ModelFindings], error) {
	if err != nil {
		return nil, err
	}
	out := ModelFindings{OK: true, Findings: list}
	for _, f := range list {
		out.OK = out.OK && f.OK
	}
	return answered(out)
}

func (a *edge) testModel(ctx context.Context, who auth.Actor, _ *none) (*answer[ModelFindings], error) {
	return modelFindings(a.Model.Test(ctx, who, nil))
}

func (a *edge) tryModel(ctx context.Context, who auth.Actor, in *ModelSettings) (*answer[ModelFindings], error) {
	s := in.settings()
	return modelFindings(a.Model.Test(ctx, who, &s))
}

// ModelSections are the sections that a model is to draft.
type ModelSections struct {
	RetroParam
	Body struct {
		Sections []string `json:"sections,omitempty" doc:"Their ids; all that are empty when none is named"`
	}
}

// ModelDrafts is the retrospective and what became of asking.
type ModelDrafts struct {
	RetroDoc
	Outcome model.Outcome `json:"outcome"`
}

func (a *edge) draftSections(ctx context.Context, who auth.Actor, in *ModelSections) (*answer[ModelDrafts], error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	if err := a.fresh(ctx, who.Scope()); err != nil {
		return nil, err
	}
	out, err := a.Model.Draft(ctx, who, id, in.Body.Sections)
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, out.Seq); err != nil {
		return nil, err
	}
	doc, err := a.retroDoc(ctx, who.Scope(), id)
	if err != nil {
		return nil, err
	}
	return answered(ModelDrafts{doc.Body, out})
}

// modelRoutes are the operations on the language model.
func (a *edge) modelRoutes() {
	on(a, op("GET", "/language-model", "get-language-model", "The language model that may draft sections, when one is set up"), a.getModel)
	on(a, op("PUT", "/language-model", "set-language-model", "Set up a language model: any endpoint that speaks OpenAI's chat completions"), a.setModel)
	on(a, op("DELETE", "/language-model", "remove-language-model", "Forget the language model and its key"), a.removeModel)
	on(a, op("POST", "/language-model/test", "test-language-model", "Ask the language model for a word and say exactly what is wrong"), a.testModel)
	on(a, op("POST", "/language-model/trial", "try-language-model", "Ask a language model by settings that are not saved"), a.tryModel)
	on(a, op("POST", "/retrospectives/{id}/model-drafts", "draft-sections", "Have the language model draft sections that are empty; each sentence cites the timeline, and a person accepts it"), a.draftSections)
}
