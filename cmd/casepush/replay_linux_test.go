package main

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal: what the program sees, and who sits at it.
type terminal struct {
	program *os.File
	person  *os.File
	mu      sync.Mutex
	seen    bytes.Buffer
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals: %v", err)
	}
	fd := int(person.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	tty := &terminal{program: program, person: person}
	t.Cleanup(func() { _, _ = program.Close(), person.Close() })
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := person.Read(b)
			tty.mu.Lock()
			tty.seen.Write(b[:n])
			tty.mu.Unlock()
			if err != nil {
				return // the test is over
			}
		}
	}()
	return tty
}

func (t *terminal) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seen.String()
}

// On a terminal it asks, does what it is told, and shows how far it is.
func TestReplayOnATerminal(t *testing.T) {
	t.Parallel()
	r := newReplayRig(t)
	r.addCases(2)
	for answer, want := range map[string]struct {
		code int
		text string
	}{
		"n\n": {exitFailed, "nothing was queued"},
		"\n":  {exitFailed, "nothing was queued"},
		"y\n": {exitDone, "queued 2 jobs as replay-"},
	} {
		tty := newTerminal(t)
		var out bytes.Buffer
		a := &app{in: tty.program, out: &out, err: tty.program, environ: []string{"TERM=xterm"}}
		code := make(chan int, 1)
		go func() {
			code <- a.exit(a.run(t.Context(), []string{"replay", "-c", r.config, "--from-seq", "1"}))
		}()
		r.eventually("the question", func() bool { return strings.Contains(tty.text(), "queue 2 jobs? [y/N] ") })
		if _, err := tty.person.WriteString(answer); err != nil {
			t.Fatal(err)
		}
		if got := <-code; got != want.code {
			t.Errorf("answer %q: exit code %d, want %d", answer, got, want.code)
		}
		r.eventually("what it says at the end", func() bool { return strings.Contains(tty.text(), want.text) })
		if !strings.Contains(tty.text(), "reading events") {
			t.Errorf("no progress in %q", tty.text())
		}
		if queued := strings.HasPrefix(out.String(), "old-jira\t"); queued != (want.code == exitDone) {
			t.Errorf("answer %q: result %q", answer, out.String())
		}
	}
}
