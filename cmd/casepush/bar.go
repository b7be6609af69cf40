package main

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// bar shows the progress of one step after the other on a terminal, and nothing
// anywhere else. What is printed beside it has to wait for end.
type bar struct {
	out  io.Writer // nil: no terminal
	step string
	now  *progressbar.ProgressBar
}

func (a *app) newBar() *bar {
	if !isTerminal(a.err) || a.env("TERM") == "dumb" {
		return &bar{}
	}
	return &bar{out: a.err}
}

const (
	barWidth = 30 // characters
	barEvery = 100 * time.Millisecond
)

// update shows how far a step is; a new step begins a new bar.
func (b *bar) update(step string, done, total uint64) {
	if b.out == nil {
		return
	}
	if b.now == nil || b.step != step {
		b.end()
		b.step = step
		b.now = progressbar.NewOptions64(int64(total),
			progressbar.OptionSetWriter(b.out), progressbar.OptionSetDescription(step), progressbar.OptionSetWidth(barWidth),
			progressbar.OptionShowCount(), progressbar.OptionThrottle(barEvery), progressbar.OptionClearOnFinish())
	}
	// Its errors are those of writing to the terminal, where nobody is told of them.
	if max := int64(total); max != b.now.GetMax64() {
		b.now.ChangeMax64(max)
	}
	_ = b.now.Set64(int64(done))
}

// end takes the bar away.
func (b *bar) end() {
	if b.now != nil {
		_ = b.now.Clear()
		b.now = nil
	}
}
