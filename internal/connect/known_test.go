package connect

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"hansei"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// restarted has another inbox, which knows nothing but the record.
func (r *rig) restarted() {
	r.Inbox = &intake.Inbox{Records: r.Records, Log: r.Log, Source: r.Reading}
}

// service is nil when there is none.
func (r *rig) service(t *testing.T, id hansei.ID) *hansei.Service {
	t.Helper()
	found, err := record.Load(context.Background(), r.Records, who.Scope(), hansei.KindService, []hansei.ID{id})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := found[id].Record.(*hansei.Service)
	return s
}

// TestRenamed: what a source calls a thing now leads to it, whether somebody
// restarted the server or not.
func TestRenamed(t *testing.T) {
	for _, restart := range []bool{false, true} {
		r := newRig(t)
		a := r.add(t, "pd")
		r.tell(t, a, "S1", 0, &hansei.Service{Name: "Checkout"})
		r.drain(t)
		r.tell(t, a, "S1", 1, &hansei.Service{Name: "Payments API", Aliases: []string{"pay"}})
		r.drain(t)
		if restart {
			r.restarted()
		}
		for id, name := range map[string]string{"1": "Payments API", "2": "pay", "3": "Checkout", "4": "payments-api"} {
			r.sent(t, a, event{ID: id, At: at(2), Status: "open", Service: name})
			r.drain(t)
			if got := r.incident(t, hansei.ID("pd:"+id)).Services; !slices.Equal(got, []hansei.ID{"checkout"}) {
				t.Errorf("restarted %v: %q is %v", restart, name, got)
			}
		}
	}
}

// TestARefusedServiceIsNone: what named a service that was refused, in a webhook
// or in a file, leads to one that is there.
func TestARefusedServiceIsNone(t *testing.T) {
	r := newRig(t)
	a, bad := r.add(t, "pd"), 200.0
	r.sent(t, a, event{ID: "0", At: at(2), Status: "open", Service: "Other"})
	r.tell(t, a, "S1", 0, &hansei.Service{Name: "Foo", Objective: &bad})
	r.sent(t, a, event{ID: "1", At: at(2), Status: "open", Service: "Foo"})
	r.drain(t)
	r.sent(t, a, event{ID: "2", At: at(2), Status: "open", Service: "Foo"})
	r.drain(t)
	if s := r.service(t, "foo"); s == nil || len(r.incident(t, "pd:1").Services) != 1 || len(r.incident(t, "pd:2").Services) != 1 {
		t.Errorf("foo is %+v", s)
	}
	r.imported(t, "services.csv", "name,objective,depends_on\nBaz,200,\nBar,99,Baz\n")
	if bar := r.service(t, "bar"); bar == nil || len(bar.DependsOn) != 1 || r.service(t, "baz") == nil {
		t.Errorf("bar is %+v, baz %+v", bar, r.service(t, "baz"))
	}
}

// TestAnAliasIsNoId: what another service is called besides takes nothing from
// the one whose id that is, however they are called.
func TestAnAliasIsNoId(t *testing.T) {
	for _, other := range []string{"Web", "Aaa"} {
		r := newRig(t)
		a := r.add(t, "pd")
		r.tell(t, a, "P1", 0, &hansei.Service{Name: "API", Tier: "0"})
		r.drain(t)
		r.imported(t, "services.csv", "name,aliases\n"+other+",api\n")
		r.tell(t, a, "P1", 1, &hansei.Service{Name: "API", Tier: "1"})
		r.sent(t, a, event{ID: "1", At: at(2), Status: "open", Service: "API"})
		r.drain(t)
		if got := r.incident(t, "pd:1").Services; r.service(t, "api").Tier != "1" || r.service(t, hansei.Slug(other)).Tier != "" || !slices.Equal(got, []hansei.ID{"api"}) {
			t.Errorf("%s: api has tier %q, the incident is of %v", other, r.service(t, "api").Tier, got)
		}
	}
}

// TestTwoOfOneName: two people of one tool who are called the same are two; a
// second account with the e-mail address of the first is theirs.
func TestTwoOfOneName(t *testing.T) {
	for _, restart := range []bool{false, true} {
		r := newRig(t)
		a := r.add(t, "chat")
		for i, email := range []string{"alex1@corp.example", "alex2@corp.example", "alex1@corp.example", "alex2@corp.example"} {
			r.tell(t, a, "U"+string(rune('1'+i)), i, &hansei.Person{Name: "Alex Chen", Email: email})
			if r.drain(t); restart {
				r.restarted()
			}
		}
		list, err := r.Records.List(t.Context(), who.Scope(), hansei.KindPerson, "", 10)
		if err != nil || len(list) != 2 {
			t.Fatalf("restarted %v: %d people, %v", restart, len(list), err)
		}
		for _, s := range list {
			if n := len(s.Record.Head().From); n != 2 {
				t.Errorf("restarted %v: %s has %d accounts", restart, s.Record.Head().ID, n)
			}
		}
	}
}

// TestUnmerge: what was told of a service while it was merged is its own again.
func TestUnmerge(t *testing.T) {
	for _, x := range [][2]hansei.ID{{"alpha", "beta"}, {"beta", "alpha"}} {
		r, ctx := newRig(t), context.Background()
		a, p := r.add(t, "pd"), intake.People{Records: r.Records}
		tell := func(minute int, tier string) {
			r.tell(t, a, "P1", minute, &hansei.Service{Name: "Alpha", Tier: tier, URL: "https://a"})
			r.tell(t, a, "P2", minute, &hansei.Service{Name: "Beta"})
			r.drain(t)
		}
		tell(0, "0")
		if _, err := p.Merge(ctx, who, hansei.KindService, x[0], x[1]); err != nil {
			t.Fatal(err)
		}
		tell(1, "1")
		if _, err := p.Unmerge(ctx, who, hansei.KindService, x[0]); err != nil {
			t.Fatal(err)
		}
		for _, tier := range []string{"1", "2"} {
			if tier == "2" {
				tell(2, tier)
			}
			alpha, beta := r.service(t, "alpha"), r.service(t, "beta")
			if alpha.Name != "Alpha" || alpha.Tier != tier || len(alpha.From) != 1 || beta.Name != "Beta" || beta.Tier != "" || beta.URL != "" || len(beta.From) != 1 {
				t.Errorf("%v, tier %s:\n%+v\n%+v", x, tier, alpha, beta)
			}
		}
	}
}

// TestWhatPeopleMadeStays: it is there still when a tool that told of it, too, is
// removed with its data; that tool's word is not.
func TestWhatPeopleMadeStays(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a, p := r.add(t, "pd"), intake.People{Records: r.Records}
	create := func(kind hansei.Kind, id hansei.ID, fields ...string) {
		t.Helper()
		var sets []intake.Set
		for i := 0; i < len(fields); i += 2 {
			sets = append(sets, intake.Set{Field: fields[i], Value: json.RawMessage(`"` + fields[i+1] + `"`)})
		}
		if _, err := p.Create(ctx, who, kind, id, sets, ""); err != nil {
			t.Fatal(err)
		}
	}
	create(hansei.KindService, "web", "name", "Web")
	create(hansei.KindIncident, "mine", "title", "By hand", "declared_at", "2026-03-01T10:00:00Z")
	r.tell(t, a, "P1", 0, &hansei.Service{Name: "Web", Tier: "1"})
	r.tell(t, a, "P2", 0, &hansei.Service{Name: "Only There"})
	r.sent(t, a, event{ID: "1", At: at(2), Status: "open", Title: "T", Service: "Web"})
	r.sent(t, a, event{ID: "2", At: at(2), Status: "open", Title: "T"})
	r.drain(t)
	if _, err := (intake.Joins{Records: r.Records}).Confirm(ctx, who, hansei.KindIncident, "mine", "pd:1"); err != nil {
		t.Fatal(err)
	}
	if web := r.service(t, "web"); web.Tier != "1" {
		t.Errorf("before: %+v", web)
	}
	if _, err := r.Remove(ctx, who, "pd", true); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Inbox.ForgetSource(ctx, who, "pd"); err != nil {
		t.Fatal(err)
	}
	if web := r.service(t, "web"); web.Deleted || web.Name != "Web" || web.Tier != "" {
		t.Errorf("the service: %+v", web)
	}
	if in := r.incident(t, "mine"); in.Deleted || in.Title != "By hand" || len(in.Services) > 0 {
		t.Errorf("the incident: %+v", in)
	}
	if !r.service(t, "only-there").Deleted || !r.incident(t, "pd:2").Deleted {
		t.Error("what only the tool told of is there still")
	}
	if in := r.incident(t, "pd:1"); in.MergedInto != "mine" {
		t.Errorf("the tool's own: %+v", in)
	}
	// Apart again, the one stays and the other goes.
	if _, err := (intake.Joins{Records: r.Records}).Decide(ctx, who, hansei.KindIncident, "mine", "pd:1", false); err != nil {
		t.Fatal(err)
	}
	if mine, other := r.incident(t, "mine"), r.incident(t, "pd:1"); mine.Deleted || !other.Deleted || other.Made {
		t.Errorf("apart: %+v\n%+v", mine, other)
	}
}

// TestDeletedWhileOut: what a person deletes stays so when a source that had
// deleted it tells of it again.
func TestDeletedWhileOut(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a := r.add(t, "pd")
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "T"})
	r.drain(t)
	r.tell(t, a, "1", 5, &hansei.Incident{Header: hansei.Header{Deleted: true}})
	r.drain(t)
	for _, deleted := range []bool{true, false} {
		if _, err := (intake.People{Records: r.Records}).Delete(ctx, who, hansei.KindIncident, "pd:1", deleted); err != nil {
			t.Fatal(err)
		}
		if deleted {
			r.sent(t, a, event{ID: "1", At: at(9), Status: "open", Title: "T", Whole: true})
			r.drain(t)
		}
		if in := r.incident(t, "pd:1"); in.Deleted != deleted {
			t.Errorf("deleted %v, want %v", in.Deleted, deleted)
		}
	}
}

// TestAFileUnderASourcesName: it brings back what was gone, and keeps the times,
// names and mentions of what the source itself told.
func TestAFileUnderASourcesName(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a := r.add(t, "pd")
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "First title", See: "OPS-12"})
	r.sent(t, a, event{ID: "1", At: at(30), Status: "resolved", Title: "Newest title"})
	r.drain(t)
	const file = "id,title,status,created_at,resolved_at\n1,Newest title,resolved,2026-03-01T10:00:00Z,2026-03-01T10:30:00Z\n"
	r.importedFrom(t, "pd", "incidents.csv", file)
	if o := r.incident(t, "pd:1").From[0]; len(o.Names) == 0 || !slices.Contains(o.Mentions, "OPS-12") {
		t.Errorf("imported: %+v", o)
	}
	r.sent(t, a, event{ID: "1", At: at(10), Status: "open", Title: "Old title, late"})
	r.drain(t)
	if in := r.incident(t, "pd:1"); in.Title != "Newest title" || in.Status != hansei.StatusResolved {
		t.Errorf("a late one: %q, %s", in.Title, in.Status)
	}
	if _, err := r.Remove(ctx, who, "pd", true); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Inbox.ForgetSource(ctx, who, "pd"); err != nil {
		t.Fatal(err)
	}
	if in := r.incident(t, "pd:1"); !in.Deleted {
		t.Errorf("removed: %+v", in)
	}
	r.importedFrom(t, "pd", "again.csv", file+"2,Another,open,2026-03-01T10:00:00Z,\n") // another file
	if in := r.incident(t, "pd:1"); in.Deleted || in.From[0].Out != "" || len(in.From[0].Mentions) > 0 {
		t.Errorf("imported again: %+v", in)
	}
}

// TestAFileLeads: a file that tells of services alone can lead over a tool.
func TestAFileLeads(t *testing.T) {
	r := newRig(t)
	r.add(t, "pd")
	rule := intake.Rules{SourceOrder: &[]hansei.SourceOrder{{Kind: hansei.KindService, Sources: []string{"catalog", "pd"}}}}
	if _, err := (intake.People{Records: r.Records}).SetRules(t.Context(), who, rule); err == nil {
		t.Error("nothing of that name is there yet")
	}
	r.importedFrom(t, "catalog", "services.csv", "name,tier\nWeb,1\n")
	if _, err := (intake.People{Records: r.Records}).SetRules(t.Context(), who, rule); err != nil {
		t.Error(err)
	}
}

// TestNoTime: year 1 is no time to set.
func TestNoTime(t *testing.T) {
	r := newRig(t)
	a := r.add(t, "pd")
	r.sent(t, a, event{ID: "1", At: at(2), Status: "open", Title: "T"})
	r.drain(t)
	for _, value := range []string{"0001-01-01T00:00:00Z", "1066-10-14T09:00:00Z"} {
		_, err := (intake.People{Records: r.Records}).Edit(t.Context(), who, hansei.KindIncident, "pd:1", 0, []intake.Set{{Field: "resolved_at", Value: json.RawMessage(`"` + value + `"`)}}, "")
		if _, ok := err.(*hansei.InvalidError); !ok {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// TestTwoOfOneNameAtTwoTools: their accounts at a second tool are theirs, in one
// batch or each alone, in any order, with e-mail addresses or without any.
func TestTwoOfOneNameAtTwoTools(t *testing.T) {
	for _, order := range []string{"12", "21"} {
		for _, together := range []bool{true, false} {
			for _, email := range []bool{true, false} {
				r := newRig(t)
				a, b := r.add(t, "chat"), r.add(t, "pd")
				person := func(n string) *hansei.Person {
					p := &hansei.Person{Name: "Alex Chen"}
					if email {
						p.Email = "alex" + n + "@corp.example"
					}
					return p
				}
				r.tell(t, a, "1", 0, person("1"))
				r.tell(t, a, "2", 0, person("2"))
				r.drain(t)
				for _, n := range order {
					if r.tell(t, b, string(n), 0, person(string(n))); !together {
						r.drain(t)
					}
				}
				r.drain(t)
				waits, err := r.Records.Inbox(t.Context(), who.Scope(), 10, 1<<20)
				if err != nil || len(waits) > 0 {
					t.Fatalf("%s, together %v, e-mail %v: %d wait, %v", order, together, email, len(waits), err)
				}
				list, err := r.Records.List(t.Context(), who.Scope(), hansei.KindPerson, "", 10)
				if err != nil || email && len(list) != 2 {
					t.Fatalf("%s, together %v, e-mail %v: %d people, %v", order, together, email, len(list), err)
				}
				for _, s := range list {
					from := s.Record.Head().From
					if email && (len(from) != 2 || from[0].External != from[1].External) {
						t.Errorf("%s, together %v: %s has %+v", order, together, s.Record.Head().ID, from)
					}
				}
			}
		}
	}
}

// TestCalledOtherwiseElsewhere: what only one of its sources calls a thing leads
// to it after a restart, too.
func TestCalledOtherwiseElsewhere(t *testing.T) {
	for _, restart := range []bool{false, true} {
		r := newRig(t)
		a, b := r.add(t, "aa"), r.add(t, "bb")
		r.tell(t, a, "S1", 0, &hansei.Service{Name: "Checkout"})
		r.tell(t, b, "O1", 0, &hansei.Service{Name: "Checkout"})
		r.drain(t)
		r.tell(t, b, "O1", 1, &hansei.Service{Name: "Payments API"})
		r.drain(t)
		if restart {
			r.restarted()
		}
		r.sent(t, b, event{ID: "1", At: at(2), Status: "open", Service: "Payments API"})
		r.drain(t)
		if got := r.incident(t, "bb:1").Services; !slices.Equal(got, []hansei.ID{"checkout"}) {
			t.Errorf("restarted %v: %v", restart, got)
		}
	}
}

// TestWhatPeopleMadeIsTheirs: what they gave back to a tool goes with that; what
// two people made and took apart again stays with each.
func TestWhatPeopleMadeIsTheirs(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a, p, joins := r.add(t, "pd"), intake.People{Records: r.Records}, intake.Joins{Records: r.Records}
	set := func(field, value string) []intake.Set {
		return []intake.Set{{Field: field, Value: json.RawMessage(value)}}
	}
	if _, err := p.Create(ctx, who, hansei.KindService, "web", set("name", `"Web"`), ""); err != nil {
		t.Fatal(err)
	}
	for _, id := range []hansei.ID{"mine", "hers"} {
		if _, err := p.Create(ctx, who, hansei.KindIncident, id, append(set("title", `"By hand"`), set("declared_at", `"2026-03-01T10:00:00Z"`)...), ""); err != nil {
			t.Fatal(err)
		}
	}
	r.tell(t, a, "P1", 0, &hansei.Service{Name: "Web", Tier: "1"})
	r.sent(t, a, event{ID: "1", At: at(2), Status: "open", Title: "T"})
	r.drain(t)
	if _, err := p.Edit(ctx, who, hansei.KindService, "web", 0, set("name", ""), ""); err != nil {
		t.Fatal(err)
	}
	for _, other := range []hansei.ID{"pd:1", "hers"} {
		if _, err := joins.Confirm(ctx, who, hansei.KindIncident, "mine", other); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := joins.Decide(ctx, who, hansei.KindIncident, "mine", "hers", false); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Remove(ctx, who, "pd", true); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Inbox.ForgetSource(ctx, who, "pd"); err != nil {
		t.Fatal(err)
	}
	if web := r.service(t, "web"); !web.Deleted {
		t.Errorf("given back: %+v", web)
	}
	for _, id := range []hansei.ID{"mine", "hers"} {
		if in := r.incident(t, id); in.Deleted || in.Title != "By hand" {
			t.Errorf("%s: %+v", id, in)
		}
	}
}
