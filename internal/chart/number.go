package chart

import (
	"math"
	"strconv"
	"strings"
)

// Unit says what a value is counted in, in the words of the API.
type Unit string

// The units that are shown in their own way; any other is put after the number.
const (
	Seconds Unit = "s"
	One     Unit = "1"
	Ratio   Unit = "ratio"
	Per30d  Unit = "per_30d"
)

var suffixes = map[Unit]string{
	Per30d: "per 30 d", "customer_min": "customer-minutes", "customers": "customers", "min": "min",
}

// narrow is the space between groups of three digits; it does not break.
const narrow = "\u202f"

// Format writes an estimate in its unit: a duration as in Duration, a ratio
// as in Percent, all else with two significant digits and the unit.
func Format(v float64, u Unit) string {
	number, unit := Split(v, u)
	if unit != "" {
		number += " " + unit
	}
	return number
}

// Split is Format in two: the number, and the words for the unit where the
// number does not hold them already.
func Split(v float64, u Unit) (number, unit string) {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "no value", ""
	case u == Seconds:
		return Duration(v), ""
	case u == Ratio:
		return Percent(v), ""
	}
	return Estimate(v), u.words()
}

func (u Unit) words() string {
	if u == One {
		return ""
	}
	if s, ok := suffixes[u]; ok {
		return s
	}
	return string(u)
}

// Exact writes a value with every digit that it has, for hovering.
func Exact(v float64, u Unit) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "no value"
	case u == Seconds:
		return group(strconv.FormatFloat(v, 'f', -1, 64)) + " s"
	case u == Ratio:
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	s := group(strconv.FormatFloat(v, 'f', -1, 64))
	if words := u.words(); words != "" {
		s += " " + words
	}
	return s
}

// Count writes a number of things with all its digits: 12 345.
func Count[N int | int64](n N) string { return group(strconv.FormatInt(int64(n), 10)) }

// Estimate rounds to two significant digits (1 200, 36, 7.6, 0.012); whole
// numbers below a hundred stay whole.
func Estimate(v float64) string {
	if v == 0 {
		return "0"
	}
	s := strconv.FormatFloat(round(v, 2), 'f', -1, 64)
	if a := math.Abs(round(v, 2)); a < 10 && v != math.Trunc(v) && a >= 1 && !strings.Contains(s, ".") {
		s += ".0"
	}
	return group(s)
}

// Percent writes a ratio: 38 %, 7.6 %, and near one as many digits as tell it
// from one: 99.95 %.
func Percent(v float64) string {
	p := v * 100
	if v > 0.9 && v < 1 {
		digits := 1 - int(math.Floor(math.Log10(100-p)))
		s := strconv.FormatFloat(p, 'f', min(max(digits, 0), 6), 64)
		if strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		return s + " %"
	}
	return Estimate(p) + " %"
}

// round goes through decimal digits, so that no binary noise is left.
func round(v float64, digits int) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', digits-1, 64), 64)
	if err != nil {
		return v // beyond the range of numbers; nothing to round
	}
	return r
}

// group puts narrow spaces into the digits before the point and a true minus
// before a negative number.
func group(s string) string {
	sign := ""
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		sign, s = "−", rest
	}
	whole, frac, _ := strings.Cut(s, ".")
	if len(whole) > 3 {
		var parts []string
		for len(whole) > 3 {
			parts = append([]string{whole[len(whole)-3:]}, parts...)
			whole = whole[:len(whole)-3]
		}
		whole = strings.Join(append([]string{whole}, parts...), narrow)
	}
	if frac != "" {
		whole += "." + frac
	}
	return sign + whole
}

// trim writes a tick without the noise of binary fractions.
func trim(v float64) string {
	if v == 0 {
		return "0"
	}
	return strconv.FormatFloat(round(v, 10), 'f', -1, 64)
}
