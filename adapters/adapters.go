// Package adapters is the table of connector types.
package adapters

import (
	"github.com/casepush/casepush/adapters/jira"
	"github.com/casepush/casepush/adapters/resilient"
	"github.com/casepush/casepush/adapters/servicenow"
	"github.com/casepush/casepush/adapters/swimlane"
	"github.com/casepush/casepush/adapters/webhook"
	"github.com/casepush/casepush/internal/connector"
)

// Types returns every connector type that casepush pushes to, in the order in
// which people read them. A new adapter adds one line.
func Types() []connector.Type {
	return []connector.Type{
		jira.Type(),
		servicenow.ITSM(),
		servicenow.SecOps(),
		resilient.Type(),
		swimlane.Type(),
		webhook.Type(),
	}
}
