package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

// Options is what a configuration is read with.
type Options struct {
	// Types are the connector types that are built: adapters.Types().
	Types []connector.Type
	// Environ is the environment as os.Environ gives it; nil is an empty one.
	Environ []string
	// ReadFile reads what the configuration refers to; nil is os.ReadFile.
	ReadFile func(name string) ([]byte, error)
}

// Load reads the configuration file at path; "" is no file: the defaults and
// the environment. The configuration is never nil, and must not be used if the
// problems have errors.
func Load(path string, opts Options) (*Config, Problems) {
	if opts.ReadFile == nil {
		opts.ReadFile = os.ReadFile
	}
	if path == "" {
		return Parse("", nil, opts)
	}
	data, err := opts.ReadFile(path)
	if err != nil {
		return Defaults(), Problems{{File: path, Message: "the file cannot be read: " + reason(err)}}
	}
	return Parse(path, data, opts)
}

// Parse reads a configuration from data. Relative files are taken from the
// directory of name, which stands in every problem.
func Parse(name string, data []byte, opts Options) (*Config, Problems) {
	l := newLoader(name, opts)
	cfg := Defaults()
	root := l.parse(data)
	if root == nil {
		return cfg, l.problems.sorted()
	}
	l.root = root
	l.arrange()
	l.sections(cfg)
	l.environment(cfg)
	l.connectors(cfg)
	l.configurations(cfg)
	l.check(cfg)
	l.unknownVariables()
	return cfg, l.problems.sorted()
}

// loader holds what is known while one configuration is read.
type loader struct {
	name     string
	types    map[string]connector.Type
	readFile func(string) ([]byte, error)
	env      map[string]string
	// referred are the variables that the file names.
	referred map[string]bool
	// overlay holds the values from the environment by "section.key".
	overlay  map[string]*node
	root     *node
	problems Problems
}

func newLoader(name string, opts Options) *loader {
	l := &loader{
		name: name, readFile: opts.ReadFile,
		types: make(map[string]connector.Type), env: make(map[string]string), referred: make(map[string]bool), overlay: make(map[string]*node),
	}
	if l.readFile == nil {
		l.readFile = os.ReadFile
	}
	for _, t := range opts.Types {
		l.types[t.ID] = t
	}
	for _, kv := range opts.Environ {
		if k, v, ok := strings.Cut(kv, "="); ok {
			l.env[k] = v
		}
	}
	return l
}

// pathOf returns a file of the configuration, relative to the configuration file.
func (l *loader) pathOf(file string) string {
	if filepath.IsAbs(file) || l.name == "" {
		return file
	}
	return filepath.Join(filepath.Dir(l.name), file)
}

// reportAt adds an error at a place of the file.
func (l *loader) reportAt(line, col int, path, message, hint string) {
	l.problems = append(l.problems, Problem{File: l.name, Line: line, Column: col, Path: path, Message: message, Hint: hint})
}

// fail adds an error at a value.
func (l *loader) fail(n *node, hint, format string, args ...any) {
	n.bad = true
	l.problems = append(l.problems, l.problem(n, fmt.Sprintf(format, args...), hint))
}

// warn adds a warning at a value.
func (l *loader) warn(n *node, hint, format string, args ...any) {
	p := l.problem(n, fmt.Sprintf(format, args...), hint)
	p.Warning = true
	l.problems = append(l.problems, p)
}

func (l *loader) problem(n *node, message, hint string) Problem {
	if n.variable != "" {
		return Problem{File: Environment, Path: n.variable, Message: message, Hint: hint}
	}
	return Problem{File: l.name, Line: max(1, n.line), Column: max(1, n.col), Path: n.path, Message: message, Hint: hint}
}

// warnKey adds a warning at a key.
func (l *loader) warnKey(e *entry, hint, format string, args ...any) {
	l.warn(&node{line: e.line, col: e.col, path: e.value.path}, hint, format, args...)
}

// failKey adds an error at a key.
func (l *loader) failKey(e *entry, hint, format string, args ...any) {
	l.fail(&node{line: e.line, col: e.col, path: e.value.path}, hint, format, args...)
}

// unknownKey reports a key that is none of the known ones, at the key.
func (l *loader) unknownKey(e *entry, known []string) {
	l.reportAt(e.line, e.col, e.value.path, "unknown key", oneOf(e.key, known))
}

// reason gives an I/O error without the path, which the problem names itself.
func reason(err error) string {
	var at *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	case errors.As(err, &at):
		return at.Err.Error()
	}
	return err.Error()
}

// at returns the value at a path of the file or of the environment. If it is
// absent, the node has the place of the innermost key that is there.
func (l *loader) at(keys ...string) *node {
	if n := l.overlay[strings.Join(keys, ".")]; n != nil {
		return n
	}
	return l.root.at(1, 1, keys)
}

// at is the same below n, whose own key is at line and col.
func (n *node) at(line, col int, keys []string) *node {
	path := n.path
	for _, key := range keys {
		e := n.get(key)
		if e == nil {
			n, path = nil, join(path, key)
			continue
		}
		n, line, col, path = e.value, e.line, e.col, e.value.path
	}
	if n == nil {
		return &node{line: line, col: col, path: path}
	}
	return n
}
