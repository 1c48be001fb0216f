// Package web calls methods of Slack's Web API and walks their pages.
package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"hansei"
	"hansei/internal/source"
)

// Client calls methods below an address with a token.
type Client struct{ Base, Token string }

// pageSize is what Slack recommends at most; some apps are given less.
const pageSize = 200

// Call asks a method of the Web API. Slack answers 200 to nearly everything;
// what went wrong is in the answer.
func (c Client) Call(p *source.Pull, method string, q url.Values, into any) ([]byte, http.Header, error) {
	p.Client.Auth = func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+c.Token) }
	r, err := p.Client.Get(p.Ctx, c.Base+"/"+method+"?"+q.Encode(), nil)
	if err != nil {
		return nil, nil, err
	}
	var said struct {
		OK     bool   `json:"ok"`
		Error  string `json:"error"`
		Needed string `json:"needed"`
	}
	if err := json.Unmarshal(r.Body, &said); err != nil {
		return nil, nil, fmt.Errorf("%s: the answer is not JSON", method)
	}
	if !said.OK {
		return nil, r.Header, &Refusal{method, said.Error, said.Needed}
	}
	if into != nil {
		err = json.Unmarshal(r.Body, into)
	}
	return r.Body, r.Header, err
}

// Refusal is an answer of Slack's that is not ok.
type Refusal struct{ Method, Code, Needed string }

func (e *Refusal) Error() string {
	if e.Needed != "" {
		return fmt.Sprintf("%s: %s: the scope %s is missing", e.Method, e.Code, e.Needed)
	}
	return e.Method + ": " + e.Code
}

// Expired says that Slack takes no cursor for the next page any more.
func Expired(err error) bool {
	var no *Refusal
	return errors.As(err, &no) && no.Code == "invalid_cursor"
}

// Paging is where an answer says that the list goes on.
type Paging struct {
	Metadata struct {
		Next string `json:"next_cursor"`
	} `json:"response_metadata"`
}

// After moves to the next page, "" at the end.
func (p Paging) After(cursor *string) error {
	if p.Metadata.Next != "" && p.Metadata.Next == *cursor {
		return hansei.Invalid("next_cursor", "Slack names the same page again and again")
	}
	*cursor = p.Metadata.Next
	return nil
}

// At adds the page to what is asked.
func At(cursor string, q url.Values) url.Values {
	q.Set("limit", fmt.Sprint(pageSize))
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	return q
}
