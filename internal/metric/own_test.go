package metric

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"hansei"
)

// TestOwnFields: what an organization defined groups and filters like a field
// of ours, also by what the retrospective of an incident says.
func TestOwnFields(t *testing.T) {
	var recs []hansei.Record
	for i, c := range []map[string]string{{"area": `["pay","ship"]`, "cells": "3"}, {"area": `["pay"]`, "cells": "1"}, {"vip": "yes"}, nil} {
		id := hansei.ID(fmt.Sprintf("i%d", i))
		in := &hansei.Incident{Header: hansei.Header{ID: id, Custom: c}, Status: hansei.StatusResolved}
		in.Milestones.Set(hansei.RoleBegan, day(i+1))
		in.Milestones.Set(hansei.RoleResolved, day(i+2))
		r := &hansei.Retrospective{Header: hansei.Header{ID: "retro:" + id}, Title: "r", State: hansei.RetroDraft, Incidents: []hansei.ID{id}}
		if i < 3 {
			r.Custom = map[string]string{"blast_radius": []string{"one", "all", "all"}[i]}
		}
		recs = append(recs, in, r)
	}
	recs = append(recs, &hansei.Organization{Header: hansei.Header{ID: hansei.OrganizationID}, Retrospectives: &hansei.RetroRules{
		Fields: []hansei.OwnField{{Kind: hansei.KindIncident, Name: "unused", Type: hansei.OwnText}}}})
	e := engine(t, day(20), recs...)
	for _, c := range []struct {
		by, want string
		where    []Filter
	}{
		{by: "area", want: "none:2 pay:2 ship:1"},
		{by: "custom.area", want: "none:2 pay:2 ship:1"},
		{by: "vip", want: "none:3 yes:1"},
		{by: "unused", want: "none:4"},
		{by: "retrospective.blast_radius", want: "all:2 none:1 one:1"},
		{by: "vip", want: "none:1", where: []Filter{{Field: "area", Values: []string{"SHIP"}}}},
		{by: "vip", want: "none:1 yes:1", where: []Filter{{Field: "retrospective.blast_radius", Values: []string{"all"}}}},
	} {
		figs, err := e.Figures(context.Background(), who.Scope(), Query{Metric: "incident_rate", Since: day(1), Until: day(20), By: []string{c.by}, Where: c.where})
		if err != nil {
			t.Errorf("%s: %v", c.by, err)
			continue
		}
		counts := map[string]int{}
		var got []string
		for _, f := range figs {
			v := f.Group[c.by]
			if v == None || v == "" {
				v = "none"
			}
			counts[v] = f.N
		}
		for _, name := range []string{"all", "none", "one", "pay", "ship", "yes"} {
			if counts[name] > 0 {
				got = append(got, fmt.Sprintf("%s:%d", name, counts[name]))
			}
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s %v: got %s, want %s", c.by, c.where, text, c.want)
		}
	}
	for _, by := range []string{"custom.nothing", "retrospective.nothing", "retrospective.approved_by", "custom.owner"} {
		if _, err := e.Figures(context.Background(), who.Scope(), Query{Metric: "incident_rate", Since: day(1), Until: day(20), By: []string{by}}); err == nil {
			t.Errorf("%s was answered", by)
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"": false, "blast_radius": true, "Größe 2": true, "a-b": true, "½": true, "x.y": false, "o'clock": false,
		"a\xff": false, "�": false, strings.Repeat("ü", 60): true, strings.Repeat("ü", 61): false,
	} {
		if got := named(name, 60, "_ -"); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

// TestLowerBound: a figure says of how many incidents only the customers who
// wrote to support are known.
func TestLowerBound(t *testing.T) {
	served := 1000.0
	recs := []hansei.Record{&hansei.Organization{Header: hansei.Header{ID: hansei.OrganizationID}, CustomersServed: &served}}
	for i, counted := range []bool{true, true, false} {
		n := float64(10 * (i + 1))
		in := &hansei.Incident{Header: hansei.Header{ID: hansei.ID(fmt.Sprintf("i%d", i))}, Status: hansei.StatusResolved, Customers: &n}
		if counted {
			in.Counted, in.CustomersLow, in.CustomersMethod = &hansei.Counted{Tickets: 40, Customers: int(n), Stands: true}, &n, hansei.CountedMethod
		}
		in.Milestones.Set(hansei.RoleBegan, day(i+1))
		in.Milestones.Set(hansei.RoleResolved, day(i+2))
		recs = append(recs, in)
	}
	e := engine(t, day(20), recs...)
	for _, name := range []string{"customers_affected", "customer_minutes", "saidi", "saifi", "caidi"} {
		q := Query{Metric: name, Since: day(1), Until: day(20)}
		f := figure(t, e, q)
		if w, ok := f.Warned(LowerBound); !ok || w.Says != "Of 2 of the 3 only the customers who wrote to support are known: at least so many were affected." || f.N != 3 {
			t.Errorf("%s: %+v", name, f.Warnings)
		}
		q.Since = day(3)
		if w, ok := figure(t, e, q).Warned(LowerBound); ok {
			t.Errorf("%s of what a person said: %s", name, w.Says)
		}
	}
	f := figure(t, e, Query{Metric: "saifi", Since: day(1), Until: day(20)})
	if f.Value == nil || *f.Value != 0.06 {
		t.Errorf("the value of saifi changed: %v", show(f.Value))
	}
}
