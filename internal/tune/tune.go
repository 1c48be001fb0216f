// Package tune sets Go's scheduler and its collector of garbage for a server
// that holds databases in its own process.
package tune

import (
	"runtime"
	"sync"
)

// waiting is how many threads wait for the disk or for a database at a time:
// the spool's, the writer's and DuckDB's. Each keeps its processor from the rest
// for a while, and webhooks would wait, too.
const waiting = 3

// spare is how much more memory than twice what is in use Go may fill before it
// collects, half of it: a server that has little in memory would spend a tenth of
// its time on that under load.
const spare = 128 << 20

var (
	mu      sync.Mutex
	servers int // in this process
	before  int // threads
	ballast []byte
)

// Server tunes this process for a server until undo is called. What Go may fill
// more is a ballast. It is never touched, so it takes no memory itself; the
// collector counts it as in use.
func Server() (undo func()) {
	mu.Lock()
	defer mu.Unlock()
	if servers++; servers == 1 {
		before = runtime.GOMAXPROCS(0)
		runtime.GOMAXPROCS(before + waiting)
		ballast = make([]byte, spare)
	}
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if servers--; servers == 0 {
			runtime.GOMAXPROCS(before)
			ballast = nil
		}
	}
}
