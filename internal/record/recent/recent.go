// Package recent keeps the newest part of a log in memory: those who follow it
// would each read from the disk what was written a moment ago.
package recent

import "sync"

// Log is the newest entries of a log, without a gap. It may be used by many
// goroutines. The zero Log is empty.
type Log[T any] struct {
	Size func(T) int // bytes of an entry
	// Age, if not nil, is called with an entry once maxNew bytes are newer, to
	// let go of what only those need who follow closely.
	Age func(*T)

	mu    sync.Mutex
	of    any // which log, comparable: entries of another one take the place of all
	first int64
	list  []T
	bytes int
	aged  int // so many at the beginning of list
	fresh int // bytes of the others
}

// maxBytes is how much stays at least, once there is as much; at most twice that.
const maxBytes = 8 << 20

// maxNew is what comes in a second or so under load.
const maxNew = 4 << 20

// Add appends entries with the numbers from first on. What does not follow on
// the last takes the place of all.
func (l *Log[T]) Add(of any, first int64, entries []T) {
	if len(entries) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of != of || first != l.first+int64(len(l.list)) {
		l.of, l.first, l.list, l.bytes, l.aged, l.fresh = of, first, nil, 0, 0, 0
	}
	for _, e := range entries {
		l.bytes, l.fresh = l.bytes+l.Size(e), l.fresh+l.Size(e)
	}
	l.list = append(l.list, entries...)
	for ; l.Age != nil && l.fresh > maxNew; l.aged++ {
		l.fresh -= l.Size(l.list[l.aged])
		l.Age(&l.list[l.aged])
	}
	if l.bytes <= 2*maxBytes {
		return
	}
	n := 0
	for ; l.bytes > maxBytes; n++ {
		l.bytes -= l.Size(l.list[n])
	}
	l.first, l.list, l.aged = l.first+int64(n), append([]T(nil), l.list[n:]...), max(0, l.aged-n)
}

// Clear empties the log.
func (l *Log[T]) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of, l.first, l.list, l.bytes, l.aged, l.fresh = nil, 0, nil, 0, 0, 0
}

// Between are the entries from one number to another; ok if all of them are here.
func (l *Log[T]) Between(of any, from, to int64) (out []T, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of != of || from < l.first || to >= l.first+int64(len(l.list)) || from > to {
		return nil, false
	}
	return append(out, l.list[from-l.first:to+1-l.first]...), true
}
