package chaos

import (
	"os"
	"strings"

	"github.com/casepush/casepush/internal/proctest"
)

// worker is one place for a worker process; of those that it has had, at most
// one runs. It belongs to one goroutine at a time.
type worker struct {
	r       *rig
	log     *os.File
	process *proctest.Process // nil: none yet
}

func newWorker(r *rig, logPath string) *worker {
	r.t.Helper()
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	w := &worker{r: r, log: log}
	r.t.Cleanup(func() {
		if w.process != nil {
			w.process.Kill()
		}
		_ = log.Close()
	})
	return w
}

// start starts a worker and returns when it works.
func (w *worker) start() error {
	ready := proctest.NewLines(w.log, "worker started")
	p, err := proctest.Start(proctest.Command{
		Program: w.r.casepush, Args: []string{"run", "-c", w.r.config, "--log-level", "debug"}, Output: ready,
	})
	if err != nil {
		return err
	}
	w.process = p
	return p.Await(ready)
}

func (w *worker) running() bool { return w.process != nil && w.process.Running() }

// logTail has the last lines.
func (w *worker) logTail() string {
	text, err := os.ReadFile(w.log.Name())
	if err != nil {
		return err.Error()
	}
	const most = 4000
	return string(text[max(0, len(text)-most):])
}

// lastLines are what the newest process said at last.
func (w *worker) lastLines() string {
	lines := strings.Split(strings.TrimSpace(w.logTail()), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

// logOf has the lines about a case.
func (w *worker) logOf(id string) string {
	text, err := os.ReadFile(w.log.Name())
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, `"`+id+`"`) {
			b.WriteString("  log: " + line)
		}
	}
	return b.String()
}
