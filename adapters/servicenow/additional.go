package servicenow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector/wire"
)

// maxAdditional is Kibana's bound.
const maxAdditional = 20

// kibanaError has Kibana's words, which people search for.
type kibanaError string

// Error returns them unchanged.
func (e kibanaError) Error() string { return string(e) }

const (
	tooManyAdditional = "A maximum of 20 fields in additional_fields can be defined at a time."
	badAdditional     = "The following properties cannot be defined inside additional_fields: %s."
	noAdditional      = "ServiceNow additional fields are not supported for deprecated connectors."
)

// forbiddenAdditional are the keys that Kibana does not allow inside
// additional_fields, and last one more: it would make an update of a create.
var forbiddenAdditional = []string{
	fieldShortDescription, fieldDescription, "externalId", fieldCategory, fieldSubcategory, fieldCorrelationID, fieldCorrelationDisplay,
	fieldAdditional, importID,
}

// additional reads and judges additional fields: JSON text as Kibana stores
// it, or the object itself.
func additional(v any) (*wire.Object, error) {
	var o *wire.Object
	var err error
	switch v := v.(type) {
	case string:
		o, err = wire.ParseObject([]byte(v))
	case map[string]any:
		o, err = wire.SortedObject(v)
	default:
		err = fmt.Errorf("want JSON text, got %T", v)
	}
	if err == nil {
		err = checkAdditional(o.Keys())
	}
	if err != nil {
		return nil, fmt.Errorf("field %q: %w", fieldAdditional, err)
	}
	return o, nil
}

func checkAdditional(keys []string) error {
	if len(keys) > maxAdditional {
		return kibanaError(tooManyAdditional)
	}
	var bad []string
	for _, k := range keys {
		if slices.Contains(forbiddenAdditional, k) {
			bad = append(bad, k)
		}
	}
	if bad != nil {
		return kibanaError(fmt.Sprintf(badAdditional, strings.Join(bad, ", ")))
	}
	return nil
}
