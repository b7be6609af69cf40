// Totals runs go test with the given arguments, shows what a person wants to
// see of it, and ends with a line "N passed, N failed".
//
//	totals [-label TEXT] [-append FILE] -- [go test arguments]
//
// Packages are listed as they finish; of a failed test all output is shown, of
// others none. Every test and subtest counts once; a package that fails
// without a failed test (it does not build, a panic, the time limit) counts as
// one failed. -append adds "LABEL PASSED FAILED SKIPPED" to a file. The exit code is 0 only
// if go test succeeded, something passed and nothing failed.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
)

func main() {
	label := flag.String("label", "tests", "`name` of the run in the file of -append; without spaces")
	file := flag.String("append", "", "add the totals to this `file`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, options{args: flag.Args(), label: *label, appendTo: *file, out: os.Stdout})
	if err != nil {
		fmt.Fprintln(os.Stderr, "totals:", err)
	}
	if !ok {
		os.Exit(1)
	}
}

type options struct {
	args            []string
	label, appendTo string
	out             io.Writer
}

// run reports whether all is well.
func run(ctx context.Context, o options) (bool, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, o.args...)...)
	// The go command passes the interrupt on and lets tests clean up.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stderr = o.out
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	totals, readErr := summarize(stdout, o.out)
	waitErr := cmd.Wait()
	fmt.Fprintln(o.out, totals)
	if err := totals.appendTo(o.appendTo, o.label); err != nil {
		return false, err
	}
	if readErr != nil {
		return false, readErr
	}
	return waitErr == nil && totals.ok(), nil
}
