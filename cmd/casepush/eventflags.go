package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ops"
)

// eventFlags say which events a command is about.
type eventFlags struct {
	caseID, space, owner, connector string
	file                            string
}

func (f *eventFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.caseID, "case", "", "`id` of the case")
	cmd.Flags().StringVar(&f.space, "space-id", event.DefaultSpace, "Kibana `space` of the case")
	cmd.Flags().StringVar(&f.owner, "owner", "", "cases, observability or securitySolution")
	cmd.Flags().StringVar(&f.connector, "connector", "", "push to the connector of this `id`, and not to the case's own")
	cmd.Flags().StringVarP(&f.file, "file", "f", "", "`file` of events, one JSON object a line, or a single one; - is standard input")
}

// args takes "-" for "-f -", and nothing else.
func (f *eventFlags) args(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case len(args) > 1 || args[0] != "-":
		return usage("%s takes no arguments but -, got %q", cmd.CommandPath(), args)
	case f.file != "" && f.file != "-":
		return usage("give events with -f FILE or with -, not both")
	}
	f.file = "-"
	return nil
}

// check is for cobra's PreRunE: what is wrong is told before anything is done.
func (f *eventFlags) check(cmd *cobra.Command) error {
	switch {
	case f.caseID == "" && f.file == "":
		return usage("which case? Name it with --case ID, or give events with -f FILE or -")
	case f.file == "":
		return nil
	}
	for _, name := range []string{"case", "space-id", "owner", "connector"} {
		if cmd.Flags().Changed(name) {
			return usage("--%s goes without -f and -: the events say it themselves", name)
		}
	}
	return nil
}

// events is a checked source of events.
type events struct {
	count int
	one   *event.Event // from flags
	file  *os.File
	temp  bool // of our own
}

// open checks every event and tells all mistakes.
func (f *eventFlags) open(a *app) (*events, error) {
	if f.file == "" {
		e := event.Event{
			CaseID: f.caseID, SpaceID: f.space, Owner: f.owner, ConnectorID: f.connector, RequestedAt: time.Now().UTC(),
		}
		if _, err := e.Encode(); err != nil {
			return nil, fail(exitUsage, err, "")
		}
		return &events{count: 1, one: &e}, nil
	}
	src, err := f.source(a.in)
	if err != nil {
		return nil, fail(exitFailed, err, "")
	}
	err = ops.ReadEvents(src.file, func(int, event.Event) error {
		src.count++
		return nil
	})
	if err != nil {
		src.Close()
		return nil, f.wrong(a, err)
	}
	return src, nil
}

// wrong tells what is wrong with a file, in the form that editors understand.
func (f *eventFlags) wrong(a *app, err error) error {
	var mistakes *ops.Mistakes
	if !errors.As(err, &mistakes) {
		return fail(exitFailed, fmt.Errorf("%s: %w", f.name(), err), "")
	}
	for _, m := range mistakes.List {
		fmt.Fprintf(a.err, "%s:%d: %v\n", f.name(), m.Line, m.Err)
	}
	if mistakes.More > 0 {
		fmt.Fprintf(a.err, "%s: and %d more\n", f.name(), mistakes.More)
	}
	return fail(exitFailed, fmt.Errorf("%s: %w: nothing was published", f.name(), mistakes), "")
}

func (f *eventFlags) name() string {
	if f.file == "-" {
		return "stdin"
	}
	return f.file
}

// source opens the file. What cannot be read twice is copied to disk: events
// are published only after all of them were checked.
func (f *eventFlags) source(stdin io.Reader) (*events, error) {
	in := stdin
	if f.file != "-" {
		file, err := os.Open(f.file)
		if err != nil {
			return nil, err
		}
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			return &events{file: file}, nil
		}
		defer file.Close()
		in = file
	}
	temp, err := os.CreateTemp("", "casepush-events-*.json")
	if err != nil {
		return nil, err
	}
	src := &events{file: temp, temp: true}
	if _, err = io.Copy(temp, in); err == nil {
		_, err = temp.Seek(0, io.SeekStart)
	}
	if err != nil {
		src.Close()
		return nil, fmt.Errorf("read %s: %w", f.name(), err)
	}
	return src, nil
}

// each gives every event to f.
func (s *events) each(f func(e event.Event) error) error {
	if s.one != nil {
		return f(*s.one)
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return ops.ReadEvents(s.file, func(_ int, e event.Event) error { return f(e) })
}

// Close lets the file go.
func (s *events) Close() {
	if s.file == nil {
		return
	}
	_ = s.file.Close() // it was only read
	if s.temp {
		_ = os.Remove(s.file.Name())
	}
}
