package metric

import (
	"context"
	"testing"
	"time"

	"hansei"
)

// TestExposureOfMany: what is said of each incident is what comparing it with
// every follow-up says, at the very moments of creation and of ending too, and
// it takes no time for thousands.
func TestExposureOfMany(t *testing.T) {
	recs := []hansei.Record{&hansei.Service{Header: hansei.Header{ID: "web"}, Name: "web"}}
	factors := []string{"a", "b"}
	var tasks []*hansei.FollowUp
	var incidents []*hansei.Incident
	for i := range 2000 {
		at := day(1).Add(time.Duration(i*7919%4000) * time.Hour)
		in := &hansei.Incident{Header: hansei.Header{ID: hansei.ID("i" + time.Duration(i).String())}, Services: []hansei.ID{"web"}, Factors: factors[i%2 : i%2+1], Status: hansei.StatusOpen}
		in.Milestones.Set(hansei.RoleBegan, at)
		incidents, recs = append(incidents, in), append(recs, in)
		if i%50 == 0 {
			f := &hansei.FollowUp{Header: hansei.Header{ID: hansei.ID("f" + time.Duration(i).String())}, Title: "f", Services: []hansei.ID{"web"}, Factor: factors[i/50%2], Created: at, Status: hansei.FollowUpOpen}
			if i%100 == 0 || i%150 == 0 {
				f.Status, f.Closed = hansei.FollowUpDone, at.Add(time.Duration(i%17)*time.Hour)
			} else if i > 300 {
				f.Created = at.AddDate(0, 6, 0)
			}
			tasks, recs = append(tasks, f), append(recs, f)
		}
	}
	e := engine(t, day(400), recs...)
	want := map[string]float64{}
	for _, in := range incidents {
		at, _ := in.Start()
		hit := 0.0
		for _, f := range tasks {
			if f.Factor == in.Factors[0] && f.Created.Before(at) && (f.Closed.IsZero() || f.Closed.After(at)) {
				hit = 1
			}
		}
		want[string(in.ID)] = hit
	}
	hits := 0.0
	q := Query{Metric: "exposure_at_risk", Since: day(1), Until: day(300)}
	for offset := 0; offset < len(incidents); offset += 1000 {
		x, err := e.Explain(context.Background(), who.Scope(), q, "", offset, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range x.Records {
			if r.Value == nil || *r.Value != want[r.ID] {
				t.Fatalf("%s at %s: got %v, want %v", r.ID, r.At, show(r.Value), want[r.ID])
			}
			hits += *r.Value
		}
	}
	if f := figure(t, e, q); f.N != len(incidents) || *f.Value != hits/float64(len(incidents)) || hits == 0 || hits == float64(len(incidents)) {
		t.Errorf("got %v of %d, want %v hits", show(f.Value), f.N, hits)
	}
}
