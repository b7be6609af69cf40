package fakekibana

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/kibana"
)

// oldActionDoc is a user action on the route that 9.0 removed.
type oldActionDoc struct {
	actionDoc
	ActionID string `json:"action_id"`
	CaseID   string `json:"case_id"`
}

// actionDoc7 is the same below 8.0.
type actionDoc7 struct {
	ActionID       string      `json:"action_id"`
	CaseID         string      `json:"case_id"`
	CommentID      *string     `json:"comment_id"`
	Owner          string      `json:"owner"`
	ActionField    []string    `json:"action_field"`
	Action         string      `json:"action"`
	ActionAt       kibana.Time `json:"action_at"`
	ActionBy       *userDoc    `json:"action_by"`
	NewValue       *string     `json:"new_value"` // text, or JSON in text
	OldValue       *string     `json:"old_value"` // this fake does not keep it
	NewConnectorID *string     `json:"new_val_connector_id,omitempty"`
}

func (k *Fake) allActions(w http.ResponseWriter, r *http.Request) {
	if k.atLeast(9, 0) {
		kibanaRefuse(w, http.StatusNotFound, "Not Found")
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.caseOr404(w, r)
	if c == nil {
		return
	}
	list := []any{}
	for _, a := range c.actions {
		if k.atLeast(8, 0) {
			list = append(list, oldActionDoc{actionDoc: a, ActionID: a.ID, CaseID: c.doc.ID})
		} else {
			list = append(list, k.action7(c.doc.ID, a))
		}
	}
	fakes.WriteJSON(w, http.StatusOK, list)
}

// action7 is the action in the form of 7.x. From 7.15 on a push's connector
// stands beside the value, before it is in it.
func (k *Fake) action7(caseID string, a actionDoc) actionDoc7 {
	out := actionDoc7{
		ActionID: a.ID, CaseID: caseID, CommentID: a.CommentID, Owner: a.Owner, ActionField: []string{a.Type},
		Action: strings.ReplaceAll(a.Action, "_", "-"), ActionAt: a.CreatedAt, ActionBy: a.CreatedBy,
	}
	payload, _ := a.Payload.(map[string]any)
	switch a.Type {
	case "create_case":
		out.ActionField, out.NewValue = slices.Sorted(maps.Keys(payload)), jsonText(payload)
	case "pushed":
		service, _ := payload["externalService"].(serviceDoc)
		if k.atLeast(7, 15) {
			out.NewConnectorID = &service.ConnectorID
			out.NewValue = jsonText(withoutConnector(service))
		} else {
			out.NewValue = jsonText(service)
		}
	case "tags":
		tags, _ := payload["tags"].([]string)
		joined := strings.Join(tags, ", ")
		out.NewValue = &joined
	default:
		if text, ok := payload[a.Type].(string); ok {
			out.NewValue = &text
		} else {
			out.NewValue = jsonText(payload[a.Type])
		}
	}
	return out
}

// withoutConnector is the record of a push without the connector's id.
func withoutConnector(s serviceDoc) any {
	return struct {
		serviceDoc
		ConnectorID *string `json:"connector_id,omitempty"`
	}{serviceDoc: s}
}

// jsonText is v as JSON in a text; nil if it does not encode.
func jsonText(v any) *string {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	text := string(b)
	return &text
}
