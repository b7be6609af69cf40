package proctest

import (
	"bytes"
	"io"
	"sync"
)

// Lines passes output on and says when a line of it has a text. It is an
// io.Writer for one process, or for several that write whole lines.
type Lines struct {
	want  string
	found chan struct{}

	mu   sync.Mutex
	to   io.Writer
	rest []byte
	done bool
}

// NewLines looks for want in what is written, and passes it on to to.
func NewLines(to io.Writer, want string) *Lines {
	return &Lines{to: to, want: want, found: make(chan struct{})}
}

// Found is closed once a line has had the text.
func (l *Lines) Found() <-chan struct{} { return l.found }

// Write implements io.Writer.
func (l *Lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.done {
		l.look(b)
	}
	return l.to.Write(b)
}

// look keeps what has no line end yet.
func (l *Lines) look(b []byte) {
	l.rest = append(l.rest, b...)
	i := bytes.LastIndexByte(l.rest, '\n')
	if i < 0 {
		return
	}
	if bytes.Contains(l.rest[:i], []byte(l.want)) {
		l.done, l.rest = true, nil
		close(l.found)
		return
	}
	l.rest = append([]byte(nil), l.rest[i+1:]...)
}
