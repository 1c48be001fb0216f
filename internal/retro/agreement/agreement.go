// Package agreement says how far two people who code the same retrospectives
// on their own choose the same contributing factors.
//
// It is about the factors and never about the people: a factor on which people
// do not agree is one that is not well enough described to be counted.
package agreement

import (
	"math"
	"slices"

	"hansei"
	"hansei/internal/stat"
)

// Enough is the kappa below which a factor is not worth counting; it is shown
// greyed.
const Enough = 0.4

// Fewest is how many retrospectives must be coded twice for a figure to be
// shown: of fewer, one more changes it from one end to the other.
const Fewest = 5

const (
	level = 0.95
	noise = 1e-9 // two kappas closer than this differ by how they were reckoned
)

// Factor is the agreement on one factor of the taxonomy.
type Factor struct {
	Name string `json:"name"`
	N    int    `json:"n"` // retrospectives coded twice
	// How often both chose it, only one of the two did, neither did.
	Both       int `json:"both"`
	OnlyFirst  int `json:"only_first"`
	OnlySecond int `json:"only_second"`
	Neither    int `json:"neither"`
	// Kappa is agreement beyond chance, 1 at best (Cohen 1960), with its
	// large-sample interval of 95 %. Nil where there is none: nothing was
	// coded twice, or both chose it always or never. The interval alone is nil
	// where the two agree always or never: the formula gives it no width,
	// which would say that a few retrospectives are certainty.
	Kappa *float64 `json:"kappa"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
	Few   bool     `json:"few"`  // N is below Fewest: Kappa says nothing yet
	Weak  bool     `json:"weak"` // Kappa is known, not of too few, and below Enough
}

// Of is the agreement on every factor that is offered, in the taxonomy's order. A
// retrospective counts if factors were chosen for it and a second person chose
// on their own; of several such the earliest counts, so each counts once.
func Of(list []*hansei.Retrospective, taxonomy hansei.Taxonomy) []Factor {
	var out []Factor
	for _, f := range taxonomy {
		if f.Offered() {
			out = append(out, Factor{Name: f.Name})
		}
	}
	for _, r := range list {
		if r.Deleted || len(r.Factors) == 0 || len(r.Codings) == 0 {
			continue
		}
		var names []string
		for _, f := range r.Factors {
			names = append(names, f.Name)
		}
		second := slices.MinFunc(r.Codings, func(a, b hansei.Coding) int { return a.At.Compare(b.At) })
		one, two := chosen(names, taxonomy), chosen(second.Factors, taxonomy)
		for i := range out {
			out[i].count(one[out[i].Name], two[out[i].Name])
		}
	}
	for i := range out {
		out[i].weigh()
	}
	return out
}

// chosen are names as the taxonomy has them today.
func chosen(names []string, taxonomy hansei.Taxonomy) map[string]bool {
	out := map[string]bool{}
	for _, name := range names {
		out[taxonomy.Now(name)] = true
	}
	return out
}

func (f *Factor) count(one, two bool) {
	f.N++
	switch {
	case one && two:
		f.Both++
	case one:
		f.OnlyFirst++
	case two:
		f.OnlySecond++
	default:
		f.Neither++
	}
}

func (f *Factor) weigh() {
	f.Few = f.N < Fewest
	kappa, ci := stat.CohenKappa([][]int{{f.Both, f.OnlyFirst}, {f.OnlySecond, f.Neither}}, level)
	if math.IsNaN(kappa) || math.IsInf(kappa, 0) {
		return
	}
	f.Kappa, f.Weak = &kappa, !f.Few && kappa < Enough-noise
	if ci.Low < ci.High {
		f.Low, f.High = &ci.Low, &ci.High
	}
}
