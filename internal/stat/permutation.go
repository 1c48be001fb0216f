package stat

import (
	"math"
	"slices"
)

// PermutationMeanDiff tests mean(x) − mean(y) over all splits of the pooled
// values when there are at most 20,000 of them, else over 20,000 seeded ones
// with p = (1+#)/(1+B).
func PermutationMeanDiff(x, y []float64, seed string) (p2, pGreater float64, splits int, exact bool) {
	pool := append(slices.Clone(x), y...)
	n, k := len(pool), len(x)
	total, observed := sumOf(pool), sumOf(x)
	centre := total * float64(k) / float64(n)
	var above, beyond int
	visit := func(sum float64) {
		const slack = 1e-9
		if sum >= observed-slack*math.Abs(observed) {
			above++
		}
		if math.Abs(sum-centre) >= math.Abs(observed-centre)*(1-slack) {
			beyond++
		}
		splits++
	}
	if lchoose(float64(n), float64(k)) <= math.Log(20_000.5) {
		var walk func(from, left int, sum float64)
		walk = func(from, left int, sum float64) {
			if left == 0 {
				visit(sum)
				return
			}
			for i := from; i <= n-left; i++ {
				walk(i+1, left-1, sum+pool[i])
			}
		}
		walk(0, k, 0)
		return float64(beyond) / float64(splits), float64(above) / float64(splits), splits, true
	}
	rng := Seed("permutation", seed)
	for range 20_000 {
		rng.Shuffle(n, func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
		visit(sumOf(pool[:k]))
	}
	return float64(1+beyond) / float64(1+splits), float64(1+above) / float64(1+splits), splits, false
}
