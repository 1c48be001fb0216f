// Package tune sets Go's scheduler and its collector of garbage for a program
// that holds databases in its own process.
package tune

import "runtime"

// waiting is how many threads wait for the disk or for a database at a time:
// the spool's, the writer's and DuckDB's. Each keeps its processor from the rest
// for a while, and webhooks would wait, too.
const waiting = 3

// spare is how much more memory than twice what is in use Go may fill before it
// collects, half of it: a server that has little in memory would spend a tenth of
// its time on that under load.
const spare = 128 << 20

// Process tunes this process until undo is called, which must be: what Go may
// fill more is a ballast that undo lets go. It is never touched, so it takes no
// memory itself; the collector counts it as in use.
func Process() (undo func()) {
	was := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(was + waiting)
	ballast := make([]byte, spare)
	return func() {
		runtime.GOMAXPROCS(was)
		runtime.KeepAlive(ballast)
	}
}
