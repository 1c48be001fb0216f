package hansei

import "math"

// Estimate is a number that is not known exactly.
type Estimate struct {
	Low  float64 `json:"low"`
	Best float64 `json:"best"`
	High float64 `json:"high"`
}

// Times multiplies two estimates of what is not negative, end by end: their
// ranges are taken to err in the same direction, so none is made narrower than
// what was said.
func (e Estimate) Times(by Estimate) Estimate {
	return Estimate{e.Low * by.Low, e.Best * by.Best, e.High * by.High}
}

// Plus adds two estimates end by end, for the same reason.
func (e Estimate) Plus(by Estimate) Estimate {
	return Estimate{e.Low + by.Low, e.Best + by.Best, e.High + by.High}
}

// CostRule is what time costs an organization, as it says itself. There is no
// default: published figures of what an hour of downtime costs are of other
// organizations and other failures, and a figure that nobody entered is not
// shown.
type CostRule struct {
	// Currency is how amounts are marked, such as EUR.
	Currency string `json:"currency"`
	// Hour is what an hour of one responder costs, with all that is paid beside
	// the salary.
	Hour *Estimate `json:"hour,omitempty"`
	// Revenue is what one minute brings in when everything works.
	Revenue *Estimate `json:"revenue_minute,omitempty"`
	// Recovered is the share, 0 to 1, of missed revenue that comes later
	// anyway: DefaultRecovered when nil.
	Recovered *Estimate `json:"recovered,omitempty"`
}

// DefaultRecovered says that up to half of the missed revenue comes later.
var DefaultRecovered = Estimate{Low: 0, Best: .25, High: .5}

// Validate checks that there is a currency and that ranges are ranges.
func (c *CostRule) Validate() error {
	if c == nil {
		return nil
	}
	if c.Currency == "" || len(c.Currency) > 12 {
		return Invalid("cost", "expected a currency such as EUR, of at most 12 letters")
	}
	if c.Hour == nil && c.Revenue == nil {
		return Invalid("cost", "expected what an hour of a responder costs, what a minute brings in, or both")
	}
	for _, part := range []struct {
		name string
		of   *Estimate
		most float64
	}{{"hour", c.Hour, 1e6}, {"revenue_minute", c.Revenue, 1e12}, {"recovered", c.Recovered, 1}} {
		if e := part.of; e != nil && (!(e.Low >= 0 && e.Low <= e.Best && e.Best <= e.High && e.High <= part.most) || math.IsInf(e.High, 0)) {
			return Invalid("cost", "%s: expected 0 ≤ low ≤ best ≤ high ≤ %g, got %g, %g, %g", part.name, part.most, e.Low, e.Best, e.High)
		}
	}
	return nil
}
