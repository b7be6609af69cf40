package kibana

import (
	"cmp"
	"encoding/json"
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
}

// UnmarshalJSON reads both forms. What is odd in one action makes it an action
// of no kind, not an error: there may be newer forms beside the one looked for.
func (a *action) UnmarshalJSON(b []byte) error {
	var raw struct {
		Type        string          `json:"type"`
		Payload     json.RawMessage `json:"payload"`
		CreatedAt   Time            `json:"created_at"`
		ActionField StringList      `json:"action_field"`
		ActionAt    Time            `json:"action_at"`
		NewValue    any             `json:"new_value"`
		ConnectorID *string         `json:"new_val_connector_id"`
	}
	*a = action{}
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil
	}
	a.At, a.payload, a.kinds = raw.CreatedAt, raw.Payload, raw.ActionField
	if a.At.IsZero() {
		a.At = raw.ActionAt
	}
	if raw.Type != "" {
		a.kinds = append(a.kinds, raw.Type)
	}
	a.value, _ = raw.NewValue.(string)
	if raw.ConnectorID != nil {
		a.connectorID = *raw.ConnectorID
	}
	return nil
}

func (a action) is(kind string) bool { return slices.Contains(a.kinds, kind) }

// status is the new status, "" if the action has none.
func (a action) status() string {
	var p struct {
		Status string `json:"status"`
	}
	if json.Unmarshal(a.payload, &p) == nil && p.Status != "" {
		return p.Status
	}
	return a.value
}

// pushed is the push that the action records, nil if it records none.
func (a action) pushed() *ExternalService {
	var p struct {
		ExternalService *ExternalService `json:"externalService"`
	}
	if json.Unmarshal(a.payload, &p) == nil && p.ExternalService != nil {
		return p.ExternalService
	}
	var old ExternalService
	if a.value == "" || json.Unmarshal([]byte(a.value), &old) != nil {
		return nil
	}
	old.ConnectorID = cmp.Or(old.ConnectorID, a.connectorID)
	return &old
}
