package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Problem is an RFC 9457 problem: what the server answered instead of what was
// asked for.
type Problem struct {
	Status int      `json:"status"`
	Title  string   `json:"title"`
	Detail string   `json:"detail"`
	Errors []Detail `json:"errors"`
}

// Detail is one thing that was wrong with the input.
type Detail struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

// Error is the problem as one line for a person.
func (p *Problem) Error() string {
	says := p.Detail
	if says == "" {
		says = p.Title
	}
	var more []string
	for _, d := range p.Errors {
		if d.Message == "" || strings.Contains(says, d.Message) {
			continue
		}
		if d.Location != "" {
			d.Message = place(d.Location) + ": " + d.Message
		}
		more = append(more, d.Message)
	}
	if len(more) > 0 && says == "validation failed" {
		says = ""
	}
	if says != "" {
		more = append([]string{says}, more...)
	}
	if len(more) == 0 {
		return fmt.Sprintf("the server answered %d %s", p.Status, http.StatusText(p.Status))
	}
	return strings.Join(strings.Fields(strings.Join(more, "; ")), " ")
}

// place drops where in the request an input stood, which says nothing to
// somebody who typed a flag.
func place(location string) string {
	for _, prefix := range []string{"query.", "path.", "header.", "body."} {
		if rest, ok := strings.CutPrefix(location, prefix); ok {
			return rest
		}
	}
	return location
}

// maxProblem bounds how much of an error answer is read, in bytes.
const maxProblem = 1 << 20

// problemOf reads a problem from an answer. A body that is not one (of a proxy,
// say) still becomes a line.
func problemOf(res *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(res.Body, maxProblem))
	if err != nil {
		return fmt.Errorf("read the answer of status %d: %w", res.StatusCode, err)
	}
	p := &Problem{}
	if json.Unmarshal(text, p) != nil {
		*p = Problem{}
		if !strings.Contains(res.Header.Get("Content-Type"), "html") {
			p.Detail = string(text)
		}
	}
	p.Status = res.StatusCode
	if p.Title == "" {
		p.Title = fmt.Sprintf("the server answered %d %s", res.StatusCode, http.StatusText(res.StatusCode))
	}
	return p
}

// unreachable takes the method and URL out of the transport's error: the
// server's address and the reason are what help.
func unreachable(base string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("ask %s: %w", base, err)
}

// NotFound says whether an error is the server's word that the thing asked for
// does not exist.
func NotFound(err error) bool {
	var p *Problem
	return errors.As(err, &p) && p.Status == http.StatusNotFound
}
