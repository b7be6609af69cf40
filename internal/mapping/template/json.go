package template

import (
	"encoding/json"
	"fmt"

	"github.com/casepush/casepush/internal/connector"
)

// tagsPath is the one variable whose null is a list.
const tagsPath = "case.tags"

// RenderJSON renders a JSON body. The rendered text is returned byte for byte;
// it is valid JSON.
func (t *Template) RenderJSON(vars Vars) ([]byte, error) {
	out, err := t.render(vars, asJSON)
	if err != nil {
		return nil, err
	}
	if !json.Valid([]byte(out)) {
		return nil, fmt.Errorf("%w: JSON Error: %s JSON body must be valid JSON", connector.ErrTemplate, t.place)
	}
	return []byte(out), nil
}

// asJSON is the encoding of JSON bodies. As in Kibana null is "", not null.
func asJSON(path string, v any) (any, error) {
	switch {
	case v != nil:
		return stringify(v), nil
	case path == tagsPath:
		return "[]", nil
	}
	return `""`, nil
}
