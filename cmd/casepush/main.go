// Command casepush pushes Kibana cases to external trackers, exactly once.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// gcPercent lets the heap grow to more than Go's default between collections: it
// is small, and collecting it is a good part of what a push costs.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(start(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// start runs one command line. The first interrupt asks it to stop; a second
// one ends the process at once.
func start(args, environ []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // back to the default, which ends the process
	a := &app{environ: environ, in: in, out: out, err: errOut}
	return a.exit(a.run(ctx, args))
}
