package servicenow

import (
	"errors"
	"fmt"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

// maxMark is the length of the column correlation_id. What is longer would be
// cut by ServiceNow, and never be found again.
const maxMark = 100

// markOf is the correlation id as ServiceNow stores it: the case's id, as
// Kibana sends it, so that an incident which Kibana made is found.
//
// Only letters, digits and "-_.:" are taken, since ServiceNow's queries have no
// quotes: "^" begins a further condition, and a value that begins with
// "javascript:" is run as a program there.
func markOf(id connector.CorrelationID) (string, error) {
	if len(id.CaseID) > maxMark {
		return "", fmt.Errorf("case id of %d characters: correlation_id has room for %d", len(id.CaseID), maxMark)
	}
	if err := plainValue(id.CaseID); err != nil {
		return "", fmt.Errorf("case id %q: %w", id.CaseID, err)
	}
	return id.CaseID, nil
}

var errNotPlain = errors.New(`cannot be searched for: want letters, digits and "-_.:" alone`)

// plainValue refuses what must not stand in a query.
func plainValue(s string) error {
	if s == "" || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:") != "" {
		return errNotPlain
	}
	if strings.HasPrefix(strings.ToLower(s), "javascript:") {
		return errNotPlain
	}
	return nil
}
