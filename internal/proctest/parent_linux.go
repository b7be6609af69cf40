package proctest

import "syscall"

// dieWithParent makes the kernel kill a child whose parent is gone, however the
// parent went.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
