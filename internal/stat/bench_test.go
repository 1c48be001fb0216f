package stat

import (
	"math"
	"testing"
)

func BenchmarkMillion(b *testing.B) {
	rng := Seed("benchmark")
	xs := make([]float64, 1_000_000)
	for i := range xs {
		xs[i] = math.Exp(3 * rng.NormFloat64())
	}
	work := make([]float64, len(xs))
	b.Run("QuantileCI", func(b *testing.B) {
		for b.Loop() {
			copy(work, xs)
			QuantileCI(work, .5, .95)
		}
	})
	b.Run("SurvivalQuantile", func(b *testing.B) {
		for b.Loop() {
			copy(work, xs)
			SurvivalQuantile(work[:980_000], work[980_000:], .5, .95)
		}
	})
	b.Run("HodgesLehmann50kx50k", func(b *testing.B) {
		for b.Loop() {
			HodgesLehmannRatio(xs[:50_000], xs[50_000:100_000], .95)
		}
	})
	b.Run("MannWhitney50kx50k", func(b *testing.B) {
		for b.Loop() {
			MannWhitney(xs[:50_000], xs[50_000:100_000])
		}
	})
	b.Run("RateRatioMillion", func(b *testing.B) {
		for b.Loop() {
			RateRatio(1_000_000, 1, 990_000, 1, .95)
		}
	})
	b.Run("RateDetectable", func(b *testing.B) {
		for b.Loop() {
			RateDetectable(100_000, 1, 1, .8, .95)
		}
	})
	b.Run("KaplanMeier", func(b *testing.B) {
		ended := make([]bool, len(xs))
		for i := range ended {
			ended[i] = i%50 != 0
		}
		for b.Loop() {
			KaplanMeier(xs, ended, .95)
		}
	})
	b.Run("RateNeeded", func(b *testing.B) {
		for b.Loop() {
			RateNeeded(.99, 1, 1, .8, .95)
		}
	})
	b.Run("LogTDetectable", func(b *testing.B) {
		for b.Loop() {
			LogTDetectable(60, 70, 1.2, .8, .95)
		}
	})
	b.Run("QuantileRanks10M", func(b *testing.B) {
		for b.Loop() {
			QuantileRanks(10_000_000, .9, .95)
		}
	})
	b.Run("FisherMillion", func(b *testing.B) {
		for b.Loop() {
			FisherExact([2][2]int{{201_000, 299_000}, {200_000, 300_000}})
		}
	})
	b.Run("TrendTests", func(b *testing.B) {
		times := make([]float64, 100_000)
		for i := range times {
			times[i] = math.Abs(math.Remainder(xs[i], 1)) + 1e-9
		}
		for b.Loop() {
			TrendTests(times, 1)
		}
	})
}
