package servicenow

import (
	"fmt"

	"github.com/casepush/casepush/internal/connector/wire"
)

const noAdditional = "ServiceNow additional fields are not supported for deprecated connectors."

// freeFields are Kibana's rules for additional_fields, and last one key more:
// it would make an update of a create.
var freeFields = wire.FreeFields{Key: fieldAdditional, Most: 20, Forbidden: []string{
	fieldShortDescription, fieldDescription, "externalId", fieldCategory, fieldSubcategory, fieldCorrelationID, fieldCorrelationDisplay,
	fieldAdditional, importID,
}}

// additional reads and judges additional fields: JSON text as Kibana stores
// it, or the object itself.
func additional(v any) (*wire.Object, error) {
	o, err := freeFields.Parse(v)
	if err != nil {
		return nil, fmt.Errorf("field %q: %w", fieldAdditional, err)
	}
	return o, nil
}
