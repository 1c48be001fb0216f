package pagerduty

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hansei/internal/source"
	"hansei/internal/source/fetch"
)

// api answers as PagerDuty's documentation says: classic pages of at most 100,
// offset and limit together at most 10,000, windows over since and until.
type api struct {
	made   []time.Time // of incidents and log entries
	calls  []string
	faults []func(w http.ResponseWriter, r *http.Request) // of the next calls; nil answers well
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.calls = append(a.calls, r.URL.Path+"?"+r.URL.RawQuery)
	if len(a.faults) > 0 {
		fault := a.faults[0]
		a.faults = a.faults[1:]
		if fault != nil {
			fault(w, r)
			return
		}
	}
	q := r.URL.Query()
	limit, offset := number(q.Get("limit")), number(q.Get("offset"))
	switch {
	case r.Header.Get("Authorization") != "Token token=k3y" || !strings.Contains(r.Header.Get("Accept"), "version=2"):
		w.WriteHeader(http.StatusUnauthorized)
		return
	case limit+offset > 10_000:
		w.WriteHeader(http.StatusBadRequest)
		return
	case r.URL.Path == "/oncalls":
		w.WriteHeader(http.StatusForbidden)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	var all []map[string]any
	if name == "incidents" || name == "log_entries" {
		since, err1 := time.Parse(time.RFC3339, q.Get("since"))
		until, err2 := time.Parse(time.RFC3339, q.Get("until"))
		if err1 != nil || err2 != nil || until.Sub(since) > 180*day {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for i, t := range a.made {
			if !t.Before(since) && t.Before(until) {
				all = append(all, map[string]any{"id": fmt.Sprint("P", i), "type": "incident", "status": "triggered", "created_at": t, "updated_at": t})
			}
		}
	} else {
		all = append(all, map[string]any{"id": "S1", "name": "One"})
	}
	some := all[min(offset, len(all)):min(offset+limit, len(all))]
	if err := json.NewEncoder(w).Encode(map[string]any{name: some, "limit": limit, "offset": offset, "more": offset+limit < len(all), "total": nil}); err != nil {
		panic(err)
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func account(t testing.TB, a *api) (*pagerDuty, func(cursor string) *source.Pull) {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	s, err := Kind.New(source.Config{Name: "pd", Settings: map[string]string{"token": "k3y", "region": "eu", "webhook_secret": "s"}})
	if err != nil {
		t.Fatal(err)
	}
	pd := s.(*pagerDuty)
	if pd.base != "https://api.eu.pagerduty.com" {
		t.Errorf("asks %s", pd.base)
	}
	pd.base = server.URL
	return pd, func(cursor string) *source.Pull {
		client := &fetch.Client{HTTP: server.Client(), Wait: func(context.Context, time.Duration) error { return nil }}
		return &source.Pull{Ctx: t.Context(), Client: client, Cursor: cursor, From: now.Add(-100 * day), Now: now}
	}
}

func stream(t testing.TB, pd *pagerDuty, name string) source.Stream {
	t.Helper()
	i := slices.IndexFunc(pd.Streams(), func(s source.Stream) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no stream %s", name)
	}
	return pd.Streams()[i]
}

// pull reads a stream and returns the ids it told of, and every cursor.
func pull(t testing.TB, st source.Stream, p *source.Pull) (map[string]int, []string, error) {
	t.Helper()
	ids, cursors := map[string]int{}, []string{}
	p.Emit = func(page source.Page) error {
		var body map[string]json.RawMessage
		if err := json.Unmarshal(page.Body, &body); err != nil {
			t.Errorf("page is not whole: %v", err)
		}
		var list []struct{ ID string }
		if err := json.Unmarshal(body[st.Name], &list); err != nil {
			t.Error(err)
		}
		for _, x := range list {
			ids[x.ID]++
		}
		cursors = append(cursors, page.Cursor)
		return nil
	}
	err := st.Pull(p)
	return ids, cursors, err
}

func TestPullReadsHistoryInWindowsAndFollows(t *testing.T) {
	a := &api{}
	for i := range 250 {
		a.made = append(a.made, now.Add(-90*day).Add(time.Duration(i)*8*time.Hour))
	}
	pd, run := account(t, a)
	st := stream(t, pd, "incidents")
	ids, cursors, err := pull(t, st, run(""))
	if err != nil || len(ids) != 250 {
		t.Fatalf("%d incidents, %v", len(ids), err)
	}
	// From every place where it may have stopped, the rest is read.
	for i, c := range cursors[:len(cursors)-1] {
		rest, _, err := pull(t, st, run(c))
		if err != nil || rest["P249"] == 0 {
			t.Errorf("from cursor %d %s: %d incidents, %v", i, c, len(rest), err)
		}
	}
	later := run(cursors[len(cursors)-1])
	later.Now = now.Add(time.Hour)
	a.made = append(a.made, now.Add(-time.Minute), now.Add(time.Minute))
	ids, _, err = pull(t, st, later)
	if err != nil || len(ids) != 2 {
		t.Errorf("afterwards: %v, %v; want the two new ones", ids, err)
	}
}

func TestPullHalvesWindowsThatHoldTooMuch(t *testing.T) {
	a := &api{}
	for i := range 12_000 {
		a.made = append(a.made, now.Add(-10*day).Add(time.Duration(i)*10*time.Second))
	}
	pd, run := account(t, a)
	ids, _, err := pull(t, stream(t, pd, "log_entries"), run(""))
	if err != nil || len(ids) != 12_000 {
		t.Errorf("%d entries, %v", len(ids), err)
	}
}

func TestPullSurvivesFaults(t *testing.T) {
	status := func(code int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ratelimit-reset", "0")
			w.WriteHeader(code)
		}
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, `{"services":[`)
	}
	a := &api{faults: []func(http.ResponseWriter, *http.Request){status(429), status(502), cut}}
	pd, run := account(t, a)
	ids, cursors, err := pull(t, stream(t, pd, "services"), run(""))
	if err != nil || ids["S1"] != 1 || len(cursors) != 1 || len(a.calls) != 4 {
		t.Errorf("%v, %v, %v, %d calls", ids, cursors, err, len(a.calls))
	}
	if _, _, err := pull(t, stream(t, pd, "services"), run(`{"offset":"x"}`)); err == nil {
		t.Error("an unreadable cursor was taken")
	}
	a.faults = append(a.faults, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"services":[],"limit":100,"offset":0,"more":true}`)
	})
	_, cursors, err = pull(t, stream(t, pd, "services"), run(`{"offset":100}`))
	if err == nil || len(cursors) != 0 {
		t.Errorf("the first page in place of the second: %v, %v", cursors, err)
	}
}

func TestPullEndsWithTheErrorOfEmit(t *testing.T) {
	a := &api{}
	pd, run := account(t, a)
	p := run("")
	full := fmt.Errorf("disk full")
	p.Emit = func(source.Page) error { return full }
	if err := stream(t, pd, "incidents").Pull(p); err != full || len(a.calls) != 1 {
		t.Errorf("%v after %d calls", err, len(a.calls))
	}
}

func TestCheckSaysWhatIsMissing(t *testing.T) {
	pd, run := account(t, &api{})
	found := pd.Check(run(""))
	last := found[len(found)-1]
	if len(found) != 6 || !found[0].OK || last.OK || !strings.Contains(last.Says, "oncalls.read") {
		t.Errorf("%+v", found)
	}
	pd.token = "wr0ng"
	found = pd.Check(run(""))
	if len(found) != 1 || found[0].OK || strings.Contains(found[0].Says, "wr0ng") {
		t.Errorf("%+v", found)
	}
	pd.token = ""
	if found = pd.Check(run("")); len(found) != 1 || found[0].OK || len(pd.Streams()) != 0 {
		t.Errorf("%+v, %d streams", found, len(pd.Streams()))
	}
}

func TestNewRefusesAnUnknownRegion(t *testing.T) {
	if _, err := Kind.New(source.Config{Settings: map[string]string{"region": "mars"}}); err == nil {
		t.Error("mars was taken")
	}
}
