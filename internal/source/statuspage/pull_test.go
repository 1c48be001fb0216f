package statuspage

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/sourcetest"
)

// site is a status page whose history goes three months back with each page.
type site struct {
	codes  map[string][]string // by month, "2026-03"
	gone   map[string]bool     // of the codes
	closed bool                // shows no history
	faults []int               // statuses of the next answers; 0 answers well, 1 breaks off
	calls  []string
}

var now = time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.calls = append(s.calls, r.URL.RequestURI())
	if len(s.faults) > 0 {
		status := s.faults[0]
		s.faults = s.faults[1:]
		switch status {
		case 0:
		case 1:
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"id":`)
			return
		default:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(status)
			return
		}
	}
	code, one := strings.CutPrefix(r.URL.Path, "/incidents/")
	code = strings.TrimSuffix(code, ".json")
	switch {
	case strings.HasPrefix(r.URL.Path, "/api/v2/"):
		fmt.Fprintf(w, `{"page":{},"incidents":[{"id":"latest","name":"x","status":"resolved","created_at":"2026-03-01T00:00:00Z"}],"scheduled_maintenances":[],"components":[]}`)
	case r.URL.Path == "/history.json" && !s.closed:
		s.history(w, r.URL.Query().Get("page"))
	case one && !s.gone[code]:
		fmt.Fprintf(w, `{"id":1,"code":%q,"name":"x","status":"resolved","impact":"minor","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}`, code)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (s *site) history(w http.ResponseWriter, page string) {
	n := 0
	if _, err := fmt.Sscan(page, &n); err != nil {
		panic(err)
	}
	var months []map[string]any
	for i := range 3 {
		m := time.Date(now.Year(), now.Month()-time.Month((n-1)*3+i), 1, 0, 0, 0, 0, time.UTC)
		list := []map[string]string{}
		for _, c := range s.codes[m.Format("2006-01")] {
			list = append(list, map[string]string{"code": c})
		}
		months = append(months, map[string]any{"name": m.Month().String(), "year": m.Year(), "incidents": list})
	}
	if err := json.NewEncoder(w).Encode(map[string]any{"months": months}); err != nil {
		panic(err)
	}
}

func serve(t *testing.T, s *site) (*statusPage, func(cursor string) *source.Pull) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return page(t, server.URL), func(cursor string) *source.Pull {
		client := &fetch.Client{HTTP: server.Client(), Wait: func(context.Context, time.Duration) error { return nil }}
		return &source.Pull{Ctx: t.Context(), Client: client, Cursor: cursor, From: time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC), Now: now}
	}
}

// pull runs a stream; it returns the incidents told of and every cursor.
func pull(t *testing.T, sp *statusPage, name string, p *source.Pull) (told, cursors []string, err error) {
	t.Helper()
	p.Emit = func(page source.Page) error {
		cursors = append(cursors, page.Cursor)
		if len(page.Body) == 0 {
			return nil
		}
		got, err := sp.Normalize(source.Delivery{Name: "pull/" + name, Body: page.Body})
		for _, o := range got {
			told = append(told, o.Key.External)
		}
		return err
	}
	i := slices.IndexFunc(sp.Streams(), func(s source.Stream) bool { return s.Name == name })
	err = sp.Streams()[i].Pull(p)
	return told, cursors, err
}

func TestHistoryIsReadBackToItsBeginning(t *testing.T) {
	s := &site{codes: map[string][]string{"2026-02": {"c1", "c2", "gone"}, "2024-08": {"c3"}, "2024-01": {"old"}}, gone: map[string]bool{"gone": true}}
	for i := range 45 {
		s.codes["2025-09"] = append(s.codes["2025-09"], fmt.Sprintf("d%02d", i))
	}
	sp, run := serve(t, s)
	var back []time.Time
	p := run("")
	p.Emit = func(page source.Page) error {
		if !page.Back.IsZero() {
			back = append(back, page.Back)
		}
		return nil
	}
	if err := sp.Streams()[3].Pull(p); err != nil || len(back) < 2 || !back[0].After(back[1]) || back[0].After(now) {
		t.Errorf("it tells that it came back to %v, %v", back, err)
	}
	told, cursors, err := pull(t, sp, "history", run(""))
	if err != nil || len(told) != 48 || slices.Contains(told, "old") || slices.Contains(told, "gone") {
		t.Fatalf("%d incidents %v, %v", len(told), told, err)
	}
	// From every place where it may have stopped, the rest is read and no more.
	for i, c := range cursors[:len(cursors)-1] {
		rest, _, err := pull(t, sp, "history", run(c))
		if err != nil || len(rest) > len(told) || !slices.Equal(rest, told[len(told)-len(rest):]) || (i == 0 && len(rest) != 46) {
			t.Errorf("from cursor %d %s: %v, %v", i, c, rest, err)
		}
	}
	// The next day only what may have changed is read again.
	s.calls = nil
	told, _, err = pull(t, sp, "history", run(cursors[len(cursors)-1]))
	if err != nil || !slices.Equal(told, []string{"c1", "c2"}) || len(s.calls) != 4 {
		t.Errorf("%v, %v, calls %v", told, err, s.calls)
	}
}

func TestQuietPagesEnd(t *testing.T) {
	sp, run := serve(t, &site{})
	p := run("")
	p.From = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, cursors, err := pull(t, sp, "history", p); err != nil || len(cursors) != emptyEnd {
		t.Errorf("%d pages, %v", len(cursors), err)
	}
	sp, run = serve(t, &site{closed: true})
	if _, cursors, err := pull(t, sp, "history", run("")); err != nil || len(cursors) != 0 {
		t.Errorf("without a history: %d pages, %v", len(cursors), err)
	}
}

func TestPullSurvivesFaults(t *testing.T) {
	s := &site{codes: map[string][]string{"2026-03": {"c1"}}, faults: []int{429, 503, 1, 0, 500, 1, 0}}
	sp, run := serve(t, s)
	p := run("")
	p.From = now
	if told, _, err := pull(t, sp, "history", p); err != nil || !slices.Equal(told, []string{"c1"}) {
		t.Errorf("%v, %v", told, err)
	}
	for _, c := range []string{"{", `{"page":0}`} {
		if _, _, err := pull(t, sp, "history", run(c)); err == nil {
			t.Errorf("the cursor %s was taken", c)
		}
	}
	full := fmt.Errorf("disk full")
	p = run("")
	p.Emit = func(source.Page) error { return full }
	s.calls = nil
	if err := sp.history(p); err != full || len(s.calls) != 2 {
		t.Errorf("%v after %v", err, s.calls)
	}
}

func TestFaults(t *testing.T) {
	s := &site{codes: map[string][]string{"2026-03": {"c1", "c2"}, "2025-11": {"c3"}, "2025-03": {"c4"}}}
	server := httptest.NewServer(s)
	defer server.Close()
	sp := page(t, server.URL)
	for i := range sp.Streams() {
		sourcetest.Survives(t, server, time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), now, "", func() source.Stream { return sp.Streams()[i] })
	}
}

func TestListsAreToldWhenTheyChange(t *testing.T) {
	sp, run := serve(t, &site{})
	told, cursors, err := pull(t, sp, "incidents", run(""))
	if err != nil || !slices.Equal(told, []string{"latest"}) {
		t.Fatalf("%v, %v", told, err)
	}
	if told, _, err = pull(t, sp, "incidents", run(cursors[0])); err != nil || len(told) != 0 {
		t.Errorf("again: %v, %v", told, err)
	}
}

func TestCheckSaysWhatThereIs(t *testing.T) {
	s := &site{}
	sp, run := serve(t, s)
	if found := sp.Check(run("")); len(found) != 2 || !found[0].OK || !found[1].OK {
		t.Errorf("%+v", found)
	}
	s.closed = true
	if found := sp.Check(run("")); len(found) != 2 || found[1].OK {
		t.Errorf("%+v", found)
	}
	sp.URL += "/elsewhere"
	if found := sp.Check(run("")); len(found) != 1 || found[0].OK {
		t.Errorf("%+v", found)
	}
}
