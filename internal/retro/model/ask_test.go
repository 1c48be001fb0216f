package model

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/record"
)

// TestFailures: each thing that goes wrong is said in words that help, with
// neither the key nor what the server wrote, and nothing is written.
func TestFailures(t *testing.T) {
	w, id := open(t, talk...)
	const echo = `{"error":{"message":"Incorrect API key provided: ` + secret + ` Ann Lee","type":"x","code":"y"}}`
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, string)
		says   string
	}{
		"key":       {status(401, echo), "does not take the key (401)"},
		"forbidden": {status(403, echo), "may not use \"llama3.1:8b\""},
		"openai":    {status(404, `{"error":{"message":"The model `+"`x`"+` does not exist or you do not have access to it.","type":"invalid_request_error","code":"model_not_found"}}`), `has no model named "llama3.1:8b" (404)`},
		"ollama":    {status(404, `{"error":{"message":"model \"x\" not found, try pulling it first","type":"api_error","param":null,"code":null}}`), "has no model named"},
		"vllm":      {status(404, `{"object":"error","message":"The model `+"`x`"+` does not exist.","type":"NotFoundError","param":null,"code":404}`), "has no model named"},
		"litellm":   {status(400, `{"error":{"message":"Invalid model name passed in model=x. Call `+"`/v1/models`"+`","type":"None","param":"None","code":"400"}}`), "has no model named"},
		"path":      {status(404, "404 page not found"), "often ends in /v1"},
		"often":     {func(w http.ResponseWriter, _ string) { w.Header().Set("Retry-After", "20"); w.WriteHeader(429) }, "asks to wait 20s"},
		"often2":    {status(429, `{}`), "try again in a minute"},
		"quota":     {status(429, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`), "no credit left"},
		"context":   {status(400, `{"error":{"message":"This model's maximum context length is 4096 tokens.","code":"context_length_exceeded"}}`), "too long for"},
		"strange":   {status(418, echo), "does not take the request (418"},
		"broken":    {status(500, echo), "failed on its side (500"},
		"gateway":   {status(502, "<html>"), "failed on its side (502"},
		"html":      {status(200, "<html>hello</html>"), "is not JSON"},
		"other":     {status(200, `{"message":{"content":"x"}}`), "no choices"},
		"error":     {status(200, `{"error":{"message":"`+secret+`"}}`), "answered with an error"},
		"huge":      {func(w http.ResponseWriter, _ string) { complete(w, strings.Repeat("x", maxAnswer), "stop") }, "more than 256 kB"},
		"prose":     {completes("I would rather not use {braces} for JSON."), "not the JSON that it was asked for"},
		"empty":     {completes(""), "answer is empty"},
		"null":      {status(200, `{"choices":[{"message":{"content":null,"refusal":"no"}}]}`), "declined"},
		"number":    {status(200, `{"choices":[{"message":{"content":7}}]}`), "neither a text nor parts"},
		"cut":       {func(w http.ResponseWriter, _ string) { complete(w, `{"sections":[{"id":"summ`, "length") }, "cut off"},
		"cut2":      {func(w http.ResponseWriter, _ string) { complete(w, "", "length") }, "cut off"},
		"elsewhere": {func(w http.ResponseWriter, _ string) {
			w.Header().Set("Location", "https://evil.example/v1")
			w.WriteHeader(307)
		}, "sends elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.answer)
			s.asks(t, w)
			head, err := w.Records.Head(t.Context(), who.Scope())
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.Draft(t.Context(), who, id, nil)
			var failed *FailedError
			if !errors.As(err, &failed) || !strings.Contains(failed.Says, c.says) {
				t.Fatalf("got %v, want %q", err, c.says)
			}
			if after, err := w.Records.Head(t.Context(), who.Scope()); err != nil || after.Seq != head.Seq {
				t.Errorf("%d entries were written (%v)", after.Seq-head.Seq, err)
			}
			found, err := w.Test(t.Context(), who, nil)
			if err != nil || name != "cut" && name != "prose" && found[0].OK {
				t.Errorf("the test says %v, %v", found, err)
			}
			for _, says := range append(found, Finding{Says: failed.Error()}) {
				if strings.Contains(says.Says, secret) || strings.Contains(says.Says, "Ann Lee") {
					t.Errorf("it tells: %s", says.Says)
				}
			}
			if len(s.bodies) != 2 { // one to draft and one to test: an answer is paid for
				t.Errorf("it was asked %d times", len(s.bodies))
			}
		})
	}
}

// TestWhereItIs: addresses that lead nowhere, inside, or too slowly.
func TestWhereItIs(t *testing.T) {
	w, _ := open(t)
	set := func(url string) string {
		t.Helper()
		found, err := w.Test(t.Context(), who, &Settings{URL: url, Name: "m"})
		if err != nil {
			return err.Error()
		}
		return found[len(found)-1].Says
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	hangs := make(chan struct{})
	slow := serve(t, func(http.ResponseWriter, string) { <-hangs })
	defer close(hangs)
	for _, c := range [][2]string{{closed.URL, "nothing listens there"}, {"http://nowhere.invalid/v1", "no route"}, {"ftp://x", "expected an address"}, {"https://user:x@host/v1", "without user"},
		{"https://host/v1?key=1", "without user"}, {"", "expected an address"}} {
		if got := set(c[0]); !strings.Contains(got, c[1]) {
			t.Errorf("%s: %s, want %q", c[0], got, c[1])
		}
	}
	w.Timeout = 50 * time.Millisecond
	if got := set(slow.URL + "/v1"); !strings.Contains(got, "no answer within 50ms") {
		t.Error(got)
	}
	w.Timeout, w.Allow = 0, nil
	if got := set(closed.URL); !strings.Contains(got, "private address; whoever runs this server allows it with --allow-private") {
		t.Error(got)
	}
	w.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	parts := serve(t, status(200, `{"choices":[{"message":{"content":[{"type":"text","text":"{\"ready\": true}"}]}}]}`))
	if got := set(parts.URL + "/v1/chat/completions"); !strings.Contains(got, "answers in JSON") {
		t.Error(got)
	}
}

// TestPlainAnswers: a server that refuses JSON mode is asked once more without.
func TestPlainAnswers(t *testing.T) {
	w, id := open(t)
	s := serve(t, func(out http.ResponseWriter, body string) {
		if strings.Contains(body, "response_format") {
			out.WriteHeader(400)
			_, _ = out.Write([]byte(`{"error":{"message":"m does not support parameters: ['response_format']"}}`))
			return
		}
		complete(out, `{"sentences":[{"text":"It began","cites":["T1"]}]}`, "length")
	})
	s.asks(t, w)
	out, err := w.Draft(t.Context(), who, id, []string{"lessons"})
	if err != nil || len(out.Written) != 1 || len(s.bodies) != 2 {
		t.Fatalf("got %+v after %d calls, %v", out, len(s.bodies), err)
	}
}

// TestKey: it is kept sealed, for its server alone, and leaves with the model.
func TestKey(t *testing.T) {
	w, id := open(t)
	ctx := t.Context()
	state := func() State {
		t.Helper()
		s, err := w.State(ctx, who.Scope())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if state() != (State{}) {
		t.Error("something is set from the start")
	}
	if _, err := w.Draft(ctx, who, id, nil); !errors.Is(err, ErrOff) {
		t.Errorf("asked without a model: %v", err)
	}
	s := serve(t, completes(`{"ready":true}`))
	s.asks(t, w)
	if got := state(); got != (State{true, s.URL + "/v1", "llama3.1:8b", true}) {
		t.Errorf("got %+v", got)
	}
	boxes, err := record.Secrets(ctx, w.Records, who.Scope())
	if err != nil || len(boxes[owner]) != 1 || strings.Contains(string(boxes[owner][s.URL]), secret) {
		t.Errorf("got %v, %v", boxes, err)
	}
	saved, err := w.Set(ctx, who, Settings{URL: s.URL + "/v1", Name: "other"}) // the key stays
	if err != nil || !state().Key {
		t.Fatalf("%+v, %v", saved, err)
	}
	if again, err := w.Set(ctx, who, Settings{URL: s.URL + "/v1", Name: "other"}); err != nil || again.Revision != 0 {
		t.Errorf("nothing changed and it says %+v, %v", again, err)
	}
	other := serve(t, completes(`{"ready":true}`))
	if _, err := w.Test(ctx, who, &Settings{URL: other.URL + "/v1", Name: "m"}); err != nil || other.auth != "" {
		t.Errorf("the key went elsewhere: %q, %v", other.auth, err)
	}
	if _, err := w.Set(ctx, who, Settings{URL: other.URL + "/v1", Name: "m"}); err != nil || state().Key {
		t.Errorf("a key of another server stays, %v", err)
	}
	empty, bad := "", "a b"
	if _, err := w.Set(ctx, who, Settings{URL: s.URL + "/v1", Name: "m", Key: &bad}); err == nil {
		t.Error("a key with a space was taken")
	}
	s.asks(t, w)
	if _, err := w.Set(ctx, who, Settings{URL: s.URL + "/v1", Name: "m", Key: &empty}); err != nil || state().Key {
		t.Errorf("the key stays, %v", err)
	}
	s.asks(t, w)
	if _, err := w.Remove(ctx, who); err != nil || state().On {
		t.Errorf("it stays, %v", err)
	}
	if boxes, err := record.Secrets(ctx, w.Records, who.Scope()); err != nil || len(boxes) > 0 {
		t.Errorf("left: %v, %v", boxes, err)
	}
	if _, err := w.Remove(ctx, who); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
	history, err := w.Records.History(ctx, who.Scope(), hansei.KindOrganization, hansei.OrganizationID)
	if err != nil || len(history) < 4 {
		t.Fatal(len(history), err)
	}
	for _, v := range history {
		if strings.Contains(string(v.Doc), secret) {
			t.Error("the key stands in the journal")
		}
	}
}
