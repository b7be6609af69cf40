package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
)

// mayGoOn asks on a terminal, and wants --yes anywhere else.
func (r *replayer) mayGoOn(ctx context.Context) error {
	if r.queue.embedded != nil {
		if r.wait {
			return fail(exitUnreachable, fmt.Errorf("no worker runs at %q: nobody would bring about an outcome", r.config.Embedded.Listen),
				"start casepush run, or replay without --wait: the next run does it")
		}
		fmt.Fprintf(r.err, "no worker runs: jobs are kept in %s until casepush run\n", r.config.Embedded.Dir)
	}
	switch {
	case r.yes:
		return nil
	case !isTerminal(r.err) || !isTerminalIn(r.in):
		return usage("%s would be queued: repeat with --yes", plural(len(r.Jobs), "job"))
	}
	fmt.Fprintf(r.err, "queue %s? [y/N] ", plural(len(r.Jobs), "job"))
	switch answer, err := readAnswer(ctx, r.in); {
	case ctx.Err() != nil:
		fmt.Fprintln(r.err)
		return r.stopped(ctx, ctx.Err(), nothingQueued)
	case err != nil && !errors.Is(err, io.EOF):
		return fmt.Errorf("read the answer: %w", err)
	case answer != "y" && answer != "yes":
		return fail(exitFailed, errors.New("nothing was queued"), "")
	}
	return nil
}

// readAnswer reads a line, in small letters. An interrupt ends the wait; the
// read itself then ends with the process.
func readAnswer(ctx context.Context, in io.Reader) (string, error) {
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := bufio.NewReader(in).ReadString('\n')
		read <- line{strings.ToLower(strings.TrimSpace(text)), err}
	}()
	select {
	case l := <-read:
		return l.text, l.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func isTerminalIn(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
