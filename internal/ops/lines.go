package ops

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/casepush/casepush/internal/event"
)

// maxEventBytes bounds one event of a file: more than any server takes by
// default, so that the refusal comes from the server with its own limit.
const maxEventBytes = 16 << 20

// maxMistakes bounds how many mistakes of one file are told.
const maxMistakes = 100

// Mistake is a line of a file that is not what it should be.
type Mistake struct {
	Line int // from 1
	Err  error
}

// Error gives line and cause.
func (m Mistake) Error() string { return fmt.Sprintf("line %d: %v", m.Line, m.Err) }

// Mistakes are what is wrong with a file, in the order of its lines.
type Mistakes struct {
	What string // a line is not; "" is event
	List []Mistake
	More int // that were found and are not in List
}

// Error counts the mistakes.
func (m *Mistakes) Error() string {
	what := cmp.Or(m.What, "event")
	if n := len(m.List) + m.More; n != 1 {
		return fmt.Sprintf("%d lines are no %ss", n, what)
	}
	return "a line is no " + what
}

func (m *Mistakes) add(line int, err error) {
	if len(m.List) == maxMistakes {
		m.More++
		return
	}
	m.List = append(m.List, Mistake{line, err})
}

// ErrNoEvents: the file is empty.
var ErrNoEvents = errors.New("no events: want one JSON event, or one a line")

// ReadEvents gives every event of r to f: JSON lines, empty ones are passed
// over, or one event over several lines. Plain events and structured
// CloudEvents may be mixed. An error of f ends it and is returned. Lines that
// are no events do not reach f; they are returned as [*Mistakes] at the end.
// It holds one event in memory.
func ReadEvents(r io.Reader, f func(line int, e event.Event) error) error {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, 64<<10), maxEventBytes)
	var wrong Mistakes
	line, found := 0, 0
	for in.Scan() {
		line++
		text := bytes.TrimSpace(bytes.TrimPrefix(in.Bytes(), []byte("\ufeff")))
		if len(text) == 0 {
			continue
		}
		found++
		if found == 1 && spreads(text) {
			return readOne(text, line, in, f)
		}
		e, err := decode(text)
		if err != nil {
			wrong.add(line, err)
			continue
		}
		if err := f(line, e); err != nil {
			return err
		}
	}
	if err := in.Err(); err != nil {
		wrong.add(line+1, fmt.Errorf("%w: an event has at most %d MiB", err, maxEventBytes>>20))
	}
	switch {
	case len(wrong.List) > 0:
		return &wrong
	case found == 0:
		return ErrNoEvents
	}
	return nil
}

// spreads reports whether a first line begins a document of several lines.
func spreads(line []byte) bool {
	return line[0] == '{' && line[len(line)-1] != '}'
}

// readOne reads the rest of a document that began on the given line.
func readOne(first []byte, line int, in *bufio.Scanner, f func(int, event.Event) error) error {
	doc := append(bytes.Clone(first), '\n')
	for in.Scan() {
		if len(doc)+len(in.Bytes()) > maxEventBytes {
			return &Mistakes{List: []Mistake{{line, fmt.Errorf("an event has at most %d MiB", maxEventBytes>>20)}}}
		}
		doc = append(append(doc, in.Bytes()...), '\n')
	}
	if err := in.Err(); err != nil {
		return err
	}
	var syntax *json.SyntaxError
	var raw json.RawMessage
	if err := json.Unmarshal(doc, &raw); errors.As(err, &syntax) {
		at := line + bytes.Count(doc[:min(int(syntax.Offset), len(doc))], []byte("\n"))
		if int(syntax.Offset) >= len(doc) {
			at-- // the end of the last line
		}
		return &Mistakes{List: []Mistake{{at, fmt.Errorf("not JSON: %w", err)}}}
	}
	e, err := decode(bytes.TrimSpace(doc))
	if err != nil {
		return &Mistakes{List: []Mistake{{line, err}}}
	}
	return f(line, e)
}

// decode reads one event, and refuses here what the queue would refuse later.
func decode(text []byte) (event.Event, error) {
	return event.Decode(event.Message{Body: text})
}
