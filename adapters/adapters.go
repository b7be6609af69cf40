// Package adapters is the table of connector types.
package adapters

import (
	"github.com/casepush/casepush/adapters/jira"
	"github.com/casepush/casepush/internal/connector"
)

// Types returns every connector type that casepush pushes to, in the order in
// which people read them. A new adapter adds one line.
func Types() []connector.Type {
	return []connector.Type{
		jira.Type(),
	}
}

// Lookup returns the type with the id, such as ".jira".
func Lookup(id string) (connector.Type, bool) {
	for _, t := range Types() {
		if t.ID == id {
			return t, true
		}
	}
	return connector.Type{}, false
}
