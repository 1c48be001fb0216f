package tracker

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"hansei/internal/source/fetch"
)

// Trouble is a failed call as people and the queue need to know it.
type Trouble struct {
	Says    string        // what happened and what to do
	Refused bool          // doing it again by itself is of no use
	After   time.Duration // that the tool asks to wait; 0: not said
}

// Explain says what a failed call means.
func Explain(k Kind, source, place string, err error) Trouble {
	var later *fetch.LaterError
	var no *fetch.StatusError
	var refused *RefusedError
	passing := errors.As(err, &later)
	errors.As(err, &no)
	switch {
	case passing && no != nil && (no.Status == http.StatusTooManyRequests || no.Status == http.StatusForbidden):
		return Trouble{Says: fmt.Sprintf("%s asks to be called less often. It is tried again by itself.", k.Title), After: later.After}
	case passing:
		return Trouble{Says: fmt.Sprintf("%s does not answer as it should (%v). Nothing is lost: it is tried again by itself.", k.Title, err), After: later.After}
	case errors.Is(err, ErrGone):
		return Trouble{Says: fmt.Sprintf("The issue is not in %s any more: it was deleted or moved, or the token of the source %s may not see it now. Create it again, or take the link away.", k.Title, source), Refused: true}
	case errors.As(err, &refused):
		return Trouble{Says: k.Title + " refuses: " + refused.Says, Refused: true}
	case no == nil: // a private address, a certificate, a cut context
		return Trouble{Says: fmt.Sprintf("%s could not be called: %v", k.Title, err), Refused: errors.Is(err, fetch.ErrPrivate)}
	}
	switch no.Status {
	case http.StatusUnauthorized:
		return Trouble{Says: fmt.Sprintf("%s does not accept the token of the source %s any more. Put a new one in under Sources, then press Retry.", k.Title, source), Refused: true}
	case http.StatusForbidden:
		return Trouble{Says: fmt.Sprintf("The token of the source %s may not do that in %s. It needs: %s Then press Retry. (%s says: %s)", source, place, k.Needs, k.Title, plain(no.Says)), Refused: true}
	case http.StatusNotFound, http.StatusGone:
		return Trouble{Says: fmt.Sprintf("%s is not in %s, has no issues, or the token of the source %s may not see it. It needs: %s Then press Retry.", place, k.Title, source, k.Needs), Refused: true}
	}
	return Trouble{Says: fmt.Sprintf("%s refuses what was sent (%d): %s Change the follow-up, then press Retry.", k.Title, no.Status, plain(no.Says)), Refused: true}
}

// plain is what an answer says without the JSON around it: the words of GitHub
// and GitLab ("message", with "errors" beside it) and of Jira ("errorMessages",
// "errors"). What is cut off or something else stays as it is.
func plain(says string) string {
	var v struct {
		Message any             `json:"message"`
		Words   []string        `json:"errorMessages"`
		Errors  json.RawMessage `json:"errors"`
	}
	if json.Unmarshal([]byte(says), &v) != nil {
		return says
	}
	out := v.Words
	if v.Message != nil {
		out = append(out, fmt.Sprint(v.Message))
	}
	var fields map[string]string
	if json.Unmarshal(v.Errors, &fields) == nil {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			out = append(out, name+": "+fields[name])
		}
	}
	if len(out) == 0 {
		return says
	}
	return strings.Join(out, "; ")
}
