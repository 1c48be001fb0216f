package model

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"hansei/internal/source/fetch"
)

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 256 << 10

// FailedError says that the model did not answer as it should, in words for
// whoever asked. It holds nothing of the answer's text and no key.
type FailedError struct{ Says string }

func (e *FailedError) Error() string { return "the language model: " + e.Says }

func failed(format string, args ...any) error { return &FailedError{fmt.Sprintf(format, args...)} }

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// call is the body of POST /chat/completions.
type call struct {
	Model    string    `json:"model"`
	Messages []message `json:"messages"`
	Format   *format   `json:"response_format,omitempty"`
}

type format struct {
	Type string `json:"type"`
}

// answer is what comes back. Content is a text, or with some servers a list of
// parts, or null.
type answer struct {
	Choices []struct {
		Message struct {
			Content json.RawMessage `json:"content"`
			Refusal string          `json:"refusal"`
		} `json:"message"`
		Finish string `json:"finish_reason"`
	} `json:"choices"`
	Error json.RawMessage `json:"error"` // some gateways answer 200 with it
}

// ask sends messages and returns the text of the answer. It is asked in JSON
// mode, and once more without where the server does not take that.
func (w *Writer) ask(ctx context.Context, e endpoint, messages []message) (string, error) {
	limit := w.Timeout
	if limit == 0 {
		limit = Deadline
	}
	inTime, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := call{Model: e.Name, Messages: messages, Format: &format{"json_object"}}
	res, err := w.send(inTime, e, c)
	if no := refused(err); no != nil && (no.Status == 400 || no.Status == 422) && strings.Contains(no.Says, "response_format") {
		c.Format = nil
		res, err = w.send(inTime, e, c)
	}
	switch {
	case ctx.Err() != nil: // whoever asked is gone
		return "", ctx.Err()
	case inTime.Err() != nil:
		return "", failed("no answer within %s; a smaller model is faster", limit)
	case err != nil:
		return "", e.explained(err)
	}
	return read(res.Body)
}

func (w *Writer) send(ctx context.Context, e endpoint, c call) (*fetch.Response, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	guarded := fetch.Guarded(w.Allow)
	defer guarded.CloseIdleConnections()
	guarded.CheckRedirect = func(*http.Request, []*http.Request) error { return errRedirect }
	client := &fetch.Client{HTTP: guarded, Max: maxAnswer}
	if e.key != "" {
		client.Auth = func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+e.key) }
	}
	return client.Send(ctx, http.MethodPost, e.URL+"/chat/completions", body, nil)
}

// errRedirect stops at a redirect: what is sent goes to the address that a
// person set and nowhere else.
var errRedirect = errors.New("a redirect")

func refused(err error) *fetch.StatusError {
	var no *fetch.StatusError
	errors.As(err, &no)
	return no
}

// explained says what an error means. What the server wrote is read for hints
// and not shown: it may repeat the key or what was sent.
func (e endpoint) explained(err error) error {
	var (
		long *fetch.TooLongError
		name *net.DNSError
		cert *tls.CertificateVerificationError
		slow net.Error
	)
	if no := refused(err); no != nil {
		return e.status(no, err)
	}
	switch {
	case errors.Is(err, fetch.ErrPrivate):
		return failed("%s is a private address; whoever runs this server allows it with --allow-private", e.Origin())
	case errors.Is(err, errRedirect):
		return failed("%s sends elsewhere; set the address that answers itself", e.Origin())
	case errors.As(err, &long):
		return failed("%s", long.Error())
	case errors.As(err, &cert):
		return failed("the certificate of %s is not valid here", e.Origin())
	case errors.As(err, &name):
		return failed("there is no route to %s: the name is not known", e.Origin())
	case errors.Is(err, syscall.ECONNREFUSED):
		return failed("there is no route to %s: nothing listens there", e.Origin())
	case errors.As(err, &slow) && slow.Timeout():
		return failed("%s did not answer in time", e.Origin())
	}
	return failed("%s cannot be reached, or broke off", e.Origin())
}

// status says what a status means, and what servers of different makes say with
// it: OpenAI model_not_found, vLLM "does not exist", Ollama "not found, try
// pulling it", LiteLLM "Invalid model name".
func (e endpoint) status(no *fetch.StatusError, err error) error {
	says, code := strings.ToLower(no.Says), no.Status
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(says, w) {
				return true
			}
		}
		return false
	}
	unknown := has("model") && has("not found", "does not exist", "not_found", "invalid model", "unknown model")
	switch {
	case code == 401 && e.key == "":
		return failed("%s wants a key (401)", e.Origin())
	case code == 401:
		return failed("%s does not take the key (401)", e.Origin())
	case (code == 400 || code == 404 || code == 422) && unknown:
		return failed("%s has no model named %q (%d)", e.Origin(), e.Name, code)
	case code == 404 || code == 405:
		return failed("there are no chat completions under %s (%d); the address often ends in /v1", e.URL, code)
	case code == 403:
		return failed("the key may not use %q at %s (403)", e.Name, e.Origin())
	case code == 402 || code == 429 && has("quota", "credit", "billing"):
		return failed("the account at %s has no credit left (%d)", e.Origin(), code)
	case code == 429:
		var later *fetch.LaterError
		if errors.As(err, &later) && later.After > 0 {
			return failed("%s is asked too often (429); it asks to wait %s", e.Origin(), later.After.Round(time.Second))
		}
		return failed("%s is asked too often (429); try again in a minute", e.Origin())
	case code == 413 || code == 400 && has("context", "too long", "too large"):
		return failed("what was sent is too long for %q (%d); drop entries of the timeline, or take a model with more context", e.Name, code)
	case code >= 500:
		return failed("%s failed on its side (%d %s)", e.Origin(), code, http.StatusText(code))
	}
	return failed("%s does not take the request (%d %s)", e.Origin(), code, http.StatusText(code))
}

// read takes the text out of an answer.
func read(body []byte) (string, error) {
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return "", failed("its answer is not JSON; is this the address of an OpenAI-compatible endpoint?")
	}
	if len(a.Choices) == 0 {
		if len(a.Error) > 0 && string(a.Error) != "null" {
			return "", failed("it answered with an error instead of a text")
		}
		return "", failed("its answer has no choices; is this the address of an OpenAI-compatible endpoint?")
	}
	first := a.Choices[0]
	var text string
	if json.Unmarshal(first.Message.Content, &text) != nil {
		var parts []struct {
			Text string `json:"text"`
		}
		if len(first.Message.Content) > 0 && json.Unmarshal(first.Message.Content, &parts) != nil {
			return "", failed("the content of its answer is neither a text nor parts")
		}
		for _, p := range parts {
			text += p.Text
		}
	}
	switch {
	case strings.TrimSpace(text) != "" && first.Finish == "length":
		return text, errCut
	case strings.TrimSpace(text) != "":
		return text, nil
	case first.Message.Refusal != "" || first.Finish == "content_filter":
		return "", failed("it declined to answer")
	case first.Finish == "length":
		return "", errCut
	}
	return "", failed("its answer is empty")
}

// errCut means that the server's limit of tokens ended the answer.
var errCut = &FailedError{"its answer was cut off by the server's limit of tokens; raise that, or draft one section at a time"}
