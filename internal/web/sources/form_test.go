package sources

import (
	"net/url"
	"strings"
	"testing"

	"hansei"
	"hansei/internal/source"
)

// mapped is a tool that is connected by a mapping.
var mapped = source.Kind{Name: "any", Settings: []source.Setting{
	{Name: mapping, Title: "Mapping", Long: true, Means: true},
	{Name: "verify", Title: "Proof", Part: "Signatures", Default: "token", Enum: []string{"token", "address"}},
	{Name: "items", Title: "Where", Means: true},
	{Name: "header", Title: "Header", Part: "Signatures"},
}, Preview: func(settings map[string]string, _ []byte, _ bool) ([]hansei.Observation, error) {
	if settings[mapping] == "" {
		return nil, hansei.Invalid(mapping, "empty")
	}
	return []hansei.Observation{{Key: hansei.Key{Kind: hansei.KindIncident, External: settings["items"]}}}, nil
}, Suggest: func([]byte, bool) (map[string]string, error) {
	return map[string]string{mapping: "kind: incident", "items": ".x"}, nil
}}

func TestSuggestedMapping(t *testing.T) {
	form := url.Values{fieldSample: {`{}`}}
	if s, err := see(mapped, form, "/here"); err != nil || s.Mapping != "kind: incident" || s.URL != "/here" || s.Error != "" {
		t.Errorf("without a mapping: %+v, %v", s, err)
	}
	form.Set(fieldUse, "yes")
	s, err := see(mapped, form, "/here")
	if err != nil || s.Mapping != "" || len(s.Things) != 1 || !strings.Contains(s.Things[0].Title, ".x") {
		t.Errorf("taken: %+v, %v", s, err)
	}
	if form.Get(settingIn+mapping) != "kind: incident" || form.Get(settingIn+"items") != ".x" {
		t.Errorf("the form holds %v", form)
	}
	form.Set(settingIn+mapping, "mine")
	if _, err := see(mapped, form, "/here"); err != nil || form.Get(settingIn+mapping) != "mine" {
		t.Errorf("a mapping that is there was changed: %v, %v", form, err)
	}
}

func TestFolds(t *testing.T) {
	for _, c := range []struct {
		have  url.Values
		wrong map[string]string
		open  bool
	}{
		{},
		{have: url.Values{settingIn + "verify": {"token"}}},
		{have: url.Values{settingIn + "verify": {"address"}}, open: true},
		{wrong: map[string]string{"header": "odd"}, open: true},
	} {
		folds := foldsOf(settingFields(mapped, c.have, nil, c.wrong, true))
		if len(folds) != 3 || len(folds[0].All) != 2 || folds[1].Title != "Signatures" || len(folds[1].All) != 2 || folds[2].Title != "Limits" {
			t.Fatalf("folds are %+v", folds)
		}
		if folds[1].Open != c.open || folds[2].Open {
			t.Errorf("%v, %v: open is %v", c.have, c.wrong, folds[1].Open)
		}
	}
}

func TestUnderstoodAgain(t *testing.T) {
	if got := understoodAgain(mapped); !strings.HasPrefix(got, "When you change “Mapping” or “Where”, everything received") {
		t.Error(got)
	}
	if got := understoodAgain(source.Kind{Settings: []source.Setting{{Name: "token", Title: "Token"}}}); got != "" {
		t.Error(got)
	}
}

// TestTheAddressIsWhole: where the tool's steps put the secret into the address,
// so does the page.
func TestTheAddressIsWhole(t *testing.T) {
	in := source.Kind{Steps: []string{"Open Webhooks.", "Webhook URL: {url}?secret={secret}"}}
	for _, c := range []struct {
		kind   source.Kind
		secret string
		want   piece
	}{
		{in, "s3", piece{"https://h/1?secret=s3", true}},
		{in, "", piece{"https://h/1?secret=(the secret, shown once when it was made)", false}},
		{source.Kind{Steps: []string{"URL {url}, secret {secret}"}}, "s3", piece{"https://h/1", true}},
	} {
		if got := address(c.kind, "https://h/1", c.secret); got != c.want {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
	}
}
