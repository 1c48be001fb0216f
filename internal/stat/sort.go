package stat

import (
	"math"
	"slices"
)

// radixFrom is the length from which sorting by digits is faster.
const radixFrom = 20_000

// sortFloats sorts in place, large slices by 11-bit digits of their bits.
func sortFloats(xs []float64) {
	if len(xs) < radixFrom {
		slices.Sort(xs)
		return
	}
	const digit, passes = 11, 6
	from, to := make([]uint64, len(xs)), make([]uint64, len(xs))
	var counts [passes][1 << digit]int
	for i, x := range xs {
		b := math.Float64bits(x)
		// Order of bits is order of numbers once the sign is turned: negative
		// ones have all bits flipped, others the sign.
		b ^= uint64(int64(b)>>63) | 1<<63
		from[i] = b
		for p := range passes {
			counts[p][b>>(p*digit)&(1<<digit-1)]++
		}
	}
	for p := range passes {
		place := 0
		for d, n := range counts[p] {
			counts[p][d] = place
			place += n
		}
		for _, b := range from {
			d := b >> (p * digit) & (1<<digit - 1)
			to[counts[p][d]] = b
			counts[p][d]++
		}
		from, to = to, from
	}
	for i, b := range from {
		b ^= (b>>63 - 1) | 1<<63
		xs[i] = math.Float64frombits(b)
	}
}
