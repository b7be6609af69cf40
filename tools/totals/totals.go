package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// Totals of a run.
type totals struct {
	passed, failed, skipped int
}

// String is the line that ends a run.
func (t totals) String() string {
	line := fmt.Sprintf("%d passed, %d failed", t.passed, t.failed)
	if t.skipped > 0 {
		line = fmt.Sprintf("(%d skipped)\n%s", t.skipped, line)
	}
	return line
}

// ok: a run in which nothing passed has tested nothing.
func (t totals) ok() bool { return t.failed == 0 && t.passed > 0 }

func (t totals) appendTo(file, label string) error {
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, label, t.passed, t.failed, t.skipped)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// event is one line of go test -json, as documented by "go doc test2json".
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build output
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// summary follows a run.
type summary struct {
	totals
	out     io.Writer
	output  map[[2]string][]string // by package and test, until its result is known
	failing map[string]int         // failed tests by package
	open    map[string]bool        // packages without a result
	skips   map[string]int         // skipped tests by package
}

// summarize reads a run to its end and writes what is worth seeing to out.
func summarize(in io.Reader, out io.Writer) (totals, error) {
	s := &summary{
		out: out, output: make(map[[2]string][]string),
		failing: make(map[string]int), open: make(map[string]bool), skips: make(map[string]int),
	}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			s.line(line)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return s.totals, fmt.Errorf("read go test's output: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.open)) {
		fmt.Fprintf(s.out, "FAIL  %s: no result\n", name)
		s.failed++
	}
	return s.totals, nil
}

func (s *summary) line(line []byte) {
	var e event
	if line[0] != '{' || json.Unmarshal(line, &e) != nil {
		_, _ = s.out.Write(line) // the go command's own words
		return
	}
	switch e.Action {
	case "start":
		s.open[e.Package] = true
	case "build-output":
		fmt.Fprint(s.out, e.Output)
	case "output":
		key := [2]string{e.Package, e.Test}
		s.output[key] = append(s.output[key], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.packageDone(e)
			return
		}
		s.testDone(e)
	}
}

func (s *summary) testDone(e event) {
	key := [2]string{e.Package, e.Test}
	switch e.Action {
	case "pass":
		s.passed++
	case "skip":
		s.skipped++
		s.skips[e.Package]++
	case "fail":
		s.failed++
		s.failing[e.Package]++
		fmt.Fprintf(s.out, "--- %s %s\n", e.Package, e.Test)
		s.show(key)
	}
	delete(s.output, key)
}

func (s *summary) packageDone(e event) {
	delete(s.open, e.Package)
	switch e.Action {
	case "pass":
		note := ""
		if n := s.skips[e.Package]; n > 0 {
			note = fmt.Sprintf(", %d skipped", n)
		}
		fmt.Fprintf(s.out, "ok    %s (%.1fs%s)\n", e.Package, e.Elapsed, note)
	case "fail":
		if s.failing[e.Package] == 0 {
			s.failed++
			s.showAll(e.Package)
		}
		fmt.Fprintf(s.out, "FAIL  %s (%.1fs)\n", e.Package, e.Elapsed)
	}
	maps.DeleteFunc(s.output, func(key [2]string, _ []string) bool { return key[0] == e.Package })
}

// showAll shows the output of a package that broke off, with that of the tests
// that were under way.
func (s *summary) showAll(name string) {
	keys := slices.SortedFunc(maps.Keys(s.output), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, key := range keys {
		if key[0] == name {
			s.show(key)
		}
	}
}

func (s *summary) show(key [2]string) {
	for _, text := range s.output[key] {
		fmt.Fprint(s.out, text)
	}
}
