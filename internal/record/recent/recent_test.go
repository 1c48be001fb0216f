package recent

import (
	"slices"
	"testing"
)

func TestLog(t *testing.T) {
	l := Log[int]{Size: func(int) int { return 1 << 20 }}
	check := func(of any, from, to int64, want ...int) {
		t.Helper()
		got, ok := l.Between(of, from, to)
		if ok != (len(want) > 0) || !slices.Equal(got, want) {
			t.Errorf("%v, %d to %d: got %v, %v; want %v", of, from, to, got, ok, want)
		}
	}
	check("a", 1, 1)
	l.Add("a", 5, []int{50, 60})
	l.Add("a", 7, []int{70})
	check("a", 5, 7, 50, 60, 70)
	check("a", 6, 6, 60)
	check("a", 4, 6)         // older than what is here
	check("a", 6, 8)         // newer
	check("a", 7, 6)         // nothing
	check("b", 5, 7)         // another log
	l.Add("a", 9, []int{90}) // a gap
	check("a", 7, 9)
	check("a", 9, 9, 90)
	l.Add("b", 10, []int{100}) // another life of it
	check("a", 9, 9)
	check("b", 10, 10, 100)
	for n := range int64(30) {
		l.Add("b", 11+n, []int{int(110 + 10*n)})
	}
	if l.bytes > 2*maxBytes || l.bytes < maxBytes || len(l.list) != l.bytes>>20 {
		t.Errorf("%d entries of %d bytes are here", len(l.list), l.bytes)
	}
	check("b", 10, 40)
	check("b", 39, 40, 390, 400)
	got, _ := l.Between("b", 40, 40)
	got[0] = 1
	check("b", 40, 40, 400) // what is handed out is the caller's
	l.Clear()
	check("b", 40, 40)
	l.Add("b", 40, []int{401})
	check("b", 40, 40, 401)
}

// TestAge: what is no longer new is aged once.
func TestAge(t *testing.T) {
	const size, young = 3 << 10, maxNew / (3 << 10)
	l := Log[[2]int]{Size: func([2]int) int { return size }, Age: func(e *[2]int) { e[1]++ }}
	next := 0
	add := func(of string, n int) {
		list := make([][2]int, n)
		for i := range list {
			list[i][0] = next + i
		}
		l.Add(of, int64(next), list)
		next += n
	}
	check := func() {
		t.Helper()
		for i, e := range l.list {
			want := 0
			if i < len(l.list)-young {
				want = 1
			}
			if e[0] != next-len(l.list)+i || e[1] != want {
				t.Fatalf("entry %d of %d is %v, want it aged %d times", i, len(l.list), e, want)
			}
		}
	}
	for range 20 { // it is cut on the way
		add("a", 1000)
		check()
	}
	add("b", 10)
	check()
	add("b", young)
	check()
}
