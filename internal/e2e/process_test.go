package e2e

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// testTimeout bounds whatever a test waits for.
const testTimeout = 30 * time.Second

// process is a program that runs; it is killed when the test ends.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr buffer
	ended          chan struct{}
}

// start runs a program with the given environment and nothing else of ours.
func start(t *testing.T, environ []string, program string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.cmd.Env = environ
	p.cmd.Dir = t.TempDir()
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // the code is in ProcessState
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends it as a crash does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// wait returns how it ended: its exit code, or -1 and the signal.
func (p *process) wait(atMost time.Duration) (int, syscall.Signal) {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(atMost):
		p.t.Fatalf("%s still runs after %s\n%s", p.cmd, atMost, p.stderr.String())
	}
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return -1, status.Signal()
	}
	return p.cmd.ProcessState.ExitCode(), 0
}

// says waits until its output has the text.
func (p *process) says(text string) {
	p.t.Helper()
	eventually(p.t, p.cmd.Args[0]+" says "+text, func() bool {
		if strings.Contains(p.stdout.String(), text) || strings.Contains(p.stderr.String(), text) {
			return true
		}
		select {
		case <-p.ended:
			p.t.Fatalf("%s ended without saying %q:\n%s%s", p.cmd, text, p.stdout.String(), p.stderr.String())
		default:
		}
		return false
	})
}

// command runs a program to its end.
func command(t *testing.T, environ []string, program string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	p := start(t, environ, program, args...)
	code, _ = p.wait(testTimeout)
	return code, p.stdout.String(), p.stderr.String()
}

// eventually polls until cond holds.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	if err := poll(cond); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func poll(cond func() bool) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(testTimeout); !cond(); <-tick.C {
		if time.Now().After(end) {
			return errors.New("not within " + testTimeout.String())
		}
	}
	return nil
}

// buffer can be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String is what was written so far.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
