package swimlane

import (
	"fmt"

	"github.com/casepush/casepush/internal/connector"
)

// format makes the incident's case id of the case's connector fields: the
// case's own if there is none, as Kibana; an explicit null, and an empty one,
// make none. A record gets the case id all the same when it is made: it is the
// mark.
func format(_ connector.Definition, c connector.CaseInfo) (connector.Formatted, error) {
	v, given := c.Fields[fieldCaseID]
	text := c.ID
	if given {
		switch v := v.(type) {
		case nil:
			text = ""
		case string:
			text = v
		default:
			return connector.Formatted{}, fmt.Errorf("case connector field %q: want a text or null, got %T", fieldCaseID, v)
		}
	}
	if text == "" {
		return connector.Formatted{}, nil
	}
	return connector.Formatted{Fields: []connector.Field{{Name: fieldCaseID, Value: text, Source: connector.Digest(text)}}}, nil
}
