// Package definition reads connector definitions for adapters: it hands out
// the keys that an adapter knows and collects all that is wrong with them, so
// that Check and New of a [connector.Type] judge alike.
package definition

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

// Part is a part of a definition; keys are unique within one.
type Part string

// Parts.
const (
	Config   Part = "config"
	Secrets  Part = "secrets"
	Delivery Part = "delivery"
)

// Reader reads one definition. What a method cannot read becomes a problem
// under the key's path, in the order of the calls; no problem shows a secret
// or an address. A Reader is not safe for concurrent use.
type Reader struct {
	def      connector.Definition
	typeID   string
	problems []connector.Problem
}

// NewReader returns a reader for a definition of the type, such as ".jira".
// The definition is not changed.
func NewReader(typeID string, def connector.Definition) *Reader {
	return &Reader{def: def, typeID: typeID}
}

// Problems returns what has been found so far, nil if nothing is wrong.
func (r *Reader) Problems() []connector.Problem { return r.problems }

// Err returns the first problem that is no warning, or nil.
func (r *Reader) Err() error {
	for _, p := range r.problems {
		if !p.Warning {
			return fmt.Errorf("%v: %s", p.Path, p.Message)
		}
	}
	return nil
}

// Add reports a problem with a key. The message must show no secret.
func (r *Reader) Add(part Part, key, format string, args ...any) {
	r.problems = append(r.problems, connector.Problem{Path: []string{string(part), key}, Message: fmt.Sprintf(format, args...)})
}

// Warn reports what works all the same.
func (r *Reader) Warn(part Part, key, message string) {
	r.problems = append(r.problems, connector.Problem{Path: []string{string(part), key}, Message: message, Warning: true})
}

// Known reports each key of the part that is not one of the given, sorted.
func (r *Reader) Known(part Part, keys ...string) {
	var bad []string
	for _, k := range r.keys(part) {
		if !slices.Contains(keys, k) {
			bad = append(bad, k)
		}
	}
	slices.Sort(bad)
	for _, k := range bad {
		r.Add(part, k, "is not a key of %s connectors; the keys are %s", r.typeID, strings.Join(keys, ", "))
	}
}

func (r *Reader) keys(part Part) []string {
	if part == Secrets {
		return slices.Collect(maps.Keys(r.def.Secrets))
	}
	return slices.Collect(maps.Keys(r.part(part)))
}

// part returns config or delivery; secrets have a type of their own.
func (r *Reader) part(part Part) map[string]any {
	switch part {
	case Config:
		return r.def.Config
	case Delivery:
		return r.def.Delivery
	}
	return nil
}
