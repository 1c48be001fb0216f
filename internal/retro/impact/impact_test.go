package impact

import (
	"math"
	"testing"
	"time"

	"hansei"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func number(v float64) *float64 { return &v }

// outage lasts 43.2 minutes: all of the 30-day budget of 99.9 %.
func outage() *hansei.Incident {
	in := &hansei.Incident{Responders: []hansei.ID{"ann", "bo"}}
	in.Milestones.Set(hansei.RoleBegan, noon)
	in.Milestones.Set(hansei.RoleAcknowledged, noon.Add(5*time.Minute))
	in.Milestones.Set(hansei.RoleMitigated, noon.Add(43*time.Minute+12*time.Second))
	in.Milestones.Set(hansei.RoleResolved, noon.Add(2*time.Hour+5*time.Minute))
	return in
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9*(1+math.Abs(b)) }

// TestBudgets holds the arithmetic of the SRE Workbook: 99.9 % over 30 days
// allows 43.2 minutes of nothing working.
func TestBudgets(t *testing.T) {
	services := []*hansei.Service{{Header: hansei.Header{ID: "shop"}, Objective: number(99.9)}, {Header: hansei.Header{ID: "wiki"}}, {Header: hansei.Header{ID: "pay"}, Objective: number(99.99)}}
	in := outage()
	got := Budgets(in, services, nil)
	if len(got) != 2 || got[0].Used.Known || !near(got[0].Used.High, 1) || !near(got[1].Used.High, 10) {
		t.Fatalf("with nothing known of customers: %+v", got)
	}
	if want := "It used at most 100 % of the 30-day error budget of Shop (99.9 %), if nothing worked for anybody: the share of customers affected is not known."; got[0].Says("Shop") != want {
		t.Errorf("got %q", got[0].Says("Shop"))
	}
	in.CustomersLow, in.Customers, in.CustomersHigh = number(100), number(250), number(400)
	got = Budgets(in, services, number(1000))
	if u := got[0].Used; !u.Known || !near(u.Low, .1) || !near(u.Best, .25) || !near(u.High, .4) {
		t.Errorf("a quarter of the customers: %+v", u)
	}
	if want := "It used about 25 % of the 30-day error budget of Shop (99.9 %), between 10 % and 40 %."; got[0].Says("Shop") != want {
		t.Errorf("got %q", got[0].Says("Shop"))
	}
	in.CustomersLow, in.CustomersHigh, in.Customers = nil, nil, number(5000)
	if u := Budgets(in, services, number(1000))[0].Used; !near(u.Best, 1) || !near(u.High, 1) {
		t.Errorf("more customers than there are count as all: %+v", u)
	}
	in.Impacts = []hansei.Window{{Since: noon, Until: noon.Add(10 * time.Minute)}, {Since: noon.Add(5 * time.Minute), Until: noon.Add(21*time.Minute + 36*time.Second)}}
	if u := Budgets(in, services, number(1000))[0].Used; !near(u.Best, .5) {
		t.Errorf("windows that overlap count once: %+v", u)
	}
	open := &hansei.Incident{}
	open.Milestones.Set(hansei.RoleBegan, noon)
	if got := Budgets(open, services, nil); len(got) != 0 {
		t.Errorf("of an incident that goes on: %+v", got)
	}
}

func TestCost(t *testing.T) {
	in := outage()
	in.Customers = number(500)
	rule := &hansei.CostRule{Currency: "EUR", Hour: &hansei.Estimate{Low: 80, Best: 100, High: 120}, Revenue: &hansei.Estimate{Low: 10, Best: 20, High: 30}}
	// Ann from the acknowledgement: 2 h. Bo came 65 minutes after the start: 1 h.
	joined := map[hansei.ID]time.Time{"bo": noon.Add(65 * time.Minute)}
	c := CostOf(rule, in, joined, number(1000))
	if c == nil || !near(c.Hours, 3) || !near(c.Labour.Low, 240) || !near(c.Labour.Best, 300) || !near(c.Labour.High, 360) {
		t.Fatalf("got %+v", c)
	}
	// Half of the customers for 43.2 minutes; half to nothing of it comes later.
	if r := c.Revenue; r.AtMost || !near(r.Low, 43.2*.5*10*.5) || !near(r.Best, 43.2*.5*20*.75) || !near(r.High, 43.2*.5*30) {
		t.Errorf("revenue %+v", r)
	}
	if !near(c.Total.Low, 240+108) || !near(c.Total.High, 360+648) {
		t.Errorf("the ends add up, for they err together: %+v", c.Total)
	}
	if want := "By the rates of this organization it cost EUR 350 to 1,000, about 620, without credits, refunds, lost customers and interrupted work."; c.Says() != want {
		t.Errorf("got %q", c.Says())
	}
	if c := CostOf(rule, in, joined, nil); !c.AtMost || !c.Revenue.AtMost || !near(c.Total.High, 360+43.2*30) {
		t.Errorf("the share is not known: %+v", c)
	} else if lines := c.Lines(); lines[1].Amount != "at most EUR 1,300" {
		t.Errorf("got %+v", lines)
	}
	if c := CostOf(&hansei.CostRule{Currency: "EUR", Hour: rule.Hour}, in, joined, nil); c.Revenue != nil || c.AtMost || !near(c.Total.Best, 300) {
		t.Errorf("time alone: %+v", c)
	}
	in.Responders = nil
	if c := CostOf(&hansei.CostRule{Currency: "EUR", Hour: rule.Hour}, in, nil, nil); c != nil {
		t.Errorf("nobody is known to have responded: %+v", c)
	}
	if c := CostOf(nil, in, joined, nil); c != nil {
		t.Errorf("nothing is configured: %+v", c)
	}
}

func TestRound(t *testing.T) {
	for v, want := range map[float64]string{0: "0", .0234: "0.023", 4.26: "4.3", 99.6: "100", 1249: "1,200", 1e6: "1,000,000", 12_345_678: "12,000,000"} {
		if got := round(v); got != want {
			t.Errorf("round(%v) = %s, want %s", v, got, want)
		}
	}
}
