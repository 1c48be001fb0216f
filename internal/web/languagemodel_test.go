package web_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hansei/internal/auth"
	"hansei/internal/retro/model"
)

// talks is a language model that answers as often as asked.
func talks(t *testing.T, status int, answer func(asked string) string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Authorization") != "Bearer sk-secret-key" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{"message": map[string]string{"role": "assistant", "content": answer(string(body))}}}}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

const said = `{"sections":[{"id":"lessons","sentences":[{"text":"It began unseen","cites":["T1"]},{"text":"Surely","cites":[]}]},{"id":"factors","sentences":[{"text":"The engineer forgot the limit.","cites":["T1"]}]}]}`

func TestLanguageModelSettings(t *testing.T) {
	s := newSite(t)
	at := rulesAt + "/model"
	llm := talks(t, 200, func(string) string { return `{"ready":true}` })
	s.get(t, at).says(t, 200, "Language model", ">off<", "Person A", "!Switch it off", `type="password"`)
	s.post(t, at, "url", "localhost", "name", "m").says(t, 422, "expected an address such as", `value="localhost"`)
	s.post(t, at, "url", llm.URL+"/v1", "name", "", "key", "sk-secret-key").says(t, 422, "name of a model", "!sk-secret-key")
	s.post(t, at+"/test", "url", llm.URL+"/v1", "name", "tiny").says(t, 200, "wants a key (401)")
	s.post(t, at+"/test", "url", "nowhere", "name", "tiny").says(t, 422, "expected an address")
	s.post(t, at+"/test", "url", llm.URL+"/v1", "name", "tiny", "key", "sk-secret-key").says(t, 200, "answers in JSON", "!sk-secret-key", ">off<")
	s.post(t, at, "url", llm.URL+"/v1", "name", "tiny", "key", "sk-secret-key").says(t, 200, "The language model was saved", ">set up<", "kept; write here", "!sk-secret-key", `action="/settings/retrospectives/undo"`)
	s.post(t, at+"/test", "url", llm.URL+"/v1", "name", "tiny").says(t, 200, "answers in JSON")
	s.post(t, at, "url", "https://llm.example/v1", "name", "tiny").says(t, 200, "key that was kept is forgotten", "!kept; write here")
	s.post(t, at, "url", llm.URL+"/v1", "name", "tiny", "key", "sk-secret-key").says(t, 200, "kept; write here")
	s.post(t, at, "url", llm.URL+"/v1", "name", "tiny", "forget-key", "yes").says(t, 200, "key that was kept is forgotten")
	s.post(t, at+"/remove").says(t, 200, "No language model is asked any more", ">off<")
	s.post(t, at+"/remove").says(t, 404)
}

func TestLanguageModelDrafts(t *testing.T) {
	s, id := written(t)
	at := "/retrospectives/" + string(id)
	s.get(t, at).says(t, 200, "!data-ask")
	s.post(t, at+"/draft").says(t, 404)
	llm := talks(t, 200, func(string) string { return said })
	key := "sk-secret-key"
	set := func(url string) {
		t.Helper()
		if _, err := s.Model.Set(t.Context(), auth.Local(), model.Settings{URL: url, Name: "tiny", Key: &key}); err != nil {
			t.Fatal(err)
		}
	}
	set(talks(t, 500, func(string) string { return "" }).URL + "/v1")
	s.get(t, at).says(t, 200, "Draft the empty sections", at+"/sections/lessons/draft", "!"+at+"/sections/summary/draft")
	s.post(t, at+"/draft").says(t, 502, "The language model drafted nothing", "failed on its side (500", "Nothing was changed", "Lessons")
	set(llm.URL + "/v1")
	s.post(t, at+"/draft").says(t, 200, "tiny drafted 2 sections", "1 sentence was refused: no entry of the timeline is cited", "drafted by a language model", "It began unseen", "Draft again",
		"It pairs The engineer with", "!Surely")
	s.post(t, at+"/sections/summary/draft").says(t, 422, "somebody wrote in")
	s.post(t, at+"/sections/lessons/accept").says(t, 200)
	s.post(t, at+"/sections/lessons/draft").says(t, 422, "somebody wrote in")
	s.get(t, at+"/history").says(t, 200, "language model tiny, asked by local")
}

// TestAskingInABrowser: the button says that it works, the section is there
// without the page, and what fails is said beside the button.
func TestAskingInABrowser(t *testing.T) {
	t.Parallel()
	s, id := written(t)
	go_, key := make(chan bool), "sk-secret-key"
	llm := talks(t, 200, func(string) string {
		if <-go_ {
			return said
		}
		return "no"
	})
	if _, err := s.Model.Set(t.Context(), auth.Local(), model.Settings{URL: llm.URL + "/v1", Name: "tiny", Key: &key}); err != nil {
		t.Fatal(err)
	}
	ctx := browser(t)
	do(t, ctx, chromedp.EmulateViewport(1440, 1100))
	do(t, ctx, chromedp.Navigate(s.url+"/retrospectives/"+string(id)))
	const ask = `document.querySelector('[data-section=lessons] [data-ask]')`
	js[bool](t, ctx, ask+`.requestSubmit(), true`)
	wait(t, ctx, ask+`.querySelector('button').disabled && `+ask+`.innerText.includes('Writing')`)
	go_ <- false
	wait(t, ctx, ask+`.querySelector('[data-says]').textContent.includes('not the JSON that it was asked for')`)
	shoot(t, ctx, "model-failed")
	js[bool](t, ctx, ask+`.requestSubmit(), true`)
	go_ <- true
	wait(t, ctx, `document.querySelector('[data-section=lessons] .hs-machine') !== null && document.querySelector('#toasts').textContent.includes('refused')`)
	if text := s.text(t, id, "lessons"); !strings.Contains(text, "It began unseen [^") {
		t.Errorf("got %q", text)
	}
	js[bool](t, ctx, `document.querySelector('[data-section=lessons] form[action$="/accept"]').requestSubmit(), true`)
	wait(t, ctx, `document.querySelector('[data-section=lessons] .hs-machine') === null`)
	r, _, err := s.Retros.Get(t.Context(), auth.Local().Scope(), id)
	if err != nil || r.Section("lessons").Machine {
		t.Errorf("it is not accepted (%v)", err)
	}
	js[bool](t, ctx, `document.querySelector('.hs-writebar [data-ask]').requestSubmit(), true`)
	go_ <- true
	wait(t, ctx, `document.querySelector('[data-section=factors] .hs-machine') !== null && document.querySelector('[data-section=factors] .hs-remarkbox') !== null`)
	shoot(t, ctx, "model-drafted")
	judged(t, ctx, look{group: "model", pages: map[string]string{"settings": s.url + rulesAt + "/model", "document": s.url + "/retrospectives/" + string(id)}, open: openButMenus})
}
