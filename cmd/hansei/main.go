// Command hansei is the whole product: the server, and a command line that
// asks it.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	_ "time/tzdata" // the zones, for a machine that has none

	"hansei/internal/cli"
)

func main() {
	// The databases run in this process: a thread that waits for the disk or
	// for one of them keeps its processor from the rest for a while, and
	// webhooks would wait, too. About three do at a time: the spool's, the
	// writer's and DuckDB's.
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 3)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	code := cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	os.Exit(code)
}
