package tracker

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei/internal/source/fetch"
)

func TestMerge(t *testing.T) {
	at := func(m int) map[string]time.Time {
		return map[string]time.Time{"": time.Date(2026, 3, 1, 10, m, 0, 0, time.UTC)}
	}
	v := func(s string) map[string]string { return map[string]string{Status: s} }
	none := map[string]string{}
	for name, c := range map[string]struct {
		agreed       map[string]string
		ours, theirs Side
		here, there  map[string]string
	}{
		"alike":                         {v("open"), Side{v("open"), at(1)}, Side{v("open"), at(2)}, none, none},
		"we closed it":                  {v("open"), Side{v("done"), at(1)}, Side{v("open"), at(2)}, none, v("done")},
		"they closed it":                {v("open"), Side{v("open"), at(2)}, Side{v("done"), at(1)}, v("done"), none},
		"both closed it":                {v("open"), Side{v("done"), at(2)}, Side{v("done"), at(1)}, none, none},
		"both, ours later":              {v("open"), Side{v("declined"), at(2)}, Side{v("done"), at(1)}, none, v("declined")},
		"both, theirs later":            {v("open"), Side{v("declined"), at(1)}, Side{v("done"), at(2)}, v("done"), none},
		"reopened there":                {v("done"), Side{v("done"), at(1)}, Side{v("open"), at(2)}, v("open"), none},
		"never met, theirs later":       {nil, Side{v("open"), at(1)}, Side{v("done"), at(2)}, v("done"), none},
		"a field they do not have":      {nil, Side{map[string]string{Due: "2026-01-01"}, nil}, Side{none, nil}, none, none},
		"a field that we do not tell":   {nil, Side{none, nil}, Side{v("done"), nil}, none, none},
		"emptied there":                 {map[string]string{Due: "2026-01-01"}, Side{map[string]string{Due: "2026-01-01"}, at(5)}, Side{map[string]string{Due: ""}, at(6)}, map[string]string{Due: ""}, none},
		"an edit by nobody is no word":  {v("open"), Side{v("declined"), nil}, Side{v("done"), at(1)}, v("done"), none},
		"field by field, its own times": {nil, Side{map[string]string{Title: "a", Status: "done"}, map[string]time.Time{Title: at(9)[""], "": at(1)[""]}}, Side{map[string]string{Title: "b", Status: "open"}, at(5)}, v("open"), map[string]string{Title: "a"}},
	} {
		here, there := Merge(c.agreed, c.agreed, c.ours, c.theirs)
		if d := cmp.Diff([]map[string]string{c.here, c.there}, []map[string]string{here, there}); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// A tracker that has no word for "declined" holds "done" for it: that stays so
// until somebody changes one of them.
func TestMergeLeavesAloneWhatATrackerCannotSay(t *testing.T) {
	v := func(s string) map[string]string { return map[string]string{Status: s} }
	here, there := Merge(v("declined"), v("done"), Side{Values: v("declined")}, Side{Values: v("done")})
	if len(here)+len(there) > 0 {
		t.Errorf("nobody changed it: got %v, %v", here, there)
	}
	if here, there = Merge(v("declined"), v("done"), Side{Values: v("declined")}, Side{Values: v("open")}); here[Status] != "open" || len(there) > 0 {
		t.Errorf("reopened there: got %v, %v", here, there)
	}
	if here, there = Merge(v("declined"), v("done"), Side{Values: v("open")}, Side{Values: v("done")}); there[Status] != "open" || len(here) > 0 {
		t.Errorf("reopened here: got %v, %v", here, there)
	}
}

func TestTroubleIsExplained(t *testing.T) {
	k := Kind{Name: "github", Title: "GitHub", Needs: "Issues: read and write."}
	status := func(n int) error {
		return &fetch.StatusError{Method: "POST", URL: "https://api.github.com/x", Status: n, Says: "no"}
	}
	for name, c := range map[string]struct {
		err     error
		refused bool
		after   time.Duration
		says    string
	}{
		"401":           {status(http.StatusUnauthorized), true, 0, "Put a new one in"},
		"403":           {status(http.StatusForbidden), true, 0, "Issues: read and write."},
		"404":           {status(http.StatusNotFound), true, 0, "acme/shop is not in GitHub"},
		"422":           {status(http.StatusUnprocessableEntity), true, 0, "refuses what was sent (422): no"},
		"gone":          {fmt.Errorf("x: %w", ErrGone), true, 0, "Create it again"},
		"429":           {&fetch.LaterError{Err: status(http.StatusTooManyRequests), After: time.Minute}, false, time.Minute, "less often"},
		"500":           {&fetch.LaterError{Err: status(500)}, false, 0, "tried again by itself"},
		"broken off":    {&fetch.LaterError{Err: errors.New("EOF")}, false, 0, "tried again by itself"},
		"private":       {fetch.ErrPrivate, true, 0, "--allow-private"},
		"by its answer": {&RefusedError{"no transition leads there"}, true, 0, "GitHub refuses: no transition"},
	} {
		if got := Explain(k, "code", "acme/shop", c.err); got.Refused != c.refused || got.After != c.after || !strings.Contains(got.Says, c.says) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestAnswersInPlainWords(t *testing.T) {
	for says, want := range map[string]string{
		`{"message":"Validation Failed","errors":[{"code":"invalid"}]}`:                    "Validation Failed",
		`{"errorMessages":["It is closed."],"errors":{"summary":"You must say a title."}}`: "It is closed.; summary: You must say a title.",
		`{"message":{"title":["is too long"]}}`:                                            "map[title:[is too long]]",
		`{"message":"cut o`:                                                                `{"message":"cut o`, "<html>": "<html>", "": "",
	} {
		if got := plain(says); got != want {
			t.Errorf("%s: got %q, want %q", says, got, want)
		}
	}
}
