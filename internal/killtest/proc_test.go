package killtest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/spectest"
)

// child is a process of ours. It dies by kill, and with this process at the
// latest.
type child struct {
	pid   int
	ended chan struct{}
	proc  *os.Process
}

// startChild starts a process whose output goes to out. Linux ties "dies with
// its parent" to the thread that started it, so a thread of its own stays with
// the child until it has ended.
func startChild(out io.Writer, program string, args ...string) (*child, error) {
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = dieWithParent()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "GORACE=halt_on_error=1"}
	c := &child{ended: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		if err == nil {
			c.pid, c.proc = cmd.Process.Pid, cmd.Process
		}
		started <- err
		if err == nil {
			_ = cmd.Wait() // it was killed, that is its error
			close(c.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return c, nil
}

// kill ends the process with SIGKILL and waits until it is gone.
func (c *child) kill() {
	_ = c.proc.Kill() // it may have ended by itself
	<-c.ended
}

// running reports whether the process has not ended.
func (c *child) running() bool {
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// watcher passes output on to a file and says when a line of it has a text.
type watcher struct {
	mu    sync.Mutex
	to    io.Writer
	want  string
	rest  []byte
	found chan struct{}
	once  sync.Once
}

func newWatcher(to io.Writer, want string) *watcher {
	return &watcher{to: to, want: want, found: make(chan struct{})}
}

// Write implements io.Writer.
func (w *watcher) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, b...)
	if i := bytes.LastIndexByte(w.rest, '\n'); i >= 0 {
		if bytes.Contains(w.rest[:i], []byte(w.want)) {
			w.once.Do(func() { close(w.found) })
		}
		w.rest = append([]byte(nil), w.rest[i+1:]...)
	}
	return w.to.Write(b)
}

const startTimeout = 30 * time.Second

// await waits until the child has said that it is ready.
func (w *watcher) await(c *child) error {
	select {
	case <-w.found:
		return nil
	case <-c.ended:
		return fmt.Errorf("process %d ended before it said %q", c.pid, w.want)
	case <-time.After(startTimeout):
		return fmt.Errorf("process %d did not say %q within %s", c.pid, w.want, startTimeout)
	}
}

// binaries are the real programs, built from this checkout.
type binaries struct{ casepush, nats string }

// raceVariable builds the worker with the race detector.
const raceVariable = "KILLTEST_RACE"

// buildAll builds both programs, one after the other: the linker alone fills a
// small machine.
func buildAll(t *testing.T, dir string) binaries {
	t.Helper()
	root := spectest.MustRoot(t)
	b := binaries{casepush: filepath.Join(dir, "casepush"), nats: filepath.Join(dir, "nats-server")}
	race := "-race=" + strconv.FormatBool(os.Getenv(raceVariable) != "")
	for _, args := range [][]string{
		{"build", race, "-o", b.casepush, "./cmd/casepush"},
		{"build", "-C", filepath.Join(root, "tools"), "-o", b.nats, "github.com/nats-io/nats-server/v2"},
	} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	return b
}
