package proctest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// Process is a child of this process. It dies by [Process.Kill], and with this
// process at the latest. Methods may be called from several goroutines.
type Process struct {
	name  string
	pid   int
	proc  *os.Process
	state *os.ProcessState // once it has ended
	ended chan struct{}
}

// Command says what to start.
type Command struct {
	Program string
	Args    []string
	// Output takes what the process writes to stdout and stderr: a *[Lines] to
	// wait for a line of it. nil drops it.
	Output io.Writer
	// Environ is added to PATH and HOME, which are all that the process gets of
	// our own environment.
	Environ []string
}

// Start starts a process. Linux ties "dies with its parent" to the thread that
// started it, so a thread of its own stays with the child until it has ended.
func Start(c Command) (*Process, error) {
	cmd := exec.Command(c.Program, c.Args...)
	cmd.Stdout, cmd.Stderr = c.Output, c.Output
	cmd.SysProcAttr = dieWithParent()
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "GORACE=halt_on_error=1"}, c.Environ...)
	p := &Process{name: c.Program, ended: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid, p.proc = cmd.Process.Pid, cmd.Process
		}
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its state
			p.state = cmd.ProcessState
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Program, err)
	}
	return p, nil
}

// PID is the id of the process, also after it has ended.
func (p *Process) PID() int { return p.pid }

// Ended is closed when the process has ended, however it went.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// ExitCode waits for the end and returns the code, -1 if a signal ended it.
func (p *Process) ExitCode() int {
	<-p.ended
	return p.state.ExitCode()
}

// Running reports whether the process has not ended. A suspended one runs.
func (p *Process) Running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Kill ends the process with SIGKILL, suspended or not, and waits until it is
// gone. It may be called again.
func (p *Process) Kill() {
	_ = p.proc.Kill() // it may have ended by itself
	<-p.ended
}

// StartTimeout is how long a program may take until it works.
const StartTimeout = 30 * time.Second

// Await waits until the process has said the text that l looks for. It is an
// error if it ends before, or takes longer than [StartTimeout].
func (p *Process) Await(l *Lines) error {
	select {
	case <-l.Found():
		return nil
	case <-p.ended:
		return fmt.Errorf("%s (process %d) ended before it said %q", p.name, p.pid, l.want)
	case <-time.After(StartTimeout):
		return fmt.Errorf("%s (process %d) did not say %q within %s", p.name, p.pid, l.want, StartTimeout)
	}
}
