package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Environment is the File of a problem in an environment variable.
const Environment = "environment"

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	// File is the configuration file's name as it was given, or [Environment].
	File string
	// Line and Column count from 1, in characters. Both are 0 for a problem
	// that has no place in a file: an environment variable, a missing file.
	Line, Column int
	// Path leads to the key: worker.lease, connectors.soc-jira.secrets.apiToken;
	// or it is the name of the environment variable. "" is the file itself.
	Path string
	// Message says what is wrong. It never holds a secret.
	Message string
	// Hint says how to mend it, "" if the message says it.
	Hint string
	// Warning: it works all the same.
	Warning bool
}

// String gives one line: file:line:col: path: message (hint).
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Warning {
		b.WriteString("warning: ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Problems is everything that is wrong with a configuration, in the order of
// the file. The nil value is a clean bill.
type Problems []Problem

// HasErrors reports whether any problem is more than a warning: the
// configuration must not be used.
func (ps Problems) HasErrors() bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return !p.Warning })
}

// sorted puts the file before the environment, and each in order; what is
// reported twice stays once.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(
			compareBool(a.File == Environment, b.File == Environment),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path),
			compareBool(a.Warning, b.Warning),
		)
	})
	return slices.Compact(ps)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
