package affected

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/record/pack"
	"hansei/internal/seal"
	"hansei/internal/source"
	"hansei/internal/source/pagerduty"
	"hansei/internal/source/zendesk"
)

var who = auth.Local()

const (
	secret = "the-secret-of-both-tools"
	outage = hansei.ID("pd:PGR0VU2") // of PagerDuty's example
	page1  = "https://acme.pagerduty.com/incidents/PGR0VU2"
)

// rig is a journal with a PagerDuty and a Zendesk.
type rig struct {
	t       *testing.T
	sources *connect.Sources
	hooks   *connect.Hooks
	inbox   *intake.Inbox
	records *record.Store
	packer  *pack.Packer
	people  intake.People
	pd      connect.Added
	desk    connect.Added
	jobs    []connect.Job
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t}
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	var err error
	r.records, err = record.Open(context.Background(), record.Options{Dir: dir})
	r.must(err)
	t.Cleanup(func() {
		if err := r.records.Close(); err != nil {
			t.Error(err)
		}
	})
	box, err := seal.Open(filepath.Join(dir, "hansei.key"))
	r.must(err)
	r.packer, err = pack.New()
	r.must(err)
	r.sources = &connect.Sources{Records: r.records, Kinds: []source.Kind{pagerduty.Kind, zendesk.Kind}, Seal: box, Log: log, Now: time.Now, Base: "https://hansei.example",
		Later: func(_ *record.Tx, j connect.Job) error { r.jobs = append(r.jobs, j); return nil }}
	r.inbox = &intake.Inbox{Records: r.records, Log: log, Source: r.sources.Reading}
	r.sources.Inbox = r.inbox
	r.hooks = &connect.Hooks{Sources: r.sources, Packer: r.packer}
	r.people = intake.People{Records: r.records}
	r.pd, err = r.sources.Add(context.Background(), who, connect.Spec{Tool: "pagerduty", Name: "pd", Settings: map[string]string{source.WebhookSecret: secret}})
	r.must(err)
	r.desk, err = r.sources.Add(context.Background(), who, connect.Spec{Tool: "zendesk", Name: "desk", Settings: map[string]string{source.WebhookSecret: secret, "subdomain": "acme", "email": "ann@acme.example", "token": "tok"}})
	r.must(err)
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) post(url string, body string, header http.Header) {
	r.t.Helper()
	q := httptest.NewRequest("POST", url, strings.NewReader(body))
	q.Header = header
	w := httptest.NewRecorder()
	r.hooks.ServeHTTP(w, q)
	if w.Code != http.StatusOK {
		r.t.Fatalf("got %d %s", w.Code, w.Body)
	}
}

// pages delivers PagerDuty's example of an incident.
func (r *rig) pages() {
	r.t.Helper()
	body, err := os.ReadFile("../source/pagerduty/reading/testdata/incident.triggered.json")
	r.must(err)
	r.post(r.pd.URL, string(body), http.Header{"X-Pagerduty-Signature": {fmt.Sprintf("v1=%x", source.HMAC(secret, body))}, "X-Webhook-Id": {"w1"}})
}

func minute(n int) string {
	return time.Date(2026, 3, 1, 10, n, 0, 0, time.UTC).Format(time.RFC3339)
}

// event is a webhook in the shape of Zendesk's documentation of ticket events.
func (r *rig) event(kind string, id, at int, text string, problem int) {
	r.t.Helper()
	about := "null"
	if problem > 0 {
		about = fmt.Sprintf("%q", fmt.Sprint(problem))
	}
	body := fmt.Sprintf(`{"account_id":22129848,"detail":{"actor_id":"8447388090494","assignee_id":"8447388090494","created_at":"2026-03-01T10:00:00Z","description":%q,"group_id":"1",
		"id":"%d","is_public":true,"organization_id":"8447346622462","priority":"HIGH","problem_id":%s,"requester_id":"1","status":"OPEN","subject":"Payment fails","tags":["vip"],"type":"INCIDENT","updated_at":%q},
		"event":{},"id":"%s-%d-%d","subject":"zen:ticket:%d","time":%q,"type":"zen:event-type:ticket.%s","zendesk_event_version":"2022-11-06"}`, text, id, about, minute(at), kind, id, at, id, minute(at), kind)
	now := time.Now().UTC().Format(time.RFC3339)
	r.post(r.desk.URL, body, http.Header{"X-Zendesk-Webhook-Signature-Timestamp": {now}, "X-Zendesk-Webhook-Signature": {base64.StdEncoding.EncodeToString(source.HMAC(secret, []byte(now), []byte(body)))}})
}

// row is a ticket in a page of Zendesk's export.
type row struct {
	id, at  int
	text    string
	problem any // nil or a number
	org     int
}

var organizations = map[int]string{1: "Globex", 2: "Initech", 3: " globex ", 4: "Hooli"}

// pull delivers a page of the export as it is read.
func (r *rig) pull(rows ...row) {
	r.t.Helper()
	tickets, orgs := []any{}, []any{}
	for _, x := range rows {
		t := map[string]any{"id": x.id, "created_at": "2026-03-01T10:00:00Z", "updated_at": minute(x.at), "subject": "Payment fails", "description": x.text, "status": "open", "problem_id": x.problem, "organization_id": nil, "tags": []string{}}
		if x.org > 0 {
			t["organization_id"] = x.org
			orgs = append(orgs, map[string]any{"id": x.org, "name": organizations[x.org]})
		}
		tickets = append(tickets, t)
	}
	body, err := json.Marshal(map[string]any{"tickets": tickets, "organizations": orgs, "after_cursor": "2", "end_of_stream": true})
	r.must(err)
	_, err = r.records.Deliver(context.Background(), who, []pack.Packed{r.packer.Pack("desk", "pull/tickets", "application/json", "", body)})
	r.must(err)
}

// settle understands what was delivered and does the jobs.
func (r *rig) settle() {
	r.t.Helper()
	ctx := context.Background()
	for n := 1; n > 0; {
		var err error
		n, err = r.inbox.Drain(ctx, who)
		r.must(err)
	}
	r.must(r.inbox.Link(ctx, who))
	r.must(Counter{r.records}.Follow(ctx, who))
}

func (r *rig) incident(id hansei.ID) (*hansei.Incident, record.Revision) {
	r.t.Helper()
	in, rev, err := record.Get[*hansei.Incident](context.Background(), r.records, who.Scope(), id)
	r.must(err)
	if in.MergedInto != "" {
		return r.incident(in.MergedInto)
	}
	return in, rev
}

// counts holds an incident to a number of tickets and customers; least says
// that the customers are the incident's.
func (r *rig) counts(when string, id hansei.ID, tickets, customers int, least bool) {
	r.t.Helper()
	in, _ := r.incident(id)
	got := hansei.Counted{}
	if in.Counted != nil {
		got = *in.Counted
	}
	if want := (hansei.Counted{Tickets: tickets, Customers: customers, Stands: least}); got != want {
		r.t.Errorf("%s: got %+v, want %+v", when, got, want)
	}
	if least && (in.Customers == nil || *in.Customers != float64(customers) || in.CustomersLow == nil || *in.CustomersLow != float64(customers) || in.CustomersHigh != nil || in.CustomersMethod != hansei.CountedMethod) {
		r.t.Errorf("%s: the customers are %v, from %v, %q", when, in.Customers, in.CustomersLow, in.CustomersMethod)
	}
}

// tells are the tickets of one outage: a problem that names it, two that belong
// to the problem, one that names the outage itself, and one about something else.
func (r *rig) tells() []func() {
	return []func(){
		r.pages,
		func() { r.event("created", 35400, 1, "Many cannot pay, see "+page1+"?tab=timeline", 0) },
		func() { r.event("created", 35401, 2, "I cannot pay", 0) },
		func() { r.event("problem_link_changed", 35401, 3, "I cannot pay", 35400) },
		func() { r.event("created", 35402, 2, "Nor can we", 35400) },
		func() { r.event("created", 35403, 2, "About <"+page1+">: when is it over?", 0) },
		func() { r.event("created", 35409, 2, "The invoice is wrong", 0) },
		func() {
			r.pull(row{35400, 20, "Many cannot pay, see " + page1, nil, 0}, row{35401, 20, "I cannot pay", 35400, 1}, row{35402, 20, "Nor can we", 35400, 2})
		},
		func() {
			r.pull(row{35403, 20, "About " + page1 + ": when is it over?", nil, 3}, row{35409, 20, "The invoice is wrong", nil, 4})
		},
	}
}

// TestCountsInAnyOrder: whatever comes first, the count is that of the distinct
// customers of the linked tickets, and telling it all again changes nothing.
func TestCountsInAnyOrder(t *testing.T) {
	for seed := range uint64(12) {
		r := newRig(t)
		tells, rng := r.tells(), rand.New(rand.NewPCG(seed, 1))
		rng.Shuffle(len(tells), func(i, j int) { tells[i], tells[j] = tells[j], tells[i] })
		for _, tell := range tells {
			if tell(); rng.IntN(2) == 0 {
				r.settle()
			}
		}
		r.settle()
		when := fmt.Sprint("seed ", seed)
		r.counts(when, outage, 4, 2, true)
		before, rev := r.incident(outage)
		_, err := r.sources.Replay(context.Background(), who, connect.Replay{})
		r.must(err)
		r.settle()
		if after, now := r.incident(outage); now != rev || *after.Counted != *before.Counted {
			t.Errorf("%s: a replay made revision %d of %d: %+v", when, now, rev, after.Counted)
		}
	}
}

// TestFollowsTickets: the count follows what becomes of the tickets and of the
// source.
func TestFollowsTickets(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	for _, tell := range r.tells() {
		tell()
	}
	r.settle()
	r.pull(row{35402, 21, "Nor can we", 35400, 4}, row{35409, 21, "The same: " + page1, nil, 2})
	r.settle()
	r.counts("another customer, and one more", outage, 5, 3, true)
	r.event("soft_deleted", 35402, 30, "Nor can we", 35400)
	r.settle()
	r.counts("one deleted", outage, 4, 2, true)
	r.event("undeleted", 35402, 31, "Nor can we", 35400)
	r.pull(row{35409, 32, "The invoice is wrong", nil, 2})
	r.settle()
	r.counts("back, and another unlinked", outage, 4, 2, true)
	r.pull(row{35400, 33, "Many cannot pay", nil, 0})
	r.settle()
	r.counts("the problem is about something else", outage, 1, 1, true)
	if _, err := r.sources.Remove(ctx, who, "desk", true); err != nil {
		t.Fatal(err)
	}
	_, err := r.inbox.ForgetSource(ctx, who, "desk")
	r.must(err)
	r.settle()
	r.counts("the source is gone with its data", outage, 0, 0, false)
	if in, _ := r.incident(outage); in.Customers != nil || in.CustomersMethod != "" || in.Deleted || len(in.From) != 1 || in.From[0].Record != nil {
		t.Errorf("what was counted is still there: %+v", in)
	}
}

// TestOthersStand: a person's number and a source's stand over what was
// counted, which is back when they take it back.
func TestOthersStand(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	for _, tell := range r.tells() {
		tell()
	}
	r.settle()
	edit := func(value string) *hansei.Incident {
		t.Helper()
		_, err := r.people.Edit(ctx, who, hansei.KindIncident, outage, 0, []intake.Set{{Field: "customers_affected", Value: json.RawMessage(value)}}, "")
		r.must(err)
		r.settle()
		in, _ := r.incident(outage)
		return in
	}
	if in := edit("50"); *in.Customers != 50 || in.CustomersLow != nil || in.CustomersMethod != "" {
		t.Errorf("a person said 50: %v from %v, %q", *in.Customers, in.CustomersLow, in.CustomersMethod)
	}
	r.counts("a person said 50", outage, 4, 2, false)
	r.event("soft_deleted", 35402, 30, "Nor can we", 35400)
	r.settle()
	r.counts("one deleted meanwhile", outage, 3, 1, false)
	edit("null")
	r.counts("taken back", outage, 3, 1, true)

	im := intake.Imports{Records: r.records, Log: slog.New(slog.DiscardHandler)}
	d, _, err := im.Receive(ctx, who, "incidents.csv", intake.Options{Kind: hansei.KindIncident}, strings.NewReader("id,title,url,began_at,customers_affected\n7,Bump,"+page1+",2020-04-09T15:00:00Z,120\n"))
	r.must(err)
	sum, err := im.Understand(ctx, who, d.ID)
	r.must(err)
	r.settle()
	in, _ := r.incident(outage)
	if sum.Created != 1 || len(in.From) != 2 || *in.Customers != 120 || in.CustomersMethod != "" {
		t.Errorf("%+v, and the file's number: %v from %+v", sum, in.Customers, in.From)
	}
	r.counts("a file said 120", outage, 3, 1, false)
	origins, err := intake.Origins(in)
	r.must(err)
	for _, o := range origins {
		if o.Field.Name == "customers_affected" && o.Stands() != "file" {
			t.Errorf("it comes from %q", o.Stands())
		}
	}
	_, err = intake.Joins{Records: r.records}.Reject(ctx, who, hansei.KindIncident, outage, "file:7")
	r.must(err)
	r.settle()
	r.counts("taken apart", outage, 3, 1, true)
}

// TestByHandAndFile: an incident that people made, and tickets of a file, which
// were there before.
func TestByHandAndFile(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	im := intake.Imports{Records: r.records, Log: slog.New(slog.DiscardHandler)}
	d, _, err := im.Receive(ctx, who, "tickets.csv", intake.Options{Kind: hansei.KindTicket}, strings.NewReader("id,title,created_at,customer,incident\n1,Help,2026-03-01T10:00:00Z,Ann & Co,OPS-12\n2,Help,2026-03-01T10:00:00Z,ann & co,OPS-12\n3,Help,2026-03-01T10:00:00Z,,OPS-12\n4,Help,2026-03-01T10:00:00Z,Hooli,OPS-13\n"))
	r.must(err)
	_, err = im.Understand(ctx, who, d.ID)
	r.must(err)
	r.settle()
	set := func(field, value string) intake.Set {
		return intake.Set{Field: field, Value: json.RawMessage(value)}
	}
	_, err = r.people.Create(ctx, who, hansei.KindIncident, "by-hand", []intake.Set{set("title", `"OPS-12 and OPS-13"`), set("description", `"It was file:1"`), set("began_at", `"2026-03-01T10:00:00Z"`)}, "")
	r.must(err)
	r.settle()
	in, _ := r.incident("by-hand")
	if in.Counted != nil {
		t.Errorf("tickets that name another thing which it names, too: %+v", in.Counted)
	}
	_, err = r.people.Edit(ctx, who, hansei.KindIncident, "by-hand", 0, []intake.Set{set("url", `"https://ops.example/browse/1"`)}, "")
	r.must(err)
	_, err = r.people.Edit(ctx, who, hansei.KindTicket, "file:1", 0, []intake.Set{set("description", `"https://ops.example/browse/1"`)}, "")
	r.must(err)
	_, err = r.people.Edit(ctx, who, hansei.KindTicket, "file:2", 0, []intake.Set{set("incident", `"https://ops.example/browse/1"`)}, "")
	r.must(err)
	r.settle()
	r.counts("by hand", "by-hand", 2, 1, true)
	_, err = r.people.Edit(ctx, who, hansei.KindIncident, "by-hand", 0, []intake.Set{set("customers_low", "7")}, "")
	r.must(err)
	if in, _ := r.incident("by-hand"); in.Customers != nil || *in.CustomersLow != 7 || in.CustomersMethod != "" {
		t.Errorf("a person said at least 7: %v, %v, %q", in.Customers, *in.CustomersLow, in.CustomersMethod)
	}
	_, err = r.people.Delete(ctx, who, hansei.KindIncident, "by-hand", true)
	r.must(err)
	r.event("created", 5, 1, "https://ops.example/browse/1", 0)
	r.settle()
	if in, _ := r.incident("by-hand"); !in.Deleted || in.Counted.Tickets != 2 {
		t.Errorf("a deleted incident: %+v", in.Header)
	}
	_, err = r.people.Delete(ctx, who, hansei.KindIncident, "by-hand", false)
	r.must(err)
	r.settle()
	r.counts("put back", "by-hand", 3, 1, false)
}
