package stat

import (
	"math"
	"slices"
)

// exactSplits is up to how many splits all of them are tried.
const exactSplits = 20_000

// PermutationMeanDiff tests mean(x) − mean(y), of logs for instance, over all
// splits of the pooled values when there are at most 20,000 of them. Else it
// draws that many (fewer, but at least 2,000, of very large samples), the same
// ones for the same seed, and p = (1+#)/(1+B). NaN of an empty sample.
func PermutationMeanDiff(x, y []float64, seed string) (p2, pGreater float64, splits int, exact bool) {
	if len(x) == 0 || len(y) == 0 {
		return math.NaN(), math.NaN(), 0, false
	}
	pool := append(slices.Clone(x), y...)
	n, k := len(pool), len(x)
	// Means differ as sums of x do; centred values keep their digits.
	centre, scale := sumOf(pool)/float64(n), 0.0
	for i := range pool {
		pool[i] -= centre
		scale += math.Abs(pool[i])
	}
	observed, slack := sumOf(pool[:k]), 1e-12*scale
	if math.IsNaN(observed) {
		return observed, observed, 0, false
	}
	var above, beyond int
	visit := func(sum float64) {
		if sum >= observed-slack {
			above++
		}
		if math.Abs(sum) >= math.Abs(observed)-slack {
			beyond++
		}
		splits++
	}
	if lchoose(float64(n), float64(k)) <= math.Log(exactSplits+0.5) {
		eachSplit(pool, k, 0, visit)
		return float64(beyond) / float64(splits), float64(above) / float64(splits), splits, true
	}
	rng := Seed("permutation", seed)
	draw := min(k, n-k) // the sum of the others is minus theirs
	for range min(exactSplits, max(2000, 200_000_000/draw)) {
		sum := 0.0
		for i := range draw {
			j := i + rng.IntN(n-i)
			pool[i], pool[j] = pool[j], pool[i]
			sum += pool[i]
		}
		if draw != k {
			sum = -sum
		}
		visit(sum)
	}
	return float64(1+beyond) / float64(1+splits), float64(1+above) / float64(1+splits), splits, false
}

// eachSplit visits the sum of every choice of k values.
func eachSplit(pool []float64, k int, sum float64, visit func(float64)) {
	if k == 0 {
		visit(sum)
		return
	}
	for i := 0; i <= len(pool)-k; i++ {
		eachSplit(pool[i+1:], k-1, sum+pool[i], visit)
	}
}
