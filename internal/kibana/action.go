package kibana

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
)

// action is one user action, in whichever form the version writes it.
type action struct {
	At      Time
	kinds   []string
	payload json.RawMessage // 8.0 and later: an object
	value   string          // 7.x: the new value, for a push as JSON text
	// connectorID is where 7.15 to 7.17 keep a push's connector.
	connectorID string
	odd         error // why the rest could not be read
}

// UnmarshalJSON reads both forms. One odd action does not spoil the list it is
// in: newer forms may stand beside the one that is looked for.
func (a *action) UnmarshalJSON(b []byte) error {
	var kinds struct {
		Type  string     `json:"type"`
		Field StringList `json:"action_field"`
	}
	var rest struct {
		CreatedAt   Time            `json:"created_at"`
		ActionAt    Time            `json:"action_at"`
		Payload     json.RawMessage `json:"payload"`
		NewValue    json.RawMessage `json:"new_value"`
		ConnectorID string          `json:"new_val_connector_id"`
	}
	*a = action{odd: cmp.Or(json.Unmarshal(b, &kinds), json.Unmarshal(b, &rest))}
	a.kinds = append(kinds.Field, kinds.Type)
	a.At, a.payload, a.connectorID = rest.CreatedAt, rest.Payload, rest.ConnectorID
	if a.At.IsZero() {
		a.At = rest.ActionAt
	}
	// Other kinds of action may have other values than texts.
	_ = json.Unmarshal(rest.NewValue, &a.value)
	return nil
}

func (a action) is(kind string) bool { return slices.Contains(a.kinds, kind) }

// status is the new status of a "status" action.
func (a action) status() (string, error) {
	var p struct {
		Status string `json:"status"`
	}
	if err := a.decode(&p); err != nil {
		return "", err
	}
	return cmp.Or(p.Status, a.value), nil
}

// pushed is the push that a "pushed" action records.
func (a action) pushed() (*ExternalService, error) {
	var p struct {
		ExternalService *ExternalService `json:"externalService"`
	}
	if err := a.decode(&p); err != nil {
		return nil, err
	}
	if p.ExternalService != nil {
		return p.ExternalService, nil
	}
	var old ExternalService
	if a.value == "" {
		return nil, errors.New("it records no external service")
	}
	if err := json.Unmarshal([]byte(a.value), &old); err != nil {
		return nil, err
	}
	old.ConnectorID = cmp.Or(old.ConnectorID, a.connectorID)
	return &old, nil
}

// decode reads the payload, if there is one.
func (a action) decode(into any) error {
	if a.odd != nil || a.payload == nil {
		return a.odd
	}
	return json.Unmarshal(a.payload, into)
}
