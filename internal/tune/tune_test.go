package tune

import (
	"runtime"
	"testing"
)

// TestServers: of two servers in one process the second changes nothing, and
// only the last leaves all as it was.
func TestServers(t *testing.T) {
	was := runtime.GOMAXPROCS(0)
	first := Server()
	second := Server()
	if n := runtime.GOMAXPROCS(0); n != was+waiting {
		t.Errorf("two servers run on %d threads, want %d", n, was+waiting)
	}
	first()
	if n := runtime.GOMAXPROCS(0); n != was+waiting || ballast == nil {
		t.Errorf("the second runs on %d threads, want %d", n, was+waiting)
	}
	second()
	if n := runtime.GOMAXPROCS(0); n != was || ballast != nil {
		t.Errorf("without a server there are %d threads, want %d", n, was)
	}
}
