//go:build linux

package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/proctest"
)

// process is a process whose output goes to a file.
type process struct {
	*proctest.Process
	t       testing.TB
	name    string
	logPath string
}

// start starts a process that dies with the test.
func start(t testing.TB, name string, c proctest.Command) *process {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), name+"-*.log")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	c.Output = out
	p, err := proctest.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return &process{Process: p, t: t, name: name, logPath: out.Name()}
}

// startRole starts this test binary in a role.
func startRole(t testing.TB, role string, s spec) *process {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return start(t, role, proctest.Command{Program: self, Environ: []string{roleVariable + "=" + role, specVariable + "=" + string(text)}})
}

// stop asks the process to end and waits until it has.
func (p *process) stop() {
	p.t.Helper()
	_ = p.Terminate() // it may have ended by itself
	select {
	case <-p.Ended():
	case <-time.After(proctest.StartTimeout):
		p.t.Fatalf("%s does not stop", p.name)
	}
}

// output is all that the process has written.
func (p *process) output() string {
	p.t.Helper()
	b, err := os.ReadFile(p.logPath)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// tail is the end of the output.
func (p *process) tail() string {
	const most = 3000
	text := p.output()
	return text[max(0, len(text)-most):]
}

// says waits until the process has written a text.
func (p *process) says(text string) {
	p.t.Helper()
	until(p.t, fmt.Sprintf("%q from %s", text, p.name), func() bool {
		p.mustRun()
		return strings.Contains(p.output(), text)
	})
}

func (p *process) mustRun() {
	p.t.Helper()
	if !p.Running() {
		p.t.Fatalf("%s has ended:\n%s", p.name, p.tail())
	}
}

// ticks is how many parts of a second Linux counts CPU time in for programs:
// USER_HZ, 100 on every architecture that Go runs on.
const ticks = 100

// cpuTime is the CPU time of all threads of a process so far, user and system.
func cpuTime(t testing.TB, pid int) time.Duration {
	t.Helper()
	b := proc(t, pid, "stat")
	// The name, which is the second field, may hold anything and ends with the last ")".
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	const utime, stime = 11, 12 // fields 14 and 15 of proc(5)
	sum := 0
	for _, i := range []int{utime, stime} {
		n, err := strconv.Atoi(string(fields[i]))
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return time.Duration(sum) * time.Second / ticks
}

// peakMB is the most memory of a process that was resident at any time, in MiB.
func peakMB(t testing.TB, pid int) float64 {
	t.Helper()
	_, rest, ok := bytes.Cut(proc(t, pid, "status"), []byte("VmHWM:"))
	var kb float64
	if _, err := fmt.Sscan(string(rest), &kb); err != nil || !ok {
		t.Fatalf("process %d: no VmHWM: %v", pid, err)
	}
	return kb / 1024
}

func proc(t testing.TB, pid int, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// waitTimeout is longer than anything here takes.
const waitTimeout = 2 * time.Minute

// until waits until something is so.
func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(waitTimeout)
	for !f() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%s: not within %s", what, waitTimeout)
		}
	}
}
