package servicenow

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

type rawValue = json.RawMessage

// record is a record of a table: texts by column.
type record map[string]value

// value is a column's value: a text, or an object with one for a reference,
// which is "" when it refers to nothing.
type value string

// UnmarshalJSON implements [json.Unmarshaler].
func (v *value) UnmarshalJSON(b []byte) error {
	*v = ""
	switch b = bytes.TrimSpace(b); b[0] {
	case '"':
		return json.Unmarshal(b, (*string)(v))
	case '{':
		var object struct {
			Value        *value `json:"value"`
			DisplayValue value  `json:"display_value"`
		}
		if err := json.Unmarshal(b, &object); err != nil {
			return err
		}
		if *v = object.DisplayValue; object.Value != nil {
			*v = *object.Value
		}
	case 'n': // null
	default: // ServiceNow sends texts alone; a proxy may know better
		*v = value(b)
	}
	return nil
}

// readOptions is what is asked of a record.
type readOptions struct {
	fields  []string
	display bool // as people see it: needed for journals, wrong for times
}

// readRecord reads one record of the connector's table.
func (n *serviceNow) readRecord(ctx context.Context, op, id string, opt readOptions) (record, error) {
	path, err := n.recordPath(id)
	if err != nil {
		return nil, connector.Unsendable(op, err)
	}
	query := url.Values{"sysparm_fields": {strings.Join(opt.fields, ",")}, "sysparm_exclude_reference_link": {"true"}}
	if opt.display {
		query.Set("sysparm_display_value", "true")
	}
	body, err := n.send(ctx, call{op: op, method: http.MethodGet, path: path, query: query})
	if err != nil {
		return nil, err
	}
	var r record
	if err := n.result(body, &r); err != nil {
		return nil, connector.BadAnswer(op, err)
	}
	return r, nil
}
