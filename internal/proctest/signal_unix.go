//go:build unix

package proctest

import (
	"fmt"
	"syscall"
)

// Suspend stops the process where it is, as a paused virtual machine or a full
// swap does: it runs no instruction until [Process.Resume], while its
// connections stay open.
func (p *Process) Suspend() error { return p.signal(syscall.SIGSTOP) }

// Resume lets a suspended process go on.
func (p *Process) Resume() error { return p.signal(syscall.SIGCONT) }

// Terminate asks the process to end (SIGTERM), and does not wait for it.
func (p *Process) Terminate() error { return p.signal(syscall.SIGTERM) }

func (p *Process) signal(s syscall.Signal) error {
	if err := p.proc.Signal(s); err != nil {
		return fmt.Errorf("send %s to process %d: %w", s, p.pid, err)
	}
	return nil
}
